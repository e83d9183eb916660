"""A sealed bank in each database, made once; most tests here only look, or roll back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine

from tests.audit.bank import a_sealed_bank
from tests.audit.planting import unguard
from tests.backends import SqlBackend, World, sql_world
from tests.postgres import create_database, drop_database
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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """The bank, for tests that plant a fault in a transaction which they roll back."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        url = f"sqlite:///{shutil.copyfile(template, tmp_path_factory.mktemp('open') / 'bank.db')}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = create_database(server, request.getfixturevalue("postgres_template"))
    engine = create_engine(url, poolclass=NullPool)  # what a broken audit left open goes with it
    world, kept = a_sealed_bank(SqlBackend(engine))
    unguard(engine)
    yield Open(engine, world, world.backend.clock, kept)
    engine.dispose()
    if request.param == "postgresql":
        drop_database(request.getfixturevalue("postgres_server"), url)


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
