"""What somebody answers for: an entry of the log, from one fact of the ledger or of a wing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from timebank.domain.actor import Actor
from timebank.domain.ids import AccountId, PersonId


class LogKind(Enum):
    """What somebody answers for.

    An override or another change of an account; hours moved back or corrected; what took a second
    person; what holds for the whole bank; and personal data taken out.
    """

    OVERRIDE = "override"
    REVERSAL = "reversal"
    APPROVAL = "approval"
    POLICY = "policy"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One fact that somebody answers for. ``act`` says what it was: a kind of transaction, a field
    of an account, ``policy``, ``period close`` or ``day statement``, or what a wing says.

    ``minutes`` of a transaction are what it brought to the accounts that have more by it: hours
    that went on from one account to another in the same transaction count once.
    """

    id: str
    recorded_at: datetime
    kinds: tuple[LogKind, ...]
    act: str
    actor: Actor
    approver: Actor | None
    accounts: tuple[AccountId, ...] = ()
    person: PersonId | None = None
    """Whom a fact of a wing is about."""
    minutes: int | None = None
    was: str | None = None
    becomes: str | None = None
    reason: str | None = None
    review_on: date | None = None
    about: str | None = None
    """The transaction that a reversal undoes, or that an override lets through; of a wing what it
    was done to.
    """
