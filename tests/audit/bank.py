"""A sealed bank in which every table has rows, some facts still waiting for the sealer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.backends import Backend, World, a_world
from tests.contract.scenario import a_season
from timebank import Hours, banks, exchanges, journal, listings, members, transfers
from timebank.domain.bank import day_of
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.proof.checkpoint import Checkpoint

HOUR = Hours.of(1)
LEVYING = replace(NEIGHBOURHOOD, levy_percent=10)


def a_sealed_bank(backend: Backend) -> tuple[World, Checkpoint]:
    """A season and what it leaves open, sealed in small parts; and the last checkpoint.

    A few facts came later and wait in the queue.
    """
    world = a_world(backend, policy=LEVYING)
    a_season(world)
    world.do(banks.set_policy, LEVYING, by=world.cora)
    for name in ("gill", "hugo"):
        world.join(name)
        world.give(name, 600)
    _open_matters(world)
    kept = None
    while world.see(lambda unit: unit.audit.unsealed())[0]:
        kept = world.do(journal.seal, limit=17)
    assert kept is not None
    _late(world)
    return world, kept


def _open_matters(world: World) -> None:
    """Exchanges in every state that is not an end, each with what belongs to it."""
    gill, hugo = world.member("gill"), world.member("hugo")
    offer = world.do(
        listings.offer,
        member="gill",
        title="Lessons",
        category="learning",
        by=gill,
        expires_on=_today(world) + timedelta(days=60),
    )
    _proposed(world, listing=offer.listing_id, happens_on=_today(world))
    agreed, reported, disputed, settled = (_proposed(world) for _ in range(4))
    for exchange in (agreed, reported, disputed, settled):
        world.do(exchanges.agree, exchange, by=world.broker("hugo"))
    for exchange in (reported, disputed, settled):
        world.do(exchanges.report, exchange, hours=Hours(minutes=55), by=gill)
    world.do(exchanges.report, disputed, hours=Hours(minutes=20), by=hugo)
    world.do(
        exchanges.confirm,
        settled,
        by=world.broker("hugo"),
        key="sheet-7",
        hours=Hours(minutes=50),
        approved_by=world.colin,
        reason="hardship",
        review_on=_today(world) + timedelta(days=90),
    )
    _upheld(world)
    _overridden(world)
    world.do(
        exchanges.group,
        givers=["gill", "anna"],
        receivers=["hugo"],
        hours=HOUR,
        rule="each",
        by=world.broker(),
        key="group-1",
        happened_on=_today(world),
    )
    world.do(
        transfers.donate,
        source=world.accounts["gill"],
        hours=HOUR,
        by=gill,
        note="for the roof",
        key="gift-1",
    )


def _upheld(world: World) -> None:
    """What somebody disputed afterwards, and a coordinator found to be right."""
    exchange = world.do(
        exchanges.record,
        giver="gill",
        receiver="hugo",
        hours=HOUR,
        by=world.broker(),
        category="learning",
    ).exchange_id
    world.do(exchanges.dispute, exchange, by=world.member("hugo"), reason="was it an hour?")
    world.do(exchanges.resolve, exchange, hours=HOUR, reason="it was", by=world.cora)


def _overridden(world: World) -> None:
    """A grant taken back after it was spent: below the floor, by two people."""
    world.join("iris")
    grant = world.give("iris", 600)
    world.do(exchanges.record, giver="hugo", receiver="iris", hours=Hours.of(24), by=world.broker())
    world.do(
        transfers.reverse,
        grant.transaction_id,
        reason="entered twice",
        by=world.cora,
        approved_by=world.colin,
        review_on=_today(world) + timedelta(days=30),
    )


def _late(world: World) -> None:
    """Facts of every kind that is made often, which the sealer has not seen yet."""
    world.give("gill", 15)
    exchange = _proposed(world)
    world.do(exchanges.agree, exchange, by=world.member("hugo"))
    world.do(members.suspend, "anna", reason="safeguarding", by=world.olga)


def _proposed(world: World, **more: Any) -> str:
    proposed = world.do(
        exchanges.propose,
        giver="gill",
        receiver="hugo",
        hours=HOUR,
        by=world.member("gill"),
        category="learning",
        **more,
    )
    return str(proposed.exchange_id)


def _today(world: World) -> Any:
    return day_of(world.backend.clock(), "Europe/London")
