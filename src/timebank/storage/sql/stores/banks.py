"""The bank itself, and its house rules."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select

from timebank.domain.bank import Bank
from timebank.domain.policy import PolicyVersion
from timebank.errors import NotFoundError
from timebank.ports import House
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import Prepared
from timebank.storage.sql.rows import people
from timebank.storage.sql.stores._common import Store

_BANK: Final = bindparam("bank", type_=schema.policy.c.bank_id.type)


def _house() -> Select[Any]:
    """Rules, last closed day, last recorded time and last stated day, in one row."""
    policy, bank = schema.policy, _BANK
    closed = select(func.max(schema.period_close.c.until)).where(
        schema.period_close.c.bank_id == bank
    )
    last = (
        select(schema.transaction.c.recorded_at)
        .where(schema.transaction.c.bank_id == bank)
        .order_by(schema.transaction.c.id.desc())
        .limit(1)
    )
    stated = (
        select(schema.day_statement.c.day)
        .where(schema.day_statement.c.bank_id == bank)
        .order_by(schema.day_statement.c.id.desc())
        .limit(1)
    )
    return (
        select(
            policy,
            closed.scalar_subquery().label("closed_until"),
            last.scalar_subquery().label("last_recorded_at"),
            stated.scalar_subquery().label("stated_day"),
        )
        .where(policy.c.bank_id == bank)
        .order_by(policy.c.version.desc())
        .limit(1)
    )


_HOUSE: Final = Prepared(_house())
_FOUND: Final = Prepared(select(schema.bank).where(schema.bank.c.bank_id == _BANK))


class SqlBankStore(Store):
    """``BankStore`` in SQL. The bank's row is read once: what we use of it never changes."""

    def __init__(self, link: Link, slug: str) -> None:
        super().__init__(link)
        self._slug = slug
        self._bank: Bank | None = None

    def get(self) -> Bank:
        """The bank. *Refuses* a slug that nobody created, with ``NotFoundError``."""
        bank = self.find()
        if bank is None:
            raise NotFoundError(kind="bank", ref=self._slug, where="database")
        return bank

    def find(self) -> Bank | None:
        """The bank, if it was created."""
        if self._bank is None:
            for row in self.link.rows(_FOUND, bank=self.link.bank):
                self._bank = people.bank_from(row)
        return self._bank

    def house(self) -> House:
        """What holds now, in one query."""
        self.get()
        (row,) = self.link.rows(_HOUSE, bank=self.link.bank)
        return House(
            policy=people.version_from(row),
            closed_until=row.closed_until,
            last_recorded_at=row.last_recorded_at,
            stated_day=row.stated_day,
        )

    def policies(self) -> tuple[PolicyVersion, ...]:
        """Every version, oldest first."""
        query = self._of_bank(schema.policy).order_by(schema.policy.c.version)
        return tuple(people.version_from(row) for row in self.link.all(query))
