"""Everything of a bank, kind by kind, for the journal file: out in order, and in as it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Row, Table, select, update
from sqlalchemy.exc import DBAPIError

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.listing import Listing
from timebank.domain.member import Member, Person, Staff
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.transaction import Transaction
from timebank.errors import BrokenInvariantError, ConflictError, InputError
from timebank.ports import Leaf, TreeHead, Waiting, WingRow
from timebank.storage.sql import faults, schema, wing_rows
from timebank.storage.sql.link import STREAM_ROWS, Link
from timebank.storage.sql.recording import replace, restore
from timebank.storage.sql.rows import exchanges, ledger, people
from timebank.storage.sql.stores._common import Store, page
from timebank.storage.sql.stores.exchanges import SqlExchangeStore
from timebank.storage.sql.stores.journal import SqlJournal
from timebank.storage.sql.stores.seals import SqlSealStore
from timebank.storage.sql.writing import insert_rows

T = TypeVar("T")

_READERS: Final[dict[type, tuple[Table, Callable[[Row[Any]], Any]]]] = {
    Person: (schema.person, people.person_from),
    PolicyVersion: (schema.policy, people.version_from),
    Member: (schema.member, people.member_from),
    Staff: (schema.staff, people.staff_from),
    Account: (schema.account, ledger.account_from),
    Listing: (schema.listing, people.listing_from),
    Hold: (schema.hold, ledger.hold_from),
    AccountChange: (schema.account_change, ledger.change_from),
    ExchangeAct: (schema.exchange_act, exchanges.act_from),
    PeriodClose: (schema.period_close, people.period_from),
    DayStatement: (schema.day_statement, people.day_from),
    Note: (schema.note, ledger.note_from),
}
"""Kinds that are one row each; exchanges and transactions have rows below them."""

_ORDER: Final = {PolicyVersion: "version", Note: "about_id"}
"""What a kind is ordered by where it is not the id."""


_APART: Final = (WingRow, Waiting, Leaf, TreeHead)
"""What is written in a way of its own."""


class SqlArchive(Store):
    """``Archive`` in SQL."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._seals = SqlSealStore(link)

    def values(self, kind: type[T]) -> Iterator[T]:
        """Every value of a kind, in order of id; page by page, in bounded memory."""
        return self._stream(kind)

    def _stream(self, kind: type) -> Iterator[Any]:
        if kind is Leaf:
            return self._seals.leaves()
        if kind is TreeHead:
            return self._seals.heads()
        if kind is Waiting:
            return self._seals.queue()
        if kind is WingRow:
            return wing_rows.rows(self.link)
        if kind is Transaction:
            return self._paged(SqlJournal(self.link).list, account=None)
        if kind is Exchange:
            return self._paged(SqlExchangeStore(self.link).list, member=None, state=None)
        return self._rows(kind)

    def _paged(self, read: Callable[..., tuple[Any, ...]], **which: Any) -> Iterator[Any]:
        after = None
        while part := read(after=after, limit=STREAM_ROWS, **which):
            yield from part
            after = part[-1].id

    def _rows(self, kind: type) -> Iterator[Any]:
        table, from_row = _READERS[kind]
        column, after = table.c[_ORDER.get(kind, "id")], None
        query = select(table).where(table.c.bank_id == self.link.bank)
        while rows := self.link.all(page(query, column, after, STREAM_ROWS)):
            yield from (from_row(row) for row in rows)
            after = getattr(rows[-1], column.name)

    def restore(self, values: Sequence[Any]) -> None:
        """Values as they were, into a bank that is being loaded; nothing is queued of itself."""
        apart: dict[type, list[Any]] = {kind: [] for kind in _APART}
        others: list[Any] = []
        for value in values:
            apart.get(type(value), others).append(value)
        with _fitting():
            restore(self.link, others)
            wing_rows.restore(self.link, apart[WingRow])
            self._seals.restore_queue(apart[Waiting])
            self._seals.restore_leaves(apart[Leaf])
            self._seals.restore_heads(apart[TreeHead])

    def replace(self, values: Sequence[Any], *, but: Collection[str] = (), since: int = 0) -> int:
        """Values of a copy as they stand now; how many were written."""
        banks = [value for value in values if isinstance(value, Bank)]
        for bank in banks:
            moving = update(schema.bank).where(self._own(schema.bank))
            row = {name: getattr(bank, name) for name in ("name", "copy_size", "copy_receipts")}
            self.link.run(moving.values(row))
        beside = [value for value in values if isinstance(value, WingRow)]
        others = [value for value in values if not isinstance(value, (Bank, WingRow))]
        with _fitting():
            written = replace(self.link, others, but)
            written += wing_rows.replace(self.link, beside, since)
        return len(banks) + written

    def restore_nodes(self, nodes: Mapping[tuple[int, int], bytes]) -> None:
        """Complete nodes above the leaves."""
        rows = [
            {"level": level, "place": place, "hash": hash_}
            for (level, place), hash_ in nodes.items()
        ]
        insert_rows(self.link, schema.tree_node, rows)


@contextmanager
def _fitting() -> Iterator[None]:
    """*Refuses* rows of a file that the database has no place for, with ``InputError``: to repeat
    them would not help.
    """
    try:
        yield
    except ConflictError as error:
        if not faults.is_clash(error):
            raise
        problem = f"two rows have the same key: {error.reason.partition(':')[0]}"
        raise InputError(field="file", problem=problem) from error
    except DBAPIError as error:
        if not faults.misfits(error):
            raise
        raise InputError(field="file", problem="the database has no place for a row") from error
    except BrokenInvariantError as error:
        raise InputError(field="file", problem=str(error)) from error
    except OverflowError as error:
        raise InputError(field="file", problem="a number in it is too large") from error
