"""What a host's logs get to read: stable events, codes and ids; nobody's name and no word."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

import timebank
from tests.backends import World
from tests.contract.scenario import a_season
from timebank import Hours, banks, members, transfers
from timebank.errors import ConflictError, NotEnoughHours
from timebank.storage.sql.telling import EVENTS

USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "event", "taskName"}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def of_ours(told: pytest.LogCaptureFixture) -> list[Any]:
    return [record for record in told.records if record.name.partition(".")[0] == "timebank"]


def facts(record: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in USUAL}


def test_what_is_recorded_is_told_with_its_receipt(
    sql_world: World, told: pytest.LogCaptureFixture
) -> None:
    receipt = sql_world.give("anna", 60)
    (record,) = of_ours(told)
    assert (record.event, record.levelno) == ("timebank.recorded", logging.INFO)
    assert facts(record) == {
        "bank": sql_world.bank,
        "action": "transfers.grant",
        "receipt": receipt.id,
        "happened": "TransactionRecorded",
    }
    assert record.getMessage() == (
        f"timebank.recorded bank=riverside action=transfers.grant receipt={receipt.id}"
        " happened=TransactionRecorded"
    )


def test_a_refusal_is_told_by_its_code_and_others_by_their_kind(
    sql_world: World, told: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotEnoughHours):
        sql_world.do(
            transfers.donate,
            source=sql_world.accounts["anna"],
            hours=Hours.of(21),
            by=sql_world.member("anna"),
        )
    (record,) = of_ours(told)
    assert (record.event, record.code, record.retryable) == (
        "timebank.refused",
        "not_enough_hours",
        False,
    )
    told.clear()
    with pytest.raises(ZeroDivisionError):
        sql_world.do(lambda uow: 1 // 0)
    (record,) = of_ours(told)
    assert (record.event, record.error) == ("timebank.failed", "ZeroDivisionError")


def test_a_repeated_script_and_a_migration_are_told(
    sqlite_engine: Engine, told: pytest.LogCaptureFixture
) -> None:
    with timebank.standalone(sqlite_engine, bank="riverside") as uow:
        banks.create(uow)
    told.clear()
    left = iter([ConflictError(reason="busy"), ConflictError(reason="busy"), None])

    def work(_uow: object) -> None:
        if (error := next(left)) is not None:
            raise error

    timebank.standalone(sqlite_engine, bank="riverside").run(work)
    events = [(record.event, getattr(record, "attempt", None)) for record in of_ours(told)]
    assert events == [
        ("timebank.refused", None),
        ("timebank.repeated", 1),
        ("timebank.refused", None),
        ("timebank.repeated", 2),
    ]
    told.clear()
    engine = create_engine("sqlite://")
    timebank.migrate(engine)
    timebank.migrate(engine)
    (record,) = of_ours(told)
    assert facts(record) == {"was": None, "revision": timebank.head_revision()}


def test_a_whole_season_names_nobody(sql_world: World, told: pytest.LogCaptureFixture) -> None:
    sql_world.join("zebedee", contact="zebedee@example.org")
    a_season(sql_world)
    people = sql_world.see(members.list, limit=1000)
    secret = {word for p in people for word in (p.id, p.ref, p.name, p.contact) if word}
    secret |= {*sql_world.people.values(), *sql_world.accounts.values(), "welcome"}
    assert len(secret) > 10
    records = of_ours(told)
    assert len(records) > 30
    for record in records:
        assert tuple(facts(record)) == EVENTS[record.event]
        text = f"{record.getMessage()} {facts(record)}"
        assert [word for word in secret if word in text] == []


def test_a_host_who_asked_for_nothing_hears_nothing(
    sql_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    sql_world.give("anna", 60)
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger("timebank").handlers == []
