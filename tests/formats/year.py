"""A bank with a year of history: what neighbours do, what staff correct, and what comes late."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.backends import SqlBackend, World, a_world
from timebank import Hours, exchanges, periods, transfers
from timebank.domain.bank import day_of
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.domain.receipt import Receipt
from timebank.errors import NotEnoughHours

WEEKS = 52
NAMES = ("anna", "ben", "carla", "dora", "emil", "fay")
CATEGORIES = ("garden", "home repairs", "care", 'soup & "company"', "a; b, c:d\\")
POLICY = replace(
    NEIGHBOURHOOD,
    levy_percent=10,
    member_floor_minutes=-300,
    categories=(*NEIGHBOURHOOD.categories, *CATEGORIES[3:]),
)


def a_year(backend: SqlBackend) -> World:
    """Fifty-two weeks of exchanges, some told weeks later; two closes; corrections of all kinds."""
    world = a_world(backend, policy=POLICY)
    for name in NAMES[3:]:
        world.join(name, kind="organisation" if name == "dora" else "person")
    for name in NAMES:
        world.give(name, 240)
    chance = random.Random(7)
    made: list[Receipt] = []
    for week in range(1, WEEKS + 1):
        backend.clock.advance(timedelta(days=7))
        made += [_exchange(world, chance) for _ in range(3)]
        if week % 6 == 0:
            _reverse(world, made.pop(-2))
        if week % 10 == 0:
            _correct(world)
        if week in (20, 40):
            until = _today(world) - timedelta(days=9)
            world.do(periods.close, until=until, by=world.cora, approved_by=world.colin)
    return world


def start() -> datetime:
    """When the year begins."""
    return datetime(2025, 1, 6, 9, 0, tzinfo=UTC)


def _today(world: World) -> date:
    return day_of(world.backend.clock(), "Europe/London")


def _exchange(world: World, chance: random.Random) -> Receipt:
    """Between two, up to three weeks ago: perhaps in a closed period, perhaps beyond a floor."""
    giver, receiver = chance.sample(NAMES, 2)
    told = {
        "giver": giver,
        "receiver": receiver,
        "hours": Hours(minutes=chance.randrange(15, 180)),
        "happened_on": max(_today(world) - timedelta(days=chance.randrange(21)), start().date()),
        "category": chance.choice((*CATEGORIES, None)),
    }
    try:
        return world.do(exchanges.record, **told, by=world.cora)
    except NotEnoughHours:
        return world.do(
            exchanges.record,
            **told,
            by=world.cora,
            approved_by=world.colin,
            reason="hardship",
            review_on=_today(world) + timedelta(days=30),
        )


def _reverse(world: World, receipt: Receipt) -> None:
    world.do(
        exchanges.reverse,
        receipt.exchange_id,
        reason="not as agreed",
        by=world.cora,
        approved_by=world.colin,
        review_on=_today(world) + timedelta(days=30),
    )


def _correct(world: World) -> None:
    """A grant, and a correction whose words may not leave the bank."""
    world.give("ben", 60)
    world.do(
        transfers.adjust,
        source=world.accounts["ben"],
        target=world.accounts["anna"],
        hours=Hours(minutes=25),
        reason='"\n2025-01-01 open Assets:Nasty\n    ; a typing error',
        by=world.cora,
        approved_by=world.olga,
    )
