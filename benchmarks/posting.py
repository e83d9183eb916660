"""``post_one`` and ``post_batch``: ``transfers.post`` beside the bare driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from benchmarks import books
from benchmarks.hand_postgresql import HandPostgresql
from benchmarks.hand_sqlite import HandSqlite
from benchmarks.lines import Line, interleaved, rates
from benchmarks.places import Place
from benchmarks.world import Order, Orders, World, a_world
from timebank import transfers

BATCH: Final = 1_000
TURNS: Final = 5


class Hand(Protocol):
    """The hand-written side."""

    def post(self, orders: Sequence[Order]) -> None:
        """All or nothing, in one commit."""
        ...


@contextmanager
def by_hand(world: World) -> Iterator[Hand]:
    """The hand-written side of this backend, on a connection of its own."""
    with world.place.driver() as connection:
        make = HandSqlite if world.place.is_sqlite else HandPostgresql
        yield make(world, connection)


def ours(world: World, orders: Sequence[Order]) -> None:
    """One durable call of the public API."""
    world.do(transfers.post, [order.draft() for order in orders], by=world.cora)


def post_one(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """One transfer with a key, each in a commit of its own; n of them a round."""
    turns = min(TURNS, n)
    yield _measured("post_one", place, rounds, batch=1, calls=n // turns, turns=turns)


def post_batch(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Batches of 1,000 transfers with keys, each batch in one commit; n transfers a round."""
    batch = min(BATCH, n)
    yield _measured("post_batch", place, rounds, batch=batch, calls=1, turns=n // batch)


def _measured(name: str, place: Place, rounds: int, *, batch: int, calls: int, turns: int) -> Line:
    world = a_world(place)
    orders = Orders(world)
    with by_hand(world) as hand:

        def run_ours() -> None:
            for _ in range(calls):
                ours(world, orders.take(batch))

        def run_limit() -> None:
            for _ in range(calls):
                hand.post(orders.take(batch))

        pairs = interleaved(
            run_ours,
            run_limit,
            check=lambda: books.check(place),
            settle=place.settle,
            turns=turns,
            rounds=rounds,
        )
    books.audited(place)
    return rates(name, place.backend, batch * calls * turns, pairs, "transfers/s")
