"""L-5: facts are never changed, deleted or replaced, whoever asks and with whatever tool."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Table, UniqueConstraint

from tests.guards.raw import refusal, rows
from timebank.storage.sql import schema

ALL = (*schema.FACTS, *schema.KEPT)


def answers(full: Engine, tables: tuple[Table, ...], statement: str) -> dict[str, str | None]:
    """What the database says to the statement, by table."""
    return {
        table.name: refusal(
            full, statement.format(table=table.name, column=list(table.columns)[-1].name)
        )
        for table in tables
    }


def refused(tables: tuple[Table, ...]) -> dict[str, str]:
    return {table.name: "TRIGGER" for table in tables}


def test_no_fact_is_edited(full: Engine) -> None:
    found = answers(full, schema.FACTS, "UPDATE {table} SET {column} = {column}")
    assert found == refused(schema.FACTS)


def test_nothing_is_deleted(full: Engine) -> None:
    assert answers(full, ALL, "DELETE FROM {table}") == refused(ALL)


@pytest.mark.parametrize("full", ["postgresql"], indirect=True)
def test_nothing_is_emptied(full: Engine) -> None:
    assert answers(full, ALL, "TRUNCATE {table} CASCADE") == refused(ALL)


def keys(table: Table) -> Iterator[list[str]]:
    """The columns of each key: the primary one and the secondary ones."""
    yield [column.name for column in table.primary_key]
    for part in table.constraints:
        if isinstance(part, UniqueConstraint):
            yield [column.name for column in part.columns]


def fresh(value: Any) -> Any:
    if isinstance(value, str):
        return f"{value}+"
    return value + 1000 if isinstance(value, int) else os.urandom(16)


@pytest.mark.parametrize("full", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
def test_no_fact_is_replaced_over_any_of_its_keys(full: Engine, how: str) -> None:
    """On somebody else's connection, where ``recursive_triggers`` is off."""
    attacks = 0
    with full.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA recursive_triggers").scalar() == 0
        for table in schema.FACTS:
            everything = {name for columns in keys(table) for name in columns} - {"bank_id"}
            before = rows(connection, table)
            for columns in keys(table):
                names = [column.name for column in table.columns]
                new = dict(zip(names, before[0], strict=True))
                if any(new[name] is None for name in columns):
                    whole = [r for r in before if None not in (r[names.index(c)] for c in columns)]
                    new = dict(zip(names, whole[0], strict=True))
                new |= {name: fresh(new[name]) for name in everything - set(columns)}
                statement = (
                    f"{how} INTO {table.name} ({', '.join(names)})"
                    f" VALUES ({', '.join('?' * len(names))})"
                )
                attacks += 1
                said = _attack(connection.connection.dbapi_connection, statement, new)
                silent = table is schema.request_key or how == "INSERT OR IGNORE"
                assert said in ((None, "TRIGGER") if silent else ("TRIGGER",)), (table, columns)
                assert rows(connection, table) == before
    assert attacks > len(schema.FACTS)


def _attack(driver: Any, statement: str, values: dict[str, Any]) -> str | None:
    try:
        driver.execute(statement, tuple(values.values()))
        return None
    except sqlite3.IntegrityError as error:
        return error.sqlite_errorname.removeprefix("SQLITE_CONSTRAINT_")
