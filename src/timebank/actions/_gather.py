"""The first beat of every action: lock what will change, then read what the rules need."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import Actor, checked_actor
from timebank.domain.agreement import Case
from timebank.domain.bank import check_clock, day_of
from timebank.domain.conditions import Conditions
from timebank.domain.ids import AccountId, ExchangeId, PersonId, checked_id, is_id
from timebank.domain.member import Person
from timebank.domain.movement import Books
from timebank.errors import InputError, NotFoundError
from timebank.ports import House, ReadingUnit, UnitOfWork

POT = "pot"
ISSUANCE = "issuance"
CLOSURE = "closure"
CARRY_OVER = "carry-over"
LABELS = {
    POT: AccountKind.POT,
    ISSUANCE: AccountKind.ISSUANCE,
    CLOSURE: AccountKind.CLOSURE,
    CARRY_OVER: AccountKind.RESERVE,
}
"""The accounts that every bank has of its own, by label."""

MAIN = (AccountKind.MEMBER, AccountKind.ORGANISATION, AccountKind.CUSTODY)


def conditions(
    uow: UnitOfWork,
    *,
    by: Actor,
    approved_by: Actor | None = None,
    people: Iterable[PersonId] = (),
    clock_vouched: bool = False,
) -> Conditions:
    """What is in force, read after the locks.

    *Refuses* a clock that cannot be right, with ``ClockSuspect``.
    """
    checked_actor(by, field="by")
    if approved_by is not None:
        checked_actor(approved_by, field="approved_by")
    actors = (by.person, by.on_behalf_of, approved_by.person if approved_by else None)
    house = uow.banks.house({person for person in (*people, *actors) if person is not None})
    now = uow.now()
    found = Conditions(
        bank=uow.banks.get(),
        policy=house.policy.policy,
        policy_version=house.policy.version,
        closed_until=house.closed_until,
        now=now,
        by=by,
        approved_by=approved_by,
        people=house.people,
        fresh=uow.fresh,
    )
    if not clock_vouched:
        _check_clock(found, house)
    return found


def _check_clock(found: Conditions, house: House) -> None:
    """The day somebody stated vouches for the clock on that day."""
    if house.stated_day != found.today:
        check_clock(found.now, house.last_recorded_at, found.policy)


def person_id(uow: ReadingUnit, member: str, *, field: str = "member") -> PersonId:
    """A person's id from an id or a ref. *Refuses* unknown ones with ``NotFoundError``."""
    if not isinstance(member, str):
        raise InputError(field=field, problem=f"{member!r} is neither an id nor a ref")
    person = known_person(uow, member)
    if person is None:
        raise NotFoundError(kind=field, ref=member)
    return person.id


def known_person(uow: ReadingUnit, name: str) -> Person | None:
    """Whom an id or a ref means. An id goes first: nobody's ref stands in for another's id."""
    known = uow.people.get(PersonId(checked_id(name, field="id"))) if is_id(name) else None
    return known or uow.people.by_ref(name)


def bank_today(uow: ReadingUnit) -> date:
    """The day it is in the bank's zone."""
    return day_of(uow.now(), uow.banks.get().zone)


def check_page(after: str | None, limit: int) -> None:
    """*Refuses* an ``after`` that is no id and a ``limit`` below 1, with ``InputError``."""
    if after is not None:
        checked_id(after, field="after")
    if not isinstance(limit, int) or limit < 1:
        raise InputError(field="limit", problem=f"{limit!r} is no whole number of 1 or more")


def main_accounts(uow: ReadingUnit, people: Collection[PersonId]) -> dict[PersonId, AccountId]:
    """The account through which each member takes part in exchanges.

    *Refuses* people without one with ``NotFoundError``.
    """
    owned = uow.accounts.of_members(people)
    for person in people:
        if not owned.get(person):
            raise NotFoundError(kind="member", ref=person)
    return {person: owned[person][0] for person in people}


def labelled(uow: ReadingUnit, label: str) -> AccountId:
    """The bank's own account of that label. *Refuses* unknown ones with ``NotFoundError``."""
    account = uow.accounts.by_label(label)
    if account is None:
        raise NotFoundError(kind="account", ref=label)
    return account


def books(uow: UnitOfWork, ids: Collection[AccountId]) -> Books:
    """The accounts under their locks, with their open holds; unknown ones are left out."""
    accounts = uow.accounts.lock(ids)
    held = [a.id for a in accounts.values() if a.held_minutes]
    return Books(accounts=accounts, holds=uow.accounts.open_holds(held) if held else ())


def owners(accounts: Iterable[Account]) -> set[PersonId]:
    """The members to whom the accounts belong."""
    return {account.owner for account in accounts if account.owner is not None}


def case(uow: UnitOfWork, exchange: str, *, with_pot: bool = False) -> Case:
    """An exchange under its lock, then the accounts of its parties under theirs, then the holds.

    *Refuses* unknown exchanges with ``NotFoundError``.
    """
    found = uow.exchanges.lock(ExchangeId(checked_id(exchange, field="exchange")))
    if found is None:
        raise NotFoundError(kind="exchange", ref=exchange)
    account_of = main_accounts(uow, found.parties)
    pot = labelled(uow, POT)
    locked = books(uow, {*account_of.values(), *((pot,) if with_pot else ())})
    return Case(
        exchange=found,
        accounts=locked.accounts,
        holds=locked.holds,
        account_of=account_of,
        pot=pot,
    )


def levied(uow: UnitOfWork) -> bool:
    """Whether the pot takes part in every exchange, so that it has to be locked."""
    return uow.banks.house().policy.policy.levy_percent > 0
