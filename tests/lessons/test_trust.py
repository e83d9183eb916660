"""Lessons about trust (lessons.md, M-45 to M-55): what the pure rules alone can show."""

from datetime import timedelta

import pytest

from tests.support import books, refusal, the
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, Role
from timebank.domain.ledger import Posting, post
from timebank.domain.movement import Books, adjust
from timebank.domain.note import Note
from timebank.domain.session import Session, record
from timebank.domain.transaction import Activity, Transaction, TransactionKind
from timebank.testing.builders import (
    ANNA,
    BEN,
    POT,
    TODAY,
    account_id,
    an_account,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    standing,
    transaction_id,
    transfer,
)

SECOND = as_officer()


def adjusted(*, reason="correction", approved_by=SECOND):
    move = transfer(2, 1, activity=Activity.CORRECTION)
    return adjust(
        Books(accounts=books()),
        move,
        conditions(approved_by=approved_by),
        reason=reason,
        override=None,
    )


def test_m45_a_correction_says_who_and_why():
    assert refusal(lambda: adjusted(reason=None)) == "invalid_input reason"
    assert refusal(lambda: adjusted(approved_by=None)) == "second_person_needed"
    made = the(adjusted(), Transaction)
    assert (made.actor, made.approver, made.reason) == (
        as_coordinator(),
        as_officer(),
        "correction",
    )


def test_m47_every_transaction_names_its_actor():
    posting = Posting(
        id=transaction_id(1), kind=TransactionKind.POSTING, transfers=(transfer(2, 1),)
    )
    for by in (as_coordinator(), as_member(ANNA), Actor.system()):
        changes, _ = post(books(), posting, conditions(by=by))
        assert changes.transactions[0].actor == by
    assert refusal(lambda: Actor(person=None, role=Role.BROKER)) == "invalid_input person"


def test_m49_a_fact_is_the_same_whether_or_not_its_note_is_erased():
    changes = adjusted(reason="his own words")
    made, note = the(changes, Transaction), the(changes, Note)
    assert note.text not in repr(made)
    assert made.note_digest
    assert made.reason == "other"


def test_m54_nobody_records_their_own_work():
    own = Actor(person=ANNA, role=Role.COORDINATOR)
    session = Session(
        givers=(ANNA,),
        receivers=(BEN,),
        hours=transfer(1, 2).hours,
        rule=None,
        happened_on=None,
        category=None,
    )

    def act():
        return record(
            session,
            Books(accounts=books()),
            account_of={ANNA: account_id(1), BEN: account_id(2)},
            pot=POT,
            conditions=conditions(by=own, people=[standing(ANNA, roles=[Role.COORDINATOR])]),
        )

    assert refusal(act) == "not_permitted"


@pytest.mark.parametrize("approver", [None, as_coordinator(), as_coordinator(BEN), as_member(BEN)])
def test_m54_nobody_approves_their_own_act(approver):
    """Neither an adjustment, nor a flow that needs approval; nor does just anybody."""
    reserve = an_account(92, kind=AccountKind.RESERVE, floor=None)
    posting = Posting(
        id=transaction_id(1),
        kind=TransactionKind.POSTING,
        transfers=(transfer(1, 92),),
        happened_on=TODAY - timedelta(days=1),
    )

    def flow():
        return post(books(reserve), posting, conditions(approved_by=approver))

    assert refusal(flow) == "flow_not_allowed"
    assert refusal(lambda: adjusted(approved_by=approver)) in {
        "second_person_needed",
        "not_permitted",
    }
