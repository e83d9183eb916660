"""What a rule decided: everything that is to be written, as one value.

A rule function returns ``Changes``; the storage writes them in a fixed order and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.events import Event
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.listing import Listing
from timebank.domain.member import Member, Person, Staff
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.transaction import Transaction


class WingValue:
    """Base of what a wing keeps of its own, facts and things: the wing says how it is written."""

    __slots__ = ()


Fact = AccountChange | DayStatement | ExchangeAct | PeriodClose | PolicyVersion | Transaction
"""Appended, never edited."""
Thing = Account | Bank | Exchange | Hold | Listing | Member | Note | Person | Staff
"""Stands as it is now; a change replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning:
    """Something the person should know; nothing was refused. ``code`` is stable."""

    code: str
    subject: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New facts and things, things that changed, what happened, and what to warn of."""

    added: tuple[Fact | Thing | WingValue, ...] = ()
    changed: tuple[Thing | WingValue, ...] = ()
    events: tuple[Event, ...] = ()
    warnings: tuple[Warning, ...] = ()

    def __add__(self, other: Changes) -> Changes:
        """Both, ``other`` after this: of two versions of a thing the later one is written."""
        return Changes(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            events=self.events + other.events,
            warnings=self.warnings + other.warnings,
        )

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions among the new facts, in order."""
        return tuple(fact for fact in self.added if isinstance(fact, Transaction))


def together(parts: Iterable[Changes]) -> Changes:
    """All changes as one, without copying what was joined before at every step."""
    parts = tuple(parts)
    return Changes(
        added=tuple(thing for part in parts for thing in part.added),
        changed=tuple(thing for part in parts for thing in part.changed),
        events=tuple(event for part in parts for event in part.events),
        warnings=tuple(warning for part in parts for warning in part.warnings),
    )
