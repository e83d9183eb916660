"""Lessons about trust (lessons.md, M-45 to M-51), on real stores."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.backends import Backend, SqlBackend, World, a_world
from tests.contract.scenario import a_season
from timebank import Hours, TransactionDraft, Transfer, accounts, transfers
from timebank.errors import NotFoundError


def test_m45_a_correction_says_who_and_why(world: World) -> None:
    corrected = world.do(
        transfers.adjust,
        source=world.accounts["ben"],
        target=world.accounts["anna"],
        hours=Hours.of(1),
        reason="the sheet of Tuesday was read wrongly",
        by=world.cora,
        approved_by=world.colin,
    )
    kept = world.see(transfers.get, corrected.transaction_id)
    assert (kept.actor, kept.approver, kept.reason) == (world.cora, world.colin, "other")
    note = world.see(lambda u: u.journal.note(kept.id))
    assert note is not None
    assert note.text == "the sheet of Tuesday was read wrongly"


def test_m46_another_banks_account_is_not_found(backend: Backend) -> None:
    here, there = a_world(backend), a_world(backend, bank="hillside")
    there.give("anna", 600)
    theirs, ours = there.accounts["anna"], here.accounts["anna"]
    draft = TransactionDraft(transfers=(Transfer(source=theirs, target=ours, hours=Hours.of(1)),))
    with pytest.raises(NotFoundError) as caught:
        here.do(transfers.post, [draft], by=here.cora)
    assert caught.value.data == {"kind": "account", "ref": theirs, "where": "bank"}
    with pytest.raises(NotFoundError):
        here.see(accounts.balance, theirs)
    with pytest.raises(NotFoundError):
        here.do(
            accounts.set_limits,
            theirs,
            floor=None,
            ceiling=None,
            reason="hardship",
            by=here.cora,
            approved_by=here.colin,
        )
    assert (there.balance("anna"), here.balance("anna")) == (600, 0)


def test_m46_another_banks_coordinator_is_nobody_here(backend: Backend) -> None:
    here, there = a_world(backend), a_world(backend, bank="hillside")
    with pytest.raises(NotFoundError):
        here.do(
            transfers.grant,
            to=here.accounts["anna"],
            hours=Hours.of(1),
            reason="welcome",
            by=there.cora,
        )


TABLES_WITH_ACTORS = ("transaction", "account_change", "exchange_act", "period_close", "policy")


def test_m47_every_fact_names_its_actor(sql_world: World) -> None:
    assert isinstance(sql_world.backend, SqlBackend)
    a_season(sql_world)
    with sql_world.backend.engine.connect() as connection:
        for table in TABLES_WITH_ACTORS:
            rows = connection.execute(
                text(f"SELECT actor_role, actor_id FROM timebank_{table}")
            ).all()
            assert rows
            nameless = [row for row in rows if row.actor_id is None]
            assert {row.actor_role for row in nameless} <= {"system"}
            assert len(nameless) < len(rows)


COLUMNS = (
    "bank_id, transaction_id, n, source_id, target_id, minutes, activity, recorded_at,"
    " source_number, source_balance_minutes, target_number, target_balance_minutes"
)


def copied(changed: str) -> str:
    """A copy of a transfer with one thing wrong."""
    values = COLUMNS.replace(" n,", " n + 1 AS n,").replace(
        "source_number,", "source_number + 1 AS source_number,"
    )
    values = values.replace("target_number,", "target_number + 1 AS target_number,")
    name, value = changed.split("=")
    whole = {
        "n": "n + 1 AS n",
        "source_number": "source_number + 1 AS source_number",
        "target_number": "target_number + 1 AS target_number",
    }.get(name, name)
    wrong = values.replace(f" {whole}", f" {value} AS {name}", 1)
    assert wrong != values
    return f"INSERT INTO timebank_transfer ({COLUMNS}) SELECT {wrong} FROM timebank_transfer"


REFUSED = {
    "no minutes": copied("minutes=0"),
    "less than no minutes": copied("minutes=-5"),
    "to itself": copied("target_id=source_id"),
    "a number twice on one side": copied("source_number=source_number"),
    "an activity out of the air": copied("activity='favour'"),
    "an account nobody opened": copied("target_id=7"),
    "a transfer edited": "UPDATE timebank_transfer SET minutes = 5",
    "a transfer deleted": "DELETE FROM timebank_transfer",
    "a transaction edited": "UPDATE timebank_transaction SET reason = 'other'",
    "a transaction deleted": "DELETE FROM timebank_transaction",
    "an act deleted": "DELETE FROM timebank_account_change",
    "a policy edited": "UPDATE timebank_policy SET body = '{}'",
    "a bank renamed in its books": "UPDATE timebank_bank SET slug = 'other'",
    "numbers going back": "UPDATE timebank_account SET number = number - 1 WHERE number > 0",
    "an account changing hands": "UPDATE timebank_account SET kind = 'pot' WHERE kind = 'member'",
    "less than nothing held": "UPDATE timebank_account SET held_minutes = -1",
    "a member deleted": "DELETE FROM timebank_member",
}


def refused(engine: Engine, statement: str) -> bool:
    """Whether the database refuses the statement, of any writer."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            connection.exec_driver_sql(statement)
    except DBAPIError:
        return True
    return False


@pytest.mark.parametrize("what", REFUSED)
def test_m51_the_shipped_database_refuses(sql_world: World, what: str) -> None:
    assert isinstance(sql_world.backend, SqlBackend)
    sql_world.give("anna", 60)
    assert refused(sql_world.backend.engine, REFUSED[what])


def test_m51_a_sound_copy_is_not_refused(sql_world: World) -> None:
    """What the refusals above change is all that is wrong with their copies."""
    assert isinstance(sql_world.backend, SqlBackend)
    sql_world.give("anna", 60)
    assert not refused(sql_world.backend.engine, copied("minutes=minutes + 1"))


def test_m51_no_table_of_facts_can_be_emptied(postgres_engine: Engine) -> None:
    world = a_world(SqlBackend(postgres_engine))
    world.give("anna", 60)
    assert refused(postgres_engine, "TRUNCATE timebank_transfer")
    assert refused(postgres_engine, "TRUNCATE timebank_bank CASCADE")


def test_m51_no_fact_can_be_replaced(sqlite_engine: Engine) -> None:
    world = a_world(SqlBackend(sqlite_engine))
    world.give("anna", 60)
    again = "INSERT OR REPLACE INTO timebank_transaction SELECT * FROM timebank_transaction"
    assert refused(sqlite_engine, again)
