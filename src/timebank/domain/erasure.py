"""Forgetting a member: everything personal goes, everything that was recorded stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.account_changes import change_of
from timebank.domain.actor import require_second_person
from timebank.domain.changes import Changes, WingValue
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.events import MemberForgotten
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.listing import Listing
from timebank.domain.member import Person, Standing, Status
from timebank.domain.note import Note
from timebank.errors import InputError, NotYetEmpty, WrongState

FORGOTTEN = "forgotten"


def forget(
    person: Person,
    standing: Standing,
    own: tuple[Account, ...],
    conditions: Conditions,
    *,
    pot: Account,
    forgotten: bool,
    open_exchanges: int,
    listings: Collection[Listing],
    notes: Collection[Note],
    reason: str,
    beside: Collection[WingValue] = (),
) -> Changes:
    """Name, ref and contact go, and so do the titles of the member's listings and every note
    beside a fact of theirs. Accounts, hours, exchanges and leaves stay under the opaque id.

    Each account keeps a change of its ``identity`` that says who did it, with whom and why. Staff
    who were never members have none: there the ``pot`` keeps the change, under their opaque id.
    What was written after somebody was ``forgotten`` goes in the same way. ``beside`` is
    what wings hold on the person, as it is to be left.

    *Refuses*, in this order: the actor, a missing second person, a reason that is no code of the
    policy, one who has not left or of whom nothing is left (``WrongState``), a role as staff that
    stands or will, open exchanges, hours or holds (``NotYetEmpty``).
    """
    require_actor("members.forget", conditions)
    require_second_person("members.forget", conditions.by, conditions.approved_by)
    if reason not in conditions.policy.reasons:
        codes = ", ".join(conditions.policy.reasons)
        raise InputError(field="reason", problem=f"free words could name somebody; use: {codes}")
    titled = [listing for listing in listings if listing.title is not None]
    gone = replace(person, ref=None, name=None, contact=None)
    worded = [note for note in notes if note.text is not None]
    if forgotten and person == gone and not (titled or worded or beside):
        raise _wrong(person, FORGOTTEN)
    _require_over(person, standing, own, conditions, open_exchanges)
    was = FORGOTTEN if forgotten else "known"
    told = [(account, was) for account in own] or [(pot, person.id)]
    changes = tuple(
        change_of(account, ChangeField.IDENTITY, before, FORGOTTEN, conditions, reason=reason)
        for account, before in told
    )
    return Changes(
        added=changes,
        changed=(
            gone,
            *(_untitled(listing, conditions) for listing in titled),
            *(replace(note, salt=None, text=None) for note in notes),
            *beside,
        ),
        events=(
            MemberForgotten(
                member=person.id,
                listings=len(titled),
                notes=len(worded),
            ),
        ),
    )


def is_forgotten(person: PersonId, changes: Iterable[AccountChange]) -> bool:
    """Whether changes of the person's own accounts, or of the pot, say that they were forgotten."""
    told = {"known", FORGOTTEN, person}
    return any(c.field is ChangeField.IDENTITY and c.was in told for c in changes)


def require_remembered(person: Person, *, forgotten: bool) -> None:
    """*Refuses* to write down anew what was erased, with ``WrongState``."""
    if forgotten:
        raise _wrong(person, FORGOTTEN, act="update")


def _require_over(
    person: Person,
    standing: Standing,
    own: tuple[Account, ...],
    conditions: Conditions,
    open_exchanges: int,
) -> None:
    """Nothing of the member's is still under way."""
    if standing.member is not None and standing.member.status is not Status.LEFT:
        raise _wrong(person, standing.member.status.value, possible=("leave",))
    roles = [s for s in standing.staff if s.ends_on is None or s.ends_on >= conditions.today]
    if roles:
        raise NotYetEmpty(member=person.id, what=f"the role of {roles[0].role.value}")
    if open_exchanges:
        raise NotYetEmpty(member=person.id, what=f"{open_exchanges} open exchange(s)")
    for account in own:
        if account.balance_minutes or account.held_minutes:
            what = f"{Hours(minutes=account.balance_minutes)} on account {account.id}"
            raise NotYetEmpty(member=person.id, what=what)


def _wrong(
    person: Person, state: str, *, act: str = "forget", possible: tuple[str, ...] = ()
) -> WrongState:
    return WrongState(kind="member", id=person.id, state=state, act=act, possible=possible)


def _untitled(listing: Listing, conditions: Conditions) -> Listing:
    withdrawn_at = listing.withdrawn_at or conditions.now
    return replace(listing, title=None, withdrawn_at=withdrawn_at)
