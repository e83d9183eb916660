"""``poster``: clients of one process on one hot account, through the poster and by plain calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Final

from sqlalchemy import Engine

import timebank
from benchmarks import books
from benchmarks.lines import Line, interleaved, rates
from benchmarks.places import Place
from benchmarks.world import BANK, Order, World, a_world
from timebank import Poster, transfers

CLIENTS: Final = (1, 8, 64)

Post = Callable[[Order], object]


class Crowd:
    """Clients who each post a minute to their partner, and a minute back, by turns."""

    def __init__(self, world: World, clients: int, *, hot: bool) -> None:
        own, others = world.accounts[1 : clients + 1], world.accounts[clients + 1 :]
        partners = [world.accounts[0]] * clients if hot else others[:clients]
        self._pairs = [*zip(own, partners, strict=True)]
        self._keys = count()
        self._name = f"{'hot' if hot else 'spread'}-{clients}"

    def run(self, post: Post, calls: int, threads: ThreadPoolExecutor) -> None:
        """Everybody posts so often, waiting for each answer."""
        for done in [threads.submit(self._client, *pair, post, calls) for pair in self._pairs]:
            done.result()

    def _client(self, own: str, partner: str, post: Post, calls: int) -> None:
        for i in range(calls):
            source, target = (own, partner) if i % 2 else (partner, own)
            post(Order(f"{self._name}-{next(self._keys)}", source, target, 1))


def poster(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """With 1, 8 and 64 clients: hot beside spread, both posted; posted beside plain, both hot."""
    world = a_world(place, size=2 * max(CLIENTS) + 1)
    for clients in CLIENTS:
        yield from _measured(world, clients, max(1, n // clients), rounds)
    books.audited(place)


def _measured(world: World, clients: int, calls: int, rounds: int) -> Iterator[Line]:
    place = world.place
    hot, spread = (Crowd(world, clients, hot=hot) for hot in (True, False))
    with (
        _crowded(place, clients) as engine,
        Poster(engine, bank=BANK) as writer,
        ThreadPoolExecutor(clients) as threads,
    ):

        def posted(order: Order) -> None:
            writer.post(order.draft(), by=world.cora)

        def plain(order: Order) -> None:
            _plain(world, engine, order)

        def beside(name: str, limit: Callable[[], object]) -> Line:
            pairs = interleaved(
                lambda: hot.run(posted, calls, threads),
                limit,
                check=lambda: books.check(place),
                settle=place.settle,
                rounds=rounds,
            )
            name = f"poster_{clients}_{name}"
            return rates(name, place.backend, clients * calls, pairs, "transfers/s")

        yield beside("spread", lambda: spread.run(posted, calls, threads))
        yield beside("plain", lambda: hot.run(plain, calls, threads))


def _plain(world: World, engine: Engine, order: Order) -> None:
    """What a host without a poster does: a unit of work of its own, repeated within bounds."""
    timebank.standalone(engine, bank=BANK).run(
        lambda uow: transfers.post(uow, [order.draft()], by=world.cora)
    )


@contextmanager
def _crowded(place: Place, clients: int) -> Iterator[Engine]:
    """An engine with a connection for every client: nobody waits for the pool."""
    engine = place.wide(clients)
    try:
        yield engine
    finally:
        engine.dispose()
