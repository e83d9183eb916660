"""How a membership moves: the fact, the freezes of its accounts, and the hours that go along."""

from __future__ import annotations

from datetime import date

from timebank.actions import accounts, members, transfers
from timebank.custody.actions._gather import (
    Case,
    acted,
    case,
    coded,
    exceptional,
    inner,
    locked_membership,
    store_of,
)
from timebank.custody.domain.attention import Exceptional, Rule
from timebank.custody.domain.membership import (
    OUTSIDE,
    Membership,
    StateChange,
    freezes_of,
    moved,
    require_outside,
)
from timebank.custody.domain.movement import Movement, Purpose
from timebank.custody.domain.sheet import LIVE, SheetState
from timebank.domain.account import Account
from timebank.domain.actor import Actor, require_second_person
from timebank.domain.bank import checked_day, day_of
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.member import Status
from timebank.domain.policy import CUSTODY_STATE
from timebank.domain.transaction import TransactionDraft, Transfer
from timebank.errors import InputError, NotPermitted, NotYetEmpty
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes


def turn(
    uow: UnitOfWork, person: str, act: str, *, by: Actor, reason: str, on: date | None
) -> Changes:
    """A move of the table by one member of staff, from a day of the present state on."""
    before, found = _asked(uow, person, act, by=by)
    after = _moved(before, act, found, on=on, first=before.since)
    return _turned(uow, before, after, act, found, reason=reason)


def admitted(uow: UnitOfWork, person: str, *, by: Actor, on: date | None) -> Changes:
    """An admission, from any day of the site on which the person held no office there. What people
    inside gave them since that day is shown to human eyes.
    """
    before, found = _asked(uow, person, "admit", by=by)
    bank = found.now.bank
    after = _moved(before, "admit", found, on=on, first=day_of(bank.created_at, bank.zone))
    require_no_office("custody.admit", before.id, found, since=after.since)
    if members.get(uow, before.id).status is Status.PENDING:
        members.approve(uow, before.id, by=by)
    shown = _given(uow, before, found, since=after.since)
    return _turned(uow, before, after, "admit", found, reason="welcome", shown=shown)


def _asked(uow: UnitOfWork, person: str, act: str, *, by: Actor) -> tuple[Membership, Case]:
    before = locked_membership(uow, person)
    found = case(uow, by=by, people=(before.id,))
    require_outside(f"custody.{act}", by, found.inside)
    return before, found


def _moved(
    before: Membership, act: str, found: Case, *, on: date | None, first: date
) -> Membership:
    """*Refuses* another state, and a day before the first one or in the future."""
    today = found.now.today
    day = today if on is None else checked_day(on, field="on")
    after = moved(before, act, on=day)
    if not first <= day <= today:
        raise InputError(field="on", problem=f"lies outside of {first} to {today}")
    return after


def _turned(
    uow: UnitOfWork,
    before: Membership,
    after: Membership,
    act: str,
    found: Case,
    *,
    reason: str,
    shown: tuple[Exceptional, ...] = (),
) -> Changes:
    change = change_of(before, after, act, found, reason=coded(reason, found.now))
    block(uow, after, by=found.now.by)
    return Changes(
        added=(change, *shown),
        changed=(after,),
        events=(acted(f"{after.state.value} now", before.id),),
    )


def _given(
    uow: UnitOfWork, own: Membership, found: Case, *, since: date
) -> tuple[Exceptional, ...]:
    """The gifts of people inside to somebody who, as is said now, was inside by then."""
    theirs = {one.id for one in found.store.beneficiaries(account=own.community)}
    grounds = {(m.transaction, m.n) for m in found.store.movements() if m.beneficiary in theirs}
    return tuple(
        exceptional(Rule.GIFT_SINCE_ADMISSION, own.id, move.source, found, minutes=move.minutes)
        for done in uow.journal.many({transaction for transaction, _ in grounds}).values()
        for move in done.transfers
        if (done.id, move.n) in grounds and day_of(done.recorded_at, found.now.bank.zone) >= since
    )


def change_of(
    before: Membership | None, after: Membership, act: str, found: Case, *, reason: str
) -> StateChange:
    """The fact of a move."""
    return StateChange(
        id=FactId(found.now.fresh.id()),
        person=after.id,
        act=act,
        was=None if before is None else before.state,
        becomes=after.state,
        effective_on=after.since,
        recorded_at=found.now.now,
        actor=found.now.by,
        approver=found.now.approved_by,
        reason=reason,
    )


def block(uow: UnitOfWork, membership: Membership, *, by: Actor) -> None:
    """Every account as its state blocks it, and whether its owner left the bank."""
    left = members.get(uow, membership.id).status is Status.LEFT
    freezes = freezes_of(membership.state, left=left)
    found = uow.accounts.many([membership.account(kind) for kind in freezes])
    for kind, wanted in freezes.items():
        account = found[membership.account(kind)]
        if wanted is not None and account.frozen is not wanted:
            accounts.freeze(uow, account.id, frozen=wanted, reason=CUSTODY_STATE, by=by)


def require_two(found: Case, action: str) -> None:
    """*Refuses* people in custody, and one person alone."""
    require_outside(action, found.now.by, found.inside)
    require_outside(action, found.now.approved_by, found.inside)
    require_second_person(action, found.now.by, found.now.approved_by)


def require_no_office(action: str, person: PersonId, found: Case, *, since: date) -> None:
    """*Refuses* somebody who held a role of staff on that day or later, with ``NotPermitted``."""
    held = found.now.standing(person).staff
    if any(role.ends_on is None or role.ends_on >= since for role in held):
        needed = "somebody whose role of staff has ended"
        raise NotPermitted(action=action, who=person, needed=needed)


def require_settled(found: Case, own: Membership) -> None:
    """*Refuses* somebody of whose hours some are still under way, with ``NotYetEmpty``."""
    for half in found.store.open_passages():
        if half.person == own.id:
            raise NotYetEmpty(member=own.id, what=f"a move to {half.site} without its other half")


def still_open(uow: ReadingUnit) -> dict[str, list[str]]:
    """What stands in the way of winding the site up, each by what staff call it."""
    store = store_of(uow)
    living = [one.id for one in store.memberships() if one.state not in OUTSIDE]
    known = uow.people.many(living)
    return {
        "people who are not released or closed": [known[id_].ref or id_ for id_ in living],
        "sheets on their way": [
            file.sheet.paper for file in store.files(states=LIVE - {SheetState.POSTED})
        ],
        "moves without their other half": [half.code for half in store.open_passages()],
        "slips without an answer": [one.paper for one, end in store.queries() if end is None],
    }


def posted(
    uow: UnitOfWork,
    moves: tuple[Transfer, ...],
    found: Case,
    person: PersonId,
    purpose: Purpose,
    *,
    key: str | None,
) -> tuple[Movement, ...]:
    """The transfers posted as one transaction, each with its ground."""
    if not moves:
        return ()
    draft = TransactionDraft(transfers=moves, key=key)
    now = found.now
    (outcome,) = transfers.post(uow, [draft], by=now.by, approved_by=now.approved_by)
    transaction = outcome.receipt_or_raise().transaction_id
    return tuple(
        Movement(transaction=transaction, n=n, purpose=purpose, person=person)
        for n, _ in enumerate(moves, start=1)
    )


def emptied(
    uow: UnitOfWork,
    own: dict[AccountId, Account],
    target: AccountId,
    found: Case,
    *,
    reason: str,
    key: str | None,
) -> tuple[TransactionId, ...]:
    """Whatever is left goes to the target by two people, through the freeze."""
    approver = require_second_person("custody.close", found.now.by, found.now.approved_by)
    done = []
    for account in own.values():
        if account.balance_minutes > 0:
            receipt = transfers.adjust(
                uow,
                source=account.id,
                target=target,
                hours=Hours(minutes=account.balance_minutes),
                reason=reason,
                by=found.now.by,
                approved_by=approver,
                key=inner(key, f"close {account.kind.value}"),
            )
            done.append(receipt.transaction_id)
    return tuple(done)


def closing(transaction: TransactionId, person: PersonId, heir: FactId | None) -> Movement:
    """What a transfer at the end of a membership was for."""
    return Movement(
        transaction=transaction,
        n=1,
        purpose=Purpose.CLOSURE,
        person=person,
        beneficiary=heir,
    )
