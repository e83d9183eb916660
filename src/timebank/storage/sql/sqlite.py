"""The one correct way to write on SQLite: begin before anything else, and begin to write.

The driver's default mode opens a transaction only at the first INSERT, so that a SAVEPOINT before
it would be the outermost transaction and its RELEASE would commit. And a transaction that has read
before it writes cannot wait for another writer. Hence ``BEGIN IMMEDIATE``, sent by us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from timebank.errors import BackendSettingError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_AnyEngine = TypeVar("_AnyEngine", Engine, "AsyncEngine")

BUSY_MILLISECONDS: Final = 10_000
TRY_MILLISECONDS: Final = 5
"""SQLite's waits grow with every look, so that whoever came last would be served first: a writer
waits so long at a time, and then as if it had just come."""
LOG_BYTES: Final = 16 * 1024 * 1024
"""What is left of the write-ahead log where a long reader or a big commit made it grow."""
_LEGACY: Final = -1
_PRIMARY: Final = 0xFF
"""Of an error's code: what remains says how it came about."""
_WRITING: Final = "BEGIN IMMEDIATE"
_READING: Final = "BEGIN DEFERRED"
_OVERWRITE: Final = "secure_delete = ON"
"""What is erased is overwritten, not left in a free page."""
_TAKE_WRITE_LOCK: Final = "UPDATE timebank_bank SET name = name WHERE 0"


def begin_writing(connection: Connection) -> None:
    """Make sure that a transaction is open and holds the write lock.

    Where the host has begun one already, a write of no rows takes the lock; ``foreign_keys``
    cannot be changed then and must be on (``BackendSettingError``).
    """
    if _begun(connection, _WRITING):
        return
    connection.exec_driver_sql(_TAKE_WRITE_LOCK)
    connection.exec_driver_sql(f"PRAGMA {_OVERWRITE}")
    if not connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise BackendSettingError(
            setting="foreign_keys",
            found="off",
            expected="on",
            next_step="Call timebank.prepare_sqlite(engine) once, or set the pragma on connect.",
        )


@contextmanager
def spoiled_if_ended(connection: Connection) -> Iterator[None]:
    """Where an error in this block ended a transaction that a host had begun, spoil it."""
    begun = _is_open(connection)
    try:
        yield
    except BaseException:
        if begun:
            spoil_if_ended(connection)
        raise


def spoil_if_ended(connection: Connection) -> None:
    """SQLite may end a whole transaction by itself, such as when the disk is full.

    A host that then commits would be told that its own rows are there. With the connection given up
    its commit is refused.
    """
    if connection.dialect.name == "sqlite" and not _is_open(connection):
        connection.invalidate()


def _is_open(connection: Connection) -> bool:
    return not connection.invalidated and in_transaction(_driver(connection))


def begin_reading(connection: Connection) -> None:
    """Open a transaction that reads one snapshot and may not write."""
    _begun(connection, _READING)
    connection.exec_driver_sql("PRAGMA query_only = ON")


def end_reading(connection: Connection) -> None:
    """Give the connection back as it was."""
    connection.exec_driver_sql("PRAGMA query_only = OFF")


@contextmanager
def migrating(connection: Connection) -> Iterator[None]:
    """Write-ahead logging for the file; then a transaction without foreign keys.

    A rebuild of a table that others refer to needs them off; they are checked before the commit,
    and given back as they were.
    """
    if in_transaction(_driver(connection)):
        yield
        return
    foreign_keys = _pragma(connection, "foreign_keys")
    _pragma(connection, f"busy_timeout = {BUSY_MILLISECONDS}")
    _write_ahead(connection)
    _pragma(connection, "foreign_keys = OFF")
    try:
        _begin(connection, _WRITING)
        yield
    finally:
        connection.rollback()
        _pragma(connection, f"foreign_keys = {foreign_keys}")


def _write_ahead(connection: Connection) -> None:
    """Turn write-ahead logging on. SQLite does not wait here for somebody who is writing, whatever
    its busy timeout; we do, for as long.
    """
    _until_free(connection, "PRAGMA journal_mode = WAL", pause_seconds=0.05)


def _in_turn(connection: Connection) -> None:
    """Begin to write, after short waits."""
    _pragma(connection, f"busy_timeout = {TRY_MILLISECONDS}")
    try:
        _until_free(connection, _WRITING)
    finally:
        _pragma(connection, f"busy_timeout = {BUSY_MILLISECONDS}")


def _until_free(connection: Connection, statement: str, *, pause_seconds: float = 0) -> None:
    """Ask again while somebody else is writing, for as long as the busy timeout says."""
    try:
        _say(connection, statement)
    except OperationalError as error:
        if not _is_busy(error):
            raise
        _again(connection, statement, pause_seconds=pause_seconds)


def _again(connection: Connection, statement: str, *, pause_seconds: float) -> None:
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

    ask = Retrying(
        retry=retry_if_exception(_is_busy),
        stop=stop_after_delay(BUSY_MILLISECONDS / 1000),
        wait=wait_random(max=pause_seconds),
        reraise=True,
    )
    ask(_say, connection, statement)


def _is_busy(error: BaseException) -> bool:
    original = getattr(error, "orig", None)
    code: int = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & _PRIMARY == sqlite3.SQLITE_BUSY


def has_no_schemas(schema: str) -> BackendSettingError:
    """What a caller hears who asks for one."""
    return BackendSettingError(
        setting="schema",
        found=schema,
        expected="none on SQLite",
        next_step="Leave it out: SQLite has no schemas.",
    )


def in_transaction(driver: Any) -> bool:
    """Whether the driver's connection has a transaction open, whoever began it."""
    return bool(getattr(driver, "in_transaction", False))


def prepare_sqlite(engine: _AnyEngine) -> _AnyEngine:
    """Turn foreign keys and recursive triggers on for every connection of a host's engine.

    Optional: a unit of work that begins its own transaction sets them itself. With it, a host may
    also write first in the same transaction. It changes no transaction mode and takes no lock. From
    then on the keys that the host's own tables declare hold too. Does nothing on other databases.
    """
    target = getattr(engine, "sync_engine", engine)
    if target.dialect.name == "sqlite" and not event.contains(target, "connect", _on_connect):
        event.listen(target, "connect", _on_connect)
    return engine


def _on_connect(driver: Any, _record: object) -> None:
    always_open = getattr(driver, "autocommit", _LEGACY) is False  # Python 3.12's PEP 249 mode
    if always_open:  # foreign keys cannot be changed inside a transaction
        driver.autocommit = True
    cursor = driver.cursor()
    _set_up(cursor)
    cursor.close()
    if always_open:
        driver.autocommit = False


_PRAGMAS: Final = (
    f"busy_timeout = {BUSY_MILLISECONDS}",
    _OVERWRITE,
    f"journal_size_limit = {LOG_BYTES}",
)
_SWITCHES: Final = ("foreign_keys", "recursive_triggers")
"""To be on. Turning them on, even again, makes SQLite prepare every statement anew."""


def _set_up(cursor: Any) -> None:
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    for switch in _SWITCHES:
        cursor.execute(f"PRAGMA {switch}")
        if not cursor.fetchone()[0]:
            cursor.execute(f"PRAGMA {switch} = ON")


def _begun(connection: Connection, how: str) -> bool:
    """Set what we need and begin. False where a host's transaction was open, or its hook began."""
    driver = _driver(connection)
    if in_transaction(driver):
        return False
    if getattr(driver, "autocommit", _LEGACY) is True:  # its commit and rollback do nothing
        raise BackendSettingError(
            setting="autocommit",
            found="on",
            expected="off",
            next_step="Leave autocommit out of connect_args.",
        )
    with _cursor(connection) as cursor:
        _set_up(cursor)
    return _begin(connection, how)


def _begin(connection: Connection, how: str) -> bool:
    """Begin, unless a host's hook does so when SQLAlchemy begins; whether it was us."""
    if not connection.in_transaction():
        connection.begin()
    if in_transaction(_driver(connection)):
        return False
    if how == _WRITING:
        _in_turn(connection)
    else:
        _say(connection, how)
    return True


def _pragma(connection: Connection, pragma: str) -> Any:
    """Set or ask a setting of the connection."""
    return _say(connection, f"PRAGMA {pragma}")


def _say(connection: Connection, statement: str) -> Any:
    """One statement; a host that listens for errors does not hear of every try."""
    with _cursor(connection) as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return None if row is None else row[0]


@contextmanager
def _cursor(connection: Connection) -> Iterator[Any]:
    """The driver itself: through SQLAlchemy a host's hook would begin a transaction first."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except sqlite3.Error as error:
        raise OperationalError("SQLite", None, error) from error
    finally:
        cursor.close()


def _driver(connection: Connection) -> Any:
    """The driver's own connection, also beneath an asynchronous adapter."""
    return connection.connection.driver_connection
