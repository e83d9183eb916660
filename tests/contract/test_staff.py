"""Who holds which role, and as whom a registered person may act."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.backends import World
from timebank import banks, periods, staff
from timebank.domain.actor import Role
from timebank.errors import InputError, NotFoundError, NotPermitted


def roles(world: World) -> list[tuple[str | None, Role, date | None]]:
    return [(person.ref, held.role, held.ends_on) for held, person in world.see(staff.list)]


def test_roles_are_listed_by_first_day_and_end_on_a_day(world: World) -> None:
    today = world.backend.clock().date()
    assert ("bea", Role.BROKER, None) in roles(world)
    world.do(staff.end, "bea", role="broker", by=world.cora)
    assert ("bea", Role.BROKER, today) in roles(world)
    with pytest.raises(NotFoundError):
        world.do(staff.end, "bea", role="officer", by=world.cora)
    with pytest.raises(InputError):
        world.do(staff.end, "bea", role="king", by=world.cora)


def test_a_person_acts_in_the_highest_role_held_today(world: World) -> None:
    world.do(staff.add, "bea", role="officer", by=world.cora)
    assert world.see(staff.actor, "cora") == world.cora
    assert world.see(staff.actor, "anna") == world.member("anna")
    assert world.see(staff.actor, "bea").role is Role.BROKER
    assert world.see(staff.actor, "bea", role="officer").role is Role.OFFICER
    assert world.see(staff.actor, "bea", on_behalf_of="anna") == world.broker("anna")


def test_nobody_acts_in_a_role_not_held_today(world: World) -> None:
    world.do(staff.end, "bea", role="broker", by=world.cora)
    assert world.see(staff.actor, "bea").role is Role.BROKER, "the last day is today"
    world.backend.clock.advance(timedelta(days=1))
    with pytest.raises(NotPermitted, match="the role of anybody"):
        world.see(staff.actor, "bea")
    with pytest.raises(NotPermitted, match="the role of coordinator"):
        world.see(staff.actor, "anna", role="coordinator")
    with pytest.raises(NotFoundError):
        world.see(staff.actor, "nobody")


def test_a_period_is_closed_once_and_not_before_it_is_over(world: World) -> None:
    today = world.backend.clock().date()
    both = {"by": world.cora, "approved_by": world.colin}
    with pytest.raises(InputError, match="is not over yet"):
        world.do(periods.close, until=today, **both)
    yesterday = today - timedelta(days=1)
    world.do(periods.close, until=yesterday, **both)
    with pytest.raises(InputError, match=f"closed until {yesterday} already"):
        world.do(periods.close, until=yesterday - timedelta(days=5), **both)
    assert [close.until for close in world.see(periods.list)] == [yesterday]


def test_a_day_that_the_clock_does_not_show_is_not_stated(world: World) -> None:
    with pytest.raises(InputError, match="set the clock first"):
        world.do(banks.state_day, date(2020, 1, 1), by=world.olga)
    assert world.see(banks.get).slug == world.bank
