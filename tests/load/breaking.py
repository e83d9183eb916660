"""A driver that fails at a chosen round trip, as a database would."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from timebank.errors import (
    ConflictError,
    DatabaseUnavailable,
    OutcomeUnknownError,
    TimebankError,
)

HOSTS_OWN = "host_note"
"""The table of a host: what it does there is not ours to break."""
EXECUTIONS = ("do_execute", "do_execute_no_params", "do_executemany")
Break = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What the database does, and what we make of it: an error, repeated by us or not."""

    name: str
    breaks: Break
    error: type[TimebankError]
    repeated: bool


def _lose(driver: Any) -> None:
    """The connection is gone, and with it what it did; the statement that follows finds out.

    SQLite keeps the locks of a closed connection whose cursors somebody still holds.
    """
    driver.rollback()
    driver.close()


def _raise_in(state: str) -> Break:
    """The server itself raises it: the transaction has failed from there on."""
    words = f"DO $$BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END$$"
    return lambda driver: driver.cursor().execute(words)


def _busy(_driver: Any) -> None:
    raise sqlite3.OperationalError("database is locked")


def _full(driver: Any) -> None:
    """SQLite rolls the whole transaction back where it cannot go on."""
    driver.rollback()
    raise sqlite3.OperationalError("database or disk is full")


LOST = Fault("connection lost", _lose, ConflictError, repeated=True)
FAULTS: dict[str, tuple[Fault, ...]] = {
    "sqlite": (
        LOST,
        Fault("busy", _busy, ConflictError, repeated=True),
        Fault("disk full", _full, DatabaseUnavailable, repeated=False),
    ),
    "postgresql": (
        LOST,
        Fault("40001", _raise_in("40001"), ConflictError, repeated=True),
        Fault("40P01", _raise_in("40P01"), ConflictError, repeated=True),
        Fault("55P03", _raise_in("55P03"), ConflictError, repeated=True),
        Fault("disk full", _raise_in("53100"), DatabaseUnavailable, repeated=False),
    ),
}


def _lose_before(pooled: Any, honest: Break) -> None:
    pooled.driver_connection.close()
    honest(pooled)


def _lose_after(pooled: Any, honest: Break) -> None:
    honest(pooled)
    pooled.driver_connection.close()
    honest(pooled)


COMMITS: dict[str, Callable[[Any, Break], None]] = {
    "before COMMIT": _lose_before,
    "after COMMIT": _lose_after,
}
LOST_COMMIT = OutcomeUnknownError


@contextmanager
def breaking_at(engine: Engine, place: int, breaks: Break) -> Iterator[list[str]]:
    """Round trips are counted from 1, and the one at this place fails, once; all are listed."""
    seen: list[str] = []

    dialect: Any = engine.dialect
    honest = {name: getattr(dialect, name) for name in EXECUTIONS}

    def meeting(name: str) -> Callable[..., None]:
        def meet(cursor: Any, statement: str, *rest: Any) -> None:
            if HOSTS_OWN not in statement:
                seen.append(statement)
                if len(seen) == place:
                    breaks(cursor.connection)
            honest[name](cursor, statement, *rest)

        return meet

    for name in EXECUTIONS:
        setattr(dialect, name, meeting(name))
    try:
        yield seen
    finally:
        for name in EXECUTIONS:
            setattr(dialect, name, honest[name])


@contextmanager
def losing_the_commit(engine: Engine, how: str) -> Iterator[None]:
    """The next COMMIT gets no answer."""
    dialect: Any = engine.dialect
    honest = dialect.do_commit

    def once(driver: Any) -> None:
        dialect.do_commit = honest
        COMMITS[how](driver, honest)

    dialect.do_commit = once
    try:
        yield
    finally:
        dialect.do_commit = honest
