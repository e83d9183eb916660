"""Fixtures for every test: databases, migrated once per session and copied for each test."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, make_url

from tests.postgres import NoPostgres, Server, create_database, drop_database, start_server

if TYPE_CHECKING:
    from tests.backends import Backend, World

T = TypeVar("T")

settings.register_profile("default", max_examples=60, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

gc.set_threshold(20_000, 10, 10)
"""Nearly all that a test leaves goes at once; to look for rings in it took a fifth of the time."""

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


@pytest.fixture(scope="session")
def postgresql_world(
    postgres_server: Server, postgres_template: str
) -> Iterator[tuple[str, World]]:
    """The name of a database to copy from in which a bank of neighbours stands, and the bank."""
    url = create_database(postgres_server, template=postgres_template)
    yield str(make_url(url).database), _founded(url)
    drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def postgresql_season(
    postgres_server: Server, postgresql_world: tuple[str, World]
) -> Iterator[tuple[str, World]]:
    """A database to copy from in which the bank has lived through a season, and the bank."""
    template, world = postgresql_world
    url = create_database(postgres_server, template)
    yield str(make_url(url).database), _lived(url, world)
    drop_database(postgres_server, url)


@pytest.fixture
def postgres_engine(
    postgres_server: Server, postgres_template: str, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    """An engine on a migrated PostgreSQL database, empty unless the test asks for ``founded``."""
    url = create_database(
        postgres_server, template=_model(request, "postgresql", postgres_template)
    )
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


@pytest.fixture(scope="session")
def sqlite_world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, World]:
    """A file to copy from in which a bank of neighbours stands, and the bank."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("sqlite") / "world.sqlite")
    return file, _founded(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def sqlite_season(
    sqlite_world: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, World]:
    """A file to copy from in which the bank has lived through a season, and the bank."""
    template, world = sqlite_world
    file = shutil.copyfile(template, tmp_path_factory.mktemp("sqlite") / "season.sqlite")
    return file, _lived(f"sqlite:///{file}", world)


@pytest.fixture
def sqlite_engine(
    sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    """An engine on a migrated SQLite file, as a host makes it; empty unless ``founded``."""
    model = _model(request, "sqlite", sqlite_template)
    file = shutil.copyfile(model, tmp_path / "timebank.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on both: a fresh, migrated database each time."""
    name = {"sqlite": "sqlite_engine", "postgresql": "postgres_engine"}[request.param]
    found: Engine = request.getfixturevalue(name)
    return found


@pytest.fixture
def founded(request: pytest.FixtureRequest) -> Callable[[Backend], World]:
    """A bank of neighbours in the test's storage.

    Databases of a test that asks for this are copied from one in which the bank stands already.
    """
    from tests.backends import MemoryBackend, a_world
    from tests.contract.scenario import a_season

    age = _age(request)

    def in_its_place(backend: Backend) -> World:
        if isinstance(backend, MemoryBackend):
            world = a_world(backend)
            if age == "season":
                a_season(world)
            return world
        _, world = request.getfixturevalue(f"{backend.name}_{age}")
        found: World = world.moved_to(backend)
        return found

    return in_its_place


@pytest.fixture
def seasoned() -> None:
    """Who asks for this has a bank that has lived through a season: each action, at least once."""


def _age(request: pytest.FixtureRequest) -> str:
    """Whether the test's bank stands at its beginning or after a season."""
    return "season" if "seasoned" in request.fixturenames else "world"


def _model(request: pytest.FixtureRequest, name: str, empty: T) -> T:
    """What the test's database is copied from: an empty one, or one in which a bank stands."""
    if "founded" not in request.fixturenames:
        return empty
    model: T = request.getfixturevalue(f"{name}_{_age(request)}")[0]
    return model


def _founded(url: str) -> World:
    from tests.backends import SqlBackend, a_world

    engine = create_engine(url)
    try:
        return a_world(SqlBackend(engine))
    finally:
        engine.dispose()


def _lived(url: str, world: World) -> World:
    from tests.backends import SqlBackend
    from tests.contract.scenario import a_season

    engine = create_engine(url)
    try:
        lived = world.moved_to(SqlBackend(engine))
        a_season(lived)
        return lived
    finally:
        engine.dispose()


def _migrate(url: str) -> None:
    import timebank

    engine = create_engine(url)
    try:
        timebank.migrate(engine)
    finally:
        engine.dispose()
