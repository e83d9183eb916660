"""The books of one bank: what can be read, and what is locked while it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank
from timebank.domain.changes import Warning
from timebank.domain.events import Event
from timebank.domain.exchange import Exchange, ExchangeAct, State
from timebank.domain.hold import Hold
from timebank.domain.ids import (
    AccountId,
    ExchangeId,
    FactId,
    HoldId,
    ListingId,
    PersonId,
    TransactionId,
)
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Member, Person, Staff, Standing, Status
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.statement import StatementEntry
from timebank.domain.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What holds for the whole bank now: rules, closed days, and the last time on record; and how
    the people stand who were asked for.
    """

    policy: PolicyVersion
    closed_until: date | None
    last_recorded_at: datetime | None
    stated_day: date | None
    people: Mapping[PersonId, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """A host's key for one request, as stored: never the key itself, only its HMAC.

    ``digests`` has one digest per field of the request; those of free text are keyed with the salt
    of ``note``. ``made`` is the receipt or the transaction that answers a repetition.
    """

    scope: str
    key_hash: bytes
    digests: Mapping[str, str]
    note: FactId | None
    receipt: FactId
    transaction: TransactionId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReceipt:
    """One row of the outbox: what an action did, written in the same commit."""

    id: FactId
    action: str
    recorded_at: datetime
    events: tuple[Event, ...]
    warnings: tuple[Warning, ...]
    transactions: tuple[TransactionId, ...]
    done_at: datetime | None = None


class BankStore(Protocol):
    """The bank itself: who it is and which rules hold."""

    def get(self) -> Bank: ...
    def find(self) -> Bank | None: ...
    def house(self, people: Collection[PersonId] = ()) -> House: ...
    def policies(self) -> tuple[PolicyVersion, ...]: ...


class PersonStore(Protocol):
    """People, memberships and roles."""

    def get(self, id: PersonId) -> Person | None: ...
    def many(self, ids: Collection[PersonId]) -> dict[PersonId, Person]: ...
    def by_ref(self, ref: str) -> Person | None: ...
    def by_refs(self, refs: Collection[str]) -> dict[str, PersonId]: ...
    def by_prefix(self, prefix: str) -> tuple[PersonId, ...]: ...
    def member(self, id: PersonId) -> Member | None: ...
    def members(
        self, *, status: Status | None, after: PersonId | None, limit: int
    ) -> tuple[tuple[Member, Person], ...]: ...
    def staff(self, *, person: PersonId | None = None) -> tuple[tuple[Staff, Person], ...]: ...
    def standings(self, ids: Collection[PersonId]) -> dict[PersonId, Standing]: ...


class AccountStore(Protocol):
    """Accounts, their holds and their entries."""

    def lock(self, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """The accounts, locked in order of id until the host's transaction ends."""
        ...

    def lock_all(self) -> None:
        """Wait for everybody who has locked or opened an account, and let nobody do so until the
        host's transaction ends.
        """
        ...

    def get(self, id: AccountId) -> Account | None: ...
    def many(self, ids: Collection[AccountId]) -> dict[AccountId, Account]: ...
    def by_label(self, label: str) -> AccountId | None: ...
    def by_prefix(self, prefix: str) -> tuple[AccountId, ...]: ...
    def of_members(self, ids: Collection[PersonId]) -> dict[PersonId, tuple[AccountId, ...]]: ...
    def all(self) -> Iterator[Account]: ...
    def open_holds(self, ids: Collection[AccountId]) -> tuple[Hold, ...]: ...
    def holds(
        self, *, account: AccountId | None, open_only: bool, after: HoldId | None, limit: int
    ) -> tuple[Hold, ...]: ...
    def balance_at(self, id: AccountId, when: datetime) -> int: ...
    def entries_since(
        self, id: AccountId, *, start: date, from_: datetime, until: datetime | None = None
    ) -> list[StatementEntry]:
        """Entries that count on ``start`` or later and were recorded up to ``until``, or ever;
        none of them was recorded before ``from_``.
        """
        ...

    def recomputed(self) -> dict[AccountId, int]:
        """Balances summed from the transfers alone; accounts without entries are left out."""
        ...

    def balances_at(self, when: datetime) -> dict[AccountId, int]: ...
    def balances_on(self, day: date) -> dict[AccountId, int]: ...
    def changes(self, id: AccountId) -> tuple[AccountChange, ...]: ...


class Journal(Protocol):
    """Transactions: read only; ``record`` appends them."""

    def get(self, id: TransactionId) -> Transaction | None: ...
    def many(self, ids: Collection[TransactionId]) -> dict[TransactionId, Transaction]: ...
    def list(
        self, *, account: AccountId | None, after: TransactionId | None, limit: int
    ) -> tuple[Transaction, ...]: ...
    def answered_for(self, from_: datetime, until: datetime) -> Iterator[Transaction]:
        """Corrections and what a second person approved, recorded then, in order of id."""
        ...

    def reversal_of(self, id: TransactionId) -> TransactionId | None: ...
    def by_prefix(self, prefix: str) -> tuple[TransactionId, ...]: ...
    def note(self, about: str) -> Note | None: ...
    def notes_about(self, person: PersonId, accounts: Collection[AccountId]) -> tuple[Note, ...]:
        """Notes with words beside facts of this person, in order of the facts: those that touch
        the accounts, those of exchanges with the person, and what the person did as a member or
        staff did for the person.
        """
        ...


class ExchangeStore(Protocol):
    """Exchanges and their acts."""

    def lock(self, id: ExchangeId) -> Exchange | None:
        """The exchange, locked until the host's transaction ends."""
        ...

    def get(self, id: ExchangeId) -> Exchange | None: ...
    def list(
        self,
        *,
        member: PersonId | None,
        state: State | None,
        after: ExchangeId | None,
        limit: int,
    ) -> tuple[Exchange, ...]: ...
    def by_prefix(self, prefix: str) -> tuple[ExchangeId, ...]: ...
    def acts(self, id: ExchangeId) -> tuple[ExchangeAct, ...]: ...
    def open_of(self, member: PersonId) -> int: ...
    def due(self, now: datetime, limit: int) -> tuple[ExchangeId, ...]:
        """Exchanges whose deadline, or whose open hold's deadline, has passed."""
        ...


class ListingStore(Protocol):
    """Offers and requests."""

    def lock(self, id: ListingId) -> Listing | None: ...
    def get(self, id: ListingId) -> Listing | None: ...
    def by_prefix(self, prefix: str) -> tuple[ListingId, ...]: ...
    def list(
        self,
        *,
        kind: ListingKind | None,
        member: PersonId | None,
        category: str | None,
        words: str | None,
        standing_on: date | None,
        after: ListingId | None,
        limit: int,
    ) -> tuple[Listing, ...]: ...


class RequestStore(Protocol):
    """Keys of requests that were answered, and the answers."""

    def find(self, scope: str, key_hashes: Collection[bytes]) -> dict[bytes, RequestKey]: ...
    def salts(self, notes: Collection[FactId]) -> dict[FactId, bytes]:
        """The salts that have not been erased."""
        ...

    def receipts(self, ids: Collection[FactId]) -> dict[FactId, StoredReceipt]: ...
    def worded(self) -> Iterator[RequestKey]:
        """The keys of requests with words, whose note keeps a salt."""
        ...


class Outbox(Protocol):
    """What happened, for a consumer that reads at least once."""

    def read(self, *, after: FactId | None, limit: int) -> tuple[StoredReceipt, ...]: ...
    def done(self, ids: Collection[FactId], at: datetime) -> int: ...
    def count(self) -> int:
        """How many receipts there are, done or not: one for each action, ever."""
        ...
