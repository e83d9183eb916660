"""Work in other processes, where there is enough of it: pages of leaves are recomputed there.

What is read stays with the process that reads, so that all of it is of one snapshot.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Final, TypeVar

A = TypeVar("A")
B = TypeVar("B")

ALONE: Final = 100
"""So many pieces are done here before other processes are worth starting."""

_AHEAD: Final = 3
"""How many pieces may wait for each process: what is in memory is bounded."""


def in_processes(work: Callable[[A], B], each: Iterable[A]) -> Iterator[B]:
    """As ``map``: the first pieces here, the others on all cores if there are several.

    ``work`` and the pieces have to be such that ``pickle`` takes them. In a process that may have
    no children, everything is done here; and so is what a process that was killed left undone.
    """
    pieces, cores = iter(each), os.cpu_count() or 1
    yield from map(work, islice(pieces, ALONE))
    further = next(pieces, None)
    if further is None:
        return
    pieces = chain([further], pieces)
    if cores == 1 or multiprocessing.current_process().daemon:
        yield from map(work, pieces)
        return
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        yield from _in_pool(pool, work, pieces, _AHEAD * cores)


def _in_pool(
    pool: ProcessPoolExecutor, work: Callable[[A], B], pieces: Iterator[A], most: int
) -> Iterator[B]:
    waiting: deque[tuple[Future[B] | None, A]] = deque()
    for piece in pieces:
        waiting.append((_begun(pool, work, piece), piece))
        if len(waiting) == most:
            yield _done(work, *waiting.popleft())
    while waiting:
        yield _done(work, *waiting.popleft())


def _begun(pool: ProcessPoolExecutor, work: Callable[[A], B], piece: A) -> Future[B] | None:
    try:
        return pool.submit(work, piece)
    except BrokenExecutor:
        return None


def _done(work: Callable[[A], B], begun: Future[B] | None, piece: A) -> B:
    if begun is not None:
        try:
            return begun.result()
        except BrokenExecutor:
            pass
    return work(piece)
