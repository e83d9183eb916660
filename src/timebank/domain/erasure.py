"""Forgetting a member: everything personal goes, everything that was recorded stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from timebank.domain.account import Account, ChangeField
from timebank.domain.account_changes import change_of
from timebank.domain.actor import require_second_person
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.events import MemberForgotten
from timebank.domain.hours import Hours
from timebank.domain.listing import Listing
from timebank.domain.member import Person, Standing, Status
from timebank.domain.note import Note
from timebank.errors import InputError, NotYetEmpty, WrongState

FORGOTTEN = "forgotten"


def is_forgotten(person: Person) -> bool:
    """Whether the name was taken out; every member joins with one."""
    return person.name is None


def forget(
    person: Person,
    standing: Standing,
    own: tuple[Account, ...],
    conditions: Conditions,
    *,
    listings: Collection[Listing],
    notes: Collection[Note],
    reason: str,
) -> Changes:
    """Name, ref and contact go, and so do the titles of the member's listings and every note
    beside a fact of theirs. Accounts, hours, exchanges and leaves stay under the opaque id.

    Each account keeps a change of its ``identity`` that says who did it, with whom and why.

    *Refuses*, in this order: the actor, a missing second person, a reason that is no code of the
    policy, one who was forgotten or has not left (``WrongState``), a role as staff that still
    stands, hours or holds (``NotYetEmpty``).
    """
    require_actor("members.forget", conditions)
    require_second_person("members.forget", conditions.by, conditions.approved_by)
    if reason not in conditions.policy.reasons:
        codes = ", ".join(conditions.policy.reasons)
        raise InputError(field="reason", problem=f"free words could name somebody; use: {codes}")
    _require_over(person, standing, own, conditions)
    changes = tuple(
        change_of(a, ChangeField.IDENTITY, "known", FORGOTTEN, conditions, reason=reason)
        for a in own
    )
    return Changes(
        added=changes,
        changed=(
            replace(person, ref=None, name=None, contact=None),
            *(_untitled(listing, conditions) for listing in listings),
            *(replace(note, salt=None, text=None) for note in notes),
        ),
        events=(
            MemberForgotten(
                member=person.id,
                listings=len(listings),
                notes=sum(note.text is not None for note in notes),
            ),
        ),
    )


def _require_over(
    person: Person, standing: Standing, own: tuple[Account, ...], conditions: Conditions
) -> None:
    """Nothing of the member's is still under way."""
    status = standing.member.status if standing.member else Status.LEFT
    if is_forgotten(person) or status is not Status.LEFT:
        raise WrongState(
            kind="member",
            id=person.id,
            state=FORGOTTEN if is_forgotten(person) else status.value,
            act="forget",
            possible=() if is_forgotten(person) else ("leave",),
        )
    if roles := [s.role.value for s in standing.staff if standing.holds(s.role, conditions.today)]:
        raise NotYetEmpty(member=person.id, what=f"the role of {roles[0]}")
    for account in own:
        if account.balance_minutes or account.held_minutes:
            what = f"{Hours(minutes=account.balance_minutes)} on account {account.id}"
            raise NotYetEmpty(member=person.id, what=what)


def _untitled(listing: Listing, conditions: Conditions) -> Listing:
    withdrawn_at = listing.withdrawn_at or conditions.now
    return replace(listing, title=None, withdrawn_at=withdrawn_at)
