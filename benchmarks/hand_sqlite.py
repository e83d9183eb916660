"""What a careful host would write by hand on SQLite: the bare driver, the same tables.

The same promises as ours about limits, numbers and keys, the same rows of the journal, the
sealer's queue and the outbox, under the same triggers and foreign keys. No house rules: no
policy, no roles, no memberships, no closed days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from os import urandom
from typing import Any, Final

from benchmarks.world import CATEGORY, Order, World, digests, key_hash, new_id, now_micros

SCOPE: Final = "transfers.post"
ACCOUNTS: Final = (
    "SELECT id, balance_minutes, held_minutes, floor_minutes, number, recorded_at"
    " FROM timebank_account WHERE bank_id = ? AND id IN ({})"
)
KEY: Final = (
    "INSERT INTO timebank_request_key"
    " (bank_id, scope, key_hash, digests, note_id, receipt_id, transaction_id)"
    " VALUES (?, ?, ?, ?, NULL, ?, ?) ON CONFLICT DO NOTHING"
)
TRANSACTION: Final = (
    "INSERT INTO timebank_transaction (bank_id, id, kind, category, happened_on, counts_on,"
    " recorded_at, actor_role, actor_id, policy_version, imported, overrides, salt, encoding)"
    " VALUES (?, ?, 'posting', ?, ?, ?, ?, 'coordinator', ?, 1, 0, 0, ?, 1)"
)
TRANSFER: Final = (
    "INSERT INTO timebank_transfer (bank_id, transaction_id, n, source_id, target_id, minutes,"
    " activity, recorded_at, source_number, source_balance_minutes, target_number,"
    " target_balance_minutes) VALUES (?, ?, 1, ?, ?, ?, 'service', ?, ?, ?, ?, ?)"
)
ADVANCE: Final = (
    "UPDATE timebank_account SET balance_minutes = ?, number = ?, recorded_at = ?"
    " WHERE bank_id = ? AND id = ?"
)
QUEUE: Final = "INSERT INTO timebank_seal_queue VALUES (?, 'transaction', ?, ?)"
OUTBOX: Final = "INSERT INTO timebank_outbox VALUES (?, ?, 'transfers.post', ?, ?, NULL)"

Rows = dict[str, list[tuple[Any, ...]]]


class Refused(Exception):
    """A floor would be broken, or a key was used before."""


@contextmanager
def begun(connection: Any) -> Iterator[None]:
    """One transaction that takes the write lock at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class HandSqlite:
    """Posting by hand, one or many in a commit."""

    def __init__(self, world: World, connection: Any) -> None:
        self._world = world
        self._connection = connection
        self._actor = bytes.fromhex(str(world.cora.person))

    def post(self, orders: Sequence[Order]) -> None:
        """All or nothing, in one commit."""
        one = len(orders) == 1
        run = self._connection.execute if one else self._connection.executemany
        with begun(self._connection):
            books = self._books(orders)
            rows = self._rows(orders, books)
            before = self._connection.total_changes
            for statement, values in rows.items():
                run(statement, values[0] if one else values)
                if statement == KEY and self._connection.total_changes - before != len(orders):
                    raise Refused("a key was used before")
            advanced = [
                (balance, number, at, self._world.bank_id, id_)
                for id_, (balance, _, _, number, at) in books.items()
            ]
            self._connection.executemany(ADVANCE, advanced)

    def _books(self, orders: Sequence[Order]) -> dict[int, list[Any]]:
        ids = {int(side, 16) for order in orders for side in (order.source, order.target)}
        query = ACCOUNTS.format(",".join("?" * len(ids)))
        found = self._connection.execute(query, (self._world.bank_id, *ids))
        return {row[0]: list(row[1:]) for row in found}

    def _rows(self, orders: Sequence[Order], books: Mapping[int, list[Any]]) -> Rows:
        bank, secret = self._world.bank_id, self._world.secret
        now, today, receipt = now_micros(), datetime.now(UTC).date().isoformat(), new_id()
        rows: Rows = {KEY: [], TRANSACTION: [], TRANSFER: [], QUEUE: [], OUTBOX: []}
        events = []
        for order in orders:
            id_, hashed = new_id(), key_hash(secret, SCOPE, order.key)
            source, target = int(order.source, 16), int(order.target, 16)
            at = moved(books[source], books[target], order.minutes, now)
            rows[KEY].append((bank, SCOPE, hashed, digests(secret, order), receipt, id_))
            salt = urandom(16)
            rows[TRANSACTION].append((bank, id_, CATEGORY, today, today, at, self._actor, salt))
            sides = (*entry(books[source]), *entry(books[target]))
            rows[TRANSFER].append((bank, id_, source, target, order.minutes, at, *sides))
            rows[QUEUE].append((bank, id_, at))
            events.append((id_.hex(), order.minutes))
        rows[OUTBOX].append((bank, receipt, now, body(events)))
        return rows


def moved(source: list[Any], target: list[Any], minutes: int, now: int) -> int:
    """Move the minutes between two rows of the books; when that is recorded.

    A row is balance, held, floor, number, recorded at.
    """
    if source[2] is not None and source[0] - source[1] - minutes < source[2]:
        raise Refused("not enough hours")
    at: int = max(now, (source[4] or 0) + 1, (target[4] or 0) + 1)
    for row, change in ((source, -minutes), (target, minutes)):
        row[0] += change
        row[3] += 1
        row[4] = at
    return at


def entry(row: list[Any]) -> tuple[int, int]:
    """Number and balance after."""
    return row[3], row[0]


def body(events: Sequence[tuple[str, int]]) -> str:
    """What the outbox tells: the same words as ours."""
    told = ",".join(
        f'{{"kind":"posting","minutes":{minutes},"transaction":"{id_}",'
        '"type":"TransactionRecorded"}'
        for id_, minutes in events
    )
    ids = ",".join(f'"{id_}"' for id_, _ in events)
    return f'{{"events":[{told}],"transactions":[{ids}],"warnings":[]}}'
