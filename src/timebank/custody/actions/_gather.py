"""The first beat of every action of the scheme: the store, what is in force, who is inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from timebank.custody.domain.attention import Exceptional, Rule, is_large
from timebank.custody.domain.beneficiary import Beneficiary, require_staff
from timebank.custody.domain.membership import Membership, require_outside
from timebank.custody.domain.rules import DEFAULT, Rules
from timebank.custody.domain.sheet import SheetFile
from timebank.custody.store import CustodyStore
from timebank.custody.wing import WING
from timebank.domain.actor import Actor, require_second_person
from timebank.domain.ids import AccountId, FactId, PersonId, checked_id
from timebank.errors import InputError, NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Conditions, WingActed, conditions, linked, person_id


def store_of(uow: ReadingUnit) -> CustodyStore:
    """The scheme's store in this bank. *Refuses* a database that has none (``SchemaError``)."""
    return CustodyStore(linked(uow, WING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is in force for one request of the scheme, read after its locks."""

    store: CustodyStore
    now: Conditions
    rules: Rules
    inside: frozenset[PersonId]


def case(
    uow: UnitOfWork,
    *,
    by: Actor,
    approved_by: Actor | None = None,
    people: Iterable[PersonId] = (),
) -> Case:
    """Read what the rules need. *Refuses* a clock that cannot be right, with ``ClockSuspect``."""
    store = store_of(uow)
    return Case(
        store=store,
        now=conditions(uow, by=by, approved_by=approved_by, people=people),
        rules=in_force(store),
        inside=store.inside(),
    )


def in_force(store: CustodyStore) -> Rules:
    """The rules that hold now: the last that were set, else those that are shipped."""
    versions = store.rules()
    return versions[-1].rules if versions else DEFAULT


def locked_membership(uow: UnitOfWork, person: str) -> Membership:
    """A person's membership under its lock. *Refuses* unknown ones with ``NotFoundError``."""
    id_ = person_id(uow, person, field="person")
    found = store_of(uow).memberships([id_], lock=True)
    if not found:
        raise NotFoundError(kind="person in the scheme", ref=person)
    return found[0]


def locked_sheet(uow: UnitOfWork, sheet: str) -> SheetFile:
    """A sheet under its lock. *Refuses* unknown ones with ``NotFoundError``."""
    found = store_of(uow).sheet(FactId(checked_id(sheet, field="sheet")), lock=True)
    if found is None:
        raise NotFoundError(kind="sheet", ref=sheet)
    return found


def locked_beneficiary(uow: UnitOfWork, beneficiary: str) -> Beneficiary:
    """A beneficiary under its lock. *Refuses* unknown ones with ``NotFoundError``."""
    id_ = FactId(checked_id(beneficiary, field="beneficiary"))
    found = store_of(uow).beneficiary(id_, lock=True)
    if found is None:
        raise NotFoundError(kind="beneficiary", ref=beneficiary)
    return found


def coded(reason: str | None, now: Conditions) -> str:
    """The reason as a code of the house rules: facts of the scheme have no words of anybody.

    *Refuses* a missing one and other words, with ``InputError``.
    """
    if reason is None or reason not in now.policy.reasons:
        listed = ", ".join(now.policy.reasons)
        raise InputError(field="reason", problem=f"is one of the bank's codes: {listed}")
    return reason


def inner(key: str | None, what: str) -> str | None:
    """The key of a request inside a request: the loser of a race does not do it twice."""
    return None if key is None else f"custody.{what}:{key}"


def acted(act: str, subject: str) -> WingActed:
    """What happened, for the receipt and the outbox."""
    return WingActed(wing=WING.name, act=act, subject=subject)


def owners_of(uow: ReadingUnit, accounts: Iterable[AccountId]) -> dict[AccountId, PersonId | None]:
    """To whom accounts belong."""
    return {id_: account.owner for id_, account in uow.accounts.many(tuple(accounts)).items()}


def require_two_of_staff(found: Case, action: str) -> None:
    """*Refuses*, in this order: people in custody, who is no staff, one person alone."""
    require_outside(action, found.now.by, found.inside)
    require_outside(action, found.now.approved_by, found.inside)
    require_staff(action, found.now)
    require_second_person(action, found.now.by, found.now.approved_by)


def exceptional(
    rule: Rule, person: PersonId, account: AccountId, found: Case, *, minutes: int | None = None
) -> Exceptional:
    """Something that somebody should look at, as of now."""
    return Exceptional(
        id=FactId(found.now.fresh.id()),
        rule=rule,
        person=person,
        account=account,
        minutes=minutes,
        recorded_at=found.now.now,
    )


def large_gift(
    person: PersonId, to: Beneficiary, minutes: int, balance_minutes: int, found: Case
) -> tuple[Exceptional, ...]:
    """The gift, where it takes a large share of what somebody has soon after the approval."""
    if not is_large(minutes, balance_minutes, to, today=found.now.today, rules=found.rules):
        return ()
    return (exceptional(Rule.LARGE_GIFT, person, to.account, found, minutes=minutes),)
