"""One result is one JSON line: ours and the limit, interleaved in one run, as medians."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Final

ROUNDS: Final = 5

MARKS: Final = {
    ("post_one", "sqlite"): 0.35,
    ("post_one", "postgresql"): 0.4,
    ("post_batch", "sqlite"): 0.4,
    ("post_batch", "postgresql"): 0.35,
    **{
        (f"poster_{clients}_spread", backend): 0.8
        for clients in (8, 64)
        for backend in ("sqlite", "postgresql")
    },
    ("poster_64_plain", "sqlite"): 3,
    ("poster_64_plain", "postgresql"): 3,
    **{(f"peers_pgledger_{what}", "postgresql"): 1 for what in ("one", "batch", "hot", "bytes")},
    ("exchange_confirm", "sqlite"): 0.7,
    ("exchange_confirm", "postgresql"): 0.7,
    ("audit", "sqlite"): 40,
    ("audit", "postgresql"): 15,
    ("audit_leaves", "sqlite"): 0.25,
    ("audit_leaves", "postgresql"): 0.25,
    ("audit_since", "sqlite"): 0.02,
    ("audit_since", "postgresql"): 0.02,
    ("seal", "sqlite"): 1,
    ("seal", "postgresql"): 1,
    ("seal_share", "sqlite"): 0.1,
    ("seal_share", "postgresql"): 0.1,
    ("seal_queue", "sqlite"): 0.9,
    ("seal_queue", "postgresql"): 0.9,
    ("growth_books", "sqlite"): 40,
    ("growth_books", "postgresql"): 15,
    **{
        (f"growth_{what}", backend): mark
        for what, mark in {
            "leaves_alone": 0.25,
            "leaves": 0.25,
            "since": 0.02,
            "memory": 1,
            "bytes": 1.5,
            "post": 1.3,
        }.items()
        for backend in ("sqlite", "postgresql")
    },
}
"""The first mark of each piece of work; for times a multiple not to be exceeded."""

Work = Callable[[], object]
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one benchmark says; ``ratio`` is the median of ours ÷ limit over the rounds."""

    name: str
    backend: str
    n: int
    ours: float
    limit: float
    unit: str
    ratio: float
    min_ratio: float
    max_ratio: float
    mark: float | None

    def json(self) -> str:
        """The line as it is printed."""
        return json.dumps(asdict(self))


def nothing() -> None:
    """No preparation, nothing to check."""


def interleaved(
    ours: Work,
    limit: Work,
    *,
    prepare: Work = nothing,
    check: Work = nothing,
    settle: Work = nothing,
    turns: int = 1,
    rounds: int = ROUNDS,
) -> list[Pair]:
    """Seconds of ours and of the limit in each round; the books are checked after each round.

    Within a round the two take turns, so that whatever else the computer does meets both;
    ``prepare`` comes before each turn and is not timed. A first round warms up and is left out;
    ``settle`` follows it.
    """
    pairs = []
    for i in range(rounds + 1):
        taken = [(_timed(ours, prepare), _timed(limit, prepare)) for _ in range(turns)]
        pairs.append((sum(mine for mine, _ in taken), sum(other for _, other in taken)))
        check()
        if i == 0:
            settle()
    return pairs[1:]


def _timed(work: Work, prepare: Work) -> float:
    prepare()
    begun = perf_counter()
    work()
    return perf_counter() - begun


def rates(name: str, backend: str, n: int, pairs: Sequence[Pair], unit: str) -> Line:
    """So many per second: the higher the better."""
    return line(name, backend, n, [(n / ours, n / limit) for ours, limit in pairs], unit)


def times(
    name: str, backend: str, n: int, pairs: Sequence[Pair], unit: str, *, scale: float
) -> Line:
    """So long for one: the lower the better. ``scale`` turns seconds into the unit."""
    return line(name, backend, n, [(ours * scale, li * scale) for ours, li in pairs], unit)


def line(name: str, backend: str, n: int, pairs: Sequence[Pair], unit: str) -> Line:
    """Medians of pairs of figures, one pair a round."""
    ratios = [ours / limit for ours, limit in pairs]
    return Line(
        name=name,
        backend=backend,
        n=n,
        ours=_short(median(ours for ours, _ in pairs)),
        limit=_short(median(limit for _, limit in pairs)),
        unit=unit,
        ratio=round(median(ratios), 3),
        min_ratio=round(min(ratios), 3),
        max_ratio=round(max(ratios), 3),
        mark=MARKS.get((name, backend)),
    )


def _short(figure: float) -> float:
    """Four significant digits: the rest is noise."""
    return float(f"{figure:.4g}")
