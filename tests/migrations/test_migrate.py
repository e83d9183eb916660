"""M-51: the migrated schema is the schema, in whoever's transaction and under whatever name."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import timebank
from tests.backends import SqlBackend, a_world
from timebank.domain.audit import Verdict
from timebank.errors import BackendSettingError, DatabaseUnavailable, InputError, SchemaError
from timebank.storage.sql import _migrate, guards, schema
from timebank.storage.sql.faults import code_of

HEAD = timebank.head_revision()


def tables(engine: Engine, name: str | None = None) -> set[str]:
    return set(inspect(engine).get_table_names(schema=name))


def ours(engine: Engine, name: str | None = None) -> set[str]:
    return {table for table in tables(engine, name) if table.startswith("timebank_")}


def fingerprint(connection: Connection) -> list[tuple[Any, ...]]:
    """Everything the catalogue knows of our tables, views and triggers, in order."""
    if connection.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    else:
        query = """
            SELECT 'column', table_name || '.' || column_name,
                   data_type || coalesce(column_default, '-') || is_nullable || is_identity
              FROM information_schema.columns WHERE table_name LIKE 'timebank%'
            UNION ALL
            SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
             WHERE conname LIKE '%timebank%'
            UNION ALL
            SELECT 'index', indexname, indexdef FROM pg_indexes WHERE indexname LIKE '%timebank%'
            UNION ALL
            SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL
            SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
             WHERE proname LIKE 'timebank%'
            UNION ALL
            SELECT 'view', viewname, definition FROM pg_views WHERE viewname LIKE 'timebank%'
            UNION ALL
            SELECT 'revision', version_num, '' FROM timebank_alembic_version
            ORDER BY 1, 2, 3
        """
    rows = connection.execute(text(query.replace(":", "\\:")))
    return [tuple(" ".join(str(value).split()) for value in row) for row in rows]


def live(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return fingerprint(connection)


LATER = """
import sqlalchemy as sa

revision, down_revision = "0002", "0001"

def upgrade(op):
    op.add_column("timebank_listing", sa.Column("colour", sa.Text(), nullable=True))
    op.create_table("timebank_colour", sa.Column("name", sa.Text(), primary_key=True))

def downgrade(op):
    op.drop_table("timebank_colour")
    op.drop_column("timebank_listing", "colour")
"""


def _with_a_later_revision(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    copy = shutil.copytree(_migrate.migrations_dir(), folder / "migrations")
    (copy / "versions" / "0002_later.py").write_text(LATER)
    monkeypatch.setattr(_migrate, "migrations_dir", lambda: copy)
    monkeypatch.setattr(_migrate, "REVISION", "0002")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A release that brings one revision more."""
    _with_a_later_revision(monkeypatch, tmp_path)


def test_an_empty_database_is_brought_to_the_newest_revision(empty: Engine) -> None:
    assert timebank.current_revision(empty) is None
    timebank.migrate(empty)
    assert timebank.current_revision(empty) == HEAD == schema.REVISION
    assert timebank.check_schema(empty) == ()
    assert tables(empty) == {*schema.metadata.tables, schema.VERSION_TABLE}


def test_the_migrated_schema_is_that_of_the_code(empty: Engine) -> None:
    timebank.migrate(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": schema.VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, schema.metadata) == []


def test_checks_of_the_migrated_schema_say_what_those_of_the_code_say(empty: Engine) -> None:
    """Autogenerate does not look at CHECKs."""
    timebank.migrate(empty)
    other = create_engine("sqlite://")
    schema.metadata.create_all(other)
    found, wanted = (
        {
            (table, check["name"]): _plain(check["sqltext"])
            for table in schema.metadata.tables
            for check in inspect(engine).get_check_constraints(table)
        }
        for engine in (empty, other)
    )
    assert len(wanted) > 30
    assert found.keys() == wanted.keys()
    if empty.dialect.name == "sqlite":
        assert found == wanted
    other.dispose()


def _plain(sql: str) -> str:
    return " ".join(sql.split())


def test_nothing_counts_by_itself_in_the_live_database(empty_postgres: Engine) -> None:
    timebank.migrate(empty_postgres)
    with empty_postgres.connect() as connection:
        query = "SELECT count(*) FROM pg_class WHERE relkind = 'S'"
        assert connection.exec_driver_sql(query).scalar_one() == 0


def test_the_second_time_nothing_changes(empty: Engine) -> None:
    timebank.migrate(empty)
    first = live(empty)
    timebank.migrate(empty)
    assert live(empty) == first


def test_a_sqlite_file_writes_ahead_from_now_on(empty_sqlite: Engine) -> None:
    timebank.migrate(empty_sqlite)
    with empty_sqlite.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("on", [0, 1])
def test_a_host_gets_its_connection_back_with_foreign_keys_as_they_were(
    empty_sqlite: Engine, monkeypatch: pytest.MonkeyPatch, fails: bool, on: int
) -> None:
    if on:
        timebank.prepare_sqlite(empty_sqlite)
    if fails:
        monkeypatch.setattr(guards, "install", _broken)
    try:
        timebank.migrate(empty_sqlite)
    except RuntimeError:
        assert fails
    with empty_sqlite.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == on


def _broken(_connection: Connection, _fence: object) -> None:
    raise RuntimeError("in the middle of a migration")


def test_a_migration_that_fails_leaves_nothing(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "install", _broken)
    with pytest.raises(RuntimeError):
        timebank.migrate(empty)
    assert tables(empty) == set()


def test_in_a_hosts_transaction_the_rollback_takes_ours_along(empty_postgres: Engine) -> None:
    with empty_postgres.connect() as connection:
        connection.execute(text("CREATE TABLE theirs (id int)"))
        timebank.migrate(connection)
        assert timebank.check_schema(connection) == ()
        connection.rollback()
    assert tables(empty_postgres) == set()


def test_in_a_hosts_transaction_the_commit_keeps_both(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id int)"))
        connection.execute(text("INSERT INTO theirs VALUES (1)"))
        timebank.migrate(connection)
    assert timebank.check_schema(empty) == ()
    assert "theirs" in tables(empty)


def test_on_sqlite_an_open_transaction_is_rolled_back_as_a_whole(empty_sqlite: Engine) -> None:
    with empty_sqlite.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        timebank.migrate(connection)
        assert timebank.check_schema(connection) == ()
        connection.rollback()
    assert tables(empty_sqlite) == set()


@pytest.mark.parametrize("name", ["hours", "Time Bank"])
def test_two_schemas_stand_side_by_side(empty_postgres: Engine, name: str) -> None:
    timebank.migrate(empty_postgres)
    timebank.migrate(empty_postgres, schema=name)
    assert ours(empty_postgres) == ours(empty_postgres, name) != set()
    for where in (None, name):
        assert timebank.check_schema(empty_postgres, schema=where) == ()
        with timebank.standalone(empty_postgres, bank="riverside", schema=where) as uow:
            timebank.banks.create(uow, name=where or "public", first_coordinator="cora")
    for where in (None, name):
        assert timebank.bank_slugs(empty_postgres, schema=where) == ("riverside",)
        with timebank.reading(empty_postgres, bank="riverside", schema=where) as seen:
            assert timebank.banks.get(seen).name == (where or "public")
            assert timebank.audits.run(seen).verdict is Verdict.CLEAN


def test_a_schema_of_its_own_leaves_public_alone(empty_postgres: Engine) -> None:
    timebank.migrate(empty_postgres, schema="hours")
    assert tables(empty_postgres) == set()
    assert timebank.current_revision(empty_postgres) is None
    with empty_postgres.connect() as connection:
        assert connection.exec_driver_sql("SHOW search_path").scalar() == '"$user", public'


def test_guards_of_a_schema_work_wherever_the_search_path_points(empty_postgres: Engine) -> None:
    timebank.migrate(empty_postgres, schema="hours")
    with timebank.standalone(empty_postgres, bank="riverside", schema="hours") as uow:
        timebank.banks.create(uow, first_coordinator="cora")
    for act in ("DELETE FROM hours.timebank_policy", "DELETE FROM hours.timebank_seal_queue"):
        with empty_postgres.connect() as connection, pytest.raises(IntegrityError) as caught:
            connection.exec_driver_sql(act)
        assert code_of(caught.value) == "23514"


def test_a_missing_guard_in_one_schema_is_not_made_up_for_by_the_other(
    empty_postgres: Engine,
) -> None:
    for where in (None, "hours"):
        timebank.migrate(empty_postgres, schema=where)
    with empty_postgres.begin() as connection:
        connection.exec_driver_sql(
            "DROP TRIGGER tg_timebank_transfer_update ON hours.timebank_transfer"
        )
    assert timebank.check_schema(empty_postgres) == ()
    assert timebank.check_schema(empty_postgres, schema="hours") == (
        "guard tg_timebank_transfer_update is missing or changed",
    )


def test_sqlite_has_no_schemas(empty_sqlite: Engine) -> None:
    def settings() -> list[str]:
        found = []
        for act in (
            lambda: timebank.migrate(empty_sqlite, schema="hours"),
            lambda: timebank.standalone(empty_sqlite, bank="b", schema="hours").__enter__(),
            lambda: timebank.migration_script("sqlite", schema="hours"),
        ):
            with pytest.raises(BackendSettingError) as caught:
                act()
            found.append(caught.value.setting)
        return found

    assert settings() == ["schema"] * 3


COMMAND = "timebank db upgrade"


def at_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{revision}'")


def test_an_empty_database_is_refused_with_the_command_to_run(empty: Engine) -> None:
    with Session(empty) as session, pytest.raises(SchemaError) as caught:
        timebank.unit_of_work(session, bank="riverside").__enter__()
    assert caught.value.command == COMMAND
    assert caught.value.expected == HEAD
    for act in (
        lambda: timebank.standalone(empty, bank="riverside").__enter__(),
        lambda: timebank.reading(empty, bank="riverside").__enter__(),
        lambda: timebank.bank_slugs(empty),
    ):
        with pytest.raises(SchemaError) as again:
            act()
        assert again.value.command == COMMAND


def test_another_revision_is_refused_with_the_command_to_run(empty: Engine) -> None:
    timebank.migrate(empty)
    at_revision(empty, "0000")
    with Session(empty) as session, pytest.raises(SchemaError) as caught:
        timebank.unit_of_work(session, bank="riverside").__enter__()
    assert (caught.value.found, caught.value.expected) == ("0000", HEAD)
    assert caught.value.command == COMMAND
    assert timebank.check_schema(empty) == (f"revision 0000 instead of {HEAD}",)


def test_a_database_of_a_later_release_is_not_touched(empty: Engine) -> None:
    timebank.migrate(empty)
    at_revision(empty, "9999")
    before = live(empty)
    with pytest.raises(SchemaError) as caught:
        timebank.migrate(empty)
    assert (caught.value.found, caught.value.expected) == ("9999", HEAD)
    assert live(empty) == before


def test_a_revision_that_is_not_ours_is_refused(empty: Engine) -> None:
    with pytest.raises(SchemaError) as caught:
        timebank.migrate(empty, "nowhere")
    assert caught.value.expected == "nowhere"
    assert ours(empty) == set()


@pytest.mark.parametrize("back", ["base", "0001"])
def test_a_way_back_that_would_lose_facts_is_refused(empty: Engine, later: None, back: str) -> None:
    timebank.migrate(empty)
    with timebank.standalone(empty, bank="riverside") as uow:
        timebank.banks.create(uow, first_coordinator="cora")
    before = live(empty)
    with pytest.raises(InputError) as caught:
        timebank.migrate(empty, back)
    assert caught.value.field == "revision"
    assert live(empty) == before


@pytest.mark.parametrize(("back", "left"), [("base", None), ("0001", "0001")])
def test_without_a_bank_there_is_a_way_back(
    empty: Engine, later: None, back: str, left: str | None
) -> None:
    for _ in range(2):
        timebank.migrate(empty)
        timebank.migrate(empty, back)
        assert timebank.current_revision(empty) == left
    if left is None:
        assert ours(empty) == {schema.VERSION_TABLE}
    if left is None and empty.dialect.name == "postgresql":
        with empty.connect() as connection:
            query = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'timebank%%'"
            assert connection.exec_driver_sql(query).scalar_one() == 0


def test_the_release_before_works_on_the_next_schema(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rule for later releases: a revision only adds, and takes away a release later."""
    with monkeypatch.context() as next_release:
        _with_a_later_revision(next_release, tmp_path)
        timebank.migrate(empty)
    assert timebank.current_revision(empty) == "0002"
    timebank.migrate(empty)
    assert timebank.current_revision(empty) == "0002"
    world = a_world(SqlBackend(empty))
    world.give("anna", 60)
    assert world.audit().verdict is Verdict.CLEAN
    assert world.see(lambda uow: uow.schema_revision) == "0002"


def test_two_steps_ahead_are_one_too_many(empty: Engine) -> None:
    timebank.migrate(empty)
    at_revision(empty, "0003")
    for act in (timebank.migrate, timebank.bank_slugs):
        with pytest.raises(SchemaError) as caught:
            act(empty)
        assert (caught.value.found, caught.value.expected) == ("0003", HEAD)


def test_a_refused_migration_leaves_the_hosts_search_path(empty_postgres: Engine) -> None:
    with empty_postgres.connect() as connection:
        before = connection.exec_driver_sql("SHOW search_path").scalar()
        with pytest.raises(SchemaError):
            timebank.migrate(connection, "nowhere", schema="hours")
        assert connection.exec_driver_sql("SHOW search_path").scalar() == before


def test_a_database_out_of_reach_is_unavailable() -> None:
    engine = create_engine("sqlite:////nowhere/at/all.sqlite")
    with pytest.raises(DatabaseUnavailable):
        timebank.migrate(engine)


@pytest.mark.parametrize("name", [None, "hours"])
def test_the_script_makes_the_same_schema(empty_postgres: Engine, name: str | None) -> None:
    with empty_postgres.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(timebank.migration_script("postgresql", schema=name))
        driver.commit()
    assert timebank.check_schema(empty_postgres, schema=name) == ()
    assert timebank.current_revision(empty_postgres, schema=name) == HEAD
    if name is None:
        by_script = live(empty_postgres)
        timebank.migrate(empty_postgres)
        assert live(empty_postgres) == by_script


def test_the_script_for_sqlite_makes_the_same_schema(
    empty_sqlite: Engine, sqlite_engine: Engine
) -> None:
    with sqlite3.connect(str(empty_sqlite.url.database)) as driver:
        driver.executescript(timebank.migration_script("sqlite"))
    assert timebank.check_schema(empty_sqlite) == ()
    assert live(empty_sqlite) == live(sqlite_engine)


def test_m52_a_rebuild_drops_guards_and_the_next_migration_puts_them_up(
    sqlite_engine: Engine,
) -> None:
    from alembic.operations import Operations

    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("DROP VIEW timebank_entry")
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("timebank_transfer", recreate="always") as batch:
            batch.alter_column("activity", nullable=False)
        connection.commit()
    lost = [n for n in guards.guards("sqlite") if n.startswith("tg_timebank_transfer_")]
    assert timebank.check_schema(sqlite_engine) == tuple(
        f"guard {name} is missing or changed" for name in lost
    )
    timebank.migrate(sqlite_engine)
    assert timebank.check_schema(sqlite_engine) == ()


def test_a_migration_that_ends_at_another_schema_is_refused_and_undone(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "install", lambda connection, fence: None)
    with pytest.raises(SchemaError):
        timebank.migrate(empty)
    assert tables(empty) == set()
