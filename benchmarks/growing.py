"""``growth``: what a big bank costs: audits, memory, bytes, and postings beside a small one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

import timebank
from benchmarks import auditing, books
from benchmarks.bulk import a_sealed_journal
from benchmarks.lines import Line, interleaved, line, times
from benchmarks.memory import AUDIT, LIMIT_MIB, Failed
from benchmarks.places import Place
from benchmarks.world import BANK, Orders, World
from timebank import audits, transfers
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.checks import Spread
from timebank.proof.spread import in_processes

SMALL: Final = 10_000
"""How many transfers the bank has that a big one is compared with."""

ACCOUNTS: Final = 1_000
"""The same in both, so that postings meet as many."""

POSTS: Final = 10_000
_ROUNDS: Final = 5
LATER: Final = 10_000
RAW: Final = 1_000_000
"""How many rows of a raw table are written to learn what one takes."""

_TREE: Final = {"leaves_match_facts", "tree_matches_leaves", "checkpoints_match_tree"}
_FACTS: Final = (
    "x.id, x.kind, x.category, x.happened_on, x.counts_on, x.recorded_at, x.actor_role, x.actor_id,"
    " x.policy_version, x.salt, t.source_id, t.target_id, t.minutes, t.activity, t.source_number,"
    " t.source_balance_minutes, t.target_number, t.target_balance_minutes"
)
_ROWS: Final = (
    f"SELECT {_FACTS} FROM timebank_transfer t JOIN timebank_transaction x"
    f" ON x.bank_id = t.bank_id AND x.id = t.transaction_id LIMIT {RAW}"
)
_INDEXES: Final = (
    "CREATE UNIQUE INDEX {0}raw_key ON raw (id)",
    "CREATE UNIQUE INDEX {0}raw_source ON raw (source_id, source_number)",
    "CREATE UNIQUE INDEX {0}raw_target ON raw (target_id, target_number)",
)


def growth(small: Place, big: Place, n: int, rounds: int) -> Iterator[Line]:
    """Two sealed journals, of 10,000 and of n transfers, loaded raw; then everything measured."""
    young = a_sealed_journal(small, min(SMALL, n), accounts=ACCOUNTS).world
    world = a_sealed_journal(big, n, accounts=ACCOUNTS).world
    for place in (small, big):
        auditing.sealed(place)
        place.finish()
    yield from measured(young, world, n, rounds)


def measured(young: World, world: World, n: int, rounds: int, posts: int = POSTS) -> Iterator[Line]:
    """Every figure of a big bank; the postings come last, for they are not sealed."""
    big = world.place
    yield _books(big, n, rounds)
    yield from _leaves(big, n)
    yield _since(big, n, rounds)
    peak = line("growth_memory", big.backend, n, [(peak_of_tree(big), LIMIT_MIB)], "MiB")
    yield peak
    yield line("growth_bytes", big.backend, n, [(_bytes(big) / n, _raw_bytes(big, n))], "B")
    yield _posts(young, world, n, posts)


def _books(place: Place, n: int, rounds: int) -> Line:
    """Seconds for all checks but those of the tree, beside one scan of the transfers."""
    names = [check.name for check in audits.checks() if check.name not in _TREE]
    with place.driver() as connection:
        pairs = interleaved(
            lambda: _audited(place, names),
            lambda: connection.execute(auditing.SCAN).fetchone(),
            rounds=rounds,
        )
    return times("growth_books", place.backend, n, pairs, "s", scale=1)


def _leaves(place: Place, n: int) -> Iterator[Line]:
    """Leaves recomputed a second, beside SHA-256 in a bare loop; alone, then on all cores."""
    size, hashed = auditing.hashed(place)
    each = min(size, auditing.SAMPLE)
    for name, spread in (("growth_leaves_alone", map), ("growth_leaves", in_processes)):
        pairs = []
        for _ in range(1 if n > RAW else 3):
            begun = perf_counter()
            _audited(place, ["leaves_match_facts"], spread=spread)
            ours = perf_counter() - begun
            begun = perf_counter()
            for data in hashed:
                sha256(data).digest()
            pairs.append((size / ours, each / (perf_counter() - begun)))
        yield line(name, place.backend, n, pairs, "leaves/s")


def _since(place: Place, n: int, rounds: int) -> Line:
    """Seconds for an audit since about 10,000 leaves ago, beside one audit of everything."""
    with timebank.reading(place.engine, bank=BANK) as uow:
        heads = [*uow.seals.heads()]
        later = min(LATER, n // 10)
        sealed = (h for h in reversed(heads) if h.size <= heads[-1].size - later)
        head = next(sealed, heads[0])
    kept = checkpoint_of(BANK, head)
    begun = perf_counter()
    _audited(place, kept=kept)
    whole = perf_counter() - begun
    pairs = []
    for _ in range(rounds):
        begun = perf_counter()
        _audited(place, since=kept)
        pairs.append((perf_counter() - begun, whole))
    return times("growth_since", place.backend, n, pairs, "s", scale=1)


def _audited(
    place: Place,
    checks: list[str] | None = None,
    *,
    kept: Checkpoint | None = None,
    since: Checkpoint | None = None,
    spread: Spread = in_processes,
) -> None:
    hours = books.UNSEALED_HOURS
    with timebank.reading(place.engine, bank=BANK) as uow:
        report = audits.run(
            uow, checks, kept=kept, since=since, max_unsealed_hours=hours, spread=spread
        )
    if report.findings or report.verdict.value == "incomplete":
        raise books.BooksWrong(f"{place.backend}: {report.verdict.value}: {report.findings[:3]}")


def peak_of_tree(place: Place) -> float:
    """The greatest resident size of ``timebank audit`` with all its processes, in MiB (Linux)."""
    command = (sys.executable, "-m", "timebank", *AUDIT)
    settings = {**os.environ, "TIMEBANK_URL": place.url, "TIMEBANK_BANK": BANK}
    peak = 0
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(command, env=settings, stdout=said, stderr=said)
        while program.poll() is None:
            peak = max(peak, sum(map(_resident, _tree(program.pid))))
            sleep(0.05)
        if program.returncode:
            said.seek(0)
            raise Failed(said.read().decode())
    return peak / 1024


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    for child in children.split():
        yield from _tree(int(child))


def _resident(pid: int) -> int:
    """KiB of a process; one that has ended has none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmRSS:"))


def _bytes(place: Place) -> int:
    """What the whole database takes."""
    with place.driver() as connection:
        if place.is_sqlite:
            return _one(connection, "PRAGMA page_count") * _one(connection, "PRAGMA page_size")
        return _one(connection, "SELECT pg_database_size(current_database())")


def _raw_bytes(place: Place, n: int) -> float:
    """What one row of a plain table of the same facts takes, with the three indexes it needs."""
    rows = min(n, RAW)
    with place.driver() as connection:
        if place.is_sqlite:
            return _raw_sqlite(connection) / rows
        connection.execute(f"CREATE TABLE raw AS {_ROWS}")
        for index in _INDEXES:
            connection.execute(index.format(""))
        size = _one(connection, "SELECT pg_total_relation_size('raw')")
        connection.execute("DROP TABLE raw")
        return size / rows


def _raw_sqlite(connection: Any) -> int:
    with tempfile.TemporaryDirectory(prefix="timebank-bench-") as folder:
        connection.execute("ATTACH ? AS beside", (str(Path(folder, "raw.sqlite")),))
        connection.execute(f"CREATE TABLE beside.raw AS {_ROWS}")
        for index in _INDEXES:
            connection.execute(index.format("beside."))
        pages = _one(connection, "PRAGMA beside.page_count")
        size = pages * _one(connection, "PRAGMA beside.page_size")
        connection.execute("DETACH beside")
        return size


def _one(connection: Any, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _posts(young: World, world: World, n: int, posts: int) -> Line:
    """Durable postings of one transfer each on both banks, a hundred by turns."""
    sides = ((world, Orders(world)), (young, Orders(young)))
    batch = min(100, posts // _ROUNDS)
    pairs: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        taken = [0.0, 0.0]
        for _ in range(posts // _ROUNDS // batch):
            for side, (bank, orders) in enumerate(sides):
                drafts = [order.draft() for order in orders.take(batch)]
                begun = perf_counter()
                for draft in drafts:
                    bank.do(transfers.post, [draft], by=bank.cora)
                taken[side] += perf_counter() - begun
        pairs.append((taken[0], taken[1]))
    for bank in (young, world):
        books.check(bank.place)
    return times(
        "growth_post", world.place.backend, n, pairs, "us/transfer", scale=1e6 * _ROUNDS / posts
    )
