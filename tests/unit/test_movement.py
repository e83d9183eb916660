"""Postings, donations, grants, adjustments, carry-overs, reversals: who may, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import account_after, books, descending, refusal, the, written
from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import Actor
from timebank.domain.events import HoldEnded
from timebank.domain.hold import Hold
from timebank.domain.movement import (
    Books,
    adjust,
    carry_over,
    donate,
    grant,
    override_of,
    post_draft,
    reverse,
)
from timebank.domain.note import Note
from timebank.domain.transaction import (
    Activity,
    Transaction,
    TransactionDraft,
    TransactionKind,
)
from timebank.testing.builders import (
    ANNA,
    BEN,
    COORDINATOR,
    ISSUANCE,
    NOW,
    OFFICER,
    POT,
    STRANGER,
    TODAY,
    a_hold,
    account_id,
    an_account,
    an_exchange,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    transaction_id,
    transfer,
)

CLOSURE = an_account(92, kind=AccountKind.CLOSURE, floor=None)
POOR = an_account(2, balance=-1190)
STAFF_ACCOUNT = an_account(8, owner=COORDINATOR)
OFFICER_ACCOUNT = an_account(9, owner=OFFICER)
TOMORROW = TODAY + timedelta(days=1)
NOBODY = as_member(ANNA)
SECOND = as_officer()


def some_books(*accounts, holds=()):
    usual = (CLOSURE, STAFF_ACCOUNT, OFFICER_ACCOUNT)
    return Books(accounts=books(*usual, *accounts), holds=holds)


def now(by=None, approved_by=None, **more):
    return conditions(by=by, approved_by=approved_by, **more)


# --- a host's own transaction -----------------------------------------------------------------


def drafted(*, by=None, accounts=(), holds=(), override=None, **draft):
    draft = {"transfers": (transfer(2, 1),)} | draft
    return post_draft(
        some_books(*accounts, holds=holds),
        TransactionDraft(**draft),
        now(by or as_coordinator()),
        override=override,
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": NOBODY}),
        ("not_permitted", {"transfers": (transfer(2, 8),)}),
        ("invalid_input note", {"note": " "}),
        ("not_enough_hours", {"accounts": (POOR,)}),
    ),
)
def test_post_in_order_of_refusal(error, arguments):
    assert refusal(lambda: drafted(**arguments)) == error


def test_a_draft_is_posted_as_it_says():
    yesterday = TODAY - timedelta(days=1)
    changes, after = drafted(category="garden", happened_on=yesterday, note="thank you")
    made = the(changes, Transaction)
    assert (made.kind, made.category, made.happened_on) == (
        TransactionKind.POSTING,
        "garden",
        yesterday,
    )
    assert the(changes, Note).about == made.id
    assert after.accounts[account_id(1)].balance_minutes == 60


def test_holds_past_their_deadline_end_before_hours_move():
    """What a lapsed hold kept is available at once; an open one stays."""
    lapsed, still = a_hold(1, minutes=1000, deadline=NOW), a_hold(2, minutes=100)
    account = an_account(2, held=1100)
    changes, after = drafted(
        accounts=[account], holds=(lapsed, still), transfers=(transfer(2, 1, 1100),)
    )
    assert the(changes, Hold).id == lapsed.id
    assert isinstance(changes.events[0], HoldEnded)
    assert account_after(changes, 2).held_minutes == 100
    assert after.holds == (still,)


# --- donations --------------------------------------------------------------------------------


def donated(*, by=None, accounts=(), move=None, note=None):
    move = move or transfer(2, POT, activity=Activity.GIFT)
    return donate(some_books(*accounts), move, now(by or as_member(BEN)), note=note)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_officer()}),
        ("not_found", {"by": as_member(STRANGER)}),
        ("not_permitted", {"by": as_member(ANNA)}),
        ("invalid_input note", {"note": ""}),
        ("not_enough_hours", {"accounts": (POOR,)}),
    ),
)
def test_donate_in_order_of_refusal(error, arguments):
    assert refusal(lambda: donated(**arguments)) == error


@pytest.mark.parametrize("source", [POT, ISSUANCE])
@pytest.mark.parametrize("by", [as_broker(), as_coordinator(), as_broker(BEN), as_member(BEN)])
def test_nobody_gives_away_what_belongs_to_the_bank(source, by):
    assert refusal(lambda: donated(by=by, move=transfer(source, 2))) == "not_permitted"


@pytest.mark.parametrize("by", [as_member(BEN), as_broker(BEN), Actor.system()])
def test_who_may_give_bens_hours(by):
    changes = donated(by=by, note="for the choir")
    assert the(changes, Transaction).kind is TransactionKind.DONATION
    assert account_after(changes, 2).balance_minutes == -60


def test_a_donation_from_an_unknown_account_is_not_found():
    assert refusal(lambda: donated(move=transfer(77, POT))) == "not_found"


# --- grants -----------------------------------------------------------------------------------


def granted(*, by=None, move=None, reason="welcome", accounts=(), override=None):
    move = move or transfer(ISSUANCE, 1, activity=Activity.GRANT)
    return grant(some_books(*accounts), move, now(by), reason=reason, override=override)


SPENT = an_account(91, kind=AccountKind.ISSUANCE, balance=-6000, floor=-6000)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("invalid_input source", {"move": transfer(1, 2)}),
        ("not_permitted", {"move": transfer(ISSUANCE, 8)}),
        ("invalid_input reason", {"reason": None}),
        ("not_enough_hours", {"accounts": (SPENT,)}),
    ),
)
def test_grant_in_order_of_refusal(error, arguments):
    assert refusal(lambda: granted(**arguments)) == error


@pytest.mark.parametrize("source", [ISSUANCE, POT])
def test_every_grant_has_an_issuer(source):
    changes = granted(move=transfer(source, 1, activity=Activity.GRANT))
    assert the(changes, Transaction).transfers[0].source == source
    assert the(changes, Transaction).reason == "welcome"


@pytest.mark.parametrize("move", [transfer(77, 1), transfer(ISSUANCE, 77)])
def test_a_grant_between_unknown_accounts_is_not_found(move):
    assert refusal(lambda: granted(move=move)) == "not_found"


# --- adjustments ------------------------------------------------------------------------------


def adjusted(*, by=None, approved_by=SECOND, move=None, reason="correction", accounts=()):
    move = move or transfer(2, 1, activity=Activity.CORRECTION)
    return adjust(some_books(*accounts), move, now(by, approved_by), reason=reason, override=None)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("second_person_needed", {"approved_by": as_coordinator()}),
        ("not_permitted", {"move": transfer(2, 8)}),
        ("invalid_input reason", {"reason": None}),
        ("not_enough_hours", {"accounts": (POOR,)}),
    ),
)
def test_adjust_in_order_of_refusal(error, arguments):
    assert refusal(lambda: adjusted(**arguments)) == error


@pytest.mark.parametrize("target", [8, 9])
def test_neither_of_the_two_corrects_in_their_own_favour(target):
    assert refusal(lambda: adjusted(move=transfer(2, target))) == "not_permitted"


def test_an_adjustment_names_both_people_and_the_reason():
    changes = adjusted(reason="he counted twice")
    made = the(changes, Transaction)
    assert (made.kind, made.reason) == (TransactionKind.ADJUSTMENT, "other")
    assert (made.actor, made.approver) == (as_coordinator(), as_officer())
    assert the(changes, Note).text == "he counted twice"


# --- carry-overs ------------------------------------------------------------------------------


def carried(*, by=None, approved_by=SECOND, accounts=(), move=None, happened_on=None):
    move = move or transfer(92, 1, activity=Activity.CARRY_OVER)
    return carry_over(
        some_books(*accounts), move, now(by, approved_by), happened_on=happened_on, override=None
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("second_person_needed", {"approved_by": None}),
        ("day_in_future happened_on", {"happened_on": TOMORROW}),
    ),
)
def test_carry_over_in_order_of_refusal(error, arguments):
    assert refusal(lambda: carried(**arguments)) == error


def test_a_carry_over_is_marked_as_imported():
    changes, after = carried()
    made = the(changes, Transaction)
    assert (made.kind, made.imported, made.reason) == (
        TransactionKind.CARRY_OVER,
        True,
        "carry-over",
    )
    assert after.accounts[CLOSURE.id].balance_minutes == -60


# --- reversals --------------------------------------------------------------------------------

ORIGINAL = the(drafted(category="garden")[0], Transaction)
AFTER = (an_account(1, balance=60, number=1), an_account(2, balance=-60, number=1))


def reversed_(
    *, by=None, original=ORIGINAL, reversed_by=None, reason="entered twice", accounts=AFTER
):
    return reverse(
        some_books(*accounts), original, reversed_by, now(by), reason=reason, override=None
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("already_reversed", {"reversed_by": transaction_id(5)}),
        ("wrong_state", {"original": replace(ORIGINAL, reverses=transaction_id(6))}),
        ("invalid_input transaction", {"original": replace(ORIGINAL, exchange=an_exchange().id)}),
        ("invalid_input reason", {"reason": None}),
        ("not_enough_hours", {"accounts": (an_account(1, balance=-1190),)}),
    ),
)
def test_reverse_in_order_of_refusal(error, arguments):
    assert refusal(lambda: reversed_(**arguments)) == error


def test_a_reversal_names_its_original_and_moves_it_back():
    changes = reversed_()
    made = the(changes, Transaction)
    assert (made.kind, made.reverses, made.category) == (
        TransactionKind.REVERSAL,
        ORIGINAL.id,
        "garden",
    )
    assert {a.balance_minutes for a in written(changes, Account)} == {0}


# --- the named override that a request carries ------------------------------------------------


def asked(*, approved_by=SECOND, reason="hardship", review_on=TOMORROW):
    return override_of(approved_by, reason, review_on, now(), action="transfers.post")


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("second_person_needed", {"approved_by": as_coordinator()}),
        ("invalid_input review_on", {"review_on": TODAY}),
        ("invalid_input reason", {"reason": None}),
    ),
)
def test_override_in_order_of_refusal(error, arguments):
    assert refusal(lambda: asked(**arguments)) == error


@pytest.mark.parametrize("review_on", ["2026-12-01", datetime(2999, 1, 1, tzinfo=UTC)])
def test_what_is_no_day_is_no_review_date(review_on):
    assert refusal(lambda: asked(review_on=review_on)) == "invalid_input review_on"


def test_an_override_has_a_review_date_an_approver_and_a_reason():
    made = asked()
    assert made is not None
    assert (made.approver, made.reason, made.review_on) == (as_officer(), "hardship", TOMORROW)


def test_without_a_review_date_nothing_is_overridden():
    assert asked(review_on=None) is None
