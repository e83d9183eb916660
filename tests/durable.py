"""Databases that wait for the disk, for tests that kill whoever writes to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

import timebank
from tests import postgres
from tests.postgres import Server, create_database, start_server


@pytest.fixture(scope="module")
def durable_server() -> Iterator[Server]:
    """A PostgreSQL that waits for the disk."""
    if os.environ.get(postgres.OWN_SERVER):
        pytest.skip("the server is somebody else's")
    server = start_server(fsync=True)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a migrated database that waits for the disk."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'durable.sqlite'}"
    else:
        url = create_database(request.getfixturevalue("durable_server"))
    engine = create_engine(url)
    timebank.migrate(engine)
    yield engine
    engine.dispose()
