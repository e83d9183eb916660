"""Holds: placed once, ended once."""

from datetime import timedelta

import pytest

from tests.support import refusal
from timebank.domain.hold import HoldOutcome, end, lapse, place
from timebank.testing.builders import NOW, a_hold, account_id, an_account


@pytest.mark.parametrize(
    ("balance", "held", "floor", "minutes", "placed"),
    [
        (0, 0, -60, 60, True),
        (0, 0, -60, 61, False),
        (0, 30, -60, 31, False),
        (-100, 0, -60, 1, False),
        (0, 0, None, 10**6, True),
    ],
)
def test_no_more_is_set_aside_than_is_available(balance, held, floor, minutes, placed):
    account = an_account(2, balance=balance, held=held, floor=floor)
    hold = a_hold(minutes=minutes)
    if placed:
        assert place(account, hold).held_minutes == held + minutes
    else:
        assert refusal(lambda: place(account, hold)) == "not_enough_hours"


@pytest.mark.parametrize("outcome", HoldOutcome)
@pytest.mark.parametrize(("said", "settled"), [(0, 0), (45, 45), (60, 60), (75, 60)])
def test_a_hold_ends_with_all_it_held(outcome, said, settled):
    account = an_account(2, held=100)
    after, ended = end(account, a_hold(), outcome=outcome, at=NOW, settled_minutes=said)
    assert after.held_minutes == 40
    assert (ended.outcome, ended.ended_at, ended.settled_minutes) == (outcome, NOW, settled)


@pytest.mark.parametrize("first", HoldOutcome)
@pytest.mark.parametrize("second", HoldOutcome)
def test_a_hold_ends_once(first, second):
    account, over = end(an_account(2, held=60), a_hold(), outcome=first, at=NOW)
    assert refusal(lambda: end(account, over, outcome=second, at=NOW)) == "wrong_state"


def test_only_open_holds_past_their_deadline_lapse():
    account = an_account(2, held=7)
    due = a_hold(1, minutes=1, deadline=NOW)
    ahead = a_hold(2, minutes=2, deadline=NOW + timedelta(microseconds=1))
    elsewhere = a_hold(3, minutes=3, deadline=NOW, account=account_id(3))
    _, over = end(account, a_hold(4, deadline=NOW), outcome=HoldOutcome.RELEASED, at=NOW)

    after, ended = lapse({account.id: account}, [due, ahead, elsewhere, over], now=NOW)

    assert [hold.id for hold in ended] == [due.id]
    assert ended[0].outcome is HoldOutcome.EXPIRED
    assert after[account.id].held_minutes == 6
    assert account.held_minutes == 7
