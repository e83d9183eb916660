"""Who did what that needed answering for, and who closed which days, on every storage."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.backends import MemoryBackend, World, a_world
from timebank import errors, log, periods
from timebank.domain.actor import Actor
from timebank.domain.bank import day_of
from timebank.domain.logged import LogEntry, LogKind
from timebank.storage.memory.units import MemoryReading


def today(world: World) -> date:
    return day_of(world.backend.clock(), "Europe/London")


def logged(world: World, **which: object) -> list[LogEntry]:
    """All the days, up to today."""
    days: dict[str, Any] = {
        "start": date(2020, 1, 1),
        "end": today(world) + timedelta(days=1),
        **which,
    }
    return world.see(lambda uow: [*log.entries(uow, **days)])


def acts(entries: list[LogEntry]) -> list[str]:
    return sorted({entry.act for entry in entries})


@pytest.mark.usefixtures("seasoned")
def test_a_season_in_order_of_time_by_kind(world: World) -> None:
    whole = logged(world)
    assert [e.recorded_at for e in whole] == sorted(e.recorded_at for e in whole)
    by_kind = {kind: acts(logged(world, kind=kind.value)) for kind in LogKind}
    assert by_kind[LogKind.REVERSAL] == ["adjustment", "reversal"]
    assert {"floor", "frozen", "status"} <= {*by_kind[LogKind.OVERRIDE]}
    assert by_kind[LogKind.POLICY] == ["day statement", "period close", "policy"]
    assert {"adjustment", "period close"} <= {*by_kind[LogKind.APPROVAL]}
    assert by_kind[LogKind.ERASURE] == ["identity"]
    assert {entry.id for entry in whole} == {
        entry.id for kind in LogKind for entry in logged(world, kind=kind)
    }


def test_joining_answers_for_nothing(world: World) -> None:
    assert acts(logged(world)) == ["policy"]


@pytest.mark.usefixtures("seasoned")
def test_only_what_one_did_or_approved(world: World) -> None:
    olgas = logged(world, staff="olga")
    assert olgas
    for entry in olgas:
        assert world.olga in (entry.actor, entry.approver)
    assert logged(world, staff="anna") == []


@pytest.mark.usefixtures("seasoned")
def test_days_are_half_open_in_the_banks_zone(world: World) -> None:
    day = logged(world)[-1].recorded_at.date()
    one = logged(world, start=day, end=day + timedelta(days=1))
    assert one
    assert {day_of(entry.recorded_at, "Europe/London") for entry in one} == {day}
    assert logged(world, start=day, end=day) == []


def test_what_a_wing_tells_is_listed_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(MemoryBackend())
    asked: list[datetime] = []

    def told(_: object, from_: datetime, until: datetime) -> Iterator[LogEntry]:
        asked.extend((from_, until))
        yield LogEntry(
            id="1",
            recorded_at=from_,
            kinds=(LogKind.APPROVAL,),
            act="lend",
            actor=world.cora,
            approver=world.olga,
        )

    monkeypatch.setattr(MemoryReading, "wing_logs", (told,))
    assert acts(logged(world, kind="approval", staff="olga")) == ["lend"]
    assert [day_of(when, "Europe/London") for when in asked] == [
        date(2020, 1, 1),
        today(world) + timedelta(days=1),
    ]


@pytest.mark.parametrize(
    ("which", "error"),
    [
        ({"start": date(2030, 1, 1)}, errors.InputError),
        ({"kind": "gossip"}, errors.InputError),
        ({"staff": "nobody"}, errors.NotFoundError),
    ],
)
def test_what_it_refuses(world: World, which: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        logged(world, **which)


def test_every_close_is_listed_in_order(world: World) -> None:
    assert world.see(periods.list) == ()
    closed = []
    for _ in range(2):
        world.backend.clock.advance(timedelta(days=40))
        closed.append(until := today(world) - timedelta(days=1))
        world.do(periods.close, until=until, by=world.cora, approved_by=world.olga)
    found = world.see(periods.list)
    assert [one.until for one in found] == closed
    whom: set[tuple[Actor, Actor | None]] = {(one.actor, one.approver) for one in found}
    assert whom == {(world.cora, world.olga)}
