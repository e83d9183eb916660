"""A wing of a host's own stands on the ledger: its tables, its facts, its commits, its guards."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.orm import Session

import timebank
from tests.backends import MemoryBackend, SqlBackend, World, a_world
from tests.cli.program import run
from tests.guards.raw import refusal as raw_refusal
from tests.support import refusal
from tests.wings import library
from timebank import audits
from timebank.domain.audit import Verdict
from timebank.domain.events import WingActed
from timebank.errors import SchemaError
from timebank.storage.sql import schema

LIBRARY = {table.name for table in library.LIBRARY.tables} | {"timebank_library_alembic_version"}


@pytest.fixture
def lending(engine: Engine) -> World:
    """A bank of neighbours with a tool library, a drill on its shelf."""
    timebank.migrate(engine, wings=["library"])
    world = a_world(SqlBackend(engine))
    world.give("anna", 300)
    return world


def tables(engine: Engine) -> set[str]:
    return {name for name in inspect(engine).get_table_names() if name.startswith("timebank_")}


def a_drill(world: World) -> str:
    event = world.do(library.buy, "drill", by=world.cora).events[0]
    assert isinstance(event, WingActed)
    return event.subject


def lend(world: World, tool: str, **more):
    return world.do(
        library.lend, tool, account=world.accounts["anna"], pot=pot(world), by=world.cora, **more
    )


def pot(world: World):
    return world.see(timebank.accounts.get, "pot").id


# --- tables -----------------------------------------------------------------------------------


def test_a_bank_that_did_not_ask_for_it_has_none_of_its_tables(engine: Engine) -> None:
    timebank.migrate(engine)
    assert tables(engine) & LIBRARY == set()
    assert timebank.wing_names(engine) == ()


def test_a_database_that_has_a_wing_takes_it_along(engine: Engine) -> None:
    timebank.migrate(engine, wings=["library"])
    assert tables(engine) >= LIBRARY
    timebank.migrate(engine)
    assert timebank.wing_names(engine) == ("library",)
    assert timebank.check_schema(engine) == ()


def test_a_wing_that_is_not_installed_is_refused(engine: Engine) -> None:
    assert refusal(lambda: timebank.migrate(engine, wings=["bakery"])) == "invalid_input wing"


def test_a_wing_behind_its_own_newest_revision_is_told(engine: Engine) -> None:
    timebank.migrate(engine, wings=["library"])
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE timebank_library_alembic_version SET version_num = '0'")
    assert timebank.check_schema(engine) == ("library at revision 0 instead of 0001",)


def test_a_guard_of_a_wing_that_is_missing_is_told_and_put_up_again(sqlite_engine: Engine) -> None:
    timebank.migrate(sqlite_engine, wings=["library"])
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER tg_timebank_library_loan_update")
    assert timebank.check_schema(sqlite_engine) == (
        "guard tg_timebank_library_loan_update is missing or changed",
    )
    timebank.migrate(sqlite_engine)
    assert timebank.check_schema(sqlite_engine) == ()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_administrators_script_has_the_wing_where_it_is_asked_for(dialect: str) -> None:
    assert "library" not in timebank.migration_script(dialect)
    script = timebank.migration_script(dialect, wings=["library"])
    assert "CREATE TABLE timebank_library_loan" in script
    assert "tg_timebank_library_loan_delete" in script


def test_a_wing_has_its_own_schema_on_postgresql(postgres_engine: Engine) -> None:
    timebank.migrate(postgres_engine, schema="hours", wings=["library"])
    assert timebank.check_schema(postgres_engine, schema="hours") == ()
    assert timebank.wing_names(postgres_engine, schema="hours") == ("library",)
    assert timebank.wing_names(postgres_engine) == ()


# --- facts ------------------------------------------------------------------------------------


def test_hours_and_the_wings_facts_are_one_commit(lending: World) -> None:
    drill = a_drill(lending)
    lend(lending, drill)
    assert lending.see(library.loans) == [(drill, lending.accounts["anna"])]
    assert lending.balance("anna") == 270
    assert refusal(lambda: lend(lending, drill)) == "wrong_state"
    assert lending.balance("anna") == 270
    assert lending.audit().verdict is Verdict.CLEAN


def test_what_the_host_rolls_back_is_gone_with_the_wings_facts(lending: World) -> None:
    assert isinstance(lending.backend, SqlBackend)
    drill = a_drill(lending)
    with Session(lending.backend.engine) as session, session.begin() as host:
        with timebank.unit_of_work(session, bank=lending.bank, clock=lending.backend.clock) as uow:
            account = lending.accounts["anna"]
            library.lend(uow, drill, account=account, pot=pot_in(uow), by=lending.cora)
        host.rollback()
    assert lending.see(library.loans) == []
    assert lending.balance("anna") == 300


def pot_in(uow):
    return uow.accounts.by_label("pot")


def test_a_refusal_of_the_ledger_writes_nothing_of_the_wing(lending: World) -> None:
    lending.do(
        timebank.accounts.freeze,
        lending.accounts["anna"],
        frozen="out",
        reason="hardship",
        by=lending.olga,
    )
    drill = a_drill(lending)
    assert refusal(lambda: lend(lending, drill)) == "account_frozen"
    assert lending.see(library.loans) == []


def test_a_request_with_its_key_is_done_once(lending: World) -> None:
    drill = a_drill(lending)
    first = lend(lending, drill, key="form-7")
    again = lend(lending, drill, key="form-7")
    assert again.replayed
    assert again.events == first.events
    assert len(lending.see(library.loans)) == 1
    assert lending.balance("anna") == 270
    other = a_drill(lending)
    assert refusal(lambda: lend(lending, other, key="form-7")) == "key_reused"


def test_the_facts_of_a_wing_are_never_edited_nor_its_things_removed(lending: World) -> None:
    assert isinstance(lending.backend, SqlBackend)
    engine = lending.backend.engine
    lend(lending, a_drill(lending))
    for statement in (
        "UPDATE timebank_library_loan SET recorded_at = 1",
        "DELETE FROM timebank_library_loan",
        "DELETE FROM timebank_library_tool",
        "UPDATE timebank_library_tool SET name = 'saw'",
    ):
        assert raw_refusal(engine, statement) == "TRIGGER", statement
    assert raw_refusal(engine, "UPDATE timebank_library_tool SET lent = 0") is None


def test_a_wing_has_no_place_in_memory() -> None:
    world = a_world(MemoryBackend())
    assert refusal(lambda: world.do(library.buy, "drill", by=world.cora)) == "invalid_input uow"


def test_a_database_without_the_wing_says_how_to_get_it(engine: Engine) -> None:
    world = a_world(SqlBackend(engine))
    with pytest.raises(SchemaError, match="timebank db upgrade --wing library"):
        world.do(library.buy, "drill", by=world.cora)


# --- the audit --------------------------------------------------------------------------------

CHECK = "library_tools_lent"


def plant(world: World) -> None:
    """Somebody with a database console marks the tools as lent."""
    assert isinstance(world.backend, SqlBackend)
    with world.backend.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE timebank_library_tool SET lent = 1")


def test_a_wing_adds_its_checks_to_every_audit(lending: World) -> None:
    drill, saw = a_drill(lending), a_drill(lending)
    lend(lending, drill)
    report = lending.audit()
    assert (report.checks[-1].name, report.checks[-1].subjects) == (CHECK, 2)
    assert report.verdict is Verdict.CLEAN
    assert [notice.subject for notice in report.notices] == [f"tool {saw}"]
    plant(lending)
    report = lending.audit()
    assert report.verdict is Verdict.FINDINGS
    assert [(f.check, f.subject) for f in report.findings] == [(CHECK, f"tool {saw}")]


def test_a_wings_check_is_asked_for_by_name_or_left_out(lending: World) -> None:
    a_drill(lending)
    plant(lending)
    only = lending.see(audits.run, checks=[CHECK])
    assert [check.name for check in only.checks] == [CHECK]
    assert only.verdict is Verdict.FINDINGS
    without = lending.see(audits.run, checks=["sum_is_zero"])
    assert without.verdict is Verdict.CLEAN_SELECTED
    assert (CHECK, "not_asked") in without.not_checked
    assert lending.see(audits.checks)[-1].name == CHECK


def test_a_wing_that_cannot_be_read_makes_an_audit_incomplete(lending: World) -> None:
    assert isinstance(lending.backend, SqlBackend)
    a_drill(lending)
    with lending.backend.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE timebank_library_loan RENAME TO elsewhere")
    report = lending.audit()
    assert (CHECK, "unreadable") in report.not_checked


def test_a_database_without_the_wing_knows_none_of_its_checks(engine: Engine) -> None:
    world = a_world(SqlBackend(engine))
    assert CHECK not in [check.name for check in world.audit().checks]
    assert refusal(lambda: world.see(audits.run, checks=[CHECK])) == "invalid_input checks"


# --- copies -----------------------------------------------------------------------------------


def test_a_backup_has_the_wing_in_it(
    lending: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(lending.backend, SqlBackend)
    lend(lending, a_drill(lending))
    url = lending.backend.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TIMEBANK_URL", url)
    saved = run("db", "backup", str(tmp_path / "copy.sqlite"))
    assert (saved.code, saved.err) == (0, "")
    place = tmp_path / "elsewhere.sqlite"
    restored = run("db", "restore", str(tmp_path / "copy.sqlite"), "--url", f"sqlite:///{place}")
    assert restored.code == 0
    elsewhere = create_engine(f"sqlite:///{place}")
    world = World(
        backend=SqlBackend(elsewhere, lending.backend.clock),
        cora=lending.cora,
        colin=lending.colin,
        olga=lending.olga,
    )
    assert world.see(library.loans) == lending.see(library.loans)
    assert world.see(audits.run, max_unsealed_hours=10**6).verdict is Verdict.CLEAN
    elsewhere.dispose()


def test_our_own_tables_know_nothing_of_a_wing() -> None:
    assert {*schema.metadata.tables} & LIBRARY == set()
