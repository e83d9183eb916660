"""SIGKILL at every statement boundary of ``exchanges.confirm``: wholly there or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

import timebank
from tests.concurrency.town import BANK, Town, founded
from tests.postgres import Server, create_database
from timebank import Hours, exchanges
from timebank.domain.audit import Verdict
from timebank.domain.exchange import State
from timebank.domain.ids import ExchangeId

ROOT = Path(__file__).parents[2]
KILLED = -signal.SIGKILL


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


class Mortal:
    """The process that forks a child for each job, and the exchanges they are to confirm."""

    def __init__(self, engine: Engine, town: Town) -> None:
        self.engine, self.town = engine, town
        command = (sys.executable, "-m", "tests.crash.mortal", url_of(engine), BANK)
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def reported(self) -> ExchangeId:
        """A new exchange, its hours held and reported, ready to be confirmed."""
        giver, receiver, hour = self.town.member(0), self.town.member(1), Hours(minutes=10)
        with timebank.standalone(self.engine, bank=BANK) as uow:
            id_ = exchanges.propose(
                uow,
                giver=self.town.members[0],
                receiver=self.town.members[1],
                hours=hour,
                by=receiver,
            ).exchange_id
            exchanges.agree(uow, id_, by=giver)
            exchanges.report(uow, id_, hours=hour, by=giver)
        return id_

    def confirm(self, exchange: ExchangeId, *, deadly: int | None = None) -> dict[str, Any]:
        """Confirm it in a child, which dies at that boundary."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {
            "exchange": exchange,
            "by": self.town.members[1],
            "key": f"confirm-{exchange}",
            "deadly": deadly,
        }
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        """No more jobs."""
        self.process.communicate(timeout=60)


@pytest.fixture
def mortal(durable: Engine) -> Iterator[Mortal]:
    """A bank whose members have plenty, and the process with mortal children."""
    found = Mortal(durable, founded(durable, people=2, minutes=6_000))
    yield found
    found.end()


def state(engine: Engine, exchange: ExchangeId) -> tuple[State, bool, int]:
    """The exchange's state, whether it names a transaction, and how many there are; all clean."""
    engine.dispose()  # reopen
    with timebank.reading(engine, bank=BANK) as uow:
        report = timebank.audits.run(uow)
        assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
        found = exchanges.get(uow, exchange)
        return found.state, found.transaction is not None, report.counted["transactions"]


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_at_any_boundary_leaves_all_or_nothing_and_the_retry_makes_one(
    mortal: Mortal, durable: Engine, capsys: pytest.CaptureFixture[str], step: int
) -> None:
    """Every fifth boundary and those around COMMIT; all of them in the long run."""
    whole = mortal.confirm(mortal.reported())
    assert whole["ended"] == 0
    last = whole["passed"]
    assert last > 20
    recorded = 3  # a grant to each of two members, and the exchange just confirmed
    deaths = sorted({*range(1, last + 1, step), last - 1, last})
    for deadly in deaths:
        exchange = mortal.reported()
        assert mortal.confirm(exchange, deadly=deadly)["ended"] == KILLED
        committed = deadly == last  # only the last boundary lies behind COMMIT
        after = (State.CONFIRMED, True, recorded + 1)
        assert state(durable, exchange) == (
            after if committed else (State.REPORTED, False, recorded)
        ), deadly
        assert mortal.confirm(exchange)["ended"] == 0, "the same key again"
        assert state(durable, exchange) == after
        recorded += 1
    with capsys.disabled():
        print(f"\ncrash {durable.dialect.name}: {len(deaths)} of {last} kill points")


def test_m32_what_was_answered_survives_the_death_of_the_server(durable_server: Server) -> None:
    url = create_database(durable_server)
    engine = create_engine(url)
    timebank.migrate(engine)
    mortal = Mortal(engine, founded(engine, people=2, minutes=6_000))
    exchange = mortal.reported()
    try:
        assert mortal.confirm(exchange)["ended"] == 0
        durable_server.kill()
        durable_server.restart()
        assert state(engine, exchange)[:2] == (State.CONFIRMED, True)
        assert mortal.confirm(exchange)["ended"] == 0
        assert state(engine, exchange)[2] == 3
    finally:
        mortal.end()
        engine.dispose()
