"""Joining, changing status, leaving: what becomes of the account and of the hours on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from timebank.domain import hold as holds
from timebank.domain.account import (
    NEVER_OVERDRAWN,
    NO_STATUS,
    PERSONAL,
    UNOPENED,
    Account,
    AccountKind,
    ChangeField,
    Frozen,
)
from timebank.domain.account_changes import change_of, events_of, under_reason
from timebank.domain.actor import Role, require_second_person
from timebank.domain.agreement import swept
from timebank.domain.bank import checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import (
    Conditions,
    require_actor,
    required_reason,
)
from timebank.domain.events import (
    MemberJoined,
    MemberStatusChanged,
    MemberUpdated,
    StaffAdded,
    StaffEnded,
)
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.ledger import Posting, post
from timebank.domain.member import (
    ACCOUNT_KIND,
    Member,
    Person,
    PersonKind,
    Staff,
    Status,
    checked_text,
    moved,
    required_text,
)
from timebank.domain.movement import Books
from timebank.domain.transaction import Activity, TransactionKind, Transfer
from timebank.errors import InputError, NotPermitted, NotYetEmpty, WrongState


def join(
    *,
    name: str,
    ref: str | None,
    kind: PersonKind,
    contact: str | None,
    joined_on: date | None,
    conditions: Conditions,
) -> Changes:
    """A new member with an account at 0:00: pending where the policy asks for approval.

    *Refuses*, in this order: the actor, staff as a kind, an unfit name, ref or contact, a day
    in the future.
    """
    require_actor("members.join", conditions)
    if kind not in ACCOUNT_KIND:
        raise InputError(field="kind", problem="a member is a person or an organisation")
    person = Person(
        id=PersonId(conditions.fresh.id()),
        kind=kind,
        ref=checked_text(ref, field="ref", limit=60),
        name=required_text(name, field="name"),
        contact=checked_text(contact, field="contact"),
    )
    day = checked_day(joined_on or conditions.today, field="joined_on")
    if day > conditions.today:
        raise InputError(field="joined_on", problem=f"{day} has not come yet")
    status = Status.PENDING if conditions.policy.joining_needs_approval else Status.ACTIVE
    member = Member(id=person.id, kind=kind, status=status, status_since=day, joined_on=day)
    account = opened(ACCOUNT_KIND[kind], conditions, owner=person.id)
    change = change_of(
        account,
        ChangeField.STATUS,
        NO_STATUS,
        status.value,
        conditions,
        effective_on=day,
        reason="welcome",
    )
    joined = MemberJoined(member=person.id, account=account.id, status=status.value)
    return Changes(added=(person, member, account, change), events=(joined,))


def opened(
    kind: AccountKind,
    conditions: Conditions,
    *,
    owner: PersonId | None = None,
    label: str | None = None,
) -> Account:
    """A new account of this kind with the limits of the policy."""
    floor, ceiling = conditions.policy.limits_for(kind)
    return Account(
        id=AccountId(conditions.fresh.account_id()),
        kind=kind,
        owner=owner,
        label=label,
        floor_minutes=floor,
        ceiling_minutes=ceiling,
    )


def open_account(
    kind: AccountKind,
    conditions: Conditions,
    *,
    owner: Member | None,
    label: str | None,
) -> Changes:
    """A further account at 0:00: of a member beside the first one, or of the bank under a label.

    *Refuses*, in this order: the actor, a kind that belongs to a member without one, another kind
    with one, a label that is missing or unfit.
    """
    require_actor("accounts.open", conditions)
    if (kind in PERSONAL) != (owner is not None):
        needed = "needs a member" if kind in PERSONAL else "is the bank's own"
        raise InputError(field="owner", problem=f"an account of kind {kind.value} {needed}")
    if owner is None and label is None:
        raise InputError(field="label", problem="an account of the bank's own has a label")
    account = opened(
        kind,
        conditions,
        owner=None if owner is None else owner.id,
        label=None if owner is not None else checked_text(label, field="label", limit=60),
    )
    becomes = Status.ACTIVE.value if owner is None else owner.status.value
    change = change_of(account, ChangeField.STATUS, UNOPENED, becomes, conditions)
    return Changes(added=(account, change), events=events_of((change,)))


def update(
    person: Person,
    *,
    name: str | None,
    ref: str | None,
    contact: str | None,
    conditions: Conditions,
) -> Changes:
    """New name, ref or contact; None leaves what is there.

    *Refuses*, in this order: the actor, a member who changes somebody else, unfit text.
    """
    require_actor("members.update", conditions)
    by = conditions.by
    if by.role is Role.MEMBER and by.person != person.id:
        raise NotPermitted(
            action="members.update", who=str(by), needed="the member itself or staff"
        )
    changed = replace(
        person,
        name=checked_text(name, field="name") or person.name,
        ref=checked_text(ref, field="ref", limit=60) or person.ref,
        contact=checked_text(contact, field="contact") or person.contact,
    )
    return Changes(changed=(changed,), events=(MemberUpdated(member=person.id),))


def change_status(
    member: Member,
    accounts: tuple[Account, ...],
    act: str,
    conditions: Conditions,
    *,
    reason: str | None,
) -> Changes:
    """Approve, suspend or resume a member: from today on.

    *Refuses*, in this order: the actor, staff who judge their own membership, the status.
    """
    action = f"members.{act}"
    require_actor(action, conditions)
    if conditions.by.person == member.id:
        raise NotPermitted(action=action, who=str(conditions.by), needed="somebody else")
    after = moved(member, act, on=conditions.today)
    changes = tuple(
        change_of(a, ChangeField.STATUS, member.status.value, after.status.value, conditions)
        for a in accounts
    )
    return under_reason(changes, reason, conditions) + Changes(
        changed=(after,),
        events=(
            MemberStatusChanged(
                member=member.id, was=member.status.value, becomes=after.status.value
            ),
        ),
    )


def leave(
    member: Member,
    books: Books,
    own: tuple[Account, ...],
    conditions: Conditions,
    *,
    hours_to: AccountId | None,
    write_off_from: AccountId | None,
    open_exchanges: int,
    reason: str | None,
) -> Changes:
    """The member leaves: the hours go where they are told, the account is closed at 0:00.

    *Refuses*, in this order: the actor, a member who leaves for somebody else, the status, open
    exchanges or holds, hours without a place to go (``NotYetEmpty``), a write-off without a second
    person, and what ``ledger.post`` refuses.
    """
    require_actor("members.leave", conditions)
    by = conditions.by
    if by.role is Role.MEMBER and by.person != member.id:
        raise NotPermitted(action="members.leave", who=str(by), needed="the member itself or staff")
    after = moved(member, "leave", on=conditions.today)
    if open_exchanges:
        raise NotYetEmpty(
            member=member.id,
            what=f"{open_exchanges} open exchange(s) to cancel, decline or confirm",
        )
    found, lapsed = holds.lapse(books.accounts, books.holds, now=conditions.now)
    accounts, changes = dict(found), swept(found, lapsed)
    for account in own:
        settled, accounts = _emptied(
            accounts[account.id], accounts, conditions, hours_to, write_off_from
        )
        changes += settled
        closed = replace(accounts[account.id], frozen=Frozen.ALL)
        changes += Changes(changed=(closed,)) + under_reason(
            (
                change_of(account, ChangeField.STATUS, member.status.value, "left", conditions),
                change_of(account, ChangeField.FROZEN, account.frozen.value, "all", conditions),
            ),
            reason or "left the bank",
            conditions,
        )
    event = MemberStatusChanged(member=member.id, was=member.status.value, becomes="left")
    return changes + Changes(changed=(after,), events=(event,))


def _emptied(
    account: Account,
    accounts: dict[AccountId, Account],
    conditions: Conditions,
    hours_to: AccountId | None,
    write_off_from: AccountId | None,
) -> tuple[Changes, dict[AccountId, Account]]:
    balance = account.balance_minutes
    if account.held_minutes:
        raise NotYetEmpty(member=account.owner or "", what="hours on hold")
    if balance == 0:
        return Changes(), accounts
    other = hours_to if balance > 0 else write_off_from
    if other is None:
        way = "--hours-to" if balance > 0 else "--write-off-from"
        what = f"a balance of {Hours(minutes=balance)} ({way})"
        raise NotYetEmpty(member=account.owner or "", what=what)
    if balance < 0:
        require_second_person("members.leave", conditions.by, conditions.approved_by)
    source, target = (account.id, other) if balance > 0 else (other, account.id)
    activity = Activity.GIFT if balance > 0 else Activity.SETTLEMENT
    hours = Hours(minutes=abs(balance))
    posting = Posting(
        id=TransactionId(conditions.fresh.id()),
        kind=TransactionKind.LEAVING,
        transfers=(Transfer(source=source, target=target, hours=hours, activity=activity),),
        reason="left the bank",
    )
    return post(accounts, posting, conditions)


def set_limits(
    account: Account,
    conditions: Conditions,
    *,
    floor_minutes: int | None,
    ceiling_minutes: int | None,
    reason: str,
    review_on: date | None,
) -> Changes:
    """New floor and ceiling of an account (None: no limit, on purpose), by two people.

    A lowered limit never blocks the repair: what is out of the band may move back towards it.

    *Refuses*, in this order: the actor, a missing second person, a missing reason, a floor above
    0:00, one below it where the kind is never overdrawn, a ceiling that is not above it, or a
    review date that is no day.
    """
    require_actor("accounts.set_limits", conditions)
    require_second_person("accounts.set_limits", conditions.by, conditions.approved_by)
    required_reason(reason, about=account.id, conditions=conditions)
    if floor_minutes is not None and floor_minutes > 0:
        raise InputError(field="floor", problem="a floor is 0:00 or below")
    if account.kind in NEVER_OVERDRAWN and floor_minutes != 0:
        raise InputError(
            field="floor", problem=f"that of a {account.kind.value} account is always 0:00"
        )
    if ceiling_minutes is not None and ceiling_minutes <= 0:
        raise InputError(field="ceiling", problem="a ceiling lies above 0:00")
    if review_on is not None:
        checked_day(review_on, field="review_on")
    after = replace(account, floor_minutes=floor_minutes, ceiling_minutes=ceiling_minutes)
    pairs = (
        (ChangeField.FLOOR, account.floor_minutes, floor_minutes),
        (ChangeField.CEILING, account.ceiling_minutes, ceiling_minutes),
    )
    changes = tuple(
        change_of(account, field, _limit(was), _limit(becomes), conditions, review_on=review_on)
        for field, was, becomes in pairs
        if was != becomes
    )
    return under_reason(changes, reason, conditions) + Changes(
        changed=(after,), events=events_of(changes)
    )


def freeze(account: Account, frozen: Frozen, conditions: Conditions, *, reason: str) -> Changes:
    """Block hours going out, everything, or nothing any more.

    *Refuses*, in this order: the actor, staff who lift their own freeze, the freeze it has already
    (``WrongState``), a missing reason.
    """
    require_actor("accounts.freeze", conditions)
    if account.owner is not None and account.owner == conditions.by.person:
        raise NotPermitted(action="accounts.freeze", who=str(conditions.by), needed="somebody else")
    if account.frozen is frozen:
        raise WrongState(
            kind="account", id=account.id, state=frozen.value, act="freeze", possible=()
        )
    required_reason(reason, about=account.id, conditions=conditions)
    change = change_of(account, ChangeField.FROZEN, account.frozen.value, frozen.value, conditions)
    after = replace(account, frozen=frozen)
    return under_reason((change,), reason, conditions) + Changes(
        changed=(after,), events=events_of((change,))
    )


def add_staff(
    person: Person,
    role: Role,
    *,
    new: bool,
    starts_on: date | None,
    ends_on: date | None,
    conditions: Conditions,
) -> Changes:
    """A person holds a role from a day on (today), to a day or until further notice.

    *Refuses*, in this order: the actor, member and system as roles, an end before the start.
    """
    require_actor("staff.add", conditions)
    if role in (Role.MEMBER, Role.SYSTEM):
        raise InputError(field="role", problem="it is one of: broker, coordinator, officer")
    starts = starts_on or conditions.today
    if ends_on is not None and ends_on < starts:
        raise InputError(field="ends_on", problem="lies before the first day")
    staff = Staff(
        id=FactId(conditions.fresh.id()),
        person=person.id,
        role=role,
        starts_on=starts,
        ends_on=ends_on,
    )
    event = StaffAdded(person=person.id, role=role.value)
    return Changes(added=((person,) if new else ()) + (staff,), events=(event,))


def end_staff(staff: Staff, *, ends_on: date | None, conditions: Conditions) -> Changes:
    """The last day of a role (today).

    *Refuses*, in this order: the actor, a role that has ended (``WrongState``), a day before its
    first.
    """
    require_actor("staff.end", conditions)
    last = ends_on or conditions.today
    if staff.ends_on is not None and staff.ends_on < conditions.today:
        raise WrongState(kind="staff", id=staff.id, state="ended", act="end", possible=())
    if last < staff.starts_on:
        raise InputError(field="ends_on", problem="lies before the first day")
    return Changes(
        changed=(replace(staff, ends_on=last),),
        events=(StaffEnded(person=staff.person, role=staff.role.value),),
    )


def _limit(minutes: int | None) -> str:
    return "none" if minutes is None else str(minutes)
