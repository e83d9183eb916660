"""A scheme in each database, made once per session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from sqlalchemy import create_engine, make_url

import timebank
from tests.backends import SqlBackend
from tests.custody.scheme import Scheme, a_scheme, found_scheme
from tests.postgres import Server, create_database, drop_database

ONE_IN = 3


def pytest_itemcollected(item: pytest.Item) -> None:
    """All tests run on SQLite, on which a scheme lives; on PostgreSQL a third of them by default,
    always the same, and the others in the long run.
    """
    if "[postgresql]" in item.name and crc32(item.name.encode()) % ONE_IN:
        item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def office_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables of custody and no bank."""
    file = tmp_path_factory.mktemp("custody") / "office.sqlite"
    _migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def office_template(postgres_server: Server) -> Iterator[str]:
    """The name of a PostgreSQL database with the tables of custody and no bank."""
    url = create_database(postgres_server)
    _migrated(url)
    yield str(make_url(url).database)
    drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def scheme_file(office_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with a scheme in it."""
    file = shutil.copyfile(office_file, tmp_path_factory.mktemp("custody") / "scheme.sqlite")
    _filled(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def scheme_template(postgres_server: Server, office_template: str) -> Iterator[str]:
    """The name of a PostgreSQL database with a scheme in it."""
    url = create_database(postgres_server, office_template)
    _filled(url)
    yield str(make_url(url).database)
    drop_database(postgres_server, url)


def _migrated(url: str) -> None:
    engine = create_engine(url)
    timebank.migrate(engine, wings=["custody"])
    engine.dispose()


def _filled(url: str) -> None:
    engine = create_engine(url)
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
