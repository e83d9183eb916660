"""``python -m benchmarks [NAME] [--backend sqlite|postgresql] [--n N]``: one JSON line a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from benchmarks.auditing import audit, audit_leaves, audit_since, seal, seal_queue, seal_share
from benchmarks.confirming import exchange_confirm
from benchmarks.crowding import poster
from benchmarks.growing import growth
from benchmarks.lines import ROUNDS, Line
from benchmarks.memory import memory
from benchmarks.peers import Given, peers
from benchmarks.places import BACKENDS, Place, Places
from benchmarks.posting import post_batch, post_one
from benchmarks.reading import balance, plan, statement
from benchmarks.writing import writers


class Benchmark(NamedTuple):
    """A benchmark and the n it has by default."""

    run: Callable[[Place, int, int], Iterator[Line]]
    n: int


BENCHMARKS: Final = {
    "exchange_confirm": Benchmark(exchange_confirm, 30),
    "post_one": Benchmark(post_one, 100),
    "post_batch": Benchmark(post_batch, 3_000),
    "poster": Benchmark(poster, 512),
    "writers": Benchmark(writers, 1_600),
    "statement": Benchmark(statement, 100_000),
    "balance": Benchmark(balance, 100_000),
    "audit": Benchmark(audit, 50_000),
    "audit_leaves": Benchmark(audit_leaves, 20_000),
    "audit_since": Benchmark(audit_since, 50_000),
    "seal": Benchmark(seal, 5_000),
    "seal_share": Benchmark(seal_share, 200),
    "seal_queue": Benchmark(seal_queue, 5_000),
    "memory": Benchmark(memory, 2_000),
}
PLAN: Final = "plan"
GROWTH: Final = "growth"
"""Only where it is asked for by name: it takes two banks, and at its usual n an hour and more."""
PEERS: Final = "peers"
"""Only where it is asked for by name: it installs other programs."""

MILLION: Final = 1_000_000
PEERS_N: Final = 50

Name = Enum(  # type: ignore[misc]
    "Name", {name: name for name in (*BENCHMARKS, PLAN, GROWTH, PEERS)}
)
Backend = Enum("Backend", {name: name for name in BACKENDS})  # type: ignore[misc]


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    name: Annotated[Name | None, typer.Argument(help="One benchmark; all if left out.")] = None,
    backend: Annotated[Backend | None, typer.Option(help="Only this database.")] = None,
    n: Annotated[int | None, typer.Option(min=1, help="How many, instead of the default.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often, by turns.")] = ROUNDS,
    pgledger: Annotated[
        Path | None, typer.Option(help="peers: a folder with the SQL of pgledger.")
    ] = None,
    tigerbeetle: Annotated[
        str | None, typer.Option(help="peers: the address of a TigerBeetle cluster.")
    ] = None,
) -> None:
    """Ours through the public API beside hand-written code that does the same, by turns.

    Prints one JSON line a result; "plan" prints the query plan of a balance instead. "peers" is for
    other ledgers: it installs each in an environment of its own.
    """
    given = Given(pgledger=pgledger, tigerbeetle=tigerbeetle)
    backends = BACKENDS if backend is None else (backend.value,)
    names = tuple(BENCHMARKS) if name is None else (name.value,)
    with Places() as places:
        for chosen in names:
            for where in backends:
                with places.fresh(where) as place, ExitStack() as beside:
                    if chosen == GROWTH:
                        small = beside.enter_context(places.fresh(where))
                        _print_lines(growth(small, place, n or MILLION, rounds))
                    elif chosen == PEERS:
                        _print_lines(peers(place, n or PEERS_N, rounds, given))
                    else:
                        _print(chosen, place, n, rounds)


def _print(name: str, place: Place, n: int | None, rounds: int) -> None:
    if name == PLAN:
        print(f"{place.backend}:")
        for row in plan(place, n or BENCHMARKS["balance"].n):
            print(f"  {row}", flush=True)
        return
    benchmark = BENCHMARKS[name]
    _print_lines(benchmark.run(place, n or benchmark.n, rounds))


def _print_lines(lines: Iterable[Line]) -> None:
    for found in lines:
        print(found.json(), flush=True)


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
