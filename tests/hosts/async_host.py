"""Asynchronous hosts: each asynchronous driver, and the database that it opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.backends import SqlBackend
from tests.hosts.host import Base, Host
from tests.postgres import create_database, drop_database

DRIVERS = {
    "aiosqlite": "sqlite+aiosqlite",
    "asyncpg": "postgresql+asyncpg",
    "psycopg": "postgresql+psycopg_async",
}


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """Each asynchronous driver."""
    return str(request.param)


@pytest.fixture
def url(request: pytest.FixtureRequest, driver: str, tmp_path: Path) -> Iterator[str]:
    """A database with a bank of neighbours, by its synchronous URL."""
    if driver == "aiosqlite":
        template, _ = request.getfixturevalue("sqlite_world")
        yield f"sqlite:///{shutil.copyfile(template, tmp_path / 'host.sqlite')}"
        return
    server = request.getfixturevalue("postgres_server")
    template, _ = request.getfixturevalue("postgresql_world")
    url = create_database(server, template)
    yield url
    drop_database(server, url)


@pytest.fixture
def host(url: str, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A synchronous look at what the asynchronous host does."""
    _, world = request.getfixturevalue(f"{make_url(url).get_backend_name()}_world")
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    yield Host(engine=engine, world=world.moved_to(SqlBackend(engine)))
    engine.dispose()


def opened(url: str, driver: str, **more: Any) -> AsyncEngine:
    """The asynchronous host's engine."""
    found = make_url(url).set(drivername=DRIVERS[driver])
    if driver == "asyncpg":  # it takes a socket's folder as a host of its own
        folder, port = found.query["host"], int(str(found.query["port"]))
        found = found.set(query={})
        return create_async_engine(
            found, connect_args={"host": folder, "port": port, "user": "postgres"}, **more
        )
    return create_async_engine(found, **more)
