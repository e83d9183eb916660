"""What a careful host would write by hand on PostgreSQL, on the same tables.

One transfer is one call of one PL/pgSQL function: a single round trip and a single commit. A
batch is one lock, COPY for the appended rows and one UPDATE. No house rules, as on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from os import urandom
from typing import Any, Final
from uuid import UUID

from benchmarks.hand_sqlite import SCOPE, Refused, body, entry, moved
from benchmarks.world import CATEGORY, Order, World, digests, key_hash, new_id, now_micros

FUNCTION: Final = """
CREATE OR REPLACE FUNCTION bench_post(
    bank bigint, hashed bytea, digest text, id_ uuid, receipt uuid, source bigint, target bigint,
    minutes_ bigint, salt_ bytea, actor uuid, category_ text, today date
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    s record; t record; at_ bigint;
BEGIN
    PERFORM 1 FROM timebank_account WHERE bank_id = bank AND id IN (source, target)
        ORDER BY id FOR NO KEY UPDATE;
    SELECT balance_minutes AS balance, held_minutes AS held, floor_minutes AS low, number,
        recorded_at INTO STRICT s FROM timebank_account WHERE bank_id = bank AND id = source;
    SELECT balance_minutes AS balance, number, recorded_at
        INTO STRICT t FROM timebank_account WHERE bank_id = bank AND id = target;
    IF s.balance - s.held - minutes_ < s.low THEN
        RAISE EXCEPTION 'not enough hours';
    END IF;
    INSERT INTO timebank_request_key (bank_id, scope, key_hash, digests, receipt_id, transaction_id)
        VALUES (bank, 'transfers.post', hashed, digest, receipt, id_) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a key was used before';
    END IF;
    at_ := greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        s.recorded_at + 1, t.recorded_at + 1);
    INSERT INTO timebank_transaction (bank_id, id, kind, category, happened_on, counts_on,
        recorded_at, actor_role, actor_id, policy_version, imported, overrides, salt, encoding)
        VALUES (bank, id_, 'posting', category_, today, today, at_, 'coordinator', actor, 1, 0, 0,
        salt_, 1);
    INSERT INTO timebank_transfer (bank_id, transaction_id, n, source_id, target_id, minutes,
        activity, recorded_at, source_number, source_balance_minutes, target_number,
        target_balance_minutes)
        VALUES (bank, id_, 1, source, target, minutes_, 'service', at_, s.number + 1,
        s.balance - minutes_, t.number + 1, t.balance + minutes_);
    UPDATE timebank_account SET balance_minutes = s.balance - minutes_, number = s.number + 1,
        recorded_at = at_ WHERE bank_id = bank AND id = source;
    UPDATE timebank_account SET balance_minutes = t.balance + minutes_, number = t.number + 1,
        recorded_at = at_ WHERE bank_id = bank AND id = target;
    INSERT INTO timebank_seal_queue VALUES (bank, 'transaction', id_, at_);
    INSERT INTO timebank_outbox VALUES (bank, receipt, 'transfers.post', at_, format(
        '{"events":[{"kind":"posting","minutes":%s,"transaction":"%s",'
        '"type":"TransactionRecorded"}],"transactions":["%s"],"warnings":[]}',
        minutes_, replace(id_::text, '-', ''), replace(id_::text, '-', '')), NULL);
    RETURN at_;
END $$
"""
CALL: Final = "SELECT bench_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
LOCK: Final = (
    "SELECT id, balance_minutes, held_minutes, floor_minutes, number, recorded_at"
    " FROM timebank_account WHERE bank_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
)
COPIES: Final = {
    "key": (
        "timebank_request_key (bank_id, scope, key_hash, digests, receipt_id, transaction_id)",
        ("int8", "varchar", "bytea", "text", "uuid", "uuid"),
    ),
    "transaction": (
        "timebank_transaction (bank_id, id, kind, category, happened_on, counts_on, recorded_at,"
        " actor_role, actor_id, policy_version, imported, overrides, salt, encoding)",
        (
            *("int8", "uuid", "varchar", "varchar", "date", "date", "int8", "varchar", "uuid"),
            *("int2", "int2", "int2", "bytea", "int2"),
        ),
    ),
    "transfer": (
        "timebank_transfer (bank_id, transaction_id, n, source_id, target_id, minutes, activity,"
        " recorded_at, source_number, source_balance_minutes, target_number,"
        " target_balance_minutes)",
        ("int8", "uuid", "int2", "int8", "int8", "int8", "varchar", *("int8",) * 5),
    ),
    "queue": (
        "timebank_seal_queue (bank_id, kind, fact_id, recorded_at)",
        ("int8", "varchar", "uuid", "int8"),
    ),
}
OUTBOX: Final = "INSERT INTO timebank_outbox VALUES (%s, %s, 'transfers.post', %s, %s, NULL)"
ADVANCE: Final = (
    "UPDATE timebank_account a SET balance_minutes = v.balance, number = v.number,"
    " recorded_at = v.at FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
    " AS v (id, balance, number, at) WHERE a.bank_id = %s AND a.id = v.id"
)

Rows = dict[str, list[tuple[Any, ...]]]


def copy_rows(connection: Any, what: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY into one of our tables, in the binary format."""
    target, types = COPIES[what]
    command = f"COPY {target} FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


class HandPostgresql:
    """Posting by hand, one or many in a commit."""

    def __init__(self, world: World, connection: Any) -> None:
        self._world = world
        self._connection = connection
        self._actor = UUID(str(world.cora.person))
        connection.execute(FUNCTION)

    def post(self, orders: Sequence[Order]) -> None:
        """All or nothing, in one commit."""
        if len(orders) == 1:
            self._call(orders[0])
        else:
            self._copy(orders)

    def _call(self, order: Order) -> None:
        secret = self._world.secret
        parameters = (
            self._world.bank_id,
            key_hash(secret, SCOPE, order.key),
            digests(secret, order),
            UUID(bytes=new_id()),
            UUID(bytes=new_id()),
            int(order.source, 16),
            int(order.target, 16),
            order.minutes,
            urandom(16),
            self._actor,
            CATEGORY,
            datetime.now(UTC).date(),
        )
        self._connection.execute(CALL, parameters)

    def _copy(self, orders: Sequence[Order]) -> None:
        bank = self._world.bank_id
        ids = {int(side, 16) for order in orders for side in (order.source, order.target)}
        with self._connection.transaction():
            found = self._connection.execute(LOCK, (bank, list(ids)))
            books = {row[0]: list(row[1:]) for row in found}
            receipt, now = UUID(bytes=new_id()), now_micros()
            rows, events = self._rows(orders, books, receipt, now)
            for what in COPIES:
                copy_rows(self._connection, what, rows[what])
            self._connection.execute(OUTBOX, (bank, receipt, now, body(events)))
            columns = [[row[i] for row in books.values()] for i in (0, 3, 4)]
            done = self._connection.execute(ADVANCE, (list(books), *columns, bank))
            if done.rowcount != len(ids):
                raise Refused("an account is missing")

    def _rows(
        self, orders: Sequence[Order], books: Mapping[int, list[Any]], receipt: UUID, now: int
    ) -> tuple[Rows, list[tuple[str, int]]]:
        bank, secret, today = self._world.bank_id, self._world.secret, datetime.now(UTC).date()
        rows: Rows = {what: [] for what in COPIES}
        events = []
        for order in orders:
            id_, hashed = UUID(bytes=new_id()), key_hash(secret, SCOPE, order.key)
            source, target = int(order.source, 16), int(order.target, 16)
            at = moved(books[source], books[target], order.minutes, now)
            rows["key"].append((bank, SCOPE, hashed, digests(secret, order), receipt, id_))
            rows["transaction"].append(transaction_row(bank, id_, today, at, self._actor))
            sides = (*entry(books[source]), *entry(books[target]))
            moving = (source, target, order.minutes, "service", at)
            rows["transfer"].append((bank, id_, 1, *moving, *sides))
            rows["queue"].append((bank, "transaction", id_, at))
            events.append((id_.hex, order.minutes))
        return rows, events


def transaction_row(bank: int, id_: UUID, day: date, at: int, actor: UUID) -> tuple[Any, ...]:
    """A posting as COPY takes it."""
    who = ("coordinator", actor)
    return (bank, id_, "posting", CATEGORY, day, day, at, *who, 1, 0, 0, urandom(16), 1)
