"""The one correct way to write on SQLite: begin before anything else, and begin to write.

The driver's default mode opens a transaction only at the first INSERT, so that a SAVEPOINT before
it would be the outermost transaction and its RELEASE would commit. And a transaction that has read
before it writes cannot wait for another writer. Hence ``BEGIN IMMEDIATE``, sent by us.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from timebank.errors import BackendSettingError

BUSY_MILLISECONDS: Final = 10_000
_LEGACY: Final = -1
_TAKE_WRITE_LOCK: Final = "UPDATE timebank_bank SET name = name WHERE 0"


def begin_writing(connection: Connection) -> None:
    """Make sure that a transaction is open and holds the write lock.

    Where the host has begun one already, a write of no rows takes the lock; ``foreign_keys``
    cannot be changed then and must be on (``BackendSettingError``).
    """
    driver = _driver(connection)
    if not in_transaction(driver):
        _begin(connection, driver, "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(_TAKE_WRITE_LOCK)
    if not connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise BackendSettingError(
            setting="foreign_keys",
            found="off",
            expected="on",
            next_step="Call timebank.prepare_sqlite(engine) once, or set the pragma on connect.",
        )


def begin_reading(connection: Connection) -> None:
    """Open a transaction that reads one snapshot and may not write."""
    driver = _driver(connection)
    if not in_transaction(driver):
        _begin(connection, driver, "BEGIN DEFERRED")
    connection.exec_driver_sql("PRAGMA query_only = ON")


def end_reading(connection: Connection) -> None:
    """Give the connection back as it was."""
    connection.exec_driver_sql("PRAGMA query_only = OFF")


def begin_migrating(connection: Connection) -> None:
    """Write-ahead logging for the file; then a transaction without foreign keys.

    A rebuild of a table that others refer to needs them off; they are checked before the commit.
    """
    driver = _driver(connection)
    if in_transaction(driver):
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def in_transaction(driver: Any) -> bool:
    """Whether the driver's connection has a transaction open, whoever began it."""
    return bool(getattr(driver, "in_transaction", False))


def prepare_sqlite(engine: Engine) -> Engine:
    """Turn foreign keys and recursive triggers on for every connection of a host's engine.

    Optional: a unit of work that begins its own transaction sets them itself. With it, a host may
    also write first in the same transaction. It changes no transaction mode and takes no lock.
    Does nothing on other databases.
    """
    target = getattr(engine, "sync_engine", engine)
    if target.dialect.name == "sqlite" and not event.contains(target, "connect", _on_connect):
        event.listen(target, "connect", _on_connect)
    return engine


def _on_connect(driver: Any, _record: object) -> None:
    cursor = driver.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
)


def _begin(connection: Connection, driver: Any, how: str) -> None:
    if getattr(driver, "autocommit", _LEGACY) is False:  # the PEP 249 mode of Python 3.12
        driver.rollback()
        driver.autocommit = _LEGACY
    for pragma in _PRAGMAS:
        connection.exec_driver_sql(pragma)
    connection.exec_driver_sql(how)


def _driver(connection: Connection) -> Any:
    """The driver's own connection, also beneath an asynchronous adapter."""
    return connection.connection.driver_connection
