"""Accounts, holds, entries, transactions and exchanges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime
from typing import Any

from timebank.domain.account import FIRST, Account, AccountChange
from timebank.domain.exchange import ACTS, Act, Exchange, ExchangeAct, State
from timebank.domain.hold import Hold
from timebank.domain.ids import AccountId, ExchangeId, FactId, HoldId, PersonId, TransactionId
from timebank.domain.note import Note
from timebank.domain.statement import StatementEntry
from timebank.domain.transaction import CORRECTIONS, Entry, Transaction, entries_of
from timebank.storage.memory.database import Shelf
from timebank.storage.memory.order import page, prefixed

OPEN = frozenset({State.PROPOSED, State.AGREED, State.REPORTED, State.DISPUTED})


def entries(shelf: Shelf) -> Iterator[tuple[Transaction, Entry]]:
    """Every entry of the bank with its transaction."""
    for transaction in shelf.transactions.values():
        for entry in entries_of(transaction):
            yield transaction, entry


def _did(person: PersonId, fact: Any) -> bool:
    """As a member, or through staff who acted for the person."""
    return bool(fact.actor.acts_for == person)


class Accounts:
    """Accounts, their holds and their entries."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def many(self, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """The accounts of these ids in order of id; unknown ones are left out."""
        accounts = self._shelf.accounts
        return {id_: accounts[id_] for id_ in sorted(set(ids)) if id_ in accounts}

    lock = many

    def lock_all(self) -> None:
        """Nobody else is in the bank as it is."""

    def get(self, id: AccountId) -> Account | None:
        """The account of this id."""
        return self._shelf.accounts.get(id)

    def by_label(self, label: str) -> AccountId | None:
        """The bank's own account of this label."""
        return next((a.id for a in self._shelf.accounts.values() if a.label == label), None)

    def by_prefix(self, prefix: str) -> tuple[AccountId, ...]:
        """Ids that begin so, at most two."""
        return prefixed(self._shelf.accounts, prefix)

    def of_members(self, ids: Collection[PersonId]) -> dict[PersonId, tuple[AccountId, ...]]:
        """The accounts of each member, the first one first, further ones in order of id."""
        owned: dict[PersonId, tuple[AccountId, ...]] = {}
        for account in sorted(self.all(), key=lambda account: account.kind not in FIRST):
            if account.owner is not None and account.owner in ids:
                owned[account.owner] = (*owned.get(account.owner, ()), account.id)
        return owned

    def all(self) -> Iterator[Account]:
        """Every account in order of id."""
        return iter(sorted(self._shelf.accounts.values(), key=lambda account: account.id))

    def open_holds(self, ids: Collection[AccountId]) -> tuple[Hold, ...]:
        """The holds on these accounts that have not ended, in order of id."""
        held = (h for h in self._shelf.holds.values() if h.outcome is None and h.account in ids)
        return tuple(sorted(held, key=lambda hold: hold.id))

    def holds(
        self, *, account: AccountId | None, open_only: bool, after: HoldId | None, limit: int
    ) -> tuple[Hold, ...]:
        """Holds in order of id."""
        found = (
            hold
            for hold in self._shelf.holds.values()
            if account in (None, hold.account) and not (open_only and hold.outcome is not None)
        )
        return page(found, after=after, limit=limit)

    def balance_at(self, id: AccountId, when: datetime) -> int:
        """The balance as it was recorded at that time."""
        return self.balances_at(when).get(id, 0)

    def balances_at(self, when: datetime) -> dict[AccountId, int]:
        """The balances as they were recorded at that time."""
        return self._sums(lambda transaction: transaction.recorded_at <= when)

    def balances_on(self, day: date) -> dict[AccountId, int]:
        """The balances of all that counts up to that day."""
        return self._sums(lambda transaction: transaction.counts_on <= day)

    def recomputed(self) -> dict[AccountId, int]:
        """Balances summed from the transfers alone; accounts without entries are left out."""
        return self._sums(lambda transaction: True)

    def _sums(self, counts: Callable[[Transaction], bool]) -> dict[AccountId, int]:
        sums: dict[AccountId, int] = {}
        for transaction, entry in entries(self._shelf):
            if counts(transaction):
                sums[entry.account] = sums.get(entry.account, 0) + entry.change_minutes
        return sums

    def entries_since(
        self, id: AccountId, *, start: date, from_: datetime, until: datetime | None = None
    ) -> list[StatementEntry]:
        """Entries that count on ``start`` or later, in order of number."""
        found = (
            self._statement_entry(transaction, entry)
            for transaction, entry in entries(self._shelf)
            if entry.account == id
            and transaction.counts_on >= start
            and transaction.recorded_at >= from_
            and (until is None or transaction.recorded_at <= until)
        )
        return sorted(found, key=lambda entry: entry.number)

    def _statement_entry(self, transaction: Transaction, entry: Entry) -> StatementEntry:
        other = self._shelf.accounts[entry.counterparty]
        return StatementEntry(
            number=entry.number,
            change_minutes=entry.change_minutes,
            balance_minutes=entry.balance_minutes,
            happened_on=transaction.happened_on,
            counts_on=transaction.counts_on,
            recorded_at=transaction.recorded_at,
            activity=entry.activity,
            kind=transaction.kind,
            category=transaction.category,
            reason=transaction.reason,
            transaction=transaction.id,
            reverses=transaction.reverses,
            overrides=transaction.overrides,
            imported=transaction.imported,
            counterparty=other.id,
            counterparty_kind=other.kind,
            counterparty_label=other.label,
            counterparty_owner=other.owner,
        )

    def changes(self, id: AccountId) -> tuple[AccountChange, ...]:
        """The changes of this account, in order of id."""
        found = (c for c in self._shelf.account_changes.values() if c.account == id)
        return tuple(sorted(found, key=lambda change: change.id))


class Transactions:
    """The journal: read only; ``record`` appends to it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def get(self, id: TransactionId) -> Transaction | None:
        """The transaction of this id."""
        return self._shelf.transactions.get(id)

    def many(self, ids: Collection[TransactionId]) -> dict[TransactionId, Transaction]:
        """The transactions of these ids; unknown ones are left out."""
        found = self._shelf.transactions
        return {id_: found[id_] for id_ in ids if id_ in found}

    def list(
        self, *, account: AccountId | None, after: TransactionId | None, limit: int
    ) -> tuple[Transaction, ...]:
        """Transactions in order of id, of one account if asked."""
        found = (
            transaction
            for transaction in self._shelf.transactions.values()
            if account is None
            or any(account in (t.source, t.target) for t in transaction.transfers)
        )
        return page(found, after=after, limit=limit)

    def answered_for(self, from_: datetime, until: datetime) -> Iterator[Transaction]:
        """Corrections and what a second person approved, recorded then, in order of id."""
        found = (
            transaction
            for transaction in self._shelf.transactions.values()
            if from_ <= transaction.recorded_at < until
            and (transaction.kind in CORRECTIONS or transaction.approver is not None)
        )
        return iter(sorted(found, key=lambda transaction: transaction.id))

    def reversal_of(self, id: TransactionId) -> TransactionId | None:
        """The transaction that reversed this one."""
        return self._shelf.reversals.get(id)

    def by_prefix(self, prefix: str) -> tuple[TransactionId, ...]:
        """Ids that begin so, at most two."""
        return prefixed(self._shelf.transactions, prefix)

    def note(self, about: str) -> Note | None:
        """The note about the fact of this id."""
        return self._shelf.notes.get(FactId(about))

    def notes_about(self, person: PersonId, accounts: Collection[AccountId]) -> tuple[Note, ...]:
        """Notes with words beside facts of this person, in order of the facts."""
        shelf = self._shelf
        facts: set[str] = {c.id for c in shelf.account_changes.values() if c.account in accounts}
        facts |= {t.id for t, entry in entries(shelf) if entry.account in accounts}
        theirs = {x.id for x in shelf.exchanges.values() if person in x.parties}
        facts |= {act.id for act in shelf.acts.values() if act.exchange in theirs}
        facts |= {t.id for t in shelf.transactions.values() if t.exchange in theirs}
        for kind in (AccountChange, Transaction, ExchangeAct):
            facts |= {id_ for id_, fact in shelf.facts(kind).items() if _did(person, fact)}
        found = (n for n in shelf.notes.values() if n.about in facts and n.text is not None)
        return tuple(sorted(found, key=lambda note: note.about))


class Exchanges:
    """Exchanges and their acts."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def lock(self, id: ExchangeId) -> Exchange | None:
        """The exchange; there is nobody to lock it from."""
        return self._shelf.exchanges.get(id)

    get = lock

    def list(
        self,
        *,
        member: PersonId | None,
        state: State | None,
        after: ExchangeId | None,
        limit: int,
    ) -> tuple[Exchange, ...]:
        """Exchanges in order of id, of one member or in one state if asked."""
        found = (
            exchange
            for exchange in self._shelf.exchanges.values()
            if (member is None or member in exchange.parties) and state in (None, exchange.state)
        )
        return page(found, after=after, limit=limit)

    def by_prefix(self, prefix: str) -> tuple[ExchangeId, ...]:
        """Ids that begin so, at most two."""
        return prefixed(self._shelf.exchanges, prefix)

    def acts(self, id: ExchangeId) -> tuple[ExchangeAct, ...]:
        """What was done to this exchange, in order."""
        found = (act for act in self._shelf.acts.values() if act.exchange == id)
        return tuple(sorted(found, key=lambda act: act.n))

    def open_of(self, member: PersonId) -> int:
        """How many exchanges of this member are still open."""
        return sum(
            member in exchange.parties and exchange.state in OPEN
            for exchange in self._shelf.exchanges.values()
        )

    def due(self, now: datetime, limit: int) -> tuple[ExchangeId, ...]:
        """Exchanges whose deadline, or whose open hold's deadline, has passed."""
        lapsed = {
            hold.exchange
            for hold in self._shelf.holds.values()
            if hold.outcome is None and hold.deadline <= now
        }
        found = (
            exchange
            for exchange in self._shelf.exchanges.values()
            if exchange.id in lapsed
            or (
                Act.EXPIRE in ACTS[exchange.state]
                and exchange.deadline is not None
                and exchange.deadline <= now
            )
        )
        return tuple(exchange.id for exchange in page(found, after=None, limit=limit))
