"""Lessons about doing things twice (lessons.md, M-18 to M-26): what the pure rules can show."""

import pytest

from tests.support import a_case, refusal, the
from timebank.domain.exchange import Exchange, State
from timebank.domain.hold import Hold, HoldOutcome, end
from timebank.domain.hours import Hours
from timebank.domain.movement import Books, reverse
from timebank.domain.settlement import confirm, resolve
from timebank.domain.settlement import reverse as reverse_exchange
from timebank.domain.transaction import Transaction
from timebank.testing.builders import (
    BEN,
    NOW,
    a_hold,
    an_account,
    an_exchange,
    as_member,
    conditions,
    transaction_id,
)

REPORTED = an_exchange(State.REPORTED, said_by_giver=60)
AFTER = (an_account(1, balance=60), an_account(2, balance=-60))


def confirmed(exchange=REPORTED, *accounts, holds=()):
    return confirm(a_case(exchange, *accounts, holds=holds), conditions(by=as_member(BEN)))


def test_m18_a_second_click_does_not_settle_again():
    done = the(confirmed(), Exchange)
    assert refusal(lambda: confirmed(done, *AFTER)) == "wrong_state"


def test_m18_a_dispute_about_hours_that_moved_does_not_move_them_again():
    first = confirmed()
    original = the(first, Transaction)
    disputed = an_exchange(State.DISPUTED, transaction=original.id)
    changes = resolve(
        a_case(disputed, *AFTER),
        conditions(),
        original=original,
        hours=Hours(minutes=original.transfers[0].minutes),
        reason="not as agreed",
    )
    assert changes.transactions == ()


@pytest.mark.parametrize("first", HoldOutcome)
@pytest.mark.parametrize("second", HoldOutcome)
def test_m22_a_hold_ends_once(first, second):
    account, over = end(an_account(2, held=60), a_hold(), outcome=first, at=NOW)
    assert refusal(lambda: end(account, over, outcome=second, at=NOW)) == "wrong_state"


def test_m22_no_more_is_settled_than_was_held():
    hold = a_hold(minutes=60)
    exchange = an_exchange(State.REPORTED, said_by_giver=75, hold=hold)
    changes = confirmed(exchange, an_account(2, held=60), holds=[hold])
    assert the(changes, Transaction).transfers[0].minutes == 75
    assert the(changes, Hold).settled_minutes == 60


def test_m23_a_reversal_happens_once():
    original = the(confirmed(), Transaction)
    done = the(confirmed(), Exchange)
    undone = reverse_exchange(
        a_case(done, *AFTER), conditions(), original=original, reason="entered twice"
    )

    def again():
        return reverse_exchange(
            a_case(the(undone, Exchange)), conditions(), original=original, reason="again"
        )

    assert refusal(again) == "wrong_state"


def test_m23_a_transaction_is_reversed_once():
    original = the(confirmed(), Transaction)

    def again():
        return reverse(
            Books(accounts={}),
            original,
            transaction_id(2),
            conditions(),
            reason="entered twice",
            override=None,
        )

    assert refusal(again) == "already_reversed"
