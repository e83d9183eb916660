"""``peers``: other ledgers beside ours, by turns, each in an environment that is made for it.

None of them is a dependency and nothing of them is kept here. A peer that is not there (no network,
no path, no address) is left out by name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import make_url, text

from benchmarks import books
from benchmarks.crowding import Crowd
from benchmarks.lines import Line, interleaved, line, rates
from benchmarks.places import Place
from benchmarks.posting import BATCH, ours
from benchmarks.world import BANK, Order, Orders, World, a_world
from timebank import Poster

ACCOUNTS: Final = 100
CLIENTS: Final = 8
CALLS: Final = 20
"""Of each client on the hot account, in a round."""
ENVIRONMENTS: Final = Path(__file__).parents[1] / "build" / "peers"
SERVED: Final = Path(__file__).parent / "served"
ULID: Final = ("ulid-to-uuid.sql", "uuid-to-ulid.sql")

Serve = Callable[[int, int], None]
"""So many commits of so many transfers."""


class Absent(Exception):
    """A peer is not to be had here."""


class Program(NamedTuple):
    """A peer in an environment of its own: what it is installed from, and on which database."""

    package: tuple[str, ...]
    backend: str


PROGRAMS: Final = {
    "hordak": Program(("django-hordak==2.0.0", "psycopg[binary]>=3.2"), "postgresql"),
    "piecash": Program(("piecash==1.2.1",), "sqlite"),
    "tigerbeetle": Program(("tigerbeetle",), "postgresql"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the caller has: a folder with pgledger's SQL, the address of a TigerBeetle cluster."""

    pgledger: Path | None = None
    tigerbeetle: str | None = None


def peers(place: Place, n: int, rounds: int, given: Given) -> Iterator[Line]:
    """Each peer of this database: one transfer a commit; batches; with pgledger size and heat."""
    world = a_world(place, size=ACCOUNTS)
    for name, program in PROGRAMS.items():
        if program.backend == place.backend:
            yield from _served(name, world, given, n, rounds)
    if not place.is_sqlite:
        yield from _pgledger(world, given.pgledger, n, rounds)
    books.audited(place)


def _served(name: str, world: World, given: Given, n: int, rounds: int) -> Iterator[Line]:
    try:
        with tempfile.TemporaryDirectory(prefix="timebank-peer-") as folder:
            where = _where(name, world.place, given, Path(folder))
            with _program(name, where) as serve:
                yield from _compared(name, world, serve, n, rounds)
    except Absent as absent:
        print(f"{name}: left out, {absent}", file=sys.stderr)


def _where(name: str, place: Place, given: Given, folder: Path) -> dict[str, Any]:
    """What the peer's program has to know."""
    if name == "tigerbeetle" and given.tigerbeetle is None:
        raise Absent("no --tigerbeetle ADDRESS")
    url = make_url(place.url)
    django = {
        "NAME": url.database,
        "USER": url.username,
        "HOST": url.query.get("host", url.host),
        "PORT": url.query.get("port", url.port),
    }
    return {
        "accounts": ACCOUNTS,
        "file": str(folder / "book.sqlite"),
        "address": given.tigerbeetle,
        "django": django,
    }


def _environment(name: str) -> Path:
    """The Python of an environment with the peer in it, made when it is first wanted."""
    folder = ENVIRONMENTS / name
    python, whole = folder / "bin" / "python", folder / "installed"
    if not whole.exists():
        venv.create(folder, clear=True)
        command = (sys.executable, "-m", "pip", "--python", str(python), "install", "-q")
        done = subprocess.run(
            (*command, *PROGRAMS[name].package), check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise Absent(f"it could not be installed: {done.stderr.strip().splitlines()[-1]}")
        whole.touch()
    return python


@contextmanager
def _program(name: str, where: dict[str, Any]) -> Iterator[Serve]:
    """The peer at work, asked by lines."""
    command = (str(_environment(name)), str(SERVED / f"serve_{name}.py"))
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        asked, said = process.stdin, process.stdout
        if asked is None or said is None:
            raise Absent("it has no pipes")

        def ask(what: object, answer: str) -> None:
            with suppress(BrokenPipeError):
                print(json.dumps(what), file=asked, flush=True)
            if said.readline().strip() != answer:
                errors.seek(0)
                raise Absent(f"it failed: {errors.read().strip().splitlines()[-1:]}")

        try:
            ask(where, "ready")
            yield lambda calls, batch: ask([calls, batch], "done")
        finally:
            with suppress(BrokenPipeError):  # what a program that failed did not read
                asked.close()


def _compared(name: str, world: World, serve: Serve, n: int, rounds: int) -> Iterator[Line]:
    """One transfer a commit, then batches."""
    yield _beside(f"peers_{name}_one", world, serve, n, 1, rounds)
    yield _beside(f"peers_{name}_batch", world, serve, 1, min(BATCH, 10 * n), rounds)


def _beside(name: str, world: World, serve: Serve, calls: int, batch: int, rounds: int) -> Line:
    orders = Orders(world, name)

    def run_ours() -> None:
        for _ in range(calls):
            ours(world, orders.take(batch))

    pairs = interleaved(
        run_ours,
        lambda: serve(calls, batch),
        check=lambda: books.check(world.place),
        settle=world.place.settle,
        rounds=rounds,
    )
    return rates(name, world.place.backend, calls * batch, pairs, "transfers/s")


# ---------------------------------------------------------------- pgledger


class PgLedger:
    """pgledger in the database of ours: its functions called by the bare driver."""

    def __init__(self, connection: Any, accounts: Sequence[str]) -> None:
        self._connection, self._accounts, self._turn = connection, accounts, count()

    def serve(self, calls: int, batch: int) -> None:
        """So many commits of so many transfers."""
        for _ in range(calls):
            rows = [self._row() for _ in range(batch)]
            self._connection.execute(_REQUESTS.format(",".join(rows)))

    def _row(self) -> str:
        turn = next(self._turn)
        source, target = (self._accounts[(turn + i) % len(self._accounts)] for i in (0, 1))
        return f"('{source}', '{target}', 1)::transfer_request"


_REQUESTS: Final = "SELECT id FROM pgledger_create_transfers(ARRAY[{}])"
_ACCOUNT: Final = "SELECT id FROM pgledger_create_account(%s, 'HRS')"
_SIZE: Final = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname LIKE '{}'
"""


def _loaded(connection: Any, folder: Path | None) -> list[str]:
    """The ids of new accounts in pgledger, once its SQL has been loaded."""
    if folder is None:
        raise Absent("no --pgledger PATH")
    helpers = folder / "vendor" / "scoville-pgsql-ulid"
    files = [*(helpers / name for name in ULID), folder / "pgledger.sql"]
    if missing := [file for file in files if not file.exists()]:
        raise Absent(f"there is no {missing[0]}")
    for file in files:
        connection.execute(file.read_text())
    names = (f"account {n}" for n in range(ACCOUNTS))
    return [connection.execute(_ACCOUNT, (name,)).fetchone()[0] for name in names]


def _pgledger(world: World, folder: Path | None, n: int, rounds: int) -> Iterator[Line]:
    with world.place.driver() as connection:
        try:
            accounts = _loaded(connection, folder)
        except Absent as absent:
            print(f"pgledger: left out, {absent}", file=sys.stderr)
            return
        peer = PgLedger(connection, accounts)
        yield from _compared("pgledger", world, peer.serve, n, rounds)
        yield _bytes(world, peer, min(10 * BATCH, 100 * n))
        yield _hot(world, accounts, rounds)


def _bytes(world: World, peer: PgLedger, n: int) -> Line:
    """What so many transfers with a key each take on the disk, indices and all."""
    orders, batch = Orders(world, "bytes"), min(BATCH, n)
    sizes = [_size(world.place, like) for like in ("timebank%", "pgledger%")]
    for _ in range(n // batch):
        ours(world, orders.take(batch))
        peer.serve(1, batch)
    grown = [_size(world.place, like) for like in ("timebank%", "pgledger%")]
    mine, other = ((after - before) / n for before, after in zip(sizes, grown, strict=True))
    return line("peers_pgledger_bytes", world.place.backend, n, [(mine, other)], "bytes/transfer")


def _size(place: Place, like: str) -> int:
    with place.engine.connect() as connection:
        return int(connection.execute(text(_SIZE.format(like))).scalar_one())


def _hot(world: World, accounts: Sequence[str], rounds: int) -> Line:
    """Eight clients on one account: ours through the poster, theirs by plain calls."""
    place = world.place
    crowd = Crowd(world, CLIENTS, hot=True)
    with (
        Poster(place.engine, bank=BANK) as poster,
        ThreadPoolExecutor(CLIENTS) as threads,
        _connections(place, CLIENTS) as theirs,
    ):

        def posted(order: Order) -> None:
            poster.post(order.draft(), by=world.cora)

        def hot(n: int) -> None:
            PgLedger(theirs[n], [accounts[0], accounts[1 + n]]).serve(CALLS, 1)

        pairs = interleaved(
            lambda: crowd.run(posted, CALLS, threads),
            lambda: [*threads.map(hot, range(CLIENTS))],
            check=lambda: books.check(place),
            rounds=rounds,
        )
    return rates("peers_pgledger_hot", place.backend, CLIENTS * CALLS, pairs, "transfers/s")


@contextmanager
def _connections(place: Place, n: int) -> Iterator[list[Any]]:
    """A connection of the driver for each client."""
    with ExitStack() as stack:
        make: Callable[[], AbstractContextManager[Any]] = place.driver
        yield [stack.enter_context(make()) for _ in range(n)]
