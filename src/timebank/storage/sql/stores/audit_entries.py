"""Entries for the audit: all of them, or those that came after a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Select, Subquery, and_, func, or_, select, union_all

from timebank.domain.audit import AuditEntry
from timebank.domain.ids import AccountId
from timebank.storage.sql import schema
from timebank.storage.sql.stores.audit_scope import Scoped

_SIDES: Final = ("source", "target")


class SqlAuditEntries(Scoped):
    """The part of ``AuditSource`` that streams the two sides of transfers."""

    def starts(self) -> dict[AccountId, int] | None:
        """Accounts with later entries, and the number before the first of them; None if all are
        looked at from the beginning."""
        touched = self._touched()
        if touched is None:
            return None
        return {row.account: row.start for row in self.link.stream(select(touched))}

    def entries(self) -> Iterator[AuditEntry]:
        """Both sides of transfers in order of account, then number."""
        both = union_all(*self._sides())
        query = both.order_by(both.selected_columns.account, both.selected_columns.number)
        for row in self.link.stream(query):
            if row.transaction_id is not None:
                yield AuditEntry(
                    account=row.account,
                    number=row.number,
                    change_minutes=row.change,
                    balance_minutes=row.balance,
                    transaction=row.transaction_id,
                    recorded_at=row.recorded_at,
                )

    def _entries_counted(self, counts: Mapping[str, int]) -> dict[str, int]:
        """How many entries are looked at, of how many accounts."""
        if self._later is None:
            return {"balances": counts["accounts"], "entries": 2 * counts["transfers"]}
        entries = union_all(*self._sides()).subquery()
        columns = {"balances": entries.c.account.distinct(), "entries": entries.c.number}
        query = select(*(func.count(column).label(name) for name, column in columns.items()))
        return dict(self.link.run(query).mappings().one())

    def _sides(self) -> list[Select[Any]]:
        """What went out and what came in, as entries of the accounts."""
        transfer, touched = schema.transfer, self._touched()
        chosen = []
        for side, sign in zip(_SIDES, (-1, 1), strict=True):
            account, number = transfer.c[f"{side}_id"], transfer.c[f"{side}_number"]
            query = select(
                (account if touched is None else touched.c.account).label("account"),
                number.label("number"),
                (sign * transfer.c.minutes).label("change"),
                transfer.c[f"{side}_balance_minutes"].label("balance"),
                transfer.c.transaction_id,
                transfer.c.recorded_at,
            )
            if touched is None:
                chosen.append(query.where(self._own(transfer)))
            else:  # an outer join, since SQLite begins with its left side, and should
                on = and_(
                    self._own(transfer), account == touched.c.account, number >= touched.c.start
                )
                chosen.append(query.select_from(touched.outerjoin(transfer, on)))
        return chosen

    def _touched(self) -> Subquery | None:
        """Accounts with entries that the first leaves do not seal, or that say they were moved
        since → the number before the first of those entries."""
        if self._later is None:
            return None
        transfer, transaction, account = schema.transfer, schema.transaction, schema.account
        is_later = self._in_scope(transfer)
        first_at = (
            select(func.min(transaction.c.recorded_at))
            .where(self._in_scope(transaction))
            .scalar_subquery()
        )
        starts = union_all(
            *(
                select(
                    transfer.c[f"{side}_id"].label("account"),
                    (transfer.c[f"{side}_number"] - 1).label("start"),
                ).where(is_later)
                for side in _SIDES
            ),
            select(account.c.id, account.c.number).where(
                self._own(account),
                or_(
                    account.c.recorded_at >= self._later.sealed_at,
                    account.c.recorded_at >= first_at,
                ),
            ),
        ).subquery()
        first = func.min(starts.c.start).label("start")
        return select(starts.c.account, first).group_by(starts.c.account).subquery()
