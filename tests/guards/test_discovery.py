"""What the guards cannot forbid is found: by the audit in the books, by the check in the schema."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine

import timebank
from tests.backends import World
from tests.concurrency.town import founded
from timebank.cli.main import main
from timebank.domain.audit import Verdict
from timebank.storage.sql import guards, schema


def console(engine: Engine, *statements: str) -> None:
    """Raw statements, committed."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def edited(sql_world: World, engine: Engine) -> World:
    """Somebody typed an hour onto Anna's balance at a console (M-1)."""
    account = int(sql_world.accounts["anna"], 16)
    console(
        engine,
        f"UPDATE timebank_account SET balance_minutes = balance_minutes + 60 WHERE id = {account}",
    )
    return sql_world


def test_m1_a_hand_edited_balance_is_named(edited: World) -> None:
    report = edited.see(timebank.audits.run)
    assert report.verdict is Verdict.FINDINGS
    assert {(finding.check, finding.subject) for finding in report.findings} == {
        ("balances_match_transfers", f"account {edited.accounts['anna']}"),
        ("sum_is_zero", f"bank {edited.bank}"),
    }


def test_m1_the_command_says_so_and_exits_with_1(
    edited: World, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    assert main(["audit", "--url", url, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    subjects = [f["subject"] for check in document["checks"] for f in check["findings"]]
    assert f"account {edited.accounts['anna']}" in subjects


def test_untouched_books_are_clean_and_exit_with_0(engine: Engine) -> None:
    founded(engine, people=2, minutes=60)  # by today's clock, as the command goes
    assert main(["audit", "--url", engine.url.render_as_string(hide_password=False)]) == 0


def test_a_balance_edited_on_both_sides_is_named_though_the_sum_is_zero(
    sql_world: World, engine: Engine
) -> None:
    pair = [int(sql_world.accounts[name], 16) for name in ("anna", "carla")]
    console(
        engine,
        f"UPDATE timebank_account SET balance_minutes = balance_minutes + 60 WHERE id = {pair[0]}",
        f"UPDATE timebank_account SET balance_minutes = balance_minutes - 60 WHERE id = {pair[1]}",
    )
    findings = sql_world.see(timebank.audits.run).findings
    assert {(f.check, f.subject) for f in findings} == {
        ("balances_match_transfers", f"account {sql_world.accounts['anna']}"),
        ("balances_match_transfers", f"account {sql_world.accounts['carla']}"),
    }


def test_a_fresh_schema_differs_in_nothing(engine: Engine) -> None:
    assert timebank.check_schema(engine) == ()


def table_of(ddl: str) -> str:
    return ddl.split(" ON ", 1)[1].split(" ", 1)[0]


def test_every_dropped_guard_is_named(engine: Engine) -> None:
    wanted = guards.guards(engine.dialect.name)
    on = (lambda ddl: "") if engine.dialect.name == "sqlite" else lambda ddl: f"ON {table_of(ddl)}"
    console(engine, *(f"DROP TRIGGER {name} {on(ddl)}" for name, ddl in wanted.items()))
    assert timebank.check_schema(engine) == tuple(
        f"guard {name} is missing or changed" for name in wanted
    )


GUARD = "tg_timebank_transfer_update"
NAMED = f"guard {GUARD} is missing or changed"
ACCOUNT_NUMBER = "tg_timebank_account_number"


@pytest.mark.parametrize(
    "change",
    [
        "BEFORE UPDATE ON timebank_transfer WHEN OLD.n > 5 BEGIN SELECT RAISE(ABORT, 'no'); END",
        "BEFORE UPDATE ON timebank_transfer BEGIN SELECT 1; END",
        "AFTER UPDATE ON timebank_transfer BEGIN SELECT RAISE(IGNORE); END",
        "BEFORE UPDATE ON timebank_outbox BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_a_changed_guard_on_sqlite_is_named(sqlite_engine: Engine, change: str) -> None:
    console(sqlite_engine, f"DROP TRIGGER {GUARD}", f"CREATE TRIGGER {GUARD} {change}")
    assert timebank.check_schema(sqlite_engine) == (NAMED,)


@pytest.mark.parametrize(
    "change",
    [
        f"ALTER TABLE timebank_transfer DISABLE TRIGGER {GUARD}",
        f"ALTER TABLE timebank_transfer ENABLE REPLICA TRIGGER {GUARD}",
        f"CREATE OR REPLACE TRIGGER {GUARD} AFTER UPDATE ON timebank_transfer FOR EACH STATEMENT"
        " EXECUTE FUNCTION timebank_refuse('is never edited')",
        f"CREATE OR REPLACE TRIGGER {GUARD} BEFORE UPDATE ON timebank_transfer FOR EACH ROW"
        " WHEN (OLD.n > 5) EXECUTE FUNCTION timebank_refuse('is never edited')",
        f"CREATE OR REPLACE TRIGGER {GUARD} BEFORE UPDATE OF n ON timebank_transfer FOR EACH ROW"
        " EXECUTE FUNCTION timebank_refuse('is never edited')",
        f"CREATE OR REPLACE TRIGGER {GUARD} BEFORE DELETE ON timebank_transfer FOR EACH ROW"
        " EXECUTE FUNCTION timebank_refuse('is never edited')",
    ],
)
def test_a_changed_guard_on_postgresql_is_named(postgres_engine: Engine, change: str) -> None:
    console(postgres_engine, change)
    assert timebank.check_schema(postgres_engine) == (NAMED,)


def test_a_guard_on_postgresql_that_lost_its_condition_is_named(postgres_engine: Engine) -> None:
    console(
        postgres_engine,
        f"CREATE OR REPLACE TRIGGER {ACCOUNT_NUMBER} BEFORE UPDATE ON timebank_account"
        " FOR EACH ROW WHEN (NEW.number < OLD.number - 9)"
        " EXECUTE FUNCTION timebank_refuse('counts forward only')",
    )
    assert timebank.check_schema(postgres_engine) == (
        f"guard {ACCOUNT_NUMBER} is missing or changed",
    )


def test_a_function_on_postgresql_that_refuses_nothing_any_more_is_named(
    postgres_engine: Engine,
) -> None:
    console(
        postgres_engine,
        "CREATE OR REPLACE FUNCTION timebank_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NEW; END'",
    )
    assert timebank.check_schema(postgres_engine) == (
        "guard timebank_refuse is missing or changed",
    )


def test_every_dropped_constraint_on_postgresql_is_named(postgres_engine: Engine) -> None:
    dropped = set()
    for table in schema.metadata.sorted_tables:
        for part in table.constraints:
            console(
                postgres_engine,
                f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {part.name} CASCADE",
            )
            dropped.add(f"{part.name} is missing")
        for index in table.indexes:
            console(postgres_engine, f"DROP INDEX {index.name}")
            dropped.add(f"{index.name} is missing")
    assert set(timebank.check_schema(postgres_engine)) == dropped


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DROP INDEX ix_timebank_account_owner", "ix_timebank_account_owner is missing"),
        (
            "ALTER TABLE timebank_note RENAME COLUMN text TO words",
            "column timebank_note.text is missing",
        ),
    ],
)
def test_what_is_missing_is_named(engine: Engine, statement: str, named: str) -> None:
    console(engine, statement)
    assert timebank.check_schema(engine) == (named,)


def test_a_missing_table_is_named(sqlite_engine: Engine) -> None:
    console(sqlite_engine, "DROP VIEW timebank_entry", "DROP TABLE timebank_transfer")
    found = timebank.check_schema(sqlite_engine)
    assert found[0] == "table timebank_transfer is missing"
    assert all("timebank_transfer" in difference for difference in found)


@pytest.mark.parametrize(
    "constraint", ["ck_timebank_transfer_minutes", "uq_timebank_transfer_source_number"]
)
def test_a_constraint_that_a_rebuild_lost_on_sqlite_is_named(
    sqlite_engine: Engine, constraint: str
) -> None:
    with sqlite_engine.connect() as connection:
        (ddl,) = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'timebank_transfer'"
        ).one()
    kept = [line for line in ddl.splitlines() if f"CONSTRAINT {constraint} " not in line]
    assert len(kept) == len(ddl.splitlines()) - 1
    console(
        sqlite_engine,
        "DROP VIEW timebank_entry",
        "DROP TABLE timebank_transfer",
        "\n".join(kept).replace(", \n)", "\n)"),
    )
    assert f"{constraint} is missing" in timebank.check_schema(sqlite_engine)
