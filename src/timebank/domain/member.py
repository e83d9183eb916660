"""People: members, organisations and staff. Everything personal is here and only here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final

from timebank.domain.account import AccountKind
from timebank.domain.actor import Role
from timebank.domain.ids import FactId, PersonId
from timebank.errors import InputError, MemberNotActive, MemberSuspended, WrongState

MAX_TEXT: Final = 200


class PersonKind(Enum):
    """What stands behind a person id."""

    PERSON = "person"
    ORGANISATION = "organisation"
    STAFF = "staff"


class Status(Enum):
    """Where a membership stands."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


TRANSITIONS: Final[Mapping[str, tuple[frozenset[Status], Status]]] = {
    "approve": (frozenset({Status.PENDING}), Status.ACTIVE),
    "suspend": (frozenset({Status.ACTIVE}), Status.SUSPENDED),
    "resume": (frozenset({Status.SUSPENDED}), Status.ACTIVE),
    "leave": (frozenset({Status.PENDING, Status.ACTIVE, Status.SUSPENDED}), Status.LEFT),
}
"""Act → the statuses it may start from, and the status it leads to."""

ACCOUNT_KIND: Final = {
    PersonKind.PERSON: AccountKind.MEMBER,
    PersonKind.ORGANISATION: AccountKind.ORGANISATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person, an organisation or a member of staff: the erasable part.

    ``ref`` is what the host or the paper file calls them, unique in the bank; ref, name and
    contact become None once forgotten.
    """

    id: PersonId
    kind: PersonKind
    ref: str | None
    name: str | None
    contact: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A membership: opaque. ``status_since`` is the day from which the status holds."""

    id: PersonId
    kind: PersonKind
    status: Status
    status_since: date
    joined_on: date

    @property
    def unchanged(self) -> bool:
        """Active since the day of joining: then there is no history to look up."""
        return self.status is Status.ACTIVE and self.status_since == self.joined_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A role held from one day to another, both included; no end means until further notice."""

    id: FactId
    person: PersonId
    role: Role
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSpan:
    """From ``since`` on, the member had this status (until the next span)."""

    since: date
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A person as a rule sees one: the membership, if any, its history, and the roles held.

    ``history`` is in order of ``since``; it is short, most members have one span.
    """

    id: PersonId
    member: Member | None
    history: tuple[StatusSpan, ...]
    staff: tuple[Staff, ...]

    def holds(self, role: Role, day: date) -> bool:
        """Whether the person holds the role on that day; any member holds the role of member."""
        if role is Role.MEMBER:
            return self.member is not None
        return any(
            s.role is role and s.starts_on <= day and (s.ends_on is None or day <= s.ends_on)
            for s in self.staff
        )

    def status_on(self, day: date) -> Status:
        """The status on a day of work; before the first day, that of the first day's end."""
        first = self.history[0]
        return [span.status for span in self.history if span.since <= max(day, first.since)][-1]


def required_text(text: str | None, *, field: str) -> str:
    """The text without outer blanks. *Refuses* what ``checked_text`` refuses, and None."""
    found = checked_text(text, field=field)
    if found is None:
        raise InputError(field=field, problem="is missing")
    return found


def checked_text(text: str | None, *, field: str, limit: int = MAX_TEXT) -> str | None:
    """The text without outer blanks. *Refuses* empty, over-long and unprintable text."""
    if text is None:
        return None
    plain = text.strip() if isinstance(text, str) else ""
    if not plain or len(plain) > limit or not plain.replace("\n", " ").isprintable():
        raise InputError(field=field, problem=f"{text!r} must be 1 to {limit} printable characters")
    return plain


def moved(member: Member, act: str, *, on: date) -> Member:
    """The member after an act of ``TRANSITIONS``.

    *Refuses* an act that the present status does not allow, with ``WrongState``.
    """
    allowed, becomes = TRANSITIONS[act]
    if member.status not in allowed:
        possible = tuple(a for a, (starts, _) in TRANSITIONS.items() if member.status in starts)
        raise WrongState(
            kind="member", id=member.id, state=member.status.value, act=act, possible=possible
        )
    return replace(member, status=becomes, status_since=on)


def require_active(standing: Standing, *, on: date | None = None) -> None:
    """*Refuses* members who are not active: now, or on the day given (``MemberNotActive``)."""
    member = standing.member
    if member is None:
        raise MemberNotActive(member=standing.id, status="not a member")
    status = member.status if on is None else standing.status_on(on)
    if status is Status.SUSPENDED:
        raise MemberSuspended(member=member.id, status=status.value)
    if status is not Status.ACTIVE:
        raise MemberNotActive(member=member.id, status=status.value)
