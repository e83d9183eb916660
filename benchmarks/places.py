"""Where the benchmarks run: fresh databases, as durable as a host's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, make_url

import timebank
from tests.postgres import Server, create_database, drop_database, start_server

BACKENDS: Final = ("sqlite", "postgresql")
SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA busy_timeout = 10000",
)
"""The same for ours and for the hand-written side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A migrated database with nothing in it."""

    engine: Engine

    @property
    def backend(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @property
    def url(self) -> str:
        """The SQLAlchemy URL, for programs of their own."""
        return self.engine.url.render_as_string(hide_password=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.backend == "sqlite"

    def wide(self, connections: int) -> Engine:
        """Another engine on the same database, with so many connections."""
        engine = create_engine(self.engine.url, pool_size=connections, max_overflow=0)
        if self.is_sqlite:
            event.listen(engine, "connect", _durable)
        return engine

    def settle(self) -> None:
        """Statistics for the planner, as autovacuum gathers them within a minute of the first rows.

        Without them a connection keeps plans for its foreign keys that it made on empty tables.
        """
        if not self.is_sqlite:
            with self.driver() as connection:
                connection.execute("ANALYZE")

    def finish(self) -> None:
        """What a database does by itself in time after a great load."""
        with self.driver() as connection:
            done = "PRAGMA wal_checkpoint(TRUNCATE)" if self.is_sqlite else "VACUUM ANALYZE"
            connection.execute(done)

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """A connection of the bare driver, in autocommit: what hand-written code would use."""
        connection = _sqlite3(self.engine) if self.is_sqlite else _psycopg(self.url)
        try:
            yield connection
        finally:
            connection.close()


def _sqlite3(engine: Engine) -> Any:
    import sqlite3

    connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    return connection


def _psycopg(url: str) -> Any:
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def place_on(engine: Engine) -> Place:
    """A place on a host's engine, with our tables in it."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    timebank.migrate(engine)
    return Place(engine=engine)


def _durable(driver: Any, _record: object) -> None:
    for pragma in SQLITE_PRAGMAS:
        driver.execute(pragma)


class Places:
    """Fresh places on demand; the PostgreSQL server is started once, at the first wish."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: Server | None = None

    def __enter__(self) -> Places:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def fresh(self, backend: str) -> Iterator[Place]:
        """An empty place of this kind, gone at the end of the block."""
        with self._sqlite() if backend == "sqlite" else self._postgresql() as url:
            engine = create_engine(url)
            try:
                yield place_on(engine)
            finally:
                engine.dispose()

    @contextmanager
    def _sqlite(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="timebank-bench-") as folder:
            yield f"sqlite:///{Path(folder, 'timebank.sqlite')}"

    @contextmanager
    def _postgresql(self) -> Iterator[str]:
        if self._server is None:
            self._server = start_server(fsync=True)
            self._stack.callback(self._server.stop)
        url = create_database(self._server)
        try:
            yield url
        finally:
            drop_database(self._server, url)
