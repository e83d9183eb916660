"""Keys and receipts, the outbox, and the streams for an audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.audit import (
    AuditEntry,
    ExchangeTie,
    HeldSum,
    OutOfBand,
    ReversalPair,
    TransferLine,
)
from timebank.domain.ids import AccountId, FactId
from timebank.domain.transaction import Transaction
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.memory.books import Accounts, entries
from timebank.storage.memory.database import SEALED, Shelf
from timebank.storage.memory.order import page
from timebank.storage.memory.standing import Standing


class Requests:
    """Keys of requests that were answered, and the answers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def find(self, scope: str, key_hashes: Collection[bytes]) -> dict[bytes, RequestKey]:
        """The keys among these that were used in this scope."""
        keys = self._shelf.keys
        return {h: keys[scope, h] for h in key_hashes if (scope, h) in keys}

    def salts(self, notes: Collection[FactId]) -> dict[FactId, bytes]:
        """The salts that have not been erased."""
        found = (self._shelf.notes[id_] for id_ in notes if id_ in self._shelf.notes)
        return {note.about: note.salt for note in found if note.salt is not None}

    def receipts(self, ids: Collection[FactId]) -> dict[FactId, StoredReceipt]:
        """The receipts of these ids."""
        kept = self._shelf.receipts
        return {id_: kept[id_] for id_ in ids if id_ in kept}

    def worded(self) -> Iterator[RequestKey]:
        """The keys of requests with words, whose note keeps a salt."""
        notes = self._shelf.notes
        for key in self._shelf.keys.values():
            if key.note is not None and notes[key.note].salt is not None:
                yield key


class Outgoing:
    """What happened, for a consumer that reads at least once."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def read(self, *, after: FactId | None, limit: int) -> tuple[StoredReceipt, ...]:
        """Rows that nobody marked done, in order of id."""
        waiting = (r for r in self._shelf.receipts.values() if r.done_at is None)
        return page(waiting, after=after, limit=limit)

    def done(self, ids: Collection[FactId], at: datetime) -> int:
        """Mark rows done; how many were not done before."""
        kept = self._shelf.receipts
        waiting = [id_ for id_ in set(ids) if id_ in kept and kept[id_].done_at is None]
        kept.update({id_: replace(kept[id_], done_at=at) for id_ in waiting})
        return len(waiting)

    def count(self) -> int:
        """How many receipts there are, done or not."""
        return len(self._shelf.receipts)


class Audit(Standing):
    """Sorted streams for the checks."""

    def __init__(self, shelf: Shelf, since: tuple[int, datetime] | None = None) -> None:
        super().__init__(shelf)
        self._since = since

    @property
    def unreadable(self) -> tuple[type[Exception], ...]:
        """What a stream raises when it cannot be read: here, a thing that is not on its shelf."""
        return (LookupError,)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One pass over the books; a failure spoils nothing here."""
        yield

    def require_answered(self) -> None:
        """Dictionaries never fail."""

    def accounts(self) -> Iterator[Account]:
        """Every account in order of id."""
        return Accounts(self._shelf).all()

    def later(self, size: int, sealed_at: datetime) -> Audit:
        """The same of what the first leaves do not seal: fewer entries, all of the rest."""
        return Audit(self._shelf, (size, sealed_at))

    def is_chained(self) -> bool:
        """Not known: there are few entries to read."""
        return False

    def starts(self) -> dict[AccountId, int] | None:
        """Accounts with later entries, and the number before the first of them."""
        if self._since is None:
            return None
        size, sealed_at = self._since
        sealed: set[str] = {leaf.fact for at, leaf in self._shelf.leaves.items() if at < size}
        later = [entry for entry in self._entries() if entry.transaction not in sealed]
        since = min([sealed_at, *(e.recorded_at for e in later if e.recorded_at is not None)])
        starts = {
            account.id: account.number
            for account in self.accounts()
            if account.recorded_at is not None and account.recorded_at >= since
        }
        for entry in later:
            before = entry.number - 1
            starts[entry.account] = min(before, starts.get(entry.account, before))
        return starts

    def entries(self) -> Iterator[AuditEntry]:
        """Entries in order of account and number, from the start of their account on."""
        starts = self.starts()
        for entry in self._entries():
            if starts is None or entry.number >= starts.get(entry.account, entry.number + 1):
                yield entry

    def _entries(self) -> list[AuditEntry]:
        found = (
            AuditEntry(
                account=entry.account,
                number=entry.number,
                change_minutes=entry.change_minutes,
                balance_minutes=entry.balance_minutes,
                transaction=entry.transaction,
                recorded_at=transaction.recorded_at,
            )
            for transaction, entry in entries(self._shelf)
        )
        return sorted(found, key=lambda entry: (entry.account, entry.number))

    def total_minutes(self) -> int:
        """The sum of all balances."""
        return sum(account.balance_minutes for account in self._shelf.accounts.values())

    def held(self) -> Iterator[HeldSum]:
        """Each account's held minutes beside its open holds."""
        sums: dict[str, int] = {}
        for hold in self._shelf.holds.values():
            if hold.outcome is None:
                sums[hold.account] = sums.get(hold.account, 0) + hold.minutes
        for account in self.accounts():
            yield HeldSum(
                account=account.id,
                held_minutes=account.held_minutes,
                holds_minutes=sums.get(account.id, 0),
            )

    def out_of_band(self) -> Iterator[OutOfBand]:
        """Accounts outside their limits, and whether an override or a changed limit says why."""
        excuses = {ChangeField.OVERRIDE, ChangeField.FLOOR, ChangeField.CEILING}
        excused = {c.account for c in self._shelf.account_changes.values() if c.field in excuses}
        for account in self.accounts():
            floor, ceiling = account.floor_minutes, account.ceiling_minutes
            free = account.balance_minutes - account.held_minutes
            below = floor is not None and free < floor
            above = ceiling is not None and account.balance_minutes > ceiling
            if below or above:
                yield OutOfBand(
                    account=account.id,
                    balance_minutes=account.balance_minutes,
                    floor_minutes=floor,
                    ceiling_minutes=ceiling,
                    excused=account.id in excused,
                )

    def reversals(self) -> Iterator[ReversalPair]:
        """Each reversal with its original."""
        for original, reversal in sorted(self._shelf.reversals.items(), key=lambda p: p[1]):
            yield ReversalPair(
                reversal=reversal,
                original=original,
                reversal_lines=_lines(self._shelf.transactions[reversal]),
                original_lines=_lines(self._shelf.transactions[original]),
            )

    def exchanges(self) -> Iterator[ExchangeTie]:
        """Each exchange with its last act and the transaction it names."""
        for exchange in sorted(self._shelf.exchanges.values(), key=lambda e: e.id):
            acts = [act for act in self._shelf.acts.values() if act.exchange == exchange.id]
            last = max(acts, key=lambda act: act.n, default=None)
            named = exchange.transaction
            moved = None if named is None else self._shelf.transactions.get(named)
            yield ExchangeTie(
                exchange=exchange.id,
                state=exchange.state.value,
                acts=exchange.acts,
                last_n=last.n if last else None,
                acts_counted=len(acts),
                last_state=last.state.value if last else None,
                transaction=named,
                transaction_exchange=moved.exchange if moved else None,
            )

    def unaccounted(self) -> Iterator[tuple[str, str]]:
        """Facts (kind, id) neither queued nor sealed, or both, or queued under another time; and
        what is queued without being a fact."""
        shelf = self._shelf
        sealed = {(leaf.kind, leaf.fact) for leaf in shelf.leaves.values()}
        known = set()
        for kind, word in SEALED.items():
            for id_, fact in sorted(shelf.facts(kind).items()):
                known.add((word, id_))
                queued = shelf.queue.get((word, id_))
                if (queued is None) != ((word, id_) in sealed) or queued not in (
                    None,
                    fact.recorded_at,
                ):
                    yield word, id_
        yield from sorted(set(shelf.queue) - known)

    def reviews_due(self, day: date) -> Iterator[AccountChange]:
        """Changes of accounts past their review date, in order of id."""
        changes = self._shelf.account_changes
        for id_ in sorted(changes):
            review_on = changes[id_].review_on
            if review_on is not None and review_on < day:
                yield changes[id_]

    def orphaned_keys(self) -> Iterator[tuple[str, str, str]]:
        """Keys whose receipt or transaction is missing."""
        shelf = self._shelf
        for key in shelf.keys.values():
            made = key.transaction
            if key.receipt not in shelf.receipts or not (
                made is None or made in shelf.transactions
            ):
                yield key.scope, key.receipt, made or ""

    def counted(self) -> dict[str, int]:
        """How many subjects there are of each kind."""
        shelf = self._shelf
        transfers = sum(len(t.transfers) for t in shelf.transactions.values())
        starts = self.starts()
        return {
            "accounts": len(shelf.accounts),
            "transactions": len(shelf.transactions),
            "transfers": transfers,
            "balances": len(shelf.accounts if starts is None else starts),
            "entries": sum(1 for _ in self.entries()),
            "exchanges": len(shelf.exchanges),
            "reversals": len(shelf.reversals),
            "facts": sum(len(shelf.facts(kind)) for kind in SEALED),
            "leaves": len(shelf.leaves) - (self._since[0] if self._since else 0),
            "checkpoints": len(shelf.heads),
            "keys": len(shelf.keys),
            "receipts": len(shelf.receipts),
            "holds": len(shelf.holds),
            "tables": 0,
        }

    def unsealed(self) -> tuple[int, datetime | None]:
        """How many facts wait for the sealer, and since when."""
        recorded = self._shelf.queue.values()
        return len(recorded), min(recorded, default=None)


def _lines(transaction: Transaction) -> tuple[TransferLine, ...]:
    return tuple(
        TransferLine(source=t.source, target=t.target, minutes=t.minutes, activity=t.activity.value)
        for t in transaction.transfers
    )
