"""What is in force while one request is decided: gathered once, handed to the rules as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from timebank.domain.actor import Actor, Role, require_role
from timebank.domain.bank import Bank, day_of
from timebank.domain.ids import FactId, PersonId
from timebank.domain.member import Standing
from timebank.domain.note import Note, digest_of
from timebank.domain.policy import OTHER, Policy
from timebank.errors import InputError, NotFoundError, NotPermitted


class Fresh(Protocol):
    """A supply of new ids and salts for one request. The storage makes them, tests count them."""

    def id(self) -> str:
        """A new id of 32 hexadecimal digits; later ones sort after earlier ones."""
        ...

    def account_id(self) -> str:
        """A new account id of 16 hexadecimal digits."""
        ...

    def salt(self) -> bytes:
        """16 random bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Bank, house rules, time, people and actor of one request.

    ``now`` is the clock in UTC, read after the locks; ``today`` the day in the bank's zone.
    """

    bank: Bank
    policy: Policy
    policy_version: int
    closed_until: date | None
    now: datetime
    by: Actor
    approved_by: Actor | None
    people: Mapping[PersonId, Standing]
    fresh: Fresh

    @property
    def today(self) -> date:
        """The day it is in the bank's zone."""
        return day_of(self.now, self.bank.zone)

    def after_days(self, days: int) -> datetime:
        """The deadline that lies so many days ahead."""
        return self.now + timedelta(days=days)

    def standing(self, person: PersonId) -> Standing:
        """The person. *Refuses* ids this bank does not know, with ``NotFoundError``."""
        if person not in self.people:
            raise NotFoundError(kind="person", ref=person)
        return self.people[person]


def require_actor(action: str, conditions: Conditions) -> None:
    """*Refuses* a role that may not do this, unknown persons, and roles not held today.

    With ``NotPermitted``, ``NotFoundError`` and ``NotPermitted``, in this order; the approver, if
    any, is checked after the actor.
    """
    require_role(action, conditions.by)
    for actor in (conditions.by, conditions.approved_by):
        if actor is None or actor.role is Role.SYSTEM or actor.person is None:
            continue
        if not conditions.standing(actor.person).holds(actor.role, conditions.today):
            raise NotPermitted(
                action=action, who=str(actor), needed=f"the role of {actor.role.value} today"
            )


def coded_reason(
    reason: str | None, *, about: str, conditions: Conditions
) -> tuple[str | None, Note | None]:
    """The reason as a code of the policy; other words become an erasable note beside ``other``."""
    if reason is None or reason in conditions.policy.reasons:
        return reason, None
    return OTHER, noted(reason, about=about, conditions=conditions)


def required_reason(
    reason: str | None, *, about: str, conditions: Conditions
) -> tuple[str, Note | None]:
    """As ``coded_reason``. *Refuses* a missing reason with ``InputError``."""
    code, note = coded_reason(reason, about=about, conditions=conditions)
    if code is None:
        raise InputError(field="reason", problem="this needs a reason")
    return code, note


def noted(text: str, *, about: str, conditions: Conditions) -> Note:
    """A note with fresh salt. *Refuses* empty and over-long text with ``InputError``."""
    plain = text.strip()
    if not plain or len(plain) > 1000:
        raise InputError(field="note", problem="a note has 1 to 1000 characters")
    return Note(about=FactId(about), salt=conditions.fresh.salt(), text=plain)


def digest(note: Note | None) -> bytes | None:
    """What a fact keeps of its note."""
    if note is None or note.salt is None or note.text is None:
        return None
    return digest_of(note.salt, note.text)
