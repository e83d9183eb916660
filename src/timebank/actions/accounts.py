"""Accounts: limits and freezes; balances and statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from timebank.actions._gather import books, conditions, person_id
from timebank.actions._request import action
from timebank.actions.members import account_of
from timebank.actions.periods import settled_at
from timebank.domain import hold as holds
from timebank.domain import membership
from timebank.domain import statement as statements
from timebank.domain.account import Account, AccountChange, AccountKind, Frozen, available_minutes
from timebank.domain.actor import Actor
from timebank.domain.bank import checked_day, checked_time, start_of_day
from timebank.domain.changes import Changes
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.statement import Statement
from timebank.domain.words import checked_word
from timebank.errors import InputError, NotFoundError, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account now. ``available`` is balance − held − floor, None where there is no floor."""

    id: AccountId
    kind: AccountKind
    owner: PersonId | None
    label: str | None
    balance: Hours
    held: Hours
    available: Hours | None
    floor: Hours | None
    ceiling: Hours | None
    frozen: Frozen


@action("accounts.open")
def open(
    uow: UnitOfWork,
    *,
    kind: AccountKind | str,
    by: Actor,
    owner: str | None = None,
    label: str | None = None,
    key: str | None = None,
) -> Changes:
    """A further account at 0:00: of the member ``owner`` (id or ref) beside the first one, or of
    the bank itself under ``label``. The receipt has the ``account_id``.

    *Refuses*, in this order: an unknown kind or member, the actor, a kind that belongs to a member
    without one, another kind with one, an unfit label or one that is taken (``RefTaken``).
    """
    wanted = checked_word(AccountKind, kind, field="kind")
    person = None if owner is None else person_id(uow, owner, field="owner")
    now = conditions(uow, by=by, people=() if person is None else (person,))
    member = None if person is None else now.standing(person).member
    changes = membership.open_account(wanted, now, owner=member, label=label)
    if member is None and label is not None and uow.accounts.by_label(label) is not None:
        raise RefTaken(kind="label", ref=label)
    return changes


@action("accounts.set_limits")
def set_limits(
    uow: UnitOfWork,
    account: str,
    *,
    floor: Hours | None,
    ceiling: Hours | None,
    reason: str,
    by: Actor,
    approved_by: Actor,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """New limits of an account, by two people; None says that there is none, on purpose.

    *Refuses*, in this order: an unknown account, the actor, a missing second person, a missing
    reason, a floor above 0:00, a ceiling that is not above it, a review date that is no day.
    """
    found = _locked(uow, account)
    now = conditions(uow, by=by, approved_by=approved_by)
    return membership.set_limits(
        found,
        now,
        floor_minutes=None if floor is None else floor.minutes,
        ceiling_minutes=None if ceiling is None else ceiling.minutes,
        reason=reason,
        review_on=review_on,
    )


@action("accounts.freeze")
def freeze(
    uow: UnitOfWork,
    account: str,
    *,
    frozen: Frozen | str,
    reason: str,
    by: Actor,
    key: str | None = None,
) -> Changes:
    """Block hours going out (``out``), everything (``all``), or lift a freeze (``none``).

    *Refuses*, in this order: an unknown account or word, the actor, one's own account, the freeze
    it has already, a missing reason.
    """
    wanted = checked_word(Frozen, frozen, field="frozen")
    return membership.freeze(_locked(uow, account), wanted, conditions(uow, by=by), reason=reason)


def get(uow: ReadingUnit, account: str) -> AccountView:
    """An account by id, label, or a member's by ref, with holds past their deadline left out.

    *Refuses* unknown ones with ``NotFoundError``.
    """
    found = _account(uow, account)
    return _view(_without_lapsed(uow, [found])[0])


def of_member(uow: ReadingUnit, member: str) -> AccountView:
    """A member's first account, by the member's id or ref."""
    return get(uow, account_of(uow, member))


def list(uow: ReadingUnit) -> tuple[AccountView, ...]:
    """Every account of the bank in order of id."""
    return tuple(_view(a) for a in _without_lapsed(uow, [*uow.accounts.all()]))


def balance(
    uow: ReadingUnit,
    account: str,
    *,
    at: datetime | None = None,
    on: date | None = None,
    recompute: bool = False,
) -> Hours:
    """The balance now; as recorded at a time (``at``); or of all that counts up to a day (``on``).

    ``recompute`` sums the transfers instead of reading the running balance.

    *Refuses* an unknown account, a time without a zone, and ``at`` together with ``on``.
    """
    found = _account(uow, account)
    if at is not None and on is not None:
        raise InputError(field="at", problem="ask for a time or for a day, not for both")
    if at is not None:
        return Hours(minutes=uow.accounts.balance_at(found.id, checked_time(at, field="at")))
    if on is not None:
        start = date.fromordinal(checked_day(on, field="on").toordinal() + 1)
        balance, since = _back_to(uow, found, start=start, last=on)
        return Hours(minutes=balance - sum(entry.change_minutes for entry in since))
    if recompute:
        return Hours(minutes=uow.accounts.recomputed().get(found.id, 0))
    return Hours(minutes=found.balance_minutes)


def balances(
    uow: ReadingUnit,
    *,
    at: datetime | None = None,
    on: date | None = None,
    recompute: bool = False,
) -> dict[AccountId, Hours]:
    """The trial balance: every account's balance in order of id; see ``balance``. Sums to 0:00."""
    if at is not None and on is not None:
        raise InputError(field="at", problem="ask for a time or for a day, not for both")
    accounts = [*uow.accounts.all()]
    if at is not None:
        found = uow.accounts.balances_at(checked_time(at, field="at"))
    elif on is not None:
        found = uow.accounts.balances_on(checked_day(on, field="on"))
    elif recompute:
        found = uow.accounts.recomputed()
    else:
        found = {account.id: account.balance_minutes for account in accounts}
    return {account.id: Hours(minutes=found.get(account.id, 0)) for account in accounts}


def statement(uow: ReadingUnit, account: str, *, start: date, end: date) -> Statement:
    """What the account did on the days from ``start`` up to, not including, ``end``.

    Days are those on which entries count, in the bank's zone. It always adds up.

    *Refuses* an unknown account, and a range that is empty or runs backwards.
    """
    statements.check_range(checked_day(start, field="start"), checked_day(end, field="end"))
    found = _account(uow, account)
    last = date.fromordinal(end.toordinal() - 1)
    balance, since = _back_to(uow, found, start=start, last=last)
    return statements.build(found.id, balance, since, start=start, end=end)


def changes(uow: ReadingUnit, account: str) -> tuple[AccountChange, ...]:
    """Changes of limits, freezes and statuses, and overrides, in order of record."""
    return uow.accounts.changes(_account(uow, account).id)


def _back_to(
    uow: ReadingUnit, account: Account, *, start: date, last: date
) -> tuple[int, Sequence[statements.StatementEntry]]:
    """A balance from which one can go back to what counts before ``start``, and the entries since.

    It is the balance at the time when the day ``last`` was closed, so that an old statement reads
    what belongs to it and nothing that came later; the balance of now where the day is open.
    """
    until = settled_at(uow, last)
    since = uow.accounts.entries_since(
        account.id, start=start, from_=start_of_day(start, uow.banks.get().zone), until=until
    )
    if until is None:
        return account.balance_minutes, since
    return uow.accounts.balance_at(account.id, until), since


def _account(uow: ReadingUnit, account: str) -> Account:
    found = uow.accounts.get(account_of(uow, account))
    if found is None:
        raise NotFoundError(kind="account", ref=account)
    return found


def _locked(uow: UnitOfWork, account: str) -> Account:
    id_ = account_of(uow, account)
    found = books(uow, [id_]).accounts.get(id_)
    if found is None:
        raise NotFoundError(kind="account", ref=account)
    return found


def _without_lapsed(uow: ReadingUnit, accounts: Sequence[Account]) -> Sequence[Account]:
    held = [a.id for a in accounts if a.held_minutes]
    if not held:
        return accounts
    by_id = {a.id: a for a in accounts}
    after, _ = holds.lapse(by_id, uow.accounts.open_holds(held), now=uow.now())
    return [after[a.id] for a in accounts]


def _view(account: Account) -> AccountView:
    available = available_minutes(account)
    return AccountView(
        id=account.id,
        kind=account.kind,
        owner=account.owner,
        label=account.label,
        balance=Hours(minutes=account.balance_minutes),
        held=Hours(minutes=account.held_minutes),
        available=None if available is None else Hours(minutes=available),
        floor=_limit(account.floor_minutes),
        ceiling=_limit(account.ceiling_minutes),
        frozen=account.frozen,
    )


def _limit(minutes: int | None) -> Hours | None:
    return None if minutes is None else Hours(minutes=minutes)
