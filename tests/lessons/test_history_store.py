"""Lessons about history and reports (lessons.md, M-37 to M-44), on real stores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.backends import Backend, World, a_world
from timebank import Hours, accounts, exchanges, members, periods, transfers
from timebank.domain.audit import Verdict
from timebank.domain.statement import Statement
from timebank.errors import AccountClosed, NotYetEmpty, PeriodClosed

MARCH = (date(2026, 3, 1), date(2026, 4, 1))
APRIL = (date(2026, 4, 1), date(2026, 5, 1))


def stand_at(world: World, when: datetime) -> None:
    """Set the clock."""
    world.backend.clock.advance(when - world.backend.clock())


def help_ben(world: World, minutes: int, *, on: date | None = None, by: object = None) -> None:
    world.do(
        exchanges.record,
        giver="anna",
        receiver="ben",
        hours=Hours(minutes=minutes),
        happened_on=on,
        by=by or world.broker(),
    )


def month(world: World, days: tuple[date, date], name: str = "anna") -> Statement:
    return world.see(accounts.statement, name, start=days[0], end=days[1])


def changes(statement: Statement) -> list[int]:
    return [line.entry.change_minutes for line in statement.lines]


def test_m37_the_last_evening_of_the_month_is_in_the_month(world: World) -> None:
    stand_at(world, datetime(2026, 3, 31, 22, 59, 59, tzinfo=UTC))  # 23:59:59 in London
    help_ben(world, 30)
    stand_at(world, datetime(2026, 3, 31, 23, 0, 0, tzinfo=UTC))
    help_ben(world, 45)
    assert changes(month(world, MARCH)) == [30]
    assert changes(month(world, APRIL)) == [45]


def test_m38_months_are_cut_where_the_members_live(backend: Backend) -> None:
    world = a_world(backend, zone="Pacific/Auckland")
    stand_at(world, datetime(2026, 3, 31, 10, 59, tzinfo=UTC))  # 23:59 on the 31st
    help_ben(world, 30)
    stand_at(world, datetime(2026, 3, 31, 11, 0, tzinfo=UTC))  # midnight
    help_ben(world, 45)
    assert changes(month(world, MARCH)) == [30]
    assert changes(month(world, APRIL)) == [45]
    assert world.see(accounts.balance, "anna", on=date(2026, 3, 31)).minutes == 30


def test_m39_a_grant_is_never_counted_as_hours_exchanged(world: World) -> None:
    world.give("anna", 60)
    help_ben(world, 30)
    activities = [line.entry.activity.value for line in month(world, MARCH).lines]
    assert activities == ["grant", "service"]


def test_m40_a_backdated_fact_rewrites_nothing(world: World) -> None:
    stand_at(world, datetime(2026, 3, 20, 12, tzinfo=UTC))
    help_ben(world, 30)
    before = world.see(transfers.list)
    help_ben(world, 45, on=date(2026, 3, 12))
    after = world.see(transfers.list)
    assert after[: len(before)] == before
    late = after[-1].transfers[0]
    assert (late.target_number, late.target_balance_minutes) == (2, 75)
    assert [x.balance_minutes for x in month(world, MARCH).lines] == [45, 75]
    assert world.audit().verdict is Verdict.CLEAN


def test_m41_a_closed_month_stays_as_it_was_reported(world: World) -> None:
    help_ben(world, 30)
    stand_at(world, datetime(2026, 4, 3, 12, tzinfo=UTC))
    world.do(periods.close, until=date(2026, 3, 31), by=world.cora, approved_by=world.colin)
    reported = month(world, MARCH)
    with pytest.raises(PeriodClosed) as caught:
        help_ben(world, 45, on=date(2026, 3, 28))
    refused = caught.value
    assert (refused.day, refused.closed_until) == ("2026-03-28", "2026-03-31")
    help_ben(world, 45, on=date(2026, 3, 28), by=world.cora)
    assert month(world, MARCH) == reported
    (line,) = month(world, APRIL).lines
    assert (line.entry.happened_on, line.entry.counts_on) == (date(2026, 3, 28), date(2026, 4, 1))
    assert line.entry.activity.value == "service"


def test_m42_nobody_leaves_hours_behind(world: World) -> None:
    help_ben(world, 30)
    with pytest.raises(NotYetEmpty):
        world.do(members.leave, "anna", by=world.member("anna"))
    world.do(members.leave, "anna", by=world.member("anna"), hours_to="pot")
    assert (world.balance("anna"), world.balance("pot")) == (0, 30)
    world.backend.clock.advance(timedelta(days=1))
    with pytest.raises(AccountClosed):
        help_ben(world, 30)
    with pytest.raises(AccountClosed):
        world.give("anna", 30)
