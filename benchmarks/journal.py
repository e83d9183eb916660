"""A big journal, loaded raw: every number and every balance right, so that the audit is clean.

Postings of one transfer each, spread evenly over the past year, among neighbours who pay and are
paid in turn. Facts and queue only: no keys and no outbox, as after an import of old books.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from benchmarks import hand_postgresql as hand
from benchmarks.hand_sqlite import ADVANCE, QUEUE, TRANSACTION, TRANSFER, begun
from benchmarks.places import Place
from benchmarks.world import CATEGORY, World, a_world, moves, now_micros

LINES: Final = 1_000
"""How long the statement is that is measured."""

DAYS: Final = 365
CHUNK: Final = 10_000
_MICROS: Final = 1_000_000
_DAY: Final = 86_400 * _MICROS


class Fact(NamedTuple):
    """One transfer with everything that both tables say of it."""

    id: bytes
    at: int
    day: date
    source: int
    target: int
    minutes: int
    sides: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A loaded journal: n transfers of a world, the last of them before the day ``end``."""

    world: World
    n: int
    end: date

    @property
    def young(self) -> date:
        """The day since which an account has about 1,000 entries, or half of what it has."""
        entries = 2 * self.n // len(self.world.accounts)
        return self.end - timedelta(days=min(DAYS // 2, DAYS * LINES // entries))

    def moment(self, part: float) -> datetime:
        """A time within the journal: 0.0 its begin, 1.0 its end."""
        day = datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC)
        return day - timedelta(days=DAYS * (1 - part))


def a_journal(place: Place, n: int) -> Journal:
    """n transfers, so spread that each account has about 2,000 entries."""
    size = max(2, min(1_000, n // LINES))
    world = a_world(place, size=size)
    today = datetime.now(UTC).date()
    end = now_micros() // _DAY * _DAY
    facts = facts_of(world, n, end - DAYS * _DAY, end)
    with place.driver() as connection:
        books = _load(world, connection, facts)
    place.finish()
    if len(books) != size:
        raise LookupError("some accounts have no entries")
    return Journal(world=world, n=n, end=today)


def facts_of(world: World, n: int, start: int, end: int) -> Iterator[Fact]:
    """The n transfers, spread evenly between two times."""
    ids = [int(account, 16) for account in world.accounts]
    balances, numbers = [0] * len(ids), [0] * len(ids)
    step = (end - start) // n
    for i, move in enumerate(islice(moves(len(ids)), n)):
        at = start + i * step
        for side, change in ((move.source, -move.minutes), (move.target, move.minutes)):
            balances[side] += change
            numbers[side] += 1
        yield Fact(
            id=_id(at, i),
            at=at,
            day=date.fromordinal(719_163 + at // _DAY),
            source=ids[move.source],
            target=ids[move.target],
            minutes=move.minutes,
            sides=(
                *(numbers[move.source], balances[move.source]),
                *(numbers[move.target], balances[move.target]),
            ),
        )


def _id(at: int, i: int) -> bytes:
    """A UUID of version 7: the time, then the place in the journal instead of noise."""
    return (at // 1000 << 80 | 0x7 << 76 | 0b10 << 62 | i).to_bytes(16, "big")


def _load(world: World, connection: Any, facts: Iterable[Fact]) -> dict[int, tuple[int, int, int]]:
    """Append the facts in slices, then set the accounts to where they lead, in one commit."""
    books: dict[int, tuple[int, int, int]] = {}
    facts = iter(facts)
    load = _load_sqlite if world.place.is_sqlite else _load_postgresql
    transaction = begun(connection) if world.place.is_sqlite else connection.transaction()
    with transaction:
        while chunk := list(islice(facts, CHUNK)):
            load(world, connection, chunk)
            for fact in chunk:
                number, balance, other_number, other_balance = fact.sides
                books[fact.source] = (balance, number, fact.at)
                books[fact.target] = (other_balance, other_number, fact.at)
        advance(world, connection, books)
    return books


def _load_sqlite(world: World, connection: Any, chunk: list[Fact]) -> None:
    bank, who, salt = world.bank_id, bytes.fromhex(str(world.cora.person)), bytes(16)
    days = [fact.day.isoformat() for fact in chunk]
    connection.executemany(
        TRANSACTION,
        [
            (bank, fact.id, CATEGORY, day, day, fact.at, who, salt)
            for fact, day in zip(chunk, days, strict=True)
        ],
    )
    connection.executemany(
        TRANSFER,
        [(bank, f.id, f.source, f.target, f.minutes, f.at, *f.sides) for f in chunk],
    )
    connection.executemany(QUEUE, [(bank, f.id, f.at) for f in chunk])


def _load_postgresql(world: World, connection: Any, chunk: list[Fact]) -> None:
    bank, who = world.bank_id, UUID(str(world.cora.person))
    ids = [UUID(bytes=fact.id) for fact in chunk]
    both = list(zip(chunk, ids, strict=True))
    transactions = [hand.transaction_row(bank, id_, f.day, f.at, who) for f, id_ in both]
    transfers = [
        (bank, id_, 1, f.source, f.target, f.minutes, "service", f.at, *f.sides) for f, id_ in both
    ]
    hand.copy_rows(connection, "transaction", transactions)
    hand.copy_rows(connection, "transfer", transfers)
    hand.copy_rows(connection, "queue", [(bank, "transaction", id_, f.at) for f, id_ in both])


def advance(world: World, connection: Any, books: dict[int, tuple[int, int, int]]) -> None:
    """The accounts stand where the last of their transfers left them."""
    if world.place.is_sqlite:
        rows = [(*row, world.bank_id, id_) for id_, row in books.items()]
        connection.executemany(ADVANCE, rows)
    else:
        columns = [list(column) for column in zip(*books.values(), strict=True)]
        connection.execute(hand.ADVANCE, (list(books), *columns, world.bank_id))
