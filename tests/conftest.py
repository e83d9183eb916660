"""Fixtures for every test: databases, migrated once per session and copied for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, make_url

from tests.postgres import NoPostgres, Server, create_database, drop_database, start_server

settings.register_profile("default", max_examples=60, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

LAWS = {"unit", "property", "contract", "proof", "formats"}
DATABASES = {"sqlite", "postgresql"}


def is_measured(item: pytest.Item) -> bool:
    """Whether a test counts for the coverage of the domain and the actions.

    That has to be complete by the tests of their laws, in memory. The others look at a database, a
    process or a document, and are a third faster unmeasured.
    """
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    call = getattr(item, "callspec", None)
    given = () if call is None else call.params.values()
    return folder in LAWS and DATABASES.isdisjoint(map(str, given))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure the tests that count, with their fixtures, and no others."""
    measuring = item.config.pluginmanager.getplugin("_cov")
    controller = None if is_measured(item) else getattr(measuring, "cov_controller", None)
    if controller is not None:
        controller.pause()
    try:
        return (yield)
    finally:
        if controller is not None:
            controller.resume()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL of this test process's own; in CI its absence is a failure."""
    try:
        server = start_server()
    except NoPostgres as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> Iterator[str]:
    """The name of a migrated database to copy from; nobody may stay connected to it."""
    url = create_database(postgres_server)
    _migrate(url)
    yield str(make_url(url).database)
    drop_database(postgres_server, url)


@pytest.fixture
def postgres_engine(postgres_server: Server, postgres_template: str) -> Iterator[Engine]:
    """An engine on a fresh, migrated PostgreSQL database."""
    url = create_database(postgres_server, template=postgres_template)
    engine = create_engine(url)
    yield engine
    engine.dispose()
    drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    file = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a fresh, migrated SQLite file, as a host would make it."""
    file = shutil.copyfile(sqlite_template, tmp_path / "timebank.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on both: a fresh, migrated database each time."""
    name = {"sqlite": "sqlite_engine", "postgresql": "postgres_engine"}[request.param]
    found: Engine = request.getfixturevalue(name)
    return found


def _migrate(url: str) -> None:
    import timebank

    engine = create_engine(url)
    try:
        timebank.migrate(engine)
    finally:
        engine.dispose()
