"""Which rows an audit looks at: all of a bank, or what its first leaves do not seal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    and_,
    select,
    true,
    union,
    union_all,
)

from timebank.domain.account import AccountChange
from timebank.domain.exchange import ExchangeAct
from timebank.domain.transaction import Transaction
from timebank.storage.identity import first_id_at, moment_of
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.recording import SEALED, SHAPES
from timebank.storage.sql.stores._common import Store
from timebank.storage.sql.wings import Wing, installed

_MARGIN: Final = timedelta(days=1)
"""What is no fact is told by the time in its id, and may have been committed later than that."""


class Later:
    """What the first ``size`` leaves, sealed at that time, do not seal."""

    def __init__(self, link: Link, size: int, sealed_at: datetime) -> None:
        self.link = link
        self.size = size
        self.sealed_at = sealed_at

    def facts(self, kind: type | None = None) -> CompoundSelect[Any]:
        """The ids of later facts, of one kind or of all."""
        parts: list[Select[Any]] = []
        for table in (schema.leaf, schema.seal_queue):
            part = select(table.c.fact_id).where(table.c.bank_id == self.link.bank)
            parts.append(part if kind is None else part.where(table.c.kind == SEALED[kind]))
        parts[0] = parts[0].where(schema.leaf.c.position >= self.size)
        return union_all(*parts)

    @cached_property
    def first_id(self) -> str:
        """Where the ids begin of what was written with later facts."""
        facts = self.facts().subquery().c.fact_id
        first = self.link.run(select(facts).order_by(facts).limit(1)).scalar()
        moments = [self.sealed_at, *([] if first is None else [moment_of(first)])]
        return first_id_at(min(moments) - _MARGIN)


class Scoped(Store):
    """A store that reads the rows of a bank, or only the later ones."""

    def __init__(self, link: Link, later: Later | None = None) -> None:
        super().__init__(link)
        self._later = later

    @cached_property
    def _beside(self) -> tuple[Wing, ...]:
        """The wings of this database."""
        return installed(self.link.connection, self.link.schema)

    def _in_scope(self, table: Table) -> ColumnElement[bool]:
        """The rows that are looked at."""
        is_later = _LATER.get(table.name)
        if self._later is None or is_later is None:
            return self._own(table)
        return and_(self._own(table), is_later(self._later))

    def _scanned(self, table: Table) -> ColumnElement[bool]:
        """The rows that are looked at, read from front to back where that is all of them.

        SQLite would take the index that begins with the bank, row by row, at three times the cost;
        a file holds one bank as a rule. A sum keeps it from that.
        """
        if self._later is None and self.link.is_sqlite:
            return table.c.bank_id + 0 == self.link.bank
        return self._in_scope(table)

    def _names(self, column: ColumnElement[Any], table: Table) -> ColumnElement[bool]:
        """Rows that name, in this column, a row that is looked at."""
        if self._later is None:
            return true()
        return column.in_(select(table.c.id).where(self._in_scope(table)))


def _facts(kind: type) -> Callable[[Later], ColumnElement[bool]]:
    return lambda later: SHAPES[kind][0].c.id.in_(later.facts(kind))


def _touched_exchanges(later: Later) -> CompoundSelect[Any]:
    """Exchanges with later acts or hours, and those that are new."""
    parts = [
        select(table.c.exchange_id).where(
            table.c.bank_id == later.link.bank, table.c.id.in_(later.facts(kind))
        )
        for kind, table in ((ExchangeAct, schema.exchange_act), (Transaction, schema.transaction))
    ]
    exchange = schema.exchange.c
    new = select(exchange.id).where(
        exchange.bank_id == later.link.bank, exchange.id >= later.first_id
    )
    return union(*parts, new)


def _touched_holds(later: Later) -> CompoundSelect[Any]:
    """The holds of those exchanges, and those that are new."""
    exchange, hold = schema.exchange.c, schema.hold.c
    return union(
        select(exchange.hold_id).where(
            exchange.bank_id == later.link.bank, exchange.id.in_(_touched_exchanges(later))
        ),
        select(hold.id).where(hold.bank_id == later.link.bank, hold.id >= later.first_id),
    )


_LATER: Final[dict[str, Callable[[Later], ColumnElement[bool]]]] = {
    schema.transaction.name: _facts(Transaction),
    schema.account_change.name: _facts(AccountChange),
    schema.exchange_act.name: _facts(ExchangeAct),
    schema.transfer.name: lambda later: schema.transfer.c.transaction_id.in_(
        later.facts(Transaction)
    ),
    schema.exchange.name: lambda later: schema.exchange.c.id.in_(_touched_exchanges(later)),
    schema.exchange_party.name: lambda later: schema.exchange_party.c.exchange_id.in_(
        _touched_exchanges(later)
    ),
    schema.hold.name: lambda later: schema.hold.c.id.in_(_touched_holds(later)),
    schema.note.name: lambda later: schema.note.c.about_id >= later.first_id,
    schema.outbox.name: lambda later: schema.outbox.c.id >= later.first_id,
    schema.request_key.name: lambda later: schema.request_key.c.receipt_id >= later.first_id,
    schema.leaf.name: lambda later: schema.leaf.c.position >= later.size,
    schema.checkpoint.name: lambda later: schema.checkpoint.c.size > later.size,
}
"""Table → which of its rows came later. A table that is not here is looked at whole."""
