"""What audits, sealing and journal files read and write, beside the books."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import compress
from typing import Any, NamedTuple, Protocol, TypeVar

from timebank.domain.account import Account, AccountChange
from timebank.domain.audit import (
    AuditEntry,
    CheckInfo,
    ExchangeTie,
    Finding,
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
from timebank.domain.changes import WingValue
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.domain.logged import LogEntry
from timebank.domain.sealed import Sealed

T = TypeVar("T")


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


Columns = Sequence[Sequence[Any]]


class LeafPage(NamedTuple):
    """Leaves in order of position, as columns; where a transaction has several transfers, a row for
    each of them.

    Ids are 32 digits, those of accounts 16, times whole microseconds since 1970, days ISO 8601.
    Where there is no salt, nothing but the leaf is told. What the columns are of, and in which
    order, ``timebank.proof.plain`` says.
    """

    leaf: Columns
    salt: Sequence[bytes | None]
    acted: Columns = ()
    grounds: Columns = ()
    transfer: Columns = ()

    @property
    def facts(self) -> dict[int, tuple[str, FactId]]:
        """Position → the kind and the id of its fact."""
        position, kind, fact, _ = self.leaf
        return dict(zip(position, zip(kind, fact, strict=True), strict=True))

    def rows(self, chosen: Sequence[bool]) -> LeafPage:
        """Those rows that are chosen."""
        if all(chosen):
            return self
        leaf, acted, grounds, transfer = (
            [list(compress(column, chosen)) for column in columns]
            for columns in (self.leaf, self.acted, self.grounds, self.transfer)
        )
        return LeafPage(leaf, list(compress(self.salt, chosen)), acted, grounds, transfer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A fact that waits for the sealer: what it is, and when it was recorded."""

    kind: str
    fact: FactId
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WingRow:
    """A row of a wing as it stands: of which table of which wing, and what is under the name of
    each column.
    """

    kind: str
    row: Mapping[str, Any]


class SealStore(Protocol):
    """The queue of facts that wait, and the tree of those that are sealed."""

    def lock(self) -> int:
        """The tree's size, locked until the host's transaction ends: one sealer at a time."""
        ...

    def waiting(self, size: int, limit: int) -> LeafPage | None:
        """Committed facts that are not sealed yet, at most so many, as they are to become leaves
        from position ``size`` on: in order of time, then kind and id, and without a hash. None
        where nothing waits."""
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

    def leaves(self, start: int = 0) -> Iterator[Leaf]:
        """Every leaf from that position on, in order."""
        ...

    def pages(self, start: int = 0) -> Iterator[LeafPage]:
        """The same in pages of bounded size, with what their transactions are made of where that
        is quickly told."""
        ...

    def position(self, kind: str, fact: str) -> int | None: ...
    def facts(self, named: Collection[tuple[str, FactId]]) -> dict[tuple[str, FactId], Sealed]:
        """Facts by kind and id; those that are gone, or say nothing we know, are left out."""
        ...

    def nodes(self, level: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Every kept node (index, hash) of a level above the leaves, from that index on."""
        ...


class Archive(Protocol):
    """The whole of a bank, kind by kind: what a journal file is made of and loaded into."""

    def values(self, kind: type[T]) -> Iterator[T]:
        """Every value of a kind in order of id; leaves and tree heads by position and size, rows
        of wings in an order in which they can be written.
        """
        ...

    def restore(self, values: Sequence[Any]) -> None:
        """Values as they were, into a bank that is being loaded; nothing is queued of itself.

        *Refuses* rows of a wing that the database has not (``SchemaError``), or that are not those
        of its tables (``InputError``).
        """
        ...

    def replace(self, values: Sequence[Any], *, but: Collection[str] = (), since: int = 0) -> int:
        """Values of a copy as they stand now: what is new goes in, what changed is changed, and no
        fact waits for the sealer. The fields ``but`` stay as they are where something is there.
        How many were written is the answer.

        *Refuses* what ``restore`` refuses, and new rows of a wing that have no leaf from ``since``
        on (``InputError``).
        """
        ...

    def restore_nodes(self, nodes: Mapping[tuple[int, int], bytes]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WingAudit:
    """What a wing adds to every audit of a bank that has it; each function gets the unit.

    ``passes`` gives, for the checks that one pass over the wing's facts serves, that pass;
    ``subjects`` how many things each check looks at; ``notices`` what is for human eyes alone.
    """

    checks: tuple[CheckInfo, ...]
    passes: Callable[[Any], Mapping[tuple[str, ...], Callable[[], Iterable[Finding]]]]
    subjects: Callable[[Any], Mapping[str, int]]
    notices: Callable[[Any], Iterable[Finding]]


WingErasure = Callable[[Any, PersonId], Iterable[WingValue]]
"""What a wing changes of its own when the ledger forgets a person; it gets the unit and who."""


WingLog = Callable[[Any, datetime, datetime], Iterable[LogEntry]]
"""What a wing adds to the log; it gets the unit, the first moment and the one after the last."""


class AuditSource(Protocol):
    """Sorted streams for the checks, from one snapshot."""

    @property
    def unreadable(self) -> tuple[type[Exception], ...]:
        """What a stream raises when it cannot be read: it makes an audit incomplete."""
        ...

    def attempt(self) -> AbstractContextManager[None]:
        """One pass over the books: after a failure in it, the snapshot can still be read."""
        ...

    def require_answered(self) -> None:
        """*Refuses* to go on where the database itself failed meanwhile, with its error: that says
        nothing about the books.
        """
        ...

    def later(self, size: int, sealed_at: datetime) -> AuditSource:
        """The same streams without most of what was there when the first ``size`` leaves were
        sealed. What an audit of these streams finds is a part of what is wrong: where they show
        nothing, nothing is wrong with what came later.
        """
        ...

    def accounts(self) -> Iterator[Account]: ...
    def entries(self) -> Iterator[AuditEntry]: ...
    def is_chained(self) -> bool:
        """Whether it is known without reading entry by entry that all of them add up to what
        their accounts say; False where that is not known.
        """
        ...

    def starts(self) -> dict[AccountId, int] | None:
        """For each account that is looked at, the number of the entry before the first that is
        not sealed, or that of its last; None if all are looked at from their first.
        """
        ...

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
