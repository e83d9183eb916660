"""Balances and statements of closed days: what they were, without reading what came later."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from tests.backends import World
from timebank import Hours, accounts, exchanges, periods
from timebank.domain.ids import AccountId
from timebank.ports import ReadingUnit

NAMES = ("anna", "ben", "carla")
DAYS = 24


def lived(world: World) -> date:
    """Weeks of work, some of it told late, and two closes; the answer is the last day."""
    today = world.backend.clock().date()
    for n in range(DAYS):
        world.backend.clock.advance(timedelta(days=1))
        today += timedelta(days=1)
        giver, receiver = NAMES[n % 3], NAMES[(n + 1) % 3]
        world.do(
            exchanges.record,
            giver=giver,
            receiver=receiver,
            hours=Hours(minutes=10 + n),
            happened_on=today - timedelta(days=n % 5),
            by=world.cora,
        )
        world.give(giver, n + 1)
        if n in (8, 15):
            until = today - timedelta(days=2)
            world.do(periods.close, until=until, by=world.cora, approved_by=world.colin)
    return today


def summed(uow: ReadingUnit, account: AccountId, day: date) -> int:
    """All that counts up to the day, transfer by transfer."""
    return uow.accounts.balances_on(day).get(account, 0)


def test_the_balance_of_every_day_is_the_sum_of_what_counts_up_to_it(world: World) -> None:
    today = lived(world)
    days = [today - timedelta(days=ago) for ago in range(DAYS + 2)]
    with world.backend.reading() as uow:
        for name, day in product(NAMES, days):
            expected = summed(uow, world.accounts[name], day)
            assert accounts.balance(uow, name, on=day).minutes == expected, (name, day)


def test_statements_of_any_days_add_up_and_follow_on_one_another(world: World) -> None:
    today = lived(world)
    starts = [today - timedelta(days=ago) for ago in range(0, DAYS + 1, 4)]
    with world.backend.reading() as uow:
        for name, start, length in product(NAMES, starts, (1, 3, 9)):
            end = start + timedelta(days=length)
            made = accounts.statement(uow, name, start=start, end=end)
            account = world.accounts[name]
            assert made.opening_minutes == summed(uow, account, start - timedelta(days=1))
            assert made.closing_minutes == summed(uow, account, end - timedelta(days=1))
            assert {start <= line.entry.counts_on < end for line in made.lines} <= {True}


def test_a_closed_day_is_told_without_what_came_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is asked for nothing that was recorded after the close."""
    lived(world)
    first, second = (close for close in world.see(periods.list))
    asked = []
    with world.backend.reading() as uow:
        read = uow.accounts.entries_since

        def noted(*args: Any, **kwargs: Any) -> Any:
            found = read(*args, **kwargs)
            asked.append(max(entry.recorded_at for entry in found))
            return found

        monkeypatch.setattr(uow.accounts, "entries_since", noted)
        accounts.statement(uow, "anna", start=first.until - timedelta(days=6), end=first.until)
        accounts.balance(uow, "anna", on=first.until + timedelta(days=1))
    assert asked[0] <= first.recorded_at
    assert first.recorded_at < asked[1] <= second.recorded_at


def test_a_close_is_not_older_than_what_it_closes(world: World) -> None:
    """A computer whose clock is a few minutes behind closes after one that is ahead."""
    clock = world.backend.clock
    world.give("anna", 60)
    ahead = clock()
    day = ahead.date()
    clock.advance(timedelta(minutes=-4))
    world.do(
        periods.close,
        until=day - timedelta(days=1),
        by=world.cora,
        approved_by=world.colin,
    )
    (closed,) = world.see(periods.list)
    assert closed.recorded_at >= ahead
    assert world.see(periods.settled_at, day) is None
    assert world.see(periods.settled_at, day - timedelta(days=3)) == closed.recorded_at
