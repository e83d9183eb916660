"""Somebody with a database console: raw statements, and what the database says to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import DBAPIError

SQLITE_CONSTRAINT_DATATYPE = 3091
"""What a STRICT table says; older Pythons have no name for it."""


def refusal(engine: Engine, statement: str, *parameters: Any) -> str | None:
    """The database's own code for its refusal; None where it let the statement pass."""
    with engine.connect() as connection:
        try:
            done = connection.exec_driver_sql(statement, parameters or None)
            assert done.rowcount != 0, f"hits no row: {statement}"
            return None
        except DBAPIError as error:
            return code_of(error)
        finally:
            connection.rollback()


def code_of(error: DBAPIError) -> str:
    """``CHECK``, ``TRIGGER``, …: one word for both databases; else the code itself."""
    code = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", ""))
    if code == "23514":  # our triggers borrow the code of a CHECK; a CHECK names itself
        return "CHECK" if "check constraint" in str(error.orig) else "TRIGGER"
    if getattr(error.orig, "sqlite_errorcode", 0) == SQLITE_CONSTRAINT_DATATYPE:
        return "TYPE"
    words = {
        "SQLITE_CONSTRAINT_TRIGGER": "TRIGGER",
        "SQLITE_CONSTRAINT_CHECK": "CHECK",
        "SQLITE_CONSTRAINT_UNIQUE": "UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY": "UNIQUE",
        "23505": "UNIQUE",
        "22P02": "TYPE",
        "23503": "FOREIGN KEY",
        "SQLITE_CONSTRAINT_FOREIGNKEY": "FOREIGN KEY",
    }
    return words.get(code, code)


def copy_of(table: Table, where: str = "", **changed: str) -> str:
    """An INSERT of a row like the first one (that meets ``where``), with some columns changed."""
    columns = [column.name for column in table.columns]
    values = ", ".join(changed.get(name, name) for name in columns)
    chosen = f"SELECT {values} FROM {table.name} {where} LIMIT 1"
    return f"INSERT INTO {table.name} ({', '.join(columns)}) {chosen}"


def rows(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """Everything in the table as the driver gives it."""
    return sorted(
        (tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table.name}")), key=repr
    )
