"""What each transfer of the scheme is for: the bridge from an hour in the journal to its ground."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId


class Purpose(Enum):
    """Why hours of a person in custody move."""

    CREDIT = "credit"
    DESTINATION = "destination"
    GIFT = "gift"
    SPENDING = "spending"
    RELEASE = "release"
    CLOSURE = "closure"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(WingValue):
    """One transfer: whose hours, for what, and the line, beneficiary or price it rests on.

    ``lapsed`` says that the pot stood in for a place that could no longer be given to.
    """

    transaction: TransactionId
    n: int
    purpose: Purpose
    person: PersonId
    sheet: FactId | None = None
    line: int | None = None
    beneficiary: FactId | None = None
    price: FactId | None = None
    lapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(WingValue):
    """What something costs inside, in whole minutes, approved by a second person.

    The newest of an item holds; one without minutes takes it off the list.
    """

    id: FactId
    item: str
    account: AccountId
    minutes: int | None
    starts_on: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
