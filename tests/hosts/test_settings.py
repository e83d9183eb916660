"""Settings and states of a database that would break a promise are named, and nothing is done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import timebank
from tests.backends import SqlBackend, World, a_world
from timebank import Hours, transfers
from timebank.domain.audit import Verdict
from timebank.errors import (
    BackendSettingError,
    DatabaseUnavailable,
    InputError,
    NotEnoughHours,
    NotFoundError,
    SchemaError,
    StorageError,
)
from timebank.storage.sql import schema

ROOT = Path(__file__).parents[2]
AT_IMPORT = """
import sqlalchemy, sqlalchemy.orm, alembic
from sqlalchemy.engine import Engine
from sqlalchemy.event import api

def never(*arguments, **more):
    raise AssertionError("at import")

Engine.__init__ = never
api._event_key = never
import timebank, timebank.cli.main, timebank.storage.sql
print("quiet")
"""


def test_importing_us_creates_no_engine_and_listens_to_nothing() -> None:
    done = subprocess.run(
        (sys.executable, "-c", AT_IMPORT), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("quiet", "")


def test_working_for_a_host_listens_to_nothing(
    sql_world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners: list[str] = []
    real = event.api._event_key

    def recorded(target: Any, identifier: str, fn: Callable[..., Any]) -> Any:
        listeners.append(fn.__module__)
        return real(target, identifier, fn)

    monkeypatch.setattr(event.api, "_event_key", recorded)
    sql_world.give("anna", 60)
    sql_world.see(timebank.audits.run)
    assert "timebank" not in {name.partition(".")[0] for name in listeners}
    timebank.prepare_sqlite(engine)
    asked = engine.dialect.name == "sqlite"
    assert ("timebank.storage.sql.sqlite" in listeners) == asked


def test_preparing_sets_two_pragmas_and_changes_no_transaction_mode(sqlite_engine: Engine) -> None:
    timebank.prepare_sqlite(timebank.prepare_sqlite(sqlite_engine))
    with sqlite_engine.connect() as connection:
        for pragma, value in (("foreign_keys", 1), ("recursive_triggers", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
        driver: Any = connection.connection.driver_connection
        assert (driver.in_transaction, driver.isolation_level) == (False, "")


@pytest.fixture
def world_on_sqlite(sqlite_engine: Engine, founded: Callable[[SqlBackend], World]) -> World:
    """A bank of neighbours on SQLite."""
    return founded(SqlBackend(sqlite_engine))


def test_foreign_keys_that_are_off_in_an_open_transaction_are_refused(
    sqlite_engine: Engine, world_on_sqlite: World
) -> None:
    sqlite_engine.dispose()
    with Session(sqlite_engine) as session:
        session.connection().exec_driver_sql("BEGIN")
        with pytest.raises(BackendSettingError) as caught:
            timebank.unit_of_work(session, bank=world_on_sqlite.bank).__enter__()
    found = caught.value
    assert (found.setting, found.found, found.expected) == ("foreign_keys", "off", "on")


def test_a_reading_unit_refuses_to_write_and_so_does_the_database(sql_world: World) -> None:
    with pytest.raises(DatabaseUnavailable):
        sql_world.see(lambda uow: uow.link.run(schema.bank.update().values(name="Other")))
    with pytest.raises(InputError, match="it only reads"):
        sql_world.see(
            lambda uow: transfers.grant(
                uow,
                to=sql_world.accounts["anna"],
                hours=Hours(minutes=5),
                reason="welcome",
                by=sql_world.cora,
            )
        )
    assert sql_world.balance("anna") == 0


def test_a_reading_unit_gives_the_connection_back_fit_for_writing(sql_world: World) -> None:
    assert sql_world.balance("anna") == 0
    sql_world.give("anna", 5)
    assert sql_world.balance("anna") == 5


def test_a_refused_reader_gives_the_connection_back_fit_for_writing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}", pool_size=1, max_overflow=0)
    with pytest.raises(SchemaError), timebank.reading(engine, bank="riverside"):
        pass
    timebank.migrate(engine)
    with pytest.raises(NotFoundError), timebank.reading(engine, bank="riverside"):
        pass
    with timebank.standalone(engine, bank="riverside") as uow:
        timebank.banks.create(uow, first_coordinator="cora")
    engine.dispose()


def test_readers_see_one_snapshot_while_others_write(sql_world: World) -> None:
    with sql_world.backend.reading() as uow:
        before = timebank.accounts.balance(uow, sql_world.accounts["anna"])
        sql_world.give("anna", 5)
        assert timebank.accounts.balance(uow, sql_world.accounts["anna"]) == before
        assert timebank.audits.run(uow).verdict is Verdict.CLEAN
    assert sql_world.balance("anna") == 5


def read_only(engine: Engine) -> Engine:
    """The same database, for somebody who may not write."""
    if engine.dialect.name == "sqlite":
        return create_engine(f"sqlite:///file:{engine.url.database}?mode=ro&uri=true")
    return create_engine(
        engine.url, connect_args={"options": "-c default_transaction_read_only=on"}
    )


def test_a_read_only_database_is_named_and_can_still_be_read(
    sql_world: World, engine: Engine
) -> None:
    sql_world.give("anna", 5)
    other = read_only(engine)
    with pytest.raises(StorageError) as caught:
        world_on(sql_world, other).give("anna", 5)
    assert caught.value.code == "database_unavailable"
    assert world_on(sql_world, other).balance("anna") == 5
    other.dispose()
    assert sql_world.see(timebank.audits.run).verdict is Verdict.CLEAN


def world_on(world: World, engine: Engine) -> World:
    """The same cast, through another engine."""
    return replace(world, backend=SqlBackend(engine, world.backend.clock))


def limited(driver: Any, _record: object) -> None:
    """No page more than there are: the disk is full."""
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages + 3}")


def test_a_full_disk_leaves_nothing_half_done(
    sqlite_engine: Engine, world_on_sqlite: World
) -> None:
    full = create_engine(sqlite_engine.url)
    event.listen(full, "connect", limited)
    world = world_on(world_on_sqlite, full)
    granted: list[Any] = []
    with pytest.raises(DatabaseUnavailable) as caught:
        granted.extend(world.give("anna", 1) for _ in range(200))
    assert caught.value.reason == "the disk is full"
    assert 0 < len(granted) < 200
    full.dispose()
    assert world_on_sqlite.balance("anna") == len(granted)
    assert world_on_sqlite.see(timebank.audits.run).verdict is Verdict.CLEAN
    world_on_sqlite.give("anna", 1)
    assert world_on_sqlite.balance("anna") == len(granted) + 1


def test_a_disk_that_fills_up_inside_a_hosts_transaction_leaves_nothing_of_ours(
    sqlite_engine: Engine, world_on_sqlite: World
) -> None:
    """The host catches our error and commits what is left of its transaction."""
    full = create_engine(sqlite_engine.url)
    event.listen(full, "connect", limited)
    world = world_on(world_on_sqlite, full)
    with Session(full) as session:
        with pytest.raises(StorageError):
            _many_grants(world, session)
        session.commit()
    full.dispose()
    assert world_on_sqlite.balance("anna") == 0
    assert world_on_sqlite.see(timebank.audits.run).verdict is Verdict.CLEAN


def _many_grants(world: World, session: Session) -> None:
    with timebank.unit_of_work(session, bank=world.bank, clock=world.backend.clock) as uow:
        for _ in range(200):
            transfers.grant(
                uow,
                to=world.accounts["anna"],
                hours=Hours(minutes=1),
                reason="welcome",
                by=world.cora,
            )


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("not a database at all, only words " * 100)
    engine = create_engine(f"sqlite:///{tmp_path / 'notes.sqlite'}")
    for act in (
        lambda: timebank.standalone(engine, bank="b").__enter__(),
        lambda: timebank.reading(engine, bank="b").__enter__(),
        lambda: timebank.migrate(engine),
        lambda: timebank.check_schema(engine),
    ):
        with pytest.raises(DatabaseUnavailable) as caught:
            act()
        assert caught.value.reason == "the file is not a database"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the driver has no autocommit before 3.12")
def test_a_driver_that_commits_every_statement_is_refused(
    sqlite_engine: Engine, world_on_sqlite: World
) -> None:
    engine = create_engine(sqlite_engine.url, connect_args={"autocommit": True})
    with Session(engine) as session, pytest.raises(BackendSettingError) as caught:
        timebank.unit_of_work(session, bank=world_on_sqlite.bank).__enter__()
    assert caught.value.setting == "autocommit"
    engine.dispose()


def test_a_connection_lost_before_the_commit_is_a_conflict_to_repeat(
    postgres_engine: Engine,
) -> None:
    world = a_world(SqlBackend(postgres_engine))
    attempts: list[int] = []

    def work(uow: Any) -> Any:
        attempts.append(uow.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())
        if len(attempts) == 1:
            with create_engine(postgres_engine.url).connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({attempts[0]})")
        return transfers.grant(
            uow,
            to=world.accounts["anna"],
            hours=Hours(minutes=5),
            reason="welcome",
            by=world.cora,
        )

    timebank.standalone(postgres_engine, bank=world.bank, clock=world.backend.clock).run(work)
    assert len(set(attempts)) == 2
    assert world.balance("anna") == 5


def lose_it_and_refuse(uow: Any) -> None:
    """The server ends the connection, and then a rule says no."""
    (pid,) = uow.connection.exec_driver_sql("SELECT pg_backend_pid()").one()
    with uow.connection.engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
    raise NotEnoughHours(
        account="a", available_minutes=0, needed_minutes=5, rule="", floor_minutes=0, next_step=""
    )


def test_a_refusal_is_heard_even_where_the_connection_is_lost_meanwhile(
    postgres_engine: Engine, founded: Callable[[SqlBackend], World]
) -> None:
    world = founded(SqlBackend(postgres_engine))
    with pytest.raises(NotEnoughHours):
        timebank.standalone(postgres_engine, bank=world.bank).run(lose_it_and_refuse)


def test_a_host_hears_the_refusal_too_and_cannot_commit_what_is_lost(
    postgres_engine: Engine, founded: Callable[[SqlBackend], World]
) -> None:
    world = founded(SqlBackend(postgres_engine))

    def refused(session: Session) -> None:
        with timebank.unit_of_work(session, bank=world.bank) as uow:
            lose_it_and_refuse(uow)

    with Session(postgres_engine) as session:
        with pytest.raises(NotEnoughHours):
            refused(session)
        with pytest.raises(SQLAlchemyError):
            session.commit()
