"""A sealed bank in each database, made once; most tests here only look, or roll back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine

from tests.audit.bank import a_sealed_bank
from tests.audit.planting import unguard
from tests.backends import SqlBackend, World, sql_world
from tests.postgres import Server, create_database, drop_database
from timebank.proof.checkpoint import Checkpoint
from timebank.testing import FrozenClock

__all__ = ["sql_world"]


@dataclass(frozen=True, slots=True)
class Open:
    """A sealed bank in a database whose guards are out of the way."""

    engine: Engine
    world: World
    clock: FrozenClock
    kept: Checkpoint
    """The bank's last checkpoint."""


class Sealed(NamedTuple):
    """A sealed bank in a database, and the checkpoint that an auditor took home."""

    engine: Engine
    world: World
    kept: Checkpoint


@pytest.fixture(scope="session")
def sqlite_sealed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A sealed bank in a file to copy from."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("sealed") / "bank.sqlite")
    return _sealed(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def postgresql_sealed(postgres_server: Server, postgres_template: str) -> Iterator[Sealed]:
    """A sealed bank in a database to copy from."""
    url = create_database(postgres_server, postgres_template)
    yield _sealed(url)
    drop_database(postgres_server, url)


def _sealed(url: str) -> Sealed:
    engine = create_engine(url, poolclass=NullPool)  # nobody may stay connected to it
    return Sealed(engine, *a_sealed_bank(SqlBackend(engine)))


@pytest.fixture(params=["sqlite", "postgresql"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sealed]:
    """A sealed bank of the test's own."""
    made: Sealed = request.getfixturevalue(f"{request.param}_sealed")
    with copied(made.engine, tmp_path, request) as engine:
        yield made._replace(engine=engine, world=made.world.moved_to(SqlBackend(engine)))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """The bank, for tests that plant a fault in a transaction which they roll back."""
    made: Sealed = request.getfixturevalue(f"{request.param}_sealed")
    folder = tmp_path_factory.mktemp("open")
    # What a broken audit left open goes with its connection.
    with copied(made.engine, folder, request, poolclass=NullPool) as engine:
        unguard(engine)
        world = made.world.moved_to(SqlBackend(engine))
        yield Open(engine, world, world.backend.clock, made.kept)


@contextmanager
def copied(
    engine: Engine, folder: Path, request: pytest.FixtureRequest, **options: Any
) -> Iterator[Engine]:
    """The database as it is now, elsewhere."""
    engine.dispose()
    if engine.dialect.name == "sqlite":
        original = Path(str(engine.url.database))
        file = shutil.copyfile(original, folder / f"copy-of-{original.name}")
        copy = create_engine(f"sqlite:///{file}", **options)
        yield copy
        copy.dispose()
        return
    server = request.getfixturevalue("postgres_server")
    url = create_database(server, engine.url.database)
    copy = create_engine(url, **options)
    yield copy
    copy.dispose()
    drop_database(server, url)


@contextmanager
def planting(opened: Open) -> Iterator[Connection]:
    """A connection that may break every rule, and leaves nothing behind."""
    with opened.engine.connect() as connection:
        if opened.engine.dialect.name == "sqlite":
            for pragma in ("ignore_check_constraints = ON", "foreign_keys = OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")  # views may dangle
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins none before DDL
        yield connection
        connection.rollback()
