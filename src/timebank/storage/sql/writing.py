"""Rows in, and rows replaced: one statement for everything on PostgreSQL, a single round trip; one
for each table on SQLite, where the driver itself repeats it for many rows.

On PostgreSQL each part is a data-modifying ``WITH`` query, and foreign keys are checked at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Label,
    Select,
    Table,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.selectable import FromClause

from timebank.errors import ConflictError
from timebank.storage.sql.link import Link
from timebank.storage.sql.prepared import Prepared, Values
from timebank.storage.sql.types import ArrayText

_FORMS: Final = 512
"""Statements that are kept: they differ in which columns have a value."""
_BIG: Final = BigInteger()
_BANK: Final[BindParameter[int]] = bindparam("bank", type_=_BIG)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table: new ones, or with ``key`` those that it finds, to be replaced."""

    table: Table
    rows: Sequence[Values]
    key: str | None = None


def insert_rows(link: Link, table: Table, rows: Sequence[Values]) -> None:
    """Append rows to a table of the link's bank."""
    write(link, [Part(table, rows)])


def parents_first(table: Table, bank: int) -> Select[Any]:
    """The rows of a bank in an order in which they can be written: those that refer to none of
    their own table come first.
    """
    own = [
        table.c[element.parent.name].is_not(None)
        for constraint in table.constraints
        if isinstance(constraint, ForeignKeyConstraint) and constraint.referred_table is table
        for element in constraint.elements
        if element.parent.name != "bank_id"
    ]
    return select(table).where(table.c.bank_id == bank).order_by(*own, *table.primary_key.columns)


def standing(link: Link, key: Column[Any], keys: Collection[Any]) -> dict[Any, dict[str, Any]]:
    """The rows of the bank that are there under these keys; of several the last."""
    query = select(key.table).where(key.table.c.bank_id == link.bank, key.in_(keys))
    return {row._mapping[key.name]: dict(row._mapping) for row in link.all(query)}


def write(link: Link, parts: Sequence[Part]) -> None:
    """Write all parts in order.

    *Refuses* rows to be replaced that are not there with ``ConflictError``: somebody was faster.
    """
    wanted = [part for part in parts if part.rows]
    if link.is_sqlite:
        _require_found(wanted, [_written(link, part) for part in wanted])
    elif wanted:
        _require_found(wanted, _at_once(link, wanted))


def write_new(link: Link, keys: Part, parts: Sequence[Part] = ()) -> bool:
    """As ``write``, where no key among the first part's rows is there; False and nothing written
    where one is. Waits for a rival who is writing it.
    """
    if len(keys.rows) == 1:
        return _new(link, keys, parts)
    return link.attempt(lambda: _new(link, keys, parts))


def _new(link: Link, keys: Part, parts: Sequence[Part]) -> bool:
    wanted = [part for part in parts if part.rows]
    if link.is_sqlite:
        if _written(link, keys, new=True) != len(keys.rows):
            return False
        write(link, wanted)
        return True
    found, *counts = _at_once(link, [keys, *wanted], new=True)
    if found == len(keys.rows):
        _require_found(wanted, counts)
    return found == len(keys.rows)


def _require_found(parts: Sequence[Part], counts: Sequence[int]) -> None:
    for part, count in zip(parts, counts, strict=True):
        if part.key is not None and count != len(part.rows):
            raise ConflictError(reason=f"{part.table.name} changed under its lock")


class _Form(NamedTuple):
    """What two parts have in common that differ in values only."""

    table: Table
    names: tuple[str, ...]
    key: str | None
    single: bool


def _form(part: Part, *, single: bool) -> _Form:
    """A new row needs no values where it has none: a long statement costs the driver time."""
    first = part.rows[0]
    if part.key is not None:
        names = [*first]
    elif single:
        names = [n for n, value in first.items() if value is not None]
    else:
        names = [n for n in first if any(row[n] is not None for row in part.rows)]
    return _Form(part.table, tuple(names), part.key, single)


def _written(link: Link, part: Part, *, new: bool = False) -> int:
    """One part by a statement of its own; how many rows it wrote."""
    names = tuple(part.rows[0])
    statement = _one_by_one(_Form(part.table, names, part.key, single=True), new)
    bank = "bank_id" if part.key is None else "bank"
    values = [{bank: link.bank, **row} for row in part.rows]
    return link.write(statement, values if len(values) > 1 else values[0])


@lru_cache(maxsize=_FORMS)
def _one_by_one(form: _Form, new: bool) -> Prepared:
    if form.key is None:
        statement = insert(form.table)
        wanted = statement.on_conflict_do_nothing() if new else statement
        return Prepared(wanted, ("bank_id", *form.names))
    return Prepared(_changed(form, ""))


def _at_once(link: Link, parts: Sequence[Part], *, new: bool = False) -> list[int]:
    """All parts in one statement; how many rows each of them wrote. What is added is not counted
    but for the first part: it is written or fails.
    """
    forms = tuple([_form(part, single=len(part.rows) == 1) for part in parts])
    given: list[Any] = []
    for part, form in zip(parts, forms, strict=True):
        if form.single:
            given += [part.rows[0][name] for name in form.names]
        else:
            given += [[row[name] for row in part.rows] for name in form.names]
    statement, names = _together(forms, new)
    values = dict(zip(names, given, strict=True))
    (counts,) = link.rows(statement, bank=link.bank, keys=len(parts[0].rows), **values)
    return [getattr(counts, f"n{n}", len(part.rows)) for n, part in enumerate(parts)]


@lru_cache(maxsize=_FORMS)
def _together(forms: tuple[_Form, ...], new: bool) -> tuple[Prepared, tuple[str, ...]]:
    """Parts as one statement, and the names of its values in order. Where the first one's rows are
    to be ``new``, the others wait for it, and write only if all of them were.
    """
    written: list[CTE] = []
    counts: list[Label[int]] = []
    for n, form in enumerate(forms):
        if_new = [_count(written[0]) == bindparam("keys", type_=_BIG)] if new and written else []
        make = _added if form.key is None else _changed
        statement = make(form, f"p{n}_", *if_new)
        if new and not written:
            statement = statement.on_conflict_do_nothing()
        if form.key is not None or not written:
            statement = statement.returning(form.table.c.bank_id)
        written.append(statement.cte(f"p{n}"))
        if form.key is not None or n == 0:
            counts.append(_count(written[n]).label(f"n{n}"))
    names = tuple([f"p{n}_{name}" for n, form in enumerate(forms) for name in form.names])
    return Prepared(select(*counts).add_cte(*written)), names


def _count(part: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(part).scalar_subquery()


def _added(form: _Form, prefix: str, *conditions: ColumnElement[bool]) -> Any:
    columns, sources = _columns(form, prefix)
    chosen = select(_BANK, *columns.values()).select_from(*sources).where(*conditions)
    return insert(form.table).from_select(["bank_id", *form.names], chosen)


def _changed(form: _Form, prefix: str, *conditions: ColumnElement[bool]) -> Any:
    table, key = form.table.c, str(form.key)
    columns, _ = _columns(form, prefix)
    found = columns.pop(key)
    return (
        update(form.table)
        .where(table.bank_id == _BANK, table[key] == found, *conditions)
        .values(columns)
    )


def _columns(form: _Form, prefix: str) -> tuple[dict[str, Any], list[FromClause]]:
    """The values of one row; or those of many, as arrays side by side."""
    kinds = {name: form.table.c[name].type for name in form.names}
    if form.single:
        return {n: bindparam(prefix + n, type_=kind) for n, kind in kinds.items()}, []
    arrays = [
        cast(bindparam(prefix + n, type_=ArrayText(kind)), ARRAY(kind)) for n, kind in kinds.items()
    ]
    # SQLAlchemy says ColumnClause here; an array's columns are taken as columns all the same
    named: list[Column[Any]] = [column(n, kind) for n, kind in kinds.items()]  # type: ignore[misc]
    rows = func.unnest(*arrays).table_valued(*named, name=f"{prefix}rows").render_derived()
    return {name: rows.c[name] for name in form.names}, [rows]
