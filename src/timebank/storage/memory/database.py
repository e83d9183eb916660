"""What is kept: the shelves of each bank, and the write that puts things on them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Final

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.changes import Changes, Fact, Thing, WingValue
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.ids import (
    AccountId,
    ExchangeId,
    FactId,
    HoldId,
    ListingId,
    PersonId,
    TransactionId,
    checked_slug,
)
from timebank.domain.listing import Listing
from timebank.domain.member import Member, Person, Staff
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.transaction import Transaction
from timebank.errors import AlreadyReversed, BrokenInvariantError, InputError, RefTaken
from timebank.ports import Leaf, RequestKey, StoredReceipt, TreeHead

_SHELF: Final[Mapping[type, str]] = {
    Account: "accounts",
    AccountChange: "account_changes",
    DayStatement: "days",
    Exchange: "exchanges",
    ExchangeAct: "acts",
    Hold: "holds",
    Listing: "listings",
    Member: "members",
    Note: "notes",
    PeriodClose: "closes",
    Person: "people",
    PolicyVersion: "policies",
    Staff: "staff",
    Transaction: "transactions",
}
"""Where the things of each class stand."""

SEALED: Final[Mapping[type, str]] = {
    AccountChange: "account_change",
    DayStatement: "day_statement",
    ExchangeAct: "exchange_act",
    PeriodClose: "period_close",
    PolicyVersion: "policy",
    Transaction: "transaction",
}
"""The facts that become leaves of the sealed tree, and the word the queue has for them."""


def _ours(value: Fact | Thing | WingValue) -> Fact | Thing:
    """*Refuses* what a wing keeps: there is no shelf for it."""
    if isinstance(value, WingValue):
        raise no_place_for_wings()
    return value


def no_place_for_wings() -> InputError:
    """The refusal of what a wing keeps."""
    return InputError(field="uow", problem="a wing keeps its facts in a database only")


def _key_of(thing: Fact | Thing) -> Any:
    return thing.about if isinstance(thing, Note) else thing.id


@dataclass(slots=True, kw_only=True)
class Shelf:
    """Everything one bank keeps. The values are frozen; only the collections change."""

    bank: Bank | None = None
    policies: dict[FactId, PolicyVersion] = field(default_factory=dict)
    closes: dict[FactId, PeriodClose] = field(default_factory=dict)
    days: dict[FactId, DayStatement] = field(default_factory=dict)
    people: dict[PersonId, Person] = field(default_factory=dict)
    members: dict[PersonId, Member] = field(default_factory=dict)
    staff: dict[FactId, Staff] = field(default_factory=dict)
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    account_changes: dict[FactId, AccountChange] = field(default_factory=dict)
    holds: dict[HoldId, Hold] = field(default_factory=dict)
    transactions: dict[TransactionId, Transaction] = field(default_factory=dict)
    reversals: dict[TransactionId, TransactionId] = field(default_factory=dict)
    exchanges: dict[ExchangeId, Exchange] = field(default_factory=dict)
    acts: dict[FactId, ExchangeAct] = field(default_factory=dict)
    listings: dict[ListingId, Listing] = field(default_factory=dict)
    notes: dict[FactId, Note] = field(default_factory=dict)
    keys: dict[tuple[str, bytes], RequestKey] = field(default_factory=dict)
    receipts: dict[FactId, StoredReceipt] = field(default_factory=dict)
    queue: dict[tuple[str, FactId], datetime] = field(default_factory=dict)
    leaves: dict[int, Leaf] = field(default_factory=dict)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    heads: dict[int, TreeHead] = field(default_factory=dict)

    def copy(self) -> Shelf:
        """The same things on shelves of their own."""
        other = Shelf(bank=self.bank)
        for f in fields(self)[1:]:
            getattr(other, f.name).update(getattr(self, f.name))
        return other

    def become(self, other: Shelf) -> None:
        """Hold what the other holds, which is given up."""
        for f in fields(self):
            setattr(self, f.name, getattr(other, f.name))

    def facts(self, kind: type) -> Mapping[FactId, Fact]:
        """The facts of one class by id."""
        found: Mapping[FactId, Fact] = getattr(self, _SHELF[kind])
        return found

    def things(self, kind: type) -> Mapping[str, Any]:
        """Everything of one class by id (notes by what they are about)."""
        found: Mapping[str, Any] = getattr(self, _SHELF[kind])
        return found

    def put_in(self, value: Fact | Thing) -> None:
        """A value as it is.

        *Refuses* what a unique constraint of the database would: a slug or ref that is taken
        (``RefTaken``), a second reversal (``AlreadyReversed``).
        """
        self._check_free(value)
        self._put(value)

    def replace(self, value: Bank | Fact | Thing | WingValue, but: Collection[str]) -> bool:
        """Put a value of a copy in its place as it stands now, without its fields ``but`` where
        something is there, and say whether that changed anything. No fact is queued.
        """
        thing = _ours(value)
        if isinstance(thing, Bank):
            self.bank = thing
            return True
        stands = self.things(type(thing)).get(_key_of(thing))
        if stands is not None:
            thing = replace(thing, **{name: getattr(stands, name) for name in but})
        if thing == stands:
            return False
        self._check_free(thing)
        self._put(thing)
        return True

    def record(
        self, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey]
    ) -> bool:
        """Put everything on the shelves, facts in the sealer's queue, or nothing: False where a
        key was taken.

        *Refuses* what ``put_in`` refuses.
        """
        if any((key.scope, key.key_hash) in self.keys for key in keys):
            return False
        after = self.copy()
        for thing in map(_ours, (*changes.added, *changes.changed)):
            after.put_in(thing)
            if isinstance(thing, Fact):
                after.queue[SEALED[type(thing)], FactId(thing.id)] = thing.recorded_at
        after.keys.update({(key.scope, key.key_hash): key for key in keys})
        after.receipts[receipt.id] = receipt
        self.become(after)
        return True

    def _check_free(self, thing: Fact | Thing) -> None:
        """*Refuses* what is unique and is there already."""
        match thing:
            case Bank() if self.bank is not None:
                raise RefTaken(kind="bank", ref=thing.slug)
            case Person(ref=str(ref)):
                if any(p.ref == ref and p.id != thing.id for p in self.people.values()):
                    raise RefTaken(kind="ref", ref=ref)
            case Transaction(reverses=str(original)):
                if original in self.reversals:
                    raise AlreadyReversed(
                        transaction=original, reversed_by=self.reversals[TransactionId(original)]
                    )
            case Account():
                self._check_account(thing)
            case _:
                pass

    def _check_account(self, after: Account) -> None:
        """What the database's own rules say of an account: never a negative hold or number."""
        before = self.accounts.get(after.id, after)
        if after.held_minutes < 0 or after.number < before.number:
            raise BrokenInvariantError(f"account {after.id} cannot become {after}")

    def _put(self, thing: Fact | Thing) -> None:
        if isinstance(thing, Bank):
            self.bank = thing
            return
        getattr(self, _SHELF[type(thing)])[_key_of(thing)] = thing
        if isinstance(thing, Transaction) and thing.reverses is not None:
            self.reversals[thing.reverses] = thing.id


class MemoryDatabase:
    """Several banks by slug. ``clock`` tells the time, ``random`` gives bytes for ids and salts.

    Tests set both. Threads take turns: one unit of work at a time.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.clock = clock
        self.random = random
        self.turn = RLock()
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, slug: str) -> Shelf:
        """The shelves of this bank; empty ones where nobody has created it."""
        return self._shelves.setdefault(checked_slug(slug), Shelf())

    def slugs(self) -> tuple[str, ...]:
        """The banks that were created, in order."""
        return tuple(sorted(s for s, shelf in self._shelves.items() if shelf.bank is not None))
