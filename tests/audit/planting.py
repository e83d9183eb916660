"""Somebody who changes one value of one row, in a database whose guards are out of the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    delete,
    select,
    update,
)
from sqlalchemy import inspect as inspected

from timebank import audits
from timebank.actions.audits import AuditReport
from timebank.domain.ids import bank_id_of
from timebank.proof.checkpoint import Checkpoint
from timebank.storage.sql import guards, schema
from timebank.storage.sql.stores.audit_rules import RULES
from timebank.storage.sql.types import AccountKey, Day, Id, Moment
from timebank.storage.sql.unit_of_work import SqlUnit
from timebank.storage.sql.wings import Wing
from timebank.testing import FrozenClock
from timebank.testing.builders import NOW

BANK: Final = "riverside"
WAYS: Final = ("changed", "emptied", "filled", "garbled")
"""To another value that may be; to nothing; from nothing; to a word that means nothing."""
FAR: Final = 1000
"""How far a number of a key moves, so that it meets no other row."""

_KINDS: Final[dict[type, type]] = {Id: object, AccountKey: object, Moment: datetime, Day: date}
_WORDS: Final = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Fault:
    """One value of one table, and how it is changed; without a column a row is taken out."""

    table: Table
    column: Column[Any] | None
    way: str

    @property
    def name(self) -> str:
        """``table.column-way``."""
        short = _short(self.table)
        where = "" if self.column is None else f".{self.column.name}"
        return f"{short}{where}-{self.way}"


def faults(table: Table) -> Iterator[Fault]:
    """Every fault that can be planted in a table, read off its columns."""
    for column in table.columns:
        yield Fault(table, column, "changed")
        if column.nullable:
            yield Fault(table, column, "emptied")
            yield Fault(table, column, "filled")
        if _kind(column) is str:
            yield Fault(table, column, "garbled")
    yield Fault(table, None, "deleted")


def sample(names: Sequence[str], of: Callable[[str], Iterable[str]], every: int) -> list[str]:
    """The first name of each kind that ``of`` tells, and one in ``every`` of all the others."""
    firsts = {kind: name for name in reversed(names) for kind in of(name)}
    others = [name for name in names if name not in firsts.values()]
    chosen = {*firsts.values(), *others[::every]}
    return [name for name in names if name in chosen]


def _kind(column: Column[Any]) -> type:
    """What a value of the column is in Python; ids are no text."""
    found: type = _KINDS.get(type(column.type)) or column.type.python_type
    return found


def unguard(engine: Engine, wing: Wing | None = None) -> None:
    """Take every guard and constraint out of the way, but for the keys that SQLite keeps."""
    fences = [None] if wing is None else [None, wing.fence]
    tables = [*schema.metadata.tables.values(), *(wing.tables if wing else ())]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in (name for fence in fences for name in guards.guards("sqlite", fence)):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            return
        found = inspected(connection)
        for table in tables:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL")
            checks = found.get_check_constraints(table.name)
            for constraint in (*checks, *found.get_foreign_keys(table.name)):
                drop = f"ALTER TABLE {table.name} DROP CONSTRAINT {constraint['name']}"
                connection.exec_driver_sql(drop)


def rows_for(connection: Connection, fault: Fault) -> list[dict[str, Any]]:
    """The rows in which the fault can be planted, in order of their keys."""
    query = select(fault.table).where(fault.table.c.bank_id == bank_id_of(BANK))
    if fault.column is not None and fault.column.nullable:
        empty = fault.column.is_(None)
        query = query.where(empty if fault.way == "filled" else ~empty)
    key = fault.table.primary_key.columns
    return [dict(row._mapping) for row in connection.execute(query.order_by(*key))]


def plant(connection: Connection, fault: Fault, row: dict[str, Any]) -> dict[str, Any]:
    """Change the row; the row as it is now is the answer."""
    here = [column == row[column.name] for column in fault.table.primary_key.columns]
    if fault.column is None:
        done = connection.execute(delete(fault.table).where(*here))
        assert done.rowcount == 1
        return row
    value = _MAKERS[fault.way](connection, fault.column, row[fault.column.name])
    assert value != row[fault.column.name]
    done = connection.execute(update(fault.table).where(*here).values({fault.column: value}))
    assert done.rowcount == 1
    return {**row, fault.column.name: value}


def audit(
    connection: Connection,
    clock: FrozenClock,
    kept: Checkpoint | None = None,
    only: str | None = None,
) -> AuditReport:
    """A whole audit of what the connection sees, its own uncommitted changes included.

    The comparison with the release's schema is left out: it would find the guards missing. With
    ``only`` the audit is that one check, in a tenth of the time.
    """
    unit = SqlUnit(connection, BANK, None, clock, schema.REVISION)
    if only is not None:
        return audits.run(unit, [only], kept=kept)
    every = [*audits.checks(), *(check for wing in unit.wing_audits for check in wing.checks)]
    chosen = [check.name for check in every if check.name != "schema_is_as_released"]
    return audits.run(unit, chosen, kept=kept)


def _another(_: Connection, column: Column[Any], value: Any) -> Any:
    if _kind(column) is str and (words := _words_of(column)):
        return next(word for word in words if word != value)
    if isinstance(column.type, (Id, AccountKey)):
        at = len(value) * 3 // 4  # the last digit alone may make it the next id of its unit of work
        return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, int):
        is_flag = column.name in ("imported", "overrides")
        return 1 - value if is_flag else value + (FAR if _is_unique(column) else 1)
    return _other_text(column, value)


def _other_text(column: Column[Any], value: str) -> str:
    """Text that can still be read: another digit in a document, else a letter more."""
    if column.name in ("body", "digests"):
        place, digit = next((m.start(), m[0]) for m in reversed([*re.finditer(r"\d", value)]))
        return value[:place] + str((int(digit) + 1) % 10) + value[place + 1 :]
    if value.lstrip("-").isdigit():
        return value + "1"
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def _is_unique(column: Column[Any]) -> bool:
    """Whether two rows may not have the same."""
    table = column.table
    keys = [c for c in table.constraints if isinstance(c, (PrimaryKeyConstraint, UniqueConstraint))]
    indexes = [index for index in table.indexes if index.unique]
    return any(column.name in key.columns for key in (*keys, *indexes))


def _words_of(column: Column[Any]) -> list[str]:
    """The words that the column's own constraint, or the audit, allows."""
    name = f"ck_{column.table.name}_{column.name}"
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.name == name:
            return _among(str(constraint.sqltext))
    return _among(RULES.get(_short(column.table), {}).get(column.name, ""))


def _among(condition: str) -> list[str]:
    return _WORDS.findall(condition) if " IN ('" in condition else []


def _short(table: Table) -> str:
    return table.name.removeprefix(schema.PREFIX)


def _somebodys(connection: Connection, column: Column[Any], _: Any) -> Any:
    """A value of another row; where there is none, one that looks right."""
    query = select(column).where(column.is_not(None)).order_by(column).limit(1)
    found = None if _is_unique(column) else connection.execute(query).scalar()
    return found if found is not None else _EXAMPLES[_kind(column)](column)


def _example_text(column: Column[Any]) -> str:
    if words := _words_of(column):
        return words[0]
    return "officer"


_EXAMPLES: Final[dict[type, Callable[[Column[Any]], Any]]] = {
    str: _example_text,
    object: lambda column: "7" * (16 if isinstance(column.type, AccountKey) else 32),
    int: lambda column: 7,
    bytes: lambda column: b"\x07" * 32,
    date: lambda column: date(2026, 3, 9),
    datetime: lambda column: NOW,
}

_MAKERS: Final[dict[str, Callable[[Connection, Column[Any], Any], Any]]] = {
    "changed": _another,
    "emptied": lambda connection, column, value: None,
    "filled": _somebodys,
    "garbled": lambda connection, column, value: "?",
}
