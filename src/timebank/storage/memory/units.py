"""The units of work: one bank, read or written, all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from timebank.domain.bank import checked_time, require_own
from timebank.domain.changes import Changes
from timebank.errors import InputError
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.identity import TimeOrderedIds
from timebank.storage.memory.answers import Audit, Outgoing, Requests
from timebank.storage.memory.books import Accounts, Exchanges, Transactions
from timebank.storage.memory.database import MemoryDatabase
from timebank.storage.memory.people import Banks, Listings, People
from timebank.storage.memory.seals import Archive, Seals


class MemoryReading:
    """One bank, read: what lists, balances, statements and audits accept."""

    schema_revision = "memory"
    wing_audits = ()
    wing_erasures = ()
    wing_logs = ()

    def __init__(self, database: MemoryDatabase, slug: str) -> None:
        self._database = database
        self._shelf = shelf = database.shelf(slug)
        self.slug = slug
        self.banks = Banks(shelf, slug)
        self.people = People(shelf)
        self.accounts = Accounts(shelf)
        self.journal = Transactions(shelf)
        self.exchanges = Exchanges(shelf)
        self.listings = Listings(shelf)
        self.outbox = Outgoing(shelf)
        self.seals = Seals(shelf)
        self.archive = Archive(shelf)
        self.audit = Audit(shelf)

    def now(self) -> datetime:
        """What the clock says. *Refuses* one without a zone, with ``NaiveTime``."""
        return checked_time(self._database.clock(), field="clock")


class MemoryUnitOfWork(MemoryReading):
    """One bank, written."""

    def __init__(self, database: MemoryDatabase, slug: str) -> None:
        super().__init__(database, slug)
        self.requests = Requests(self._shelf)
        self.fresh = TimeOrderedIds(self.now, database.random)
        self.ended = False

    def record(
        self, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey]
    ) -> bool:
        """Write everything, and say whether it was written: not so if a key was taken."""
        if self.ended:
            raise InputError(field="uow", problem="its block has ended; open another unit of work")
        if self._shelf.bank is not None:
            require_own(self._shelf.bank)
        return self._shelf.record(changes, receipt, keys)


@contextmanager
def unit_of_work(database: MemoryDatabase, *, bank: str) -> Iterator[MemoryUnitOfWork]:
    """One bank to be written: an exception leaves it as it was before the block.

    *Refuses* a bank that nobody has created by the end of the block, with ``NotFoundError``.
    """
    with database.turn:
        shelf = database.shelf(bank)
        before, unit = shelf.copy(), MemoryUnitOfWork(database, bank)
        try:
            yield unit
            unit.banks.get()
        except BaseException:
            shelf.become(before)
            raise
        finally:
            unit.ended = True


@contextmanager
def reading(database: MemoryDatabase, *, bank: str) -> Iterator[MemoryReading]:
    """One bank to be read. *Refuses* one that nobody created, with ``NotFoundError``."""
    with database.turn:
        unit = MemoryReading(database, bank)
        unit.banks.get()
        yield unit
