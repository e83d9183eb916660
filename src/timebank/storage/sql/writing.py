"""Rows in, one statement per table: arrays on PostgreSQL, the driver's own loop on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Table,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert
from sqlalchemy.dialects.postgresql import insert as _insert
from sqlalchemy.sql.selectable import FromClause

from timebank.errors import ConflictError
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import Prepared

Values = Mapping[str, Any]


def insert_rows(link: Link, table: Table, rows: Sequence[Values]) -> None:
    """Append rows to a table of the link's bank."""
    if not rows:
        return
    names = tuple(rows[0])
    if len(rows) == 1:
        link.write(_plain_insert(table, names), {"bank_id": link.bank, **rows[0]})
    elif link.is_sqlite:
        link.write(_plain_insert(table, names), [{"bank_id": link.bank, **row} for row in rows])
    else:
        link.write(_array_insert(table, names), _arrays(link, names, rows))


def update_rows(link: Link, table: Table, rows: Sequence[Values], *, key: str = "id") -> None:
    """Replace the columns given of rows that exist.

    *Refuses* rows that are not there with ``ConflictError``: somebody else was faster.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if len(rows) == 1 or link.is_sqlite:
        parameters = [
            {"b_bank": link.bank, **{f"v_{name}": row[name] for name in names}} for row in rows
        ]
        one = len(parameters) == 1
        found = link.write(_single_update(table, names, key), parameters[0] if one else parameters)
    else:
        found = link.write(_array_update(table, names, key), _arrays(link, names, rows))
    if found != len(rows):
        raise ConflictError(reason=f"{table.name} changed under its lock")


def insert_new_keys(link: Link, table: Table, rows: Sequence[Values]) -> int:
    """Append rows whose key nobody used; how many were new. Waits for a rival to end."""
    names = tuple(rows[0])
    if len(rows) == 1:
        return link.write(_single_new(table, names), {"bank_id": link.bank, **rows[0]})
    if link.is_sqlite:
        values = [{"bank_id": link.bank, **row} for row in rows]
        return link.write(_single_new(table, names), values)
    return link.write(_array_new(table, names), _arrays(link, names, rows))


def _arrays(link: Link, names: Sequence[str], rows: Sequence[Values]) -> dict[str, Any]:
    columns: dict[str, Any] = {f"v_{name}": [row[name] for row in rows] for name in names}
    return {"b_bank": link.bank, **columns}


def _unnested(table: Table, names: Sequence[str]) -> FromClause:
    """The arrays of all columns, side by side, as a table of values."""
    arrays = []
    for name in names:
        kind = ARRAY(table.c[name].type)
        arrays.append(cast(bindparam(f"v_{name}", type_=kind), kind))
    columns: list[Column[Any]] = [column(name, table.c[name].type) for name in names]  # type: ignore[misc]
    return func.unnest(*arrays).table_valued(*columns, name="v").render_derived()


@cache
def _plain_insert(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table), ("bank_id", *names))


@cache
def _array_insert(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_from_arrays(table, names))


@cache
def _array_new(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_from_arrays(table, names).on_conflict_do_nothing())


def _from_arrays(table: Table, names: tuple[str, ...]) -> Insert:
    values = _unnested(table, names)
    chosen = select(bindparam("b_bank", type_=table.c.bank_id.type), *values.c)
    return _insert(table).from_select(["bank_id", *names], chosen)


@cache
def _single_new(table: Table, names: tuple[str, ...]) -> Prepared:
    """SQLite and PostgreSQL write ON CONFLICT DO NOTHING alike."""
    return Prepared(_insert(table).on_conflict_do_nothing(), ("bank_id", *names))


@cache
def _single_update(table: Table, names: tuple[str, ...], key: str) -> Prepared:
    changed: dict[str, Any] = {name: bindparam(f"v_{name}") for name in names if name != key}
    return Prepared(
        update(table)
        .where(table.c.bank_id == bindparam("b_bank"), table.c[key] == bindparam(f"v_{key}"))
        .values(changed)
    )


@cache
def _array_update(table: Table, names: tuple[str, ...], key: str) -> Prepared:
    values = _unnested(table, names)
    changed: dict[str, Any] = {name: values.c[name] for name in names if name != key}
    return Prepared(
        update(table)
        .where(table.c.bank_id == bindparam("b_bank"), table.c[key] == values.c[key])
        .values(changed)
    )
