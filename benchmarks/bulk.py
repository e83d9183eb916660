"""A sealed journal of any size, loaded as fast as a database takes it; an audit accepts it whole.

What keeps a row from being written wrongly is taken away while the rows are loaded (triggers,
foreign keys, secondary indexes) and put back afterwards. Each leaf is written from the description
of the encoding in ``timebank.proof.encoding``, by hand: were one wrong, no audit would be clean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256
from hmac import digest
from itertools import islice
from os import urandom
from typing import Any, Final

import timebank
from benchmarks.hand_sqlite import TRANSACTION, TRANSFER, begun
from benchmarks.journal import DAYS, Fact, Journal, advance, facts_of
from benchmarks.places import Place
from benchmarks.world import BANK, CATEGORY, World, a_world, now_micros

CHUNK: Final = 10_000
"""How many facts a commit and a checkpoint hold: as ``timebank seal`` does it."""

_DAY: Final = 86_400_000_000
_LEAF: Final = "INSERT INTO timebank_leaf VALUES (?, ?, 'transaction', ?, ?)"
_NODE: Final = "INSERT INTO timebank_tree_node VALUES (?, ?, ?, ?)"
_CHECKPOINT: Final = "INSERT INTO timebank_checkpoint VALUES ({0}, {0}, {0}, {0}, {0})"
_HEAD: Final = "INSERT INTO timebank_tree_head (bank_id, size) VALUES ({0}, {0})"

_FAST_SQLITE: Final = (
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = OFF",
    "PRAGMA cache_size = -1000000",
)
_COPIES: Final = {
    "transaction": "(bank_id, id, kind, category, happened_on, counts_on, recorded_at, actor_role,"
    " actor_id, policy_version, imported, overrides, salt, encoding)",
    "transfer": "(bank_id, transaction_id, n, source_id, target_id, minutes, activity, recorded_at,"
    " source_number, source_balance_minutes, target_number, target_balance_minutes)",
    "leaf": "(bank_id, position, kind, fact_id, hash)",
    "tree_node": "(bank_id, level, place, hash)",
}
_DROPPED: Final = (
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, conname),"
    " format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, conname,"
    " pg_get_constraintdef(c.oid)) FROM pg_constraint c"
    " WHERE contype = 'u' AND c.conrelid IN ('timebank_transfer'::regclass,"
    " 'timebank_leaf'::regclass)"
    " UNION ALL SELECT format('DROP INDEX %I', indexname), indexdef FROM pg_indexes"
    " WHERE tablename = 'timebank_transfer' AND indexname LIKE 'ix_%'"
)


def a_sealed_journal(place: Place, n: int, *, accounts: int) -> Journal:
    """n transfers of a year among so many accounts, every one of them a leaf."""
    world = a_world(place, size=accounts)
    end = now_micros() // _DAY * _DAY
    facts = facts_of(world, n, end - DAYS * _DAY, end)
    sealer = _Sealer(world)
    place.engine.dispose()  # a file is taken out of write-ahead logging by its only connection
    with place.driver() as connection, _unguarded(place, connection):
        _load(world, connection, facts, sealer, end)
    place.finish()
    return Journal(world=world, n=n, end=datetime.now(UTC).date())


class _Sealer:
    """Leaves of postings of one transfer, and the tree that grows over them."""

    def __init__(self, world: World) -> None:
        with timebank.reading(world.place.engine, bank=BANK) as uow:
            head = b"\1" + uow.banks.get().hash_domain
        self._kinds = {kind: head + _field(kind) for kind in ("header", "transfer", *_SIDES)}
        self._leaf = b"\0" + head + _field("transaction")
        self._after_id = _field("posting") + _field(CATEGORY)
        actor = _field("coordinator") + _field(str(world.cora.person)) + b"\0"
        approver_and_reason, none = b"\0" * 4, b"\0"
        policy, imported, overrides, count = map(_field, ("1", "0", "0", "1"))
        self._after_time = actor + approver_and_reason + policy + none * 2 + imported + overrides
        self._after_time += none + count
        self.peaks: list[tuple[int, bytes]] = []
        self.size = 0

    def leaf(self, fact: Fact, salt: bytes) -> bytes:
        """The hash that stands for the fact."""
        id_, day = _field(fact.id.hex()), _field(fact.day.isoformat())
        place = id_ + _field("1")
        out, left, into, reached = (_field(str(number)) for number in fact.sides)
        kinds = self._kinds
        header = id_ + self._after_id + day + day + _field(str(fact.at)) + self._after_time
        records = (
            kinds["header"] + header,
            kinds["transfer"] + place + _field(str(fact.minutes)) + _field("service"),
            kinds["source"] + place + _field(f"{fact.source:016x}") + out + left,
            kinds["target"] + place + _field(f"{fact.target:016x}") + into + reached,
        )
        first, second, third, last = (
            sha256(b"\0" + digest(salt, number, "sha256")[:16] + record).digest()
            for number, record in zip(_PLACES, records, strict=True)
        )
        root = _node(_node(first, second), _node(third, last))
        return sha256(self._leaf + b"\1\0\0\0\x20" + root).digest()

    def grown(self, leaves: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
        """Complete nodes (level, place, hash) that are new with these leaves."""
        for leaf in leaves:
            level, place, found = 0, self.size, leaf
            while self.peaks and self.peaks[-1][0] == level:
                level, place, found = level + 1, place // 2, _node(self.peaks.pop()[1], found)
                yield level, place, found
            self.peaks.append((level, found))
            self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        return reduce(lambda right, left: _node(left, right), [p for _, p in reversed(self.peaks)])


_SIDES: Final = ("source", "target")
_PLACES: Final = tuple(number.to_bytes(4, "big") for number in range(4))


def _field(word: str) -> bytes:
    return b"\1" + len(word).to_bytes(4, "big") + word.encode()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _load(world: World, connection: Any, facts: Iterator[Fact], sealer: _Sealer, end: int) -> None:
    """Facts, leaves and nodes in slices, each with a checkpoint; then accounts and the head."""
    write = _write_sqlite if world.place.is_sqlite else _write_postgresql
    mark = "?" if world.place.is_sqlite else "%s"
    books: dict[int, tuple[int, int, int]] = {}
    while chunk := list(islice(facts, CHUNK)):
        salts, before = [urandom(16) for _ in chunk], sealer.size
        leaves = [sealer.leaf(fact, salt) for fact, salt in zip(chunk, salts, strict=True)]
        nodes = list(sealer.grown(leaves))
        with begun(connection) if world.place.is_sqlite else connection.transaction():
            write(world, connection, list(zip(chunk, salts, leaves, strict=True)), before, nodes)
            values = (world.bank_id, sealer.size, sealer.root(), end, before or None)
            connection.execute(_CHECKPOINT.format(mark), values)
        for fact in chunk:
            number, balance, other_number, other_balance = fact.sides
            books[fact.source] = (balance, number, fact.at)
            books[fact.target] = (other_balance, other_number, fact.at)
    connection.execute(_HEAD.format(mark), (world.bank_id, sealer.size))
    advance(world, connection, books)


Sealed = list[tuple[Fact, bytes, bytes]]
"""Facts with their salts and leaves."""


def _write_sqlite(
    world: World, connection: Any, sealed: Sealed, start: int, nodes: list[tuple[int, int, bytes]]
) -> None:
    bank, who = world.bank_id, bytes.fromhex(str(world.cora.person))
    transactions = (
        (bank, f.id, CATEGORY, day, day, f.at, who, salt)
        for f, salt, _ in sealed
        for day in (f.day.isoformat(),)
    )
    transfers = ((bank, f.id, f.source, f.target, f.minutes, f.at, *f.sides) for f, _, _ in sealed)
    leaves = ((bank, at, f.id, leaf) for at, (f, _, leaf) in enumerate(sealed, start=start))
    connection.executemany(TRANSACTION, transactions)
    connection.executemany(TRANSFER, transfers)
    connection.executemany(_LEAF, leaves)
    connection.executemany(_NODE, ((bank, *node) for node in nodes))


def _write_postgresql(
    world: World, connection: Any, sealed: Sealed, start: int, nodes: list[tuple[int, int, bytes]]
) -> None:
    bank, who = world.bank_id, str(world.cora.person)
    rows = {
        "transaction": (
            f"{bank}\t{f.id.hex()}\tposting\t{CATEGORY}\t{f.day}\t{f.day}\t{f.at}\tcoordinator"
            f"\t{who}\t1\t0\t0\t\\\\x{salt.hex()}\t1\n"
            for f, salt, _ in sealed
        ),
        "transfer": (
            f"{bank}\t{f.id.hex()}\t1\t{f.source}\t{f.target}\t{f.minutes}\tservice\t{f.at}"
            "\t%d\t%d\t%d\t%d\n" % f.sides
            for f, _, _ in sealed
        ),
        "leaf": (
            f"{bank}\t{at}\ttransaction\t{f.id.hex()}\t\\\\x{leaf.hex()}\n"
            for at, (f, _, leaf) in enumerate(sealed, start=start)
        ),
        "tree_node": (
            f"{bank}\t{level}\t{place}\t\\\\x{found.hex()}\n" for level, place, found in nodes
        ),
    }
    with connection.cursor() as cursor:
        for table, columns in _COPIES.items():
            with cursor.copy(f"COPY timebank_{table} {columns} FROM STDIN") as copy:
                copy.write("".join(rows[table]))


@contextmanager
def _unguarded(place: Place, connection: Any) -> Iterator[None]:
    """Without triggers, foreign keys and secondary indexes; all of them stand again afterwards."""
    if place.is_sqlite:
        for pragma in _FAST_SQLITE:
            connection.execute(pragma)
        found = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger'"
            " OR type = 'index' AND name LIKE 'ix_timebank_transfer_%'"
        ).fetchall()
        pairs = [(f"DROP {kind} {name}", sql) for kind, name, sql in found]
    else:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        pairs = connection.execute(_DROPPED).fetchall()
    for drop, _ in pairs:
        connection.execute(drop)
    yield
    for _, make in pairs:
        connection.execute(make)
