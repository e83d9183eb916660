"""Every host on every database, with its own table beside ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.backends import SqlBackend, sql_world
from tests.hosts.host import SQLITE, Base, Host, by_default
from tests.postgres import create_database, drop_database

__all__ = ["sql_world"]

WAYS = [("sqlite", way) for way in SQLITE] + [("postgresql", by_default)]


@pytest.fixture(params=WAYS, ids=[f"{name}-{way.__name__}" for name, way in WAYS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """A host, its engine made in its own way on a database with a bank of neighbours."""
    name, way = request.param
    server = partial(request.getfixturevalue, "postgres_server")
    if name == "sqlite":
        template, world = request.getfixturevalue("sqlite_world")
        url = f"sqlite:///{shutil.copyfile(template, tmp_path / 'host.sqlite')}"
    else:
        template, world = request.getfixturevalue("postgresql_world")
        url = create_database(server(), template)
    engine = way(url)
    Base.metadata.create_all(engine)
    yield Host(engine=engine, world=world.moved_to(SqlBackend(engine)))
    engine.dispose()
    if name == "postgresql":
        drop_database(server(), url)
