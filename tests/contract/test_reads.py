"""What a bank answers, and the few things that only a door in front of it asked before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.backends import World
from timebank import Hours, accounts, exchanges, listings, periods
from timebank.errors import InputError, NotFoundError, NotPermitted

UNKNOWN = "0" * 32


def test_every_account_is_listed_with_its_balance(world: World) -> None:
    world.give("anna", 60)
    listed = world.see(accounts.list)
    assert [view.id for view in listed] == sorted(view.id for view in listed)
    assert sum(view.balance.minutes for view in listed) == 0
    anna = next(view for view in listed if view.id == world.accounts["anna"])
    assert anna == world.see(accounts.of_member, "anna")
    recomputed = world.see(accounts.balance, "anna", recompute=True)
    assert recomputed == anna.balance == Hours.of(1)


def test_no_period_is_closed_at_first(world: World) -> None:
    assert world.see(periods.closed_until) is None
    until = world.backend.clock().date() - timedelta(days=1)
    world.do(periods.close, until=until, by=world.cora, approved_by=world.colin)
    assert world.see(periods.closed_until) == until


def test_an_exchange_is_proposed_for_a_day_and_a_listing_that_is_there(world: World) -> None:
    anna = world.member("anna")
    two = {"giver": "anna", "receiver": "ben", "hours": Hours.of(1), "by": anna}
    day = date(2026, 4, 1)
    made = world.do(exchanges.propose, happens_on=day, **two).exchange_id
    assert world.see(exchanges.get, made).happens_on == day
    with pytest.raises(InputError, match="happens_on"):
        world.do(exchanges.propose, happens_on="tomorrow", **two)
    offer = world.do(
        listings.offer, member="anna", title="Bread", category="food", by=anna
    ).listing_id
    made = world.do(exchanges.propose, listing=offer, **two).exchange_id
    assert world.see(exchanges.get, made).listing == offer
    with pytest.raises(NotFoundError, match="listing"):
        world.do(exchanges.propose, listing=UNKNOWN, **two)


def test_a_member_lists_nothing_for_others(world: World) -> None:
    ask = {"member": "ben", "title": "Bread", "category": "food"}
    with pytest.raises(NotPermitted, match="the member or staff"):
        world.do(listings.offer, by=world.member("anna"), **ask)
    world.do(listings.offer, by=world.broker("ben"), **ask)
