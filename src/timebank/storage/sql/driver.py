"""The driver underneath the host's connection, for the statements of every request.

The transaction stays SQLAlchemy's. So do the statements where somebody watches them or where
something is wrong with the transaction: then SQLAlchemy executes the same text, and says so.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection

_OF_CONNECTIONS: Final = ("before_cursor_execute", "after_cursor_execute")
_OF_DIALECTS: Final = ("do_execute", "do_execute_no_params", "do_executemany", "handle_error")
_LOG: Final = logging.getLogger("sqlalchemy.engine.Engine")

Found = tuple[Sequence[Any], int]
"""Rows, and how many rows were written."""


def is_watched(connection: Connection) -> bool:
    """Whether a host listens to statements, or has them logged."""
    engine, dialect = connection.engine, connection.dialect
    return (
        any(getattr(it.dispatch, name) for it in (connection, engine) for name in _OF_CONNECTIONS)
        or any(getattr(dialect.dispatch, name) for name in _OF_DIALECTS)
        or bool(engine.echo)
        or _LOG.isEnabledFor(logging.INFO)
    )


def execute(connection: Connection, sql: str, given: Any, *, finds: bool, watched: bool) -> Found:
    """Execute a text with the values of one execution, or with a list of those of several.

    ``finds`` tells whether it has rows to show: asking psycopg costs as much as a short statement.
    """
    if watched or not _is_active(connection):
        result = connection.exec_driver_sql(sql, given)
        return (result.all() if finds else ()), result.rowcount
    return _executed(connection, sql, given, finds=finds)


def _is_active(connection: Connection) -> bool:
    begun = connection.get_nested_transaction() or connection.get_transaction()
    return begun is not None and begun.is_active


def _executed(connection: Connection, sql: str, given: Any, *, finds: bool) -> Found:
    """What goes wrong goes through SQLAlchemy's own hands: its class of error, and a connection
    that is lost, or left in the middle of a statement, given up with those of its age.
    """
    dialect = connection.dialect
    run = dialect.do_executemany if isinstance(given, list) else dialect.do_execute
    cursor = connection.connection.cursor()
    try:
        run(cursor, sql, given)
        return (cursor.fetchall() if finds else ()), cursor.rowcount
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, dialect.loaded_dbapi.Error):
            raise
        connection._handle_dbapi_exception(error, sql, None, cursor, None)
    finally:
        with suppress(dialect.loaded_dbapi.Error):  # that of a lost connection cannot be closed
            cursor.close()
