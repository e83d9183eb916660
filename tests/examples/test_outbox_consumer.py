"""The consumer of the outbox: at least once, and its inbox drops what comes twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import timebank
from examples.outbox_consumer import follow
from tests.backends import SqlBackend, World, a_world, engine_of, sql_world
from tests.examples.hosts import EXAMPLES
from timebank import Hours, outbox, transfers

__all__ = ["sql_world"]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "inbox.sqlite")
    yield connection
    connection.close()


def taken(inbox: sqlite3.Connection) -> list[str]:
    return [row[0] for row in inbox.execute("SELECT receipt FROM inbox ORDER BY receipt")]


def test_every_receipt_arrives_once(sql_world: World, inbox: sqlite3.Connection) -> None:
    given = [sql_world.give("anna", n).id for n in range(1, 131)]
    new = follow(engine_of(sql_world), sql_world.bank, inbox)
    assert new > 100, "more than a page"
    assert {*given} <= {*taken(inbox)}
    assert follow(engine_of(sql_world), sql_world.bank, inbox) == 0
    (events,) = inbox.execute("SELECT events FROM inbox WHERE receipt = ?", given[-1:]).fetchone()
    assert [event["type"] for event in json.loads(events)] == ["TransactionRecorded"]


def test_killed_before_it_says_done_it_takes_nothing_twice(
    sql_world: World, inbox: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = sql_world.give("anna", 60).id
    with monkeypatch.context() as killed:
        killed.setattr(outbox, "done", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            follow(engine_of(sql_world), sql_world.bank, inbox)
    inbox.rollback()
    first = taken(inbox)
    assert given in first
    assert follow(engine_of(sql_world), sql_world.bank, inbox) == 0
    assert taken(inbox) == first
    assert sql_world.see(outbox.read) == ()


def test_killed_before_its_own_commit_it_loses_nothing(
    sql_world: World, inbox: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = sql_world.give("anna", 60).id
    with monkeypatch.context() as killed:
        killed.setattr(json, "dumps", lambda *_, **__: sys.exit("killed"))
        with pytest.raises(SystemExit):
            follow(engine_of(sql_world), sql_world.bank, inbox)
    inbox.rollback()
    follow(engine_of(sql_world), sql_world.bank, inbox)
    assert given in taken(inbox)


def test_m34_what_commits_late_is_not_passed_over(
    request: pytest.FixtureRequest, inbox: sqlite3.Connection
) -> None:
    """A row with a lower id that becomes visible after a higher one was taken."""
    world = a_world(SqlBackend(request.getfixturevalue("postgres_engine")))
    engine = engine_of(world)
    late = Session(engine)
    with timebank.unit_of_work(late, bank=world.bank, clock=world.backend.clock) as uow:
        ben, hour = world.accounts["ben"], Hours.of(1)
        receipt = transfers.grant(uow, to=ben, hours=hour, reason="welcome", by=world.cora)
    sooner = world.do(timebank.staff.add, "dora", role="officer", by=world.cora)
    assert receipt.id < sooner.id
    follow(engine, world.bank, inbox)
    assert sooner.id in taken(inbox)
    assert receipt.id not in taken(inbox)
    late.commit()
    late.close()
    assert follow(engine, world.bank, inbox) == 1
    assert receipt.id in taken(inbox)


def test_it_runs_as_a_script(sqlite_template: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'bank.sqlite')}"
    engine = create_engine(url)
    with timebank.standalone(engine, bank="riverside") as uow:
        timebank.banks.create(uow, first_coordinator="cora")
    engine.dispose()
    command = (sys.executable, EXAMPLES / "outbox_consumer.py", url, "riverside", "inbox.sqlite")
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == "1 new\n"
