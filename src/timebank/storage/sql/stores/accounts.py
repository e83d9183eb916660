"""Accounts, their holds, and their entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import DDL, ColumnElement, Select, bindparam, func, literal, select, union_all

from timebank.domain.account import FIRST, Account, AccountChange, AccountKind
from timebank.domain.hold import Hold
from timebank.domain.ids import AccountId, HoldId, PersonId
from timebank.domain.statement import StatementEntry
from timebank.domain.transaction import Activity, TransactionKind
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import Members, Prepared
from timebank.storage.sql.rows import ledger
from timebank.storage.sql.stores._common import ACCOUNT_DIGITS, Store, page, slices, with_prefix

_SIDES = ("source", "target")


_ACCOUNT: Final = schema.account.c
_BANK: Final = bindparam("bank", type_=_ACCOUNT.bank_id.type)


def _by_id(ids: Members) -> Select[Any]:
    return select(schema.account).where(_ACCOUNT.bank_id == _BANK, ids.hold(_ACCOUNT.id))


_BY_ID: Final = Prepared(_by_id)
_LOCKED: Final = Prepared(
    lambda ids: _by_id(ids).order_by(_ACCOUNT.id).with_for_update(key_share=True)
)
_LOCK_ALL: Final = DDL("LOCK TABLE %(fullname)s IN EXCLUSIVE MODE").against(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves DDL untyped
    schema.account
)
_BY_LABEL: Final = Prepared(
    select(_ACCOUNT.id).where(_ACCOUNT.bank_id == _BANK, _ACCOUNT.label == bindparam("label"))
)
_OF_OWNERS: Final = Prepared(
    lambda ids: (
        select(_ACCOUNT.owner_id, _ACCOUNT.id)
        .where(_ACCOUNT.bank_id == _BANK, ids.hold(_ACCOUNT.owner_id))
        .order_by(_ACCOUNT.kind.not_in([literal(kind.value) for kind in FIRST]), _ACCOUNT.id)
    )
)
_OPEN_HOLDS: Final = Prepared(
    lambda ids: select(schema.hold).where(
        schema.hold.c.bank_id == _BANK,
        ids.hold(schema.hold.c.account_id),
        schema.hold.c.outcome.is_(None),
    )
)
"""Built once: every action asks some of these."""


def _last(side: str) -> Select[Any]:
    """The last entry of an account on this side as recorded at a time: one index seek."""
    transfer = schema.transfer.c
    account, number = transfer[f"{side}_id"], transfer[f"{side}_number"]
    return (
        select(number.label("number"), transfer[f"{side}_balance_minutes"].label("balance"))
        .where(
            transfer.bank_id == _BANK,
            account == bindparam("account"),
            transfer.recorded_at <= bindparam("at"),
        )
        .order_by(transfer.recorded_at.desc(), number.desc())
        .limit(1)
    )


_LAST: Final = tuple(_last(side) for side in _SIDES)


class SqlAccountStore(Store):
    """``AccountStore`` in SQL. Labels are looked up once: they never change."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._labels: dict[str, AccountId] = {}

    def lock(self, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """The accounts under their row locks, taken in order of id."""
        self.link.require_writing()
        return self._accounts(ids, locked=not self.link.is_sqlite)

    def lock_all(self) -> None:
        """On PostgreSQL the table is locked, so that accounts opened meanwhile wait as well; on
        SQLite nobody else writes.
        """
        if not self.link.is_sqlite:
            self.link.run(_LOCK_ALL)

    def many(self, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """Accounts by id; unknown ids are left out."""
        return self._accounts(ids, locked=False)

    def _accounts(self, ids: Collection[AccountId], *, locked: bool) -> dict[AccountId, Account]:
        found: dict[AccountId, Account] = {}
        query = _LOCKED if locked else _BY_ID
        for part in slices(ids):
            rows = self.link.rows(query, bank=self.link.bank, ids=part)
            found |= {row.id: ledger.account_from(row) for row in rows}
        return found

    def get(self, id: AccountId) -> Account | None:
        """An account by id."""
        return self.many([id]).get(id)

    def by_label(self, label: str) -> AccountId | None:
        """One of the bank's own accounts."""
        if label not in self._labels:
            rows = self.link.rows(_BY_LABEL, bank=self.link.bank, label=label)
            if not rows:
                return None
            self._labels[label] = AccountId(rows[0].id)
        return self._labels[label]

    def by_prefix(self, prefix: str) -> tuple[AccountId, ...]:
        """Ids that begin so, at most two."""
        account = schema.account
        query = select(account.c.id).where(
            account.c.bank_id == self.link.bank,
            with_prefix(account.c.id, prefix, ACCOUNT_DIGITS),
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

    def of_members(self, ids: Collection[PersonId]) -> dict[PersonId, tuple[AccountId, ...]]:
        """Each member's accounts, the first one first, further ones in order of id; members
        without one are left out.
        """
        found: dict[PersonId, tuple[AccountId, ...]] = {}
        for part in slices(ids):
            for row in self.link.rows(_OF_OWNERS, bank=self.link.bank, ids=part):
                found[row.owner_id] = (*found.get(row.owner_id, ()), row.id)
        return found

    def all(self) -> Iterator[Account]:
        """Every account in order of id."""
        query = self._of_bank(schema.account).order_by(schema.account.c.id)
        return (ledger.account_from(row) for row in self.link.stream(query))

    def open_holds(self, ids: Collection[AccountId]) -> tuple[Hold, ...]:
        """Holds that have not ended, in order of id."""
        found: list[Hold] = []
        for part in slices(ids):
            rows = self.link.rows(_OPEN_HOLDS, bank=self.link.bank, ids=part)
            found += [ledger.hold_from(row) for row in rows]
        return tuple(sorted(found, key=lambda h: h.id))

    def holds(
        self, *, account: AccountId | None, open_only: bool, after: HoldId | None, limit: int
    ) -> tuple[Hold, ...]:
        """A page of holds in order of id."""
        query = self._of_bank(schema.hold)
        if account is not None:
            query = query.where(schema.hold.c.account_id == account)
        if open_only:
            query = query.where(schema.hold.c.outcome.is_(None))
        rows = self.link.all(page(query, schema.hold.c.id, after, limit))
        return tuple(ledger.hold_from(row) for row in rows)

    def balance_at(self, id: AccountId, when: datetime) -> int:
        """The balance as recorded at that time: one index seek per side, the later entry wins."""
        values = {"bank": self.link.bank, "account": id, "at": when}
        last = [row for query in _LAST if (row := self.link.one(query, **values))]
        return max(last, key=lambda row: row.number).balance if last else 0

    def entries_since(
        self, id: AccountId, *, start: date, from_: datetime, until: datetime | None = None
    ) -> list[StatementEntry]:
        """Both sides by the index on account and time, in no particular order."""
        found = []
        for side, other in (_SIDES, _SIDES[::-1]):
            query = self._entries(side, other, id, start, from_)
            if until is not None:
                query = query.where(schema.transfer.c.recorded_at <= until)
            found += [_statement_entry(row) for row in self.link.all(query)]
        return found

    def _entries(
        self, side: str, other: str, id: AccountId, start: date, from_: datetime
    ) -> Select[Any]:
        transfer, transaction, account = schema.transfer, schema.transaction, schema.account
        sign = -1 if side == "source" else 1
        return (
            select(
                transfer.c[f"{side}_number"].label("number"),
                (sign * transfer.c.minutes).label("change"),
                transfer.c[f"{side}_balance_minutes"].label("balance"),
                transfer.c.activity,
                transfer.c[f"{other}_id"].label("counterparty"),
                account.c.kind.label("counterparty_kind"),
                account.c.label.label("counterparty_label"),
                account.c.owner_id.label("counterparty_owner"),
                transaction,
            )
            .join(
                transaction,
                (transaction.c.bank_id == transfer.c.bank_id)
                & (transaction.c.id == transfer.c.transaction_id),
            )
            .join(
                account,
                (account.c.bank_id == transfer.c.bank_id)
                & (account.c.id == transfer.c[f"{other}_id"]),
            )
            .where(
                transfer.c.bank_id == self.link.bank,
                transfer.c[f"{side}_id"] == id,
                transfer.c.recorded_at >= from_,
                transaction.c.counts_on >= start,
            )
        )

    def recomputed(self) -> dict[AccountId, int]:
        """Sums over all transfers."""
        return self._summed()

    def balances_at(self, when: datetime) -> dict[AccountId, int]:
        """Sums over the transfers recorded by then."""
        return self._summed(schema.transfer.c.recorded_at <= when)

    def balances_on(self, day: date) -> dict[AccountId, int]:
        """Sums over the transfers that count on that day or before."""
        transaction = schema.transaction.c
        counted = select(transaction.id).where(
            transaction.bank_id == self.link.bank, transaction.counts_on <= day
        )
        return self._summed(schema.transfer.c.transaction_id.in_(counted))

    def _summed(self, *conditions: ColumnElement[bool]) -> dict[AccountId, int]:
        transfer = schema.transfer.c
        sides = union_all(
            *(
                select(
                    transfer[f"{side}_id"].label("account"), (sign * transfer.minutes).label("m")
                ).where(transfer.bank_id == self.link.bank, *conditions)
                for side, sign in zip(_SIDES, (-1, 1), strict=True)
            )
        ).subquery()
        query = select(sides.c.account, func.sum(sides.c.m).label("balance")).group_by(
            sides.c.account
        )
        return {row.account: int(row.balance) for row in self.link.stream(query)}

    def changes(self, id: AccountId) -> tuple[AccountChange, ...]:
        """Changes of one account, in order of id."""
        change = schema.account_change
        query = self._of_bank(change).where(change.c.account_id == id).order_by(change.c.id)
        return tuple(ledger.change_from(row) for row in self.link.all(query))


def _statement_entry(row: Any) -> StatementEntry:
    return StatementEntry(
        number=row.number,
        change_minutes=row.change,
        balance_minutes=row.balance,
        happened_on=row.happened_on,
        counts_on=row.counts_on,
        recorded_at=row.recorded_at,
        activity=Activity(row.activity),
        kind=TransactionKind(row.kind),
        category=row.category,
        reason=row.reason,
        transaction=row.id,
        reverses=row.reverses,
        overrides=bool(row.overrides),
        imported=bool(row.imported),
        counterparty=row.counterparty,
        counterparty_kind=AccountKind(row.counterparty_kind),
        counterparty_label=row.counterparty_label,
        counterparty_owner=row.counterparty_owner,
    )
