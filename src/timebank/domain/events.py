"""What happened, in the past tense: the same in an action's receipt and in the outbox.

Events carry ids and minutes, never names or free words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from timebank.domain.ids import AccountId, ExchangeId, HoldId, ListingId, PersonId, TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCreated(Event):
    """A bank was created."""

    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet(Event):
    """A new version of the house rules holds."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStated(Event):
    """Somebody stated today's date because the clock was in doubt."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded(Event):
    """A person holds a role from a day on."""

    person: PersonId
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEnded(Event):
    """A person's role ends."""

    person: PersonId
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    """Somebody joined; the account was opened with a balance of 0:00."""

    member: PersonId
    account: AccountId
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUpdated(Event):
    """A member's name, ref or contact changed."""

    member: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberForgotten(Event):
    """A member who left was erased: name, ref, contact, so many titles of listings and notes."""

    member: PersonId
    listings: int
    notes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStatusChanged(Event):
    """A member was approved, suspended, resumed or left."""

    member: PersonId
    was: str
    becomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPlaced(Event):
    """An offer or request stands."""

    listing: ListingId
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingWithdrawn(Event):
    """An offer or request no longer stands."""

    listing: ListingId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeEvent(Event):
    """Base of the acts of an exchange. ``minutes`` are those the act was about, if any."""

    exchange: ExchangeId
    state: str
    minutes: int | None


class ExchangeProposed(ExchangeEvent):
    """One side proposed an exchange."""

    __slots__ = ()


class ExchangeAgreed(ExchangeEvent):
    """The other side agreed."""

    __slots__ = ()


class ExchangeDeclined(ExchangeEvent):
    """The other side declined the proposal."""

    __slots__ = ()


class ExchangeReported(ExchangeEvent):
    """A side said how long it took."""

    __slots__ = ()


class ExchangeConfirmed(ExchangeEvent):
    """It took place: the hours moved."""

    __slots__ = ()


class ExchangeCancelled(ExchangeEvent):
    """It will not take place, or a coordinator undid it."""

    __slots__ = ()


class ExchangeDisputed(ExchangeEvent):
    """The sides do not agree on what took place."""

    __slots__ = ()


class ExchangeExpired(ExchangeEvent):
    """Nobody acted in time."""

    __slots__ = ()


class ExchangeReversed(ExchangeEvent):
    """The hours of a confirmed exchange were moved back."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """Hours were set aside."""

    hold: HoldId
    account: AccountId
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded(Event):
    """A hold was settled, released or expired."""

    hold: HoldId
    outcome: str
    settled_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRecorded(Event):
    """Hours moved; a levy is part of them and not counted on top."""

    transaction: TransactionId
    kind: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOverridden(Event):
    """A named override let an account out of its band."""

    account: AccountId
    transaction: TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """A floor, ceiling or freeze changed, or a derived figure was rebuilt."""

    account: AccountId
    field: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WingActed(Event):
    """Something happened in a wing: which one, what, and the id of what it was about."""

    wing: str
    act: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodWasClosed(Event):
    """Every day up to ``until`` is closed."""

    until: date


EVENTS: Final[Mapping[str, type[Event]]] = {
    kind.__name__: kind
    for kind in (
        BankCreated,
        PolicySet,
        DayStated,
        StaffAdded,
        StaffEnded,
        MemberJoined,
        MemberUpdated,
        MemberForgotten,
        MemberStatusChanged,
        ListingPlaced,
        ListingWithdrawn,
        ExchangeProposed,
        ExchangeAgreed,
        ExchangeDeclined,
        ExchangeReported,
        ExchangeConfirmed,
        ExchangeCancelled,
        ExchangeDisputed,
        ExchangeExpired,
        ExchangeReversed,
        HoldPlaced,
        HoldEnded,
        TransactionRecorded,
        LimitOverridden,
        AccountChanged,
        WingActed,
        PeriodWasClosed,
    )
}


def as_plain(event: Event) -> dict[str, Any]:
    """The event as JSON types, its class under ``type``."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    plain = {k: v.isoformat() if isinstance(v, (date, datetime)) else v for k, v in values.items()}
    return {"type": type(event).__name__, **plain}


def from_plain(plain: dict[str, Any]) -> Event:
    """The event that ``as_plain`` gave."""
    kind = EVENTS[plain["type"]]
    values = {k: v for k, v in plain.items() if k != "type"}
    for name in ("day", "until"):
        if name in values:
            values[name] = date.fromisoformat(values[name])
    event: Event = kind(**values)
    return event
