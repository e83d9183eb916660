"""What the actions need from a storage: reads, locks, and one way to write.

Every write is one ``record(changes, request)``; no store has a generic save or a delete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from timebank.domain.account import Account, AccountChange
from timebank.domain.audit import (
    AuditEntry,
    ExchangeTie,
    HeldSum,
    OutOfBand,
    ReversalPair,
)
from timebank.domain.audit_accounts import Owned, Owner
from timebank.domain.audit_exchanges import ExchangeFile
from timebank.domain.audit_rows import (
    BrokenRule,
    ChainedHead,
    CodedWord,
    NotedFact,
    StrayTransfer,
)
from timebank.domain.bank import Bank
from timebank.domain.changes import Changes, Fact, Warning
from timebank.domain.conditions import Fresh
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

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What holds for the whole bank now: rules, closed days, and the last time on record."""

    policy: PolicyVersion
    closed_until: date | None
    last_recorded_at: datetime | None
    stated_day: date | None


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
    def house(self) -> House: ...
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
    def entries_since(self, id: AccountId, *, start: date, from_: datetime) -> list[StatementEntry]:
        """Entries that count on ``start`` or later; none of them was recorded before ``from_``."""
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


class Outbox(Protocol):
    """What happened, for a consumer that reads at least once."""

    def read(self, *, after: FactId | None, limit: int) -> tuple[StoredReceipt, ...]: ...
    def done(self, ids: Collection[FactId], at: datetime) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A sealed fact: its place in the tree (from 0), what it is, and the hash of its leaf."""

    position: int
    kind: str
    fact: FactId
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """Size and root of the sealed tree at a time."""

    size: int
    root: bytes
    sealed_at: datetime


class SealStore(Protocol):
    """The queue of facts that wait, and the tree of those that are sealed."""

    def lock(self) -> int:
        """The tree's size, locked until the host's transaction ends: one sealer at a time."""
        ...

    def waiting(self, limit: int) -> tuple[tuple[str, Fact], ...]:
        """Committed facts that are not sealed yet, with the queue's word for their kind."""
        ...

    def node(self, level: int, index: int) -> bytes: ...
    def append(
        self, leaves: Collection[Leaf], nodes: Mapping[tuple[int, int], bytes], head: TreeHead
    ) -> None:
        """Leaves and complete nodes in, their facts out of the queue, and a checkpoint."""
        ...

    def head(self) -> TreeHead | None:
        """The latest checkpoint."""
        ...

    def heads(self) -> Iterator[TreeHead]:
        """Every checkpoint, smallest first."""
        ...

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf in order of position."""
        ...

    def position(self, kind: str, fact: str) -> int | None: ...
    def facts(self, leaves: Collection[Leaf]) -> dict[tuple[str, FactId], Fact]:
        """The facts behind these leaves; those that are gone are left out."""
        ...

    def nodes(self, level: int) -> Iterator[tuple[int, bytes]]:
        """Every kept node (index, hash) of a level above the leaves, in order."""
        ...


class Archive(Protocol):
    """The whole of a bank, kind by kind: what a journal file is made of and loaded into."""

    def values(self, kind: type[T]) -> Iterator[T]:
        """Every value of a kind in order of id; leaves and tree heads by position and size."""
        ...

    def restore(self, values: Sequence[Any]) -> None:
        """Values as they were, into a bank that is being loaded; unsealed facts are queued."""
        ...

    def restore_nodes(self, nodes: Mapping[tuple[int, int], bytes]) -> None: ...


class AuditSource(Protocol):
    """Sorted streams for the checks, from one snapshot."""

    @property
    def unreadable(self) -> tuple[type[Exception], ...]:
        """What a stream raises when it cannot be read: it makes an audit incomplete."""
        ...

    def attempt(self) -> AbstractContextManager[None]:
        """One pass over the books: after a failure in it, the snapshot can still be read."""
        ...

    def accounts(self) -> Iterator[Account]: ...
    def entries(self) -> Iterator[AuditEntry]: ...
    def total_minutes(self) -> int: ...
    def held(self) -> Iterator[HeldSum]: ...
    def out_of_band(self) -> Iterator[OutOfBand]: ...
    def reversals(self) -> Iterator[ReversalPair]: ...
    def exchanges(self) -> Iterator[ExchangeTie]: ...
    def unaccounted(self) -> Iterator[tuple[str, str]]:
        """Facts (kind, id) neither queued nor sealed, or both, or queued under another time; and
        what is queued without being a fact."""
        ...

    def owned(self) -> Iterator[Owned]: ...
    def account_changes(self) -> Iterator[AccountChange]:
        """Every change of an account, in the order of ``owned``."""
        ...

    def owners(self) -> Iterator[Owner]:
        """Members who have not exactly one account of their own kind."""
        ...

    def exchange_files(self) -> Iterator[ExchangeFile]: ...
    def stray_holds(self) -> Iterator[tuple[str, str]]:
        """Holds (id, exchange) that their exchange does not name."""
        ...

    def stray_transfers(self) -> Iterator[StrayTransfer]: ...
    def noted(self) -> Iterator[NotedFact]: ...
    def stray_notes(self) -> Iterator[str]:
        """What notes with words are about of which no fact keeps the digest."""
        ...

    def unappointed(self) -> Iterator[tuple[str, str]]:
        """Who acted (person, role) in a role that nobody gave them."""
        ...

    def coded_words(self) -> Iterator[CodedWord]: ...
    def torn_receipts(self) -> Iterator[tuple[str, str]]:
        """Receipts (action, id) that are not, with their keys, what was written."""
        ...

    def broken_rules(self) -> Iterator[BrokenRule]: ...
    def schema_differences(self) -> Sequence[str]: ...
    def chain(self) -> Iterator[ChainedHead]: ...
    def tree_size(self) -> int | None: ...

    def reviews_due(self, day: date) -> Iterator[AccountChange]:
        """Changes of accounts whose review date lies before the day, in order of id."""
        ...

    def orphaned_keys(self) -> Iterator[tuple[str, str, str]]:
        """Keys (scope, receipt, transaction) whose receipt or transaction is missing."""
        ...

    def counted(self) -> dict[str, int]: ...
    def unsealed(self) -> tuple[int, datetime | None]: ...


class ReadingUnit(Protocol):
    """One bank, read: what lists, balances, statements and audits accept."""

    @property
    def slug(self) -> str: ...
    @property
    def banks(self) -> BankStore: ...
    @property
    def people(self) -> PersonStore: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def exchanges(self) -> ExchangeStore: ...
    @property
    def listings(self) -> ListingStore: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def seals(self) -> SealStore: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def audit(self) -> AuditSource: ...
    @property
    def schema_revision(self) -> str: ...
    def now(self) -> datetime: ...


class UnitOfWork(ReadingUnit, Protocol):
    """One bank, written: inside the host's transaction, which the host commits."""

    @property
    def requests(self) -> RequestStore: ...
    @property
    def fresh(self) -> Fresh: ...

    def record(
        self, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey]
    ) -> bool:
        """Write everything, keys first, and say whether it was written.

        False, and nothing written, if one of the keys was taken by somebody faster.
        """
        ...
