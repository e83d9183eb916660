"""``writers``: how long eight processes wait for one another on one SQLite file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Final

import timebank
from benchmarks import books
from benchmarks.lines import Line, line, rates
from benchmarks.places import Place
from benchmarks.world import BANK, Order, World, a_world
from timebank import transfers
from timebank.storage.sql import sqlite

WRITERS: Final = 8
CORES: Final = 2
QUANTILES: Final = {"p50": 0.5, "p999": 0.999, "worst": 1.0}

SETTINGS: Any = sqlite
Waits = list[float]


class Writer:
    """One process: posts a minute and a minute back, and says how long each answer took."""

    def __init__(self, world: World, n: int) -> None:
        self._world = world
        self._engine = world.place.wide(1)
        self._keys = (f"{n}-{i}" for i in count())
        self._pair = (world.accounts[2 * n], world.accounts[2 * n + 1])

    def serve(self, asked: Connection) -> None:
        """So many calls, with waits of so many milliseconds, each time somebody asks."""
        while order := asked.recv():
            calls, SETTINGS.TRY_MILLISECONDS = order
            asked.send([self._timed(i) for i in range(calls)])

    def _timed(self, i: int) -> float:
        source, target = self._pair if i % 2 else self._pair[::-1]
        order = Order(next(self._keys), source, target, 1)
        begun = perf_counter()
        timebank.standalone(self._engine, bank=BANK).run(
            lambda uow: transfers.post(uow, [order.draft()], by=self._world.cora)
        )
        return perf_counter() - begun


def writers(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Our short waits beside SQLite's one long wait, by turns; only where writers share a file."""
    if not place.is_sqlite:
        return
    world = a_world(place, size=2 * WRITERS)
    each = max(1, n // WRITERS)
    sides = (sqlite.TRY_MILLISECONDS, sqlite.BUSY_MILLISECONDS)
    with _crowd(world) as crowd:
        took = [[_round(crowd, (each, wait)) for wait in sides] for _ in range(1 + rounds)][1:]
    books.check(place)
    books.audited(place)
    calls = each * WRITERS
    for name, part in QUANTILES.items():
        pairs = [(_quantile(ours, part), _quantile(plain, part)) for (ours, _), (plain, _) in took]
        yield line(f"writers_{name}", place.backend, calls, pairs, "ms")
    seconds = [(ours, plain) for (_, ours), (_, plain) in took]
    yield rates("writers", place.backend, calls, seconds, "transfers/s")


def _round(crowd: Sequence[Connection], asked: tuple[int, int]) -> tuple[Waits, float]:
    """How long every call took, shortest first, and all of them together."""
    begun = perf_counter()
    for writer in crowd:
        writer.send(asked)
    waits = [seconds for writer in crowd for seconds in writer.recv()]
    return sorted(waits), perf_counter() - begun


def _quantile(waits: Waits, part: float) -> float:
    """In milliseconds."""
    return 1000 * waits[min(len(waits) - 1, int(part * len(waits)))]


@contextmanager
def _crowd(world: World) -> Iterator[list[Connection]]:
    """The ends of the pipes to the writers, who share two cores."""
    fork: Any = get_context("fork")
    world.place.engine.dispose()
    with ExitStack() as stack:
        ends = []
        for n in range(WRITERS):
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(world, n, theirs), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(ours.send, None)
            ends.append(ours)
        yield ends


def _work(world: World, n: int, asked: Connection) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    Writer(world, n).serve(asked)
