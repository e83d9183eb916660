"""A crowd of clients on a bank of four with an hour each, and what they heard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import timebank
from tests.concurrency.town import BANK, Town, founded
from tests.durable import durable, durable_server
from tests.load import clients
from tests.load.history import Answer, Bank, Op, Read, Side, serial_order, settled
from timebank.domain.audit import Verdict

__all__ = ["durable", "durable_server"]

ROOT = Path(__file__).parents[2]
PEOPLE = 4


@dataclass(slots=True, kw_only=True)
class Crowd:
    """The clients of one database; a job at a time."""

    engine: Engine
    town: Town
    bank: Bank
    folder: Path
    process: subprocess.Popen[str]

    def start(self, **what: Any) -> clients.Job:
        """Give everybody a job and return at once."""
        self.engine.dispose()  # children hold no connection of ours
        url = self.engine.url.render_as_string(hide_password=False)
        job = clients.Job(url=url, folder=str(self.folder), town=self.town.plain(), **what)
        assert self.process.stdin is not None
        self.process.stdin.write(job.line() + "\n")
        self.process.stdin.flush()
        return job

    def finish(self, job: clients.Job) -> tuple[int, list[Op]]:
        """Wait for the end: how many were killed, and the whole history.

        A client with a fault may end early: the database refused what was too wrong.
        """
        assert self.process.stdout is not None
        ended = json.loads(self.process.stdout.readline())
        assert job.fault or ended["ended"] == [0] * job.processes
        return ended["kills"], clients.recorded(self.folder, job)

    def explained(self, ops: list[Op]) -> list[Op]:
        """The history in a serial order that ends in what the books say now."""
        with timebank.reading(self.engine, bank=BANK) as uow:
            seen = tuple(timebank.accounts.balance(uow, a).minutes for a in self.town.accounts)
        last = max(op.returned for op in ops if op.answer is not None) + 1
        look = Op(asked=Read(), call=last, answer=Answer("seen", minutes=seen), returned=last)
        return serial_order(self.bank, [*settled(ops), look])

    def books_are_whole(self, order: list[Op]) -> None:
        """The audit is clean, and as many were posted as heard so, nobody twice."""
        with timebank.reading(self.engine, bank=BANK) as uow:
            report = timebank.audits.run(uow)
        assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
        accepted = sum(op.answer is not None and op.answer.said == "accepted" for op in order)
        assert report.counted["transactions"] == PEOPLE + accepted


@pytest.fixture(scope="session")
def nursery() -> Iterator[subprocess.Popen[str]]:
    """The process whose children are the clients: it has read everything in, once."""
    command = (sys.executable, "-m", "tests.load.clients")
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.communicate(timeout=60)


@pytest.fixture
def crowd(engine: Engine, tmp_path: Path, nursery: subprocess.Popen[str]) -> Crowd:
    """The clients of a new bank."""
    return a_crowd(engine, tmp_path, nursery)


def a_crowd(engine: Engine, folder: Path, nursery: subprocess.Popen[str]) -> Crowd:
    """The clients of a new bank in this database."""
    town = founded(engine, people=PEOPLE, minutes=60)
    bank = Bank(accounts=(Side(1, 60),) * PEOPLE)
    return Crowd(engine=engine, town=town, bank=bank, folder=folder, process=nursery)
