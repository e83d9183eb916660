"""Whole databases: a SQLite file copied while in use, and every row of a bank into another place.

A copy holds everything, keys and outbox included, unlike the journal file, which holds the facts.
"""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, Table, create_engine

from timebank.errors import ConflictError
from timebank.storage.sql import schema, wings
from timebank.storage.sql.sqlite import prepare_sqlite
from timebank.storage.sql.unit_of_work import SqlUnit
from timebank.storage.sql.writing import insert_rows, parents_first

AT_ONCE: Final = 1_000
_ROLLBACK_JOURNAL: Final = "delete"


def writable(file: Path) -> Engine:
    """An engine on a SQLite file."""
    return prepare_sqlite(create_engine(URL.create("sqlite", database=str(file))))


def read_only(file: Path) -> Engine:
    """An engine that opens the file for reading only, as on a read-only medium."""
    address = file.absolute().as_uri()
    query = {"mode": "ro", "uri": "true"}
    return prepare_sqlite(create_engine(URL.create("sqlite", database=address, query=query)))


def copy_file(engine: Engine, file: Path) -> None:
    """The SQLite database as it stands in one moment, into a file; writers are not held up."""
    copy = writable(file)
    source, target = engine.raw_connection(), copy.raw_connection()
    try:
        source.driver_connection.backup(target.driver_connection)  # type: ignore[union-attr]
    finally:
        target.close()
        source.close()
        copy.dispose()


def pack(engine: Engine) -> None:
    """Close a SQLite file for a read-only medium: everything in one file, no write-ahead log.

    *Refuses* a file that somebody else has open, with ``ConflictError``. The next ``migrate``
    turns the log on again.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA journal_mode = DELETE")
        mode = cursor.fetchone()
    except sqlite3.OperationalError as error:
        raise _in_use() from error
    finally:
        connection.close()
    if mode != (_ROLLBACK_JOURNAL,):
        raise _in_use()


def _in_use() -> ConflictError:
    return ConflictError(reason="somebody else has the file open")


def copy_bank(source: SqlUnit, target: SqlUnit) -> int:
    """Every row of the source's bank into the target's, which has none; how many they were.

    The target has the wings of the source: ``migrate`` was asked for them.
    """
    if target.connection.dialect.name == "sqlite":
        target.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    tables = [*schema.metadata.sorted_tables]
    for wing in wings.installed(source.connection, source.link.schema):
        tables += wing.tables
    return sum(_copy_table(source, target, table) for table in tables)


def _copy_table(source: SqlUnit, target: SqlUnit, table: Table) -> int:
    names = [column.name for column in table.c if column.name != "bank_id"]
    rows, count = source.link.stream(parents_first(table, source.link.bank)), 0
    while part := [{name: row._mapping[name] for name in names} for row in islice(rows, AT_ONCE)]:
        insert_rows(target.link, table, part)
        count += len(part)
    return count
