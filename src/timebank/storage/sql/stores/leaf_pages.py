"""Leaves beside the columns of their transactions, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
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
"""How many leaves a page of those that are sealed has."""

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
    while page := _page(link, _sealed, start, _LEAVES):
        yield page
        start = page.leaf[0][-1] + 1


def waiting(link: Link, start: int, limit: int) -> LeafPage | None:
    """What is queued, at most so many facts, in the order and at the positions of their leaves."""
    return _page(link, _queued, start, limit)


def _page(link: Link, which: Callable[[], Select[Any]], start: int, limit: int) -> LeafPage | None:
    query = _query(which, link.connection.dialect.name)
    rows = link.all(query, bank=link.bank, start=start, limit=limit)
    columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True)
    if link.is_sqlite:
        columns = map(_digits, columns, _ARE_IDS)
    return page_of(columns) if rows else None


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


def _given(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


def _sealed() -> Select[Any]:
    """Leaves that are there."""
    leaf = schema.leaf.c
    return (
        select(*(leaf[name] for name in LEAF))
        .where(leaf.bank_id == _given("bank"), leaf.position >= _given("start"))
        .order_by(leaf.position)
        .limit(_given("limit"))
    )


def _queued() -> Select[Any]:
    """Leaves to be, numbered in the order of time, then kind and id."""
    queue = schema.seal_queue.c
    order = (queue.recorded_at, queue.kind, queue.fact_id)
    first = (
        select(*order)
        .where(queue.bank_id == _given("bank"))
        .order_by(*order)
        .limit(_given("limit"))
        .subquery()
        .c
    )
    place = func.row_number().over(order_by=(first.recorded_at, first.kind, first.fact_id))
    position = (_given("start") + place - 1).label("position")
    return select(position, first.kind, first.fact_id, null().label("hash"))


@cache
def _query(which: Callable[[], Select[Any]], dialect: str) -> Select[Any]:
    """A page of leaves, each beside its transaction and that one's transfers."""
    leaf, transaction, transfer = schema.leaf, schema.transaction, schema.transfer
    bank, here = _given("bank"), which().subquery()
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
    if column is schema.transaction.c.salt:  # without a transfer, a transaction is not told
        return case((schema.transfer.c.n.is_not(None), column))
    kind = type(column.type)
    if kind is Moment:
        return type_coerce(column, BigInteger)
    make = (_SQLITE if dialect == "sqlite" else _POSTGRESQL).get(kind)
    return column if make is None else make(column)
