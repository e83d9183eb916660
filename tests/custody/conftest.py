"""A scheme in each database, made once per session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

import timebank
from tests.backends import SqlBackend
from tests.custody.scheme import Scheme, a_scheme, found_scheme
from tests.postgres import Server, create_database, drop_database


@pytest.fixture(scope="session")
def scheme_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with a scheme in it."""
    file = tmp_path_factory.mktemp("custody") / "scheme.sqlite"
    _filled(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def scheme_template(postgres_server: Server) -> Iterator[str]:
    """The name of a PostgreSQL database with a scheme in it."""
    url = create_database(postgres_server)
    _filled(url)
    yield str(make_url(url).database)
    drop_database(postgres_server, url)


def _filled(url: str) -> None:
    engine = create_engine(url)
    timebank.migrate(engine, wings=["custody"])
    a_scheme(SqlBackend(engine))
    engine.dispose()


@pytest.fixture
def sqlite_scheme(scheme_file: Path, tmp_path: Path) -> Iterator[Scheme]:
    """A scheme of its own on SQLite."""
    file = shutil.copyfile(scheme_file, tmp_path / "scheme.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    yield found_scheme(SqlBackend(engine))
    engine.dispose()


@pytest.fixture
def postgres_scheme(postgres_server: Server, scheme_template: str) -> Iterator[Scheme]:
    """A scheme of its own on PostgreSQL."""
    url = create_database(postgres_server, template=scheme_template)
    engine = create_engine(url)
    yield found_scheme(SqlBackend(engine))
    engine.dispose()
    drop_database(postgres_server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    """The same test on both."""
    name = {"sqlite": "sqlite_scheme", "postgresql": "postgres_scheme"}[request.param]
    found: Scheme = request.getfixturevalue(name)
    return found
