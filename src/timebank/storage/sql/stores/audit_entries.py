"""Entries for the audit: all of them, or those that came after a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Subquery, and_, func, or_, select, union_all

from timebank.domain.audit import AuditEntry
from timebank.domain.ids import AccountId, BankId
from timebank.domain.transaction import Transaction
from timebank.storage.sql import schema
from timebank.storage.sql.recording import SEALED
from timebank.storage.sql.stores._common import Store

_SIDES: Final = ("source", "target")


class SqlAuditEntries(Store):
    """The part of ``AuditSource`` that streams the two sides of transfers."""

    def entries(self) -> Iterator[AuditEntry]:
        """Both sides of every transfer in order of account, then number."""
        return self._entries(self._sides())

    def touched(self, size: int, sealed_at: datetime) -> dict[AccountId, int]:
        """Accounts with later entries, and the number before the first of them."""
        rows = self.link.stream(select(_touched(self.link.bank, size, sealed_at)))
        return {row.account: row.start for row in rows}

    def later_entries(self, size: int, sealed_at: datetime) -> Iterator[AuditEntry]:
        """Their entries from that number on, both sides by the index on account and number."""
        touched = _touched(self.link.bank, size, sealed_at)
        later = [
            side.join(
                touched,
                and_(
                    schema.transfer.c[f"{name}_id"] == touched.c.account,
                    schema.transfer.c[f"{name}_number"] >= touched.c.start,
                ),
            )
            for name, side in zip(_SIDES, self._sides(), strict=True)
        ]
        return self._entries(later)

    def _sides(self) -> list[Select[Any]]:
        """What went out and what came in, as entries of the accounts."""
        transfer = schema.transfer.c
        return [
            select(
                transfer[f"{side}_id"].label("account"),
                transfer[f"{side}_number"].label("number"),
                (sign * transfer.minutes).label("change"),
                transfer[f"{side}_balance_minutes"].label("balance"),
                transfer.transaction_id,
                transfer.recorded_at,
            ).where(transfer.bank_id == self.link.bank)
            for side, sign in zip(_SIDES, (-1, 1), strict=True)
        ]

    def _entries(self, sides: list[Select[Any]]) -> Iterator[AuditEntry]:
        both = union_all(*sides)
        query = both.order_by(both.selected_columns.account, both.selected_columns.number)
        for row in self.link.stream(query):
            yield AuditEntry(
                account=row.account,
                number=row.number,
                change_minutes=row.change,
                balance_minutes=row.balance,
                transaction=row.transaction_id,
                recorded_at=row.recorded_at,
            )


def _touched(bank: BankId, size: int, sealed_at: datetime) -> Subquery:
    """Accounts with entries that the first leaves do not seal → the number before the first."""
    leaf, queue, account, transfer = (
        table.c for table in (schema.leaf, schema.seal_queue, schema.account, schema.transfer)
    )
    word = SEALED[Transaction]
    later = union_all(
        select(leaf.fact_id).where(leaf.bank_id == bank, leaf.kind == word, leaf.position >= size),
        select(queue.fact_id).where(queue.bank_id == bank, queue.kind == word),
    ).cte()
    first_at = (
        select(func.min(schema.transaction.c.recorded_at))
        .join(later, later.c.fact_id == schema.transaction.c.id)
        .where(schema.transaction.c.bank_id == bank)
        .scalar_subquery()
    )
    starts = union_all(
        *(
            select(
                transfer[f"{side}_id"].label("account"),
                (transfer[f"{side}_number"] - 1).label("start"),
            )
            .join(later, later.c.fact_id == transfer.transaction_id)
            .where(transfer.bank_id == bank)
            for side in _SIDES
        ),
        select(account.id, account.number).where(
            account.bank_id == bank,
            or_(account.recorded_at >= sealed_at, account.recorded_at >= first_at),
        ),
    ).subquery()
    first = func.min(starts.c.start).label("start")
    return select(starts.c.account, first).group_by(starts.c.account).subquery()
