"""A host with an Alembic history of its own: neither of us sees, drops or upsets the other."""

from __future__ import annotations

import sqlite3
import threading
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, inspect

import timebank
from timebank.errors import InputError, SchemaError

ROOT = Path(__file__).parents[2]
ENV = """
from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
import timebank

metadata = MetaData()
Table("notice", metadata, Column("id", Integer, primary_key=True))

with create_engine(context.config.get_main_option("url")).connect() as connection:
    more = {"include_name": timebank.include_name} if {KNOWS_US} else {}
    context.configure(
        connection=connection, target_metadata=metadata, include_schemas={SCHEMAS}, **more
    )
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
from alembic import op
import sqlalchemy as sa

revision, down_revision = "theirs1", None

def upgrade():
    op.create_table("notice", sa.Column("id", sa.Integer(), primary_key=True))

def downgrade():
    op.drop_table("notice")
"""

WITH_OURS = """
import timebank
from alembic import op
import sqlalchemy as sa

revision, down_revision = "theirs2", "theirs1"

def upgrade():
    op.create_table("other", sa.Column("id", sa.Integer(), primary_key=True))
    timebank.migrate(op.get_bind())
    {THEN}
    op.drop_table("other")

def downgrade():
    timebank.migrate(op.get_bind(), "base")
"""

Host = Callable[..., Config]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host's migrations folder, told about ``include_name`` or not."""

    def made(engine: Engine, *, knows_us: bool = True, schemas: bool = False) -> Config:
        folder = tmp_path / f"host-{knows_us}"
        (folder / "versions").mkdir(parents=True, exist_ok=True)
        (folder / "env.py").write_text(
            ENV.replace("{KNOWS_US}", str(knows_us)).replace("{SCHEMAS}", str(schemas))
        )
        (folder / "versions" / "theirs1.py").write_text(REVISION)
        config = Config()
        config.set_main_option("script_location", str(folder))
        url = engine.url.render_as_string(hide_password=False)
        config.set_main_option("url", url.replace("%", "%%"))
        return config

    return made


def with_ours(config: Config, then: str = "pass") -> Config:
    """The host's second revision, which migrates us in the transaction that is open."""
    folder = Path(str(config.get_main_option("script_location")))
    (folder / "versions" / "theirs2.py").write_text(WITH_OURS.replace("{THEN}", then))
    return config


def of_ours(engine: Engine) -> Config:
    """Our own folder, as our developers use it."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    url = engine.url.render_as_string(hide_password=False)
    config.cmd_opts = Namespace(x=[f"url={url}"])
    return config


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def found_bank(engine: Engine) -> None:
    with timebank.standalone(engine, bank="riverside") as uow:
        timebank.banks.create(uow, first_coordinator="cora")


def test_the_hosts_check_is_clean_beside_our_tables(empty: Engine, host: Host) -> None:
    config = host(empty)
    timebank.migrate(empty)
    command.upgrade(config, "head")
    command.check(config)


def test_the_check_of_a_host_that_looks_into_every_schema_is_clean(
    empty_postgres: Engine, host: Host
) -> None:
    timebank.migrate(empty_postgres, schema="hours")
    config = host(empty_postgres, schemas=True)
    command.upgrade(config, "head")
    command.check(config)


def test_without_include_name_the_host_would_drop_our_tables(empty: Engine, host: Host) -> None:
    timebank.migrate(empty)
    config = host(empty, knows_us=False)
    command.upgrade(config, "head")
    with pytest.raises(CommandError, match=r"remove_table.*timebank_transfer"):
        command.check(config)


def test_the_hosts_way_down_leaves_ours_alone(empty: Engine, host: Host) -> None:
    config = host(empty)
    command.upgrade(config, "head")
    timebank.migrate(empty)
    command.downgrade(config, "base")
    assert "notice" not in tables(empty)
    assert timebank.check_schema(empty) == ()


def test_our_way_up_leaves_the_hosts_revision_alone(empty: Engine, host: Host) -> None:
    command.upgrade(host(empty), "head")
    timebank.migrate(empty)
    with empty.connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    assert [tuple(row) for row in found] == [("theirs1",)]


def test_a_row_without_its_parent_is_our_business_where_it_is_ours(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE host_note (about INTEGER REFERENCES host_item(id))"
        )
        connection.exec_driver_sql("INSERT INTO host_note VALUES (7)")
        connection.exec_driver_sql("CREATE TABLE host_item (id INTEGER)")  # no key to refer to
    timebank.migrate(sqlite_engine)
    found_bank(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("UPDATE timebank_person SET bank_id = bank_id + 1")
    with pytest.raises(SchemaError, match=r"of timebank_[a-z]+ has no row of timebank_"):
        timebank.migrate(sqlite_engine)


def test_both_checks_are_clean_in_one_database(empty: Engine, host: Host) -> None:
    config = with_ours(host(empty))
    command.upgrade(config, "head")
    found_bank(empty)
    assert tables(empty) > {"notice", "timebank_transfer", "alembic_version"}
    command.check(config)
    command.check(of_ours(empty))
    assert timebank.check_schema(empty) == ()


def test_our_check_sees_what_is_ours_and_missing(empty: Engine, host: Host) -> None:
    """The clean check above looks, and where it looks it finds."""
    command.upgrade(with_ours(host(empty)), "head")
    with empty.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_timebank_transfer_source_time")
    with pytest.raises(CommandError, match=r"add_index.*ix_timebank_transfer_source_time"):
        command.check(of_ours(empty))


def test_a_hosts_revision_that_fails_takes_ours_along(empty_postgres: Engine, host: Host) -> None:
    config = with_ours(host(empty_postgres), "raise RuntimeError('in the middle')")
    with pytest.raises(RuntimeError, match="in the middle"):
        command.upgrade(config, "head")
    assert tables(empty_postgres) == set()


def test_the_hosts_way_down_is_refused_where_it_would_lose_facts(empty: Engine, host: Host) -> None:
    config = with_ours(host(empty))
    command.upgrade(config, "head")
    found_bank(empty)
    with pytest.raises(InputError, match="would lose the facts of riverside"):
        command.downgrade(config, "theirs1")
    assert timebank.bank_slugs(empty) == ("riverside",)
    assert timebank.check_schema(empty) == ()
    command.check(config)


def test_without_a_bank_the_way_down_leaves_nothing_of_ours(empty: Engine, host: Host) -> None:
    config = with_ours(host(empty))
    for _ in range(2):
        command.upgrade(config, "head")
        assert timebank.check_schema(empty) == ()
        command.downgrade(config, "theirs1")
        assert tables(empty) == {"notice", "alembic_version", "timebank_alembic_version"}
        assert timebank.current_revision(empty) is None
        with pytest.raises(SchemaError):
            timebank.standalone(empty, bank="riverside").__enter__()


def test_a_host_that_migrates_in_another_thread_does_not_mix_with_us(
    tmp_path: Path, host: Host
) -> None:
    """Alembic's own commands share process-global state: with them 25 of 45 runs broke."""
    for n in range(20):
        theirs = create_engine(f"sqlite:///{tmp_path / f'theirs-{n}.sqlite'}")
        ours = create_engine(f"sqlite:///{tmp_path / f'ours-{n}.sqlite'}")
        config = host(theirs)
        failures = together(
            partial(command.upgrade, config, "head"), partial(timebank.migrate, ours)
        )
        assert failures == []
        assert tables(theirs) == {"notice", "alembic_version"}
        assert {name for name in tables(ours) if not name.startswith("timebank_")} == set()
        assert timebank.check_schema(ours) == ()
        for engine in (theirs, ours):
            engine.dispose()


def test_two_migrators_of_one_database_wait_for_each_other(empty: Engine) -> None:
    def migrate() -> None:
        engine = create_engine(empty.url)
        timebank.migrate(engine)
        engine.dispose()

    assert together(migrate, migrate, migrate) == []
    assert timebank.check_schema(empty) == ()


def test_a_host_that_is_writing_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself does not wait where it turns write-ahead logging on."""
    url = f"sqlite:///{tmp_path / 'host.sqlite'}"
    host = sqlite3.connect(tmp_path / "host.sqlite", isolation_level=None, check_same_thread=False)
    host.execute("BEGIN IMMEDIATE")
    host.execute("CREATE TABLE notice (id INTEGER PRIMARY KEY)")
    done = threading.Timer(0.3, host.execute, ["COMMIT"])
    done.start()
    engine = create_engine(url)
    timebank.migrate(engine)
    done.join()
    assert tables(engine) > {"notice", "timebank_transfer"}
    host.close()
    engine.dispose()


def together(*acts: Callable[[], object]) -> list[BaseException]:
    """Run all at the same moment, each in a thread; what went wrong."""
    start, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
