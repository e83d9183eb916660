"""Leaves beside the columns of their transactions, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)

from timebank.domain.transaction import Transaction
from timebank.ports import LeafPage
from timebank.proof.plain import ACTED, GROUNDS, LEAF, TRANSFER, page_of
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.recording import SEALED
from timebank.storage.sql.types import AccountKey, Day, Id, Moment

_LEAVES: Final = 1_000
"""How many leaves a page has."""

_SQLITE: Final[dict[type, Callable[[Any], ColumnElement[Any]]]] = {
    Id: lambda column: type_coerce(column, LargeBinary),
    AccountKey: lambda column: func.printf("%016x", type_coerce(column, BigInteger)),
    Day: lambda column: type_coerce(column, Text),
}
_POSTGRESQL: Final[dict[type, Callable[[Any], ColumnElement[Any]]]] = {
    Id: lambda column: func.replace(cast(column, Text), "-", ""),
    AccountKey: lambda column: func.lpad(func.to_hex(type_coerce(column, BigInteger)), 16, "0"),
    Day: lambda column: func.to_char(column, "YYYY-MM-DD"),
}
"""Type of a column → the plain value that a leaf is made of, worked out by the database."""


def pages(link: Link, start: int) -> Iterator[LeafPage]:
    """Every leaf from that position on, page by page, from one snapshot."""
    query = _query(link.connection.dialect.name)
    while rows := link.all(query, bank=link.bank, start=start):
        columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True)
        if link.is_sqlite:
            columns = map(_digits, columns, _ARE_IDS)
        yield (page := page_of(columns))
        start = page.leaf[0][-1] + 1


def _columns() -> tuple[Column[Any], ...]:
    leaf, transaction, transfer = schema.leaf, schema.transaction, schema.transfer
    return (
        *(leaf.c[name] for name in LEAF),
        transaction.c.salt,
        *(transaction.c[name] for name in (*ACTED, *GROUNDS)),
        *(transfer.c[name] for name in TRANSFER),
    )


_ARE_IDS: Final = tuple(isinstance(column.type, Id) for column in _columns())


def _digits(column: tuple[Any, ...], are_ids: bool) -> tuple[Any, ...]:
    """Ids, which SQLite has as bytes, in digits; other columns as they are."""
    return tuple(id_ and id_.hex() for id_ in column) if are_ids else column


@cache
def _query(dialect: str) -> Select[Any]:
    """A page of leaves, each beside its transaction and that one's transfers."""
    leaf, transaction, transfer = schema.leaf, schema.transaction, schema.transfer
    bank, start = bindparam("bank", type_=BigInteger), bindparam("start", type_=BigInteger)
    here = (
        select(*(leaf.c[name] for name in LEAF))
        .where(leaf.c.bank_id == bank, leaf.c.position >= start)
        .order_by(leaf.c.position)
        .limit(_LEAVES)
        .subquery()
    )
    found = (here.c[c.name] if c.table is leaf else c for c in _columns())
    about = and_(
        transaction.c.bank_id == bank,
        transaction.c.id == here.c.fact_id,
        here.c.kind == SEALED[Transaction],
    )
    moved = and_(transfer.c.bank_id == bank, transfer.c.transaction_id == here.c.fact_id)
    return (
        select(*(_plain(column, dialect).label(f"c{at}") for at, column in enumerate(found)))
        .select_from(here)
        .outerjoin(transaction, about)
        .outerjoin(transfer, and_(moved, transaction.c.id.is_not(None)))
        .order_by(here.c.position, transfer.c.n)
    )


def _plain(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """The value as it goes into a leaf."""
    kind = type(column.type)
    if kind is Moment:
        return type_coerce(column, BigInteger)
    make = (_SQLITE if dialect == "sqlite" else _POSTGRESQL).get(kind)
    return column if make is None else make(column)
