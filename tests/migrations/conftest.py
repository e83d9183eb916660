"""Empty databases, which nobody has migrated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.postgres import Server, create_database, drop_database


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite file that is not there yet."""
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def empty_postgres(postgres_server: Server) -> Iterator[Engine]:
    """A PostgreSQL database without a table."""
    url = create_database(postgres_server)
    engine = create_engine(url)
    yield engine
    engine.dispose()
    drop_database(postgres_server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Engine:
    """An empty database of each kind."""
    name = {"sqlite": "empty_sqlite", "postgresql": "empty_postgres"}[request.param]
    found: Engine = request.getfixturevalue(name)
    return found
