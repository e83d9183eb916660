"""What may still go out of an account, and what may still come in."""

import pytest

from timebank.domain.account import (
    PERSONAL,
    AccountKind,
    available_minutes,
    room_minutes,
)
from timebank.testing.builders import an_account


@pytest.mark.parametrize(
    ("balance", "held", "floor", "available"),
    [
        (100, 0, 0, 100),
        (100, 30, 0, 70),
        (-100, 30, -1200, 1070),
        (-100, 0, -60, -40),
        (100, 30, None, None),
    ],
)
def test_available_is_balance_less_held_less_floor(balance, held, floor, available):
    account = an_account(balance=balance, held=held, floor=floor)
    assert available_minutes(account) == available


@pytest.mark.parametrize(
    ("balance", "ceiling", "room"),
    [(100, 600, 500), (-100, 600, 700), (700, 600, -100), (9, None, None)],
)
def test_room_is_ceiling_less_balance(balance, ceiling, room):
    assert room_minutes(an_account(balance=balance, held=50, ceiling=ceiling)) == room


def test_kinds_that_belong_to_a_member():
    assert {kind.value for kind in PERSONAL} == {"member", "organisation", "custody", "held"}
    assert {an_account(kind=kind).owner is None for kind in set(AccountKind) - PERSONAL} == {True}
