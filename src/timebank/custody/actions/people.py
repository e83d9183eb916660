"""People in the scheme: applying, being admitted, and every turn that their custody takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from timebank.actions import accounts, members
from timebank.custody.actions._access import access as access
from timebank.custody.actions._gather import (
    acted,
    case,
    coded,
    inner,
    locked_beneficiary,
    locked_membership,
    store_of,
)
from timebank.custody.actions._turning import (
    admitted,
    block,
    change_of,
    closing,
    emptied,
    posted,
    require_no_office,
    require_settled,
    require_two,
    turn,
)
from timebank.custody.domain.membership import (
    Membership,
    State,
    StateChange,
    checked_ref,
    moved,
    require_outside,
    require_paid,
)
from timebank.custody.domain.movement import Purpose
from timebank.custody.domain.retention import at_first
from timebank.custody.errors import NotABeneficiary
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, checked_actor
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId
from timebank.domain.transaction import Activity, Transfer
from timebank.errors import NotFoundError, NotYetEmpty, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, person_id

ON_DEATH = frozenset({State.DECEASED, State.UNLAWFULLY_AT_LARGE})
"""States in which everything is blocked and two people decide where the hours go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person in the scheme as staff see one: no word on why somebody is inside."""

    membership: Membership
    changes: tuple[StateChange, ...]
    custody: Hours
    held: Hours
    community: Hours


@action("custody.apply")
def apply(
    uow: UnitOfWork,
    *,
    by: Actor,
    name: str | None = None,
    ref: str | None = None,
    member: str | None = None,
    key: str | None = None,
) -> Changes:
    """Somebody asks to take part: a new person, or a ``member`` of the bank that is known.

    Three accounts belong to the one opaque id: the first one, for the time outside, blocked until
    then; one in custody; and one that holds hours until release.

    *Refuses*, in this order: a person in custody as the actor, a bank whose house rules let no
    hours reach anybody inside, a ref that could be a name (``InputError``), a person in the scheme
    already (``RefTaken``), one who holds a role of staff (``NotPermitted``), and what joining,
    opening accounts and freezing refuse.
    """
    store = store_of(uow)
    require_outside("custody.apply", checked_actor(by, field="by"), store.inside())
    require_paid(uow.banks.house().policy.policy)
    if ref is not None:
        checked_ref(ref)
    if member is None:
        joined = members.join(uow, name=name or "", ref=ref, by=by, key=inner(key, "join"))
        person = joined.member_id
    else:
        person = person_id(uow, member)
    if store.membership(person) is not None:
        raise RefTaken(kind="person in the scheme", ref=person)
    opened = {
        kind: accounts.open(
            uow, kind=kind, owner=person, by=by, key=inner(key, kind.value)
        ).account_id
        for kind in (AccountKind.CUSTODY, AccountKind.HELD)
    }
    found = case(uow, by=by, people=(person,))
    require_no_office("custody.apply", person, found, since=found.now.today)
    applied = Membership(
        id=person,
        state=State.APPLIED,
        since=found.now.today,
        custody=opened[AccountKind.CUSTODY],
        held=opened[AccountKind.HELD],
        community=uow.accounts.of_members([person])[person][0],
    )
    block(uow, applied, by=by)
    change = change_of(None, applied, "apply", found, reason="welcome")
    kept = at_first(person, found.rules, found.now)
    return Changes(added=(applied, change, *kept), events=(acted("applied", person),))


@action("custody.admit")
def admit(
    uow: UnitOfWork,
    person: str,
    *,
    by: Actor,
    on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Somebody who applied takes part from today on, or from the day that they were admitted.

    *Refuses*, in this order: an unknown person, a person in custody as the actor, another state,
    a day before the site began or in the future, one on which they held a role of staff or later
    (``NotPermitted``), and what approving the member refuses.
    """
    return admitted(uow, person, by=by, on=on)


@action("custody.suspend")
def suspend(
    uow: UnitOfWork,
    person: str,
    *,
    reason: str,
    by: Actor,
    on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Nothing goes out any more; what was worked before is still credited.

    *Refuses*, in this order: an unknown person, a person in custody as the actor, another state,
    a day outside of the present state, words for a reason, and what freezing refuses.
    """
    return turn(uow, person, "suspend", by=by, reason=reason, on=on)


@action("custody.resume")
def resume(
    uow: UnitOfWork, person: str, *, reason: str, by: Actor, key: str | None = None
) -> Changes:
    """Somebody suspended or recalled takes part again. *Refuses* what ``suspend`` refuses."""
    return turn(uow, person, "resume", by=by, reason=reason, on=None)


@action("custody.recall")
def recall(
    uow: UnitOfWork,
    person: str,
    *,
    reason: str,
    by: Actor,
    on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Somebody on licence or at large is back: nothing goes out, earlier work is still credited.

    *Refuses* what ``suspend`` refuses.
    """
    return turn(uow, person, "recall", by=by, reason=reason, on=on)


@action("custody.abscond")
def abscond(
    uow: UnitOfWork,
    person: str,
    *,
    reason: str,
    by: Actor,
    on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Everything is blocked until two people decide. *Refuses* what ``suspend`` refuses."""
    return turn(uow, person, "abscond", by=by, reason=reason, on=on)


@action("custody.death")
def death(
    uow: UnitOfWork,
    person: str,
    *,
    by: Actor,
    on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Everything is blocked until two people decide. *Refuses* what ``suspend`` refuses."""
    return turn(uow, person, "death", by=by, reason="other", on=on)


@action("custody.release")
def release(
    uow: UnitOfWork,
    person: str,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor,
    licence: bool = False,
    key: str | None = None,
) -> Changes:
    """The decision to release: all hours, to the minute, are on the account outside from now on.

    *Refuses*, in this order: an unknown person, a person in custody as one of the two, a missing
    second person, a move without its other half (``NotYetEmpty``), another state, words for a
    reason, and what freezing and posting refuse.
    """
    before = locked_membership(uow, person)
    found = case(uow, by=by, approved_by=approved_by, people=(before.id,))
    require_two(found, "custody.release")
    require_settled(found, before)
    after = moved(before, "license" if licence else "release", on=found.now.today)
    change = change_of(
        before,
        after,
        "license" if licence else "release",
        found,
        reason=coded(reason, found.now),
    )
    block(uow, after, by=by)
    own = uow.accounts.lock(before.accounts)
    moves = tuple(
        Transfer(
            source=source,
            target=before.community,
            hours=Hours(minutes=own[source].balance_minutes),
            activity=Activity.SETTLEMENT,
        )
        for source in (before.custody, before.held)
        if own[source].balance_minutes > 0
    )
    grounds = posted(uow, moves, found, before.id, Purpose.RELEASE, key=inner(key, "release"))
    return Changes(
        added=(change, *grounds),
        changed=(after,),
        events=(acted(f"{after.state.value} now", before.id),),
    )


@action("custody.close")
def close(
    uow: UnitOfWork,
    person: str,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor,
    beneficiary: str | None = None,
    key: str | None = None,
) -> Changes:
    """The membership ends, by two people. After a death or an absconding they say where the hours
    go: to an approved ``beneficiary``, else to the pot.

    *Refuses*, in this order: an unknown person or beneficiary, a person in custody as one of the
    two, a missing second person, a move without its other half (``NotYetEmpty``), another state,
    words for a reason, hours left where nobody died or is at large (``NotYetEmpty``), a
    beneficiary who may receive nothing today, and what adjusting refuses.
    """
    before = locked_membership(uow, person)
    heir = None if beneficiary is None else locked_beneficiary(uow, beneficiary)
    found = case(uow, by=by, approved_by=approved_by, people=(before.id,))
    require_two(found, "custody.close")
    require_settled(found, before)
    after = moved(before, "close", on=found.now.today)
    change = change_of(before, after, "close", found, reason=coded(reason, found.now))
    own = uow.accounts.lock(before.accounts)
    target = members.account_of(uow, "pot")
    if heir is not None:
        if heir.person != before.id or not heir.may_receive(found.now.today):
            raise NotABeneficiary(person=before.id, beneficiary=heir.id)
        target = heir.account
    if before.state in ON_DEATH:
        grounds = emptied(uow, own, target, found, reason=reason, key=key)
    else:
        grounds = ()
        left = sum(own[a].balance_minutes for a in (before.custody, before.held))
        if left:
            raise NotYetEmpty(member=before.id, what=f"{Hours(minutes=left)} inside")
    block(uow, after, by=by)
    added = (
        change,
        *(closing(ground, before.id, None if heir is None else heir.id) for ground in grounds),
    )
    return Changes(added=added, changed=(after,), events=(acted("closed", before.id),))


def get(uow: ReadingUnit, person: str) -> PersonView:
    """A person in the scheme by id or ref. *Refuses* unknown ones with ``NotFoundError``."""
    store = store_of(uow)
    id_ = person_id(uow, person, field="person")
    found = store.membership(id_)
    if found is None:
        raise NotFoundError(kind="person in the scheme", ref=person)
    own = uow.accounts.many(found.accounts)

    def balance(account: AccountId) -> Hours:
        return Hours(minutes=own[account].balance_minutes)

    return PersonView(
        membership=found,
        changes=store.histories([id_])[id_].changes,
        custody=balance(found.custody),
        held=balance(found.held),
        community=balance(found.community),
    )


def list(uow: ReadingUnit, *, state: State | None = None) -> tuple[Membership, ...]:
    """Everybody in the scheme in order of id, in one state if asked."""
    found = store_of(uow).memberships()
    return tuple(one for one in found if state in (None, one.state))
