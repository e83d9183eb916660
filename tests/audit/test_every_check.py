"""Each check has been seen to find something, and each runs in a whole audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import Engine, update

from tests.audit.conftest import Open, planting
from tests.audit.expected import EXPECTED
from tests.audit.planting import audit, plant, rows_for
from tests.audit.test_planted_faults import FAULTS
from tests.backends import MemoryBackend, SqlBackend, World, a_world
from timebank import audits, journal
from timebank.domain.audit import NAMES, Verdict
from timebank.storage.sql import guards, schema

ALSO: Final = {
    "numbers_without_gap": "transfer.source_number-changed",
    "running_balances_add_up": "transfer.source_balance_minutes-changed",
    "sum_is_zero": "account.balance_minutes-changed",
    "reversals_mirror_originals": "transfer-deleted",
    "facts_hold_codes_only": "transaction.reason-changed",
    "exchanges_match_acts": "exchange.state-changed",
    "holds_match_held": "account.held_minutes-changed",
    "holds_match_exchanges": "hold.id-changed",
}
"""Checks that are rarely the closest to a fault → a fault that they find too."""

BY_HAND: Final = {"limits_or_overrides", "sealed_in_time", "schema_is_as_released"}


def test_each_is_proven_by_a_planted_fault() -> None:
    assert {*EXPECTED.values(), *ALSO, *BY_HAND} == {*NAMES}


@pytest.mark.parametrize("check", ALSO)
def test_a_check_finds_what_belongs_to_it(opened: Open, check: str) -> None:
    fault = FAULTS[ALSO[check]]
    with planting(opened) as connection:
        found = set()
        for row in rows_for(connection, fault):
            savepoint = connection.begin_nested()
            plant(connection, fault, row)
            found |= {finding.check for finding in audit(connection, opened.clock).findings}
            savepoint.rollback()
            if check in found:
                return
    pytest.fail(f"only {sorted(found)}")


def test_an_account_outside_its_limits_is_found(opened: Open) -> None:
    account = schema.account.c
    with planting(opened) as connection:
        gill = account.id == opened.world.accounts["gill"]
        connection.execute(update(schema.account).where(gill).values(floor_minutes=100_000))
        report = audit(connection, opened.clock)
    found = {(f.check, f.subject) for f in report.findings}
    assert ("limits_or_overrides", f"account {opened.world.accounts['gill']}") in found


def test_a_sealer_that_is_dead_is_found(sql_world: World) -> None:
    sql_world.backend.clock.advance(timedelta(hours=49))
    report = sql_world.see(audits.run)
    assert [f.check for f in report.findings] == ["sealed_in_time"]
    assert sql_world.see(audits.run, max_unsealed_hours=50).verdict is Verdict.CLEAN


@pytest.mark.parametrize("table", ["transfer", "seal_queue"])
def test_a_guard_that_is_missing_is_found(engine: Engine, table: str) -> None:
    world = a_world(SqlBackend(engine))
    trigger = f"tg_timebank_{table}_delete"
    assert trigger in guards.guards(engine.dialect.name)
    where = f" ON timebank_{table}" if engine.dialect.name == "postgresql" else ""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}{where}")
    report = world.see(audits.run)
    assert [f.check for f in report.findings] == ["schema_is_as_released"]
    assert trigger in report.findings[0].found


def test_a_whole_audit_runs_every_check(sql_world: World) -> None:
    kept = sql_world.do(journal.seal)
    report = sql_world.see(audits.run, kept=kept)
    assert tuple(check.name for check in report.checks) == NAMES
    assert report.not_checked == ()


def test_in_memory_too() -> None:
    world = a_world(MemoryBackend())
    report = world.see(audits.run, kept=world.do(journal.seal))
    assert tuple(check.name for check in report.checks) == NAMES
    assert report.verdict is Verdict.CLEAN
