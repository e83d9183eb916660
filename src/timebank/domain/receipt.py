"""Receipts: what an action did, for the person who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from timebank.domain.changes import Warning
from timebank.domain.events import Event
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, ExchangeId, FactId, ListingId, PersonId, TransactionId
from timebank.domain.transaction import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What happened, in which entries, with what to be warned of.

    ``replayed`` is true where the key had been used for the same request before: then this is the
    first receipt again, rebuilt from facts, and nothing was written.
    """

    id: FactId
    action: str
    recorded_at: datetime
    events: tuple[Event, ...]
    entries: tuple[Entry, ...] = ()
    warnings: tuple[Warning, ...] = ()
    replayed: bool = False

    @property
    def balances(self) -> Mapping[AccountId, Hours]:
        """Each touched account's balance after the action."""
        return {e.account: Hours(minutes=e.balance_minutes) for e in self.entries}

    @property
    def transaction_id(self) -> TransactionId:
        """The (first) transaction that was recorded. ``LookupError`` where none was."""
        return TransactionId(self._named("transaction"))

    @property
    def exchange_id(self) -> ExchangeId:
        """The exchange that was acted on. ``LookupError`` where none was."""
        return ExchangeId(self._named("exchange"))

    @property
    def member_id(self) -> PersonId:
        """The member who joined or changed. ``LookupError`` where none did."""
        return PersonId(self._named("member"))

    @property
    def person_id(self) -> PersonId:
        """The person who got or lost a role. ``LookupError`` where nobody did."""
        return PersonId(self._named("person"))

    @property
    def account_id(self) -> AccountId:
        """The account that was opened or changed. ``LookupError`` where none was."""
        return AccountId(self._named("account"))

    @property
    def listing_id(self) -> ListingId:
        """The listing that was placed or withdrawn. ``LookupError`` where none was."""
        return ListingId(self._named("listing"))

    def _named(self, name: str) -> str:
        for event in self.events:
            value: Any = getattr(event, name, None)
            if value is not None:
                return str(value)
        raise LookupError(f"the receipt of {self.action} names no {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer to one item of a batch: accepted, replayed or refused.

    A refused item has the error that says why; the others have a receipt.
    """

    status: str
    key: str | None
    receipt: Receipt | None = None
    error: Exception | None = None

    def receipt_or_raise(self) -> Receipt:
        """The receipt; the refusal is raised where there is none."""
        if self.receipt is None:
            raise self.error or LookupError("this item was not answered")
        return self.receipt
