"""The bank itself, and its house rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, func, select

from timebank.domain.bank import Bank
from timebank.domain.ids import PersonId
from timebank.domain.policy import PolicyVersion
from timebank.errors import NotFoundError
from timebank.ports import House
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import FEW, Members, Prepared
from timebank.storage.sql.rows.people import bank_from, version_from
from timebank.storage.sql.stores._common import Store
from timebank.storage.sql.stores._standing import (
    COLUMNS,
    standings,
    standings_from,
    with_membership,
)

_BANK: Final = bindparam("bank", type_=schema.policy.c.bank_id.type)


def _house() -> Select[Any]:
    """The bank, its rules, last closed day, last recorded time and last stated day, in one row."""
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
            *schema.bank.c,
            *(column for column in policy.c if column is not policy.c.bank_id),
            closed.scalar_subquery().label("closed_until"),
            last.scalar_subquery().label("last_recorded_at"),
            stated.scalar_subquery().label("stated_day"),
        )
        .join(policy, policy.c.bank_id == schema.bank.c.bank_id)
        .where(schema.bank.c.bank_id == bank)
        .order_by(policy.c.version.desc())
        .limit(1)
    )


def _house_and_people(ids: Members) -> Select[Any]:
    """The house once for each row of the people in it, or for nobody."""
    house = _house().subquery("house")
    asked = and_(schema.person.c.bank_id == house.c.bank_id, ids.hold(schema.person.c.id))
    return select(*house.c, *COLUMNS).select_from(
        with_membership(house.outerjoin(schema.person, asked))
    )


_HOUSE: Final = Prepared(_house())
_HOUSE_AND_PEOPLE: Final = Prepared(_house_and_people)
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
            raise self._unknown()
        return bank

    def find(self) -> Bank | None:
        """The bank, if it was created."""
        if self._bank is None:
            for row in self.link.rows(_FOUND, bank=self.link.bank):
                self._bank = bank_from(row)
        return self._bank

    def house(self, people: Collection[PersonId] = ()) -> House:
        """What holds now, in one query; many people are asked for in another."""
        few = 0 < len(people) <= FEW
        if few:
            rows = self.link.rows(_HOUSE_AND_PEOPLE, bank=self.link.bank, ids=people)
        else:
            rows = self.link.rows(_HOUSE, bank=self.link.bank)
        if not rows:
            raise self._unknown()
        self._bank = self._bank or bank_from(rows[0])
        return House(
            policy=version_from(rows[0]),
            closed_until=rows[0].closed_until,
            last_recorded_at=rows[0].last_recorded_at,
            stated_day=rows[0].stated_day,
            people=standings_from(self.link, rows) if few else standings(self.link, people),
        )

    def policies(self) -> tuple[PolicyVersion, ...]:
        """Every version, oldest first."""
        query = self._of_bank(schema.policy).order_by(schema.policy.c.version)
        return tuple(version_from(row) for row in self.link.all(query))

    def _unknown(self) -> NotFoundError:
        return NotFoundError(kind="bank", ref=self._slug, where="database")
