"""How many statements an action takes: never one per row of a batch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from benchmarks.confirming import Supply
from benchmarks.places import place_on
from benchmarks.posting import ours
from benchmarks.world import Orders, World, a_world
from timebank import Hours, exchanges

KNOWN = {"sqlite": (8, 19), "postgresql": (3, 11)}
"""A posting and a confirmation. PostgreSQL writes everything in one."""
SETTING_UP = ("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE")


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Every statement handed to the driver in this block, the settings of a connection aside."""
    seen: list[str] = []

    def note(_c, _cursor, statement, *_):
        if not statement.startswith(SETTING_UP):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements(world: World, act: Callable[[], object]) -> int:
    with counted(world.place.engine) as seen:
        act()
    return len(seen)


@pytest.fixture
def world(engine: Engine) -> World:
    return a_world(place_on(engine), size=20)


def test_a_batch_of_1000_takes_the_statements_of_a_batch_of_10(world):
    orders = Orders(world)
    ours(world, orders.take(1))
    few = statements(world, lambda: ours(world, orders.take(10)))
    many = statements(world, lambda: ours(world, orders.take(1_000)))
    assert many == few


def test_recording_1000_exchanges_takes_the_statements_of_10(world):
    def record(n: int, prefix: str) -> None:
        people = world.people
        items = [
            exchanges.PastExchange(
                giver=people[i % 20],
                receiver=people[(i + 1) % 20],
                hours=Hours(minutes=1),
                key=f"{prefix}{i}",
            )
            for i in range(n)
        ]
        world.do(exchanges.record_all, items, by=world.cora)

    few = statements(world, lambda: record(10, "few"))
    many = statements(world, lambda: record(1_000, "many"))
    assert many == few


def test_single_actions_take_a_known_number_of_statements(world):
    """A change here is news for the benchmarks: look at the ratios before raising a number."""
    orders, supply = Orders(world), Supply(world)
    posting = statements(world, lambda: ours(world, orders.take(1)))
    supply.refill(1)
    (found,) = supply.waiting
    by = world.member(found.receiver)
    confirming = statements(
        world, lambda: world.do(exchanges.confirm, found.exchange, by=by, key="key")
    )
    assert (posting, confirming) == KNOWN[world.place.backend]
