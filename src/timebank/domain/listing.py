"""Offers and requests: standing "I can" and "I need"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from timebank.domain.ids import ListingId, PersonId
from timebank.errors import WrongState


class ListingKind(Enum):
    """An offer says who would give, a request who would receive."""

    OFFER = "offer"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One offer or request. ``expires_on`` is the last day on which it stands."""

    id: ListingId
    kind: ListingKind
    member: PersonId
    title: str | None
    category: str
    expires_on: date | None
    placed_at: datetime
    withdrawn_at: datetime | None = None

    def stands_on(self, day: date) -> bool:
        """Whether it can be taken up on that day."""
        return self.withdrawn_at is None and (self.expires_on is None or day <= self.expires_on)


def withdraw(listing: Listing, *, at: datetime) -> Listing:
    """The listing, withdrawn. *Refuses* one that was withdrawn before, with ``WrongState``."""
    if listing.withdrawn_at is not None:
        raise WrongState(
            kind="listing", id=listing.id, state="withdrawn", act="withdraw", possible=()
        )
    return replace(listing, withdrawn_at=at)
