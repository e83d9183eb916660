"""Sorted streams for the audit, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.audit import (
    ExchangeTie,
    HeldSum,
    OutOfBand,
    ReversalPair,
    TransferLine,
)
from timebank.storage.sql import schema, wing_rows
from timebank.storage.sql.link import Link
from timebank.storage.sql.recording import SEALED, SHAPES
from timebank.storage.sql.rows import ledger
from timebank.storage.sql.stores.audit_entries import SqlAuditEntries
from timebank.storage.sql.stores.audit_rows import SqlAuditRows
from timebank.storage.sql.stores.audit_scope import Later
from timebank.storage.sql.stores.audit_standing import SqlAuditStanding
from timebank.storage.sql.stores.audit_ties import is_about


class SqlAuditSource(SqlAuditEntries, SqlAuditRows, SqlAuditStanding):
    """``AuditSource`` in SQL."""

    def __init__(self, link: Link, later: Later | None = None) -> None:
        super().__init__(link, later)
        self._sizes: dict[str, int] = {}

    def later(self, size: int, sealed_at: datetime) -> SqlAuditSource:
        """The same of what the first leaves do not seal."""
        source = SqlAuditSource(self.link, Later(self.link, size, sealed_at))
        source._sizes = self._sizes
        return source

    def accounts(self) -> Iterator[Account]:
        """Every account in order of id."""
        query = self._of_bank(schema.account).order_by(schema.account.c.id)
        return (ledger.account_from(row) for row in self.link.stream(query))

    def total_minutes(self) -> int:
        """The sum of all balances."""
        account = schema.account.c
        query = select(func.coalesce(func.sum(account.balance_minutes), 0)).where(
            account.bank_id == self.link.bank
        )
        return int(self.link.run(query).scalar_one())

    def held(self) -> Iterator[HeldSum]:
        """Accounts with held minutes or open holds, in order of id."""
        account, hold = schema.account, schema.hold
        sums = (
            select(hold.c.account_id, func.sum(hold.c.minutes).label("minutes"))
            .where(hold.c.bank_id == self.link.bank, hold.c.outcome.is_(None))
            .group_by(hold.c.account_id)
            .subquery()
        )
        query = (
            select(account.c.id, account.c.held_minutes, sums.c.minutes)
            .outerjoin(sums, sums.c.account_id == account.c.id)
            .where(
                account.c.bank_id == self.link.bank,
                or_(account.c.held_minutes != 0, sums.c.minutes.is_not(None)),
            )
            .order_by(account.c.id)
        )
        for row in self.link.stream(query):
            yield HeldSum(
                account=row.id,
                held_minutes=row.held_minutes,
                holds_minutes=int(row.minutes or 0),
            )

    def out_of_band(self) -> Iterator[OutOfBand]:
        """Accounts beyond a limit, and whether a change of the account explains it."""
        account, change = schema.account.c, schema.account_change.c
        fields = (ChangeField.OVERRIDE, ChangeField.FLOOR, ChangeField.CEILING)
        explained = (
            select(literal(1))
            .where(
                change.bank_id == self.link.bank,
                change.account_id == account.id,
                change.field.in_([field.value for field in fields]),
            )
            .exists()
        )
        query = (
            select(schema.account, explained.label("excused"))
            .where(account.bank_id == self.link.bank, _outside(account))
            .order_by(account.id)
        )
        for row in self.link.stream(query):
            yield OutOfBand(
                account=row.id,
                balance_minutes=row.balance_minutes,
                floor_minutes=row.floor_minutes,
                ceiling_minutes=row.ceiling_minutes,
                excused=bool(row.excused),
            )

    def reversals(self) -> Iterator[ReversalPair]:
        """Reversals and their originals with all transfers."""
        if self._is_empty(schema.transaction, "reverses"):
            return
        transaction, transfer = schema.transaction.c, schema.transfer
        reversing = [self._in_scope(schema.transaction), transaction.reverses.is_not(None)]
        lines = [
            transfer.c.source_id,
            transfer.c.target_id,
            transfer.c.minutes,
            transfer.c.activity,
        ]
        parts = [
            select(
                transaction.id.label("reversal"),
                transaction.reverses.label("original"),
                literal(original).label("of_original"),
                transfer.c.n,
                *lines,
            )
            .outerjoin(  # SQLite begins with the left side, where there is an index
                transfer,
                and_(transfer.c.bank_id == transaction.bank_id, transfer.c.transaction_id == id_),
            )
            .where(*reversing)
            for original, id_ in ((0, transaction.id), (1, transaction.reverses))
        ]
        both = union_all(*parts)
        chosen = both.selected_columns
        rows = self.link.stream(both.order_by(chosen.reversal, chosen.of_original, chosen.n))
        for (reversal, original), group in groupby(rows, key=lambda r: (r.reversal, r.original)):
            found: tuple[list[TransferLine], list[TransferLine]] = ([], [])
            for row in group:
                if row.n is not None:
                    found[row.of_original].append(_line(row))
            yield ReversalPair(
                reversal=reversal,
                original=original,
                reversal_lines=tuple(found[0]),
                original_lines=tuple(found[1]),
            )

    def exchanges(self) -> Iterator[ExchangeTie]:
        """Each exchange beside its last act and the transaction it names."""
        exchange, act, transaction = schema.exchange, schema.exchange_act, schema.transaction
        counts = (
            select(
                act.c.exchange_id,
                func.max(act.c.n).label("last_n"),
                func.count().label("counted"),
            )
            .where(act.c.bank_id == self.link.bank, self._names(act.c.exchange_id, exchange))
            .group_by(act.c.exchange_id)
            .subquery()
        )
        query = (
            select(
                exchange.c.id,
                exchange.c.state,
                exchange.c.acts,
                exchange.c.transaction_id,
                counts.c.last_n,
                counts.c.counted,
                act.c.state.label("last_state"),
                transaction.c.exchange_id.label("back"),
            )
            .outerjoin(counts, counts.c.exchange_id == exchange.c.id)
            .outerjoin(
                act,
                and_(
                    act.c.bank_id == exchange.c.bank_id,
                    act.c.exchange_id == exchange.c.id,
                    act.c.n == counts.c.last_n,
                ),
            )
            .outerjoin(
                transaction,
                and_(
                    transaction.c.bank_id == exchange.c.bank_id,
                    transaction.c.id == exchange.c.transaction_id,
                ),
            )
            .where(self._in_scope(exchange))
            .order_by(exchange.c.id)
        )
        for row in self.link.stream(query):
            yield ExchangeTie(
                exchange=row.id,
                state=row.state,
                acts=row.acts,
                last_n=row.last_n,
                acts_counted=row.counted or 0,
                last_state=row.last_state,
                transaction=row.transaction_id,
                transaction_exchange=row.back,
            )

    def unaccounted(self) -> Iterator[tuple[str, str]]:
        """Facts that are neither queued nor sealed, or both, or queued under another time; and
        what is queued without being a fact."""
        if self._is_accounted():
            return
        queue, leaf = schema.seal_queue, schema.leaf
        among = self._in_scope if self._as_many_as_accounted() else self._own
        for word, id_ in self._sealed_ids:
            table = id_.table
            chosen = select(id_) if id_.name == "id" else select(id_).distinct()
            query = (
                chosen.outerjoin(queue, is_about(queue, id_, word))
                .outerjoin(leaf, is_about(leaf, id_, word))
                .where(
                    among(table),
                    or_(
                        (queue.c.fact_id.is_(None)) == (leaf.c.fact_id.is_(None)),
                        queue.c.recorded_at != table.c.get("recorded_at", queue.c.recorded_at),
                    ),
                )
                .order_by(id_)
            )
            for row in self.link.stream(query):
                yield word, row[0]
        a_fact = or_(*(exists().where(is_about(queue, id_, w)) for w, id_ in self._sealed_ids))
        strays = self._of_bank(queue).where(~a_fact).order_by(queue.c.kind, queue.c.fact_id)
        for row in self.link.stream(strays):
            wing_rows.require_known(row.kind)
            yield row.kind, row.fact_id

    @cached_property
    def _sealed_ids(self) -> tuple[tuple[str, Column[Any]], ...]:
        """Every kind of what is sealed, ours and the wings', and the ids of its leaves."""
        ours = [(word, SHAPES[kind][0].c.id) for kind, word in SEALED.items()]
        theirs = [(k, s.sealed_by) for wing in self._beside for k, s in wing.kinds.items()]
        return (*ours, *theirs)

    def _of_wings_counted(self) -> int:
        shapes = (shape for wing in self._beside for shape in wing.kinds.values())
        return sum(self._count_of(s.sealed_by, self._own(s.table)) for s in shapes)

    def _as_many_as_accounted(self) -> bool:
        """Whether there are as many facts as leaves and rows of the queue: each has its own."""
        places = (schema.leaf, schema.seal_queue)
        facts = sum(self._size(SHAPES[kind][0]) for kind in SEALED)
        accounted = sum(self._size(table) for table in places)
        return facts + self._of_wings_counted() == accounted

    def reviews_due(self, day: date) -> Iterator[AccountChange]:
        """Changes of accounts past their review date."""
        change = schema.account_change
        query = self._of_bank(change).where(change.c.review_on < day).order_by(change.c.id)
        return (ledger.change_from(row) for row in self.link.stream(query))

    def orphaned_keys(self) -> Iterator[tuple[str, str, str]]:
        """Keys whose receipt or transaction is missing."""
        key, receipt, transaction = schema.request_key, schema.outbox, schema.transaction
        query = (
            select(key.c.scope, key.c.receipt_id, key.c.transaction_id)
            .outerjoin(receipt, _same(receipt, key, key.c.receipt_id))
            .outerjoin(transaction, _same(transaction, key, key.c.transaction_id))
            .where(
                self._in_scope(key),
                or_(
                    receipt.c.id.is_(None),
                    and_(key.c.transaction_id.is_not(None), transaction.c.id.is_(None)),
                ),
            )
            .order_by(key.c.scope, key.c.receipt_id)
        )
        for row in self.link.stream(query):
            yield row.scope, row.receipt_id, row.transaction_id or ""

    def counted(self) -> dict[str, int]:
        """How many subjects the checks look at."""
        tables = {
            "accounts": schema.account,
            "transactions": schema.transaction,
            "transfers": schema.transfer,
            "exchanges": schema.exchange,
            "leaves": schema.leaf,
            "checkpoints": schema.checkpoint,
            "keys": schema.request_key,
            "receipts": schema.outbox,
            "holds": schema.hold,
        }
        counts = {name: self._rows(table) for name, table in tables.items()}
        reverses = schema.transaction.c.reverses.is_not(None)
        return {
            **counts,
            **self._entries_counted(counts),
            "reversals": self._count(self._in_scope(schema.transaction), reverses),
            "facts": sum(self._rows(SHAPES[kind][0]) for kind in SEALED) + self._of_wings_counted(),
            "tables": len(schema.metadata.tables),
        }

    def unsealed(self) -> tuple[int, datetime | None]:
        """How many facts wait for the sealer, and since when."""
        queue = schema.seal_queue.c
        query = select(
            func.count().label("count"), func.min(queue.recorded_at).label("oldest")
        ).where(queue.bank_id == self.link.bank)
        row = self.link.run(query).one()
        return row[0], row.oldest

    def _rows(self, table: Table) -> int:
        """How many rows of a table are looked at; a pass over it has counted them already."""
        seen = self._seen.get(table.name)
        if seen is not None:
            return seen["rows"]
        return self._size(table) if self._later is None else self._count(self._in_scope(table))

    def _size(self, table: Table) -> int:
        """How many rows the bank has. Asked once an audit: of many rows it takes long."""
        if table.name not in self._sizes:
            self._sizes[table.name] = self._count(self._own(table))
        return self._sizes[table.name]

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return int(self.link.run(select(func.count()).where(*conditions)).scalar_one())

    def _count_of(self, id_: Column[Any], *conditions: ColumnElement[bool]) -> int:
        """How many ids: several rows of a wing may have one."""
        if id_.name == "id":
            return self._count(*conditions)
        query = select(func.count(id_.distinct())).where(*conditions)
        return int(self.link.run(query).scalar_one())


def _same(table: Table, beside: Table, id_: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(table.c.bank_id == beside.c.bank_id, table.c.id == id_)


def _outside(account: Any) -> ColumnElement[bool]:
    return or_(
        account.balance_minutes - account.held_minutes < account.floor_minutes,
        account.balance_minutes > account.ceiling_minutes,
    )


def _line(row: Any) -> TransferLine:
    return TransferLine(
        source=row.source_id, target=row.target_id, minutes=row.minutes, activity=row.activity
    )
