"""Mixed work for as long as it is wanted: workers who are killed, and a steward who is not.

Started as ``python -m tests.load.soak`` with one job in JSON on its standard input. After each
period it prints one line of JSON (see ``Minute``); the last line ends it. Workers are forked and
killed at random, and write down the transactions that were answered; the steward works for the
whole time, looks whether all of them are in the books, and audits.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from resource import getpagesize
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, create_engine

import timebank
from tests.concurrency.town import BANK, Town
from tests.load.clients import PAUSE_SECONDS, forked
from timebank import (
    Actor,
    Hours,
    Receipt,
    TransactionDraft,
    Transfer,
    accounts,
    audits,
    exchanges,
    journal,
    listings,
    members,
    outbox,
    transfers,
)
from timebank.domain.audit import Verdict
from timebank.domain.ids import TransactionId
from timebank.errors import (
    ConflictError,
    DatabaseUnavailable,
    OutcomeUnknownError,
    RefusedError,
)

WORKERS = 2
ENOUGH = "enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done, where, for how long, and how often somebody looks."""

    url: str
    folder: str
    town: dict[str, Any]
    seed: int
    seconds: float
    period_seconds: float

    def line(self) -> str:
        """For the standard input."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What there is to say after a period. ``lost`` were answered and are not in the books."""

    minute: int
    done: int
    refused: int
    again: int
    kills: int
    transactions: int
    lost: int
    verdict: str
    findings: list[str]
    audit_seconds: float
    resident_mib: float


class Worker:
    """Somebody who does what a bank's members and staff do, one thing after the other."""

    def __init__(self, job: Job, seed: str) -> None:
        self.engine: Engine = create_engine(job.url)
        self.town = Town.from_plain(job.town)
        self.dice = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self._log = os.open(
            Path(job.folder, f"answered-{seed}"), os.O_WRONLY | os.O_APPEND | os.O_CREAT
        )
        self._work = [
            *[self._post] * 8,
            *[self._exchange] * 4,
            *[self._look] * 5,
            self._listing,
            self._join,
            self._seal,
            self._consume,
            self._expire,
        ]

    def step(self) -> None:
        """One thing of many kinds, until it was done or refused."""
        try:
            self.dice.choice(self._work)()
        except RefusedError:
            self.counts["refused"] += 1
        else:
            self.counts["done"] += 1

    def do(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Until there is an answer; what may have taken place is asked again under its key."""
        while True:
            try:
                return timebank.standalone(self.engine, bank=BANK).run(
                    lambda uow: action(uow, *args, **kwargs)
                )
            except (ConflictError, DatabaseUnavailable, OutcomeUnknownError):
                self.counts["again"] += 1
                time.sleep(PAUSE_SECONDS)

    def see(self, reader: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Until it could be read."""
        while True:
            try:
                with timebank.reading(self.engine, bank=BANK) as uow:
                    return reader(uow, *args, **kwargs)
            except (ConflictError, DatabaseUnavailable):
                self.counts["again"] += 1
                time.sleep(PAUSE_SECONDS)

    def _answered(self, receipt: Receipt) -> None:
        os.write(self._log, f"{receipt.transaction_id}\n".encode())

    def _two(self) -> tuple[int, int]:
        first, second = self.dice.sample(range(len(self.town.members)), 2)
        return first, second

    def _post(self) -> None:
        drafts = [self._draft() for _ in range(self.dice.choice([1, 1, 1, 20]))]
        outcomes = self.do(transfers.post, drafts, by=self.town.coordinator, mode="independent")
        for outcome in outcomes:
            if outcome.receipt is not None:
                self._answered(outcome.receipt)

    def _draft(self) -> TransactionDraft:
        source, target = self._two()
        move = Transfer(
            source=self.town.accounts[source],
            target=self.town.accounts[target],
            hours=Hours(minutes=self.dice.randint(1, 60)),
        )
        return TransactionDraft(transfers=(move,), key=uuid4().hex)

    def _exchange(self) -> None:
        giver, receiver = self._two()
        people, hours = self.town.members, Hours(minutes=self.dice.randint(1, 60))
        gives, gets = self.town.member(giver), self.town.member(receiver)
        proposed = self.do(
            exchanges.propose,
            giver=people[giver],
            receiver=people[receiver],
            hours=hours,
            by=gets,
            key=uuid4().hex,
        )
        id_ = proposed.exchange_id
        self.do(exchanges.agree, id_, by=gives, key=uuid4().hex)
        if self.dice.random() < 0.2:
            self.do(exchanges.cancel, id_, by=gets, key=uuid4().hex)
            return
        self.do(exchanges.report, id_, hours=hours, by=gives, key=uuid4().hex)
        self._answered(self.do(exchanges.confirm, id_, by=gets, key=uuid4().hex))

    def _look(self) -> None:
        account, today = self.dice.choice(self.town.accounts), date.today()
        start = today - timedelta(days=7)
        self.see(accounts.balance, account)
        self.see(accounts.statement, account, start=start, end=start + timedelta(days=1))
        self.see(exchanges.list, limit=20)

    def _listing(self) -> None:
        n = self.dice.randrange(len(self.town.members))
        who, by = self.town.members[n], self.town.member(n)
        key = uuid4().hex
        placed = self.do(
            listings.offer, member=who, title="Bread", category="other", by=by, key=key
        )
        self.do(listings.withdraw, placed.listing_id, by=by, key=uuid4().hex)

    def _join(self) -> None:
        self.do(members.join, name="Dora", by=self.town.coordinator, key=uuid4().hex)

    def _seal(self) -> None:
        self.do(journal.seal, limit=500)

    def _consume(self) -> None:
        ids = [row.id for row in self.see(outbox.read, limit=100)]
        self.do(outbox.done, ids)

    def _expire(self) -> None:
        self.do(exchanges.expire, by=Actor.system(), limit=50)


class Steward(Worker):
    """Works like the others, for the whole time; and looks after the books when asked."""

    def __init__(self, job: Job) -> None:
        super().__init__(job, "steward")
        self._folder = Path(job.folder)
        self._read: Counter[str] = Counter()

    def serve(self, asked: int, answers: int) -> None:
        """Until nobody can ask any more."""
        while True:
            self.step()
            if select.select([asked], [], [], 0)[0]:
                if not os.read(asked, 1):
                    return
                os.write(answers, json.dumps(self._looked()).encode() + b"\n")

    def _looked(self) -> dict[str, Any]:
        begun, lost = time.monotonic(), sum(self._lost())
        report = self.see(audits.run)
        while report.verdict is Verdict.INCOMPLETE:  # the server went away in the middle
            report = self.see(audits.run)
        return {
            **{name: self.counts[name] for name in ("done", "refused", "again")},
            "transactions": report.counted["transactions"],
            "lost": lost,
            "verdict": report.verdict.value,
            "findings": [repr(finding) for finding in report.findings[:5]],
            "audit_seconds": round(time.monotonic() - begun, 2),
            "resident_mib": resident_mib(),
        }

    def _lost(self) -> Iterator[int]:
        """How many of those answered since the last time are not in the books, by portions."""
        for file in self._folder.glob("answered-*"):
            with file.open() as lines:
                lines.seek(self._read[file.name])
                fresh = lines.read()
            whole = fresh[: fresh.rfind("\n") + 1]
            self._read[file.name] += len(whole)
            ids = [TransactionId(line) for line in whole.split()]
            for n in range(0, len(ids), 500):
                part = ids[n : n + 500]
                yield len(part) - len(self.see(lambda uow, part: uow.journal.many(part), part))


def resident_mib() -> float:
    """How much memory this process has at this moment; 0 where the system does not say."""
    file = Path("/proc/self/statm")
    pages = int(file.read_text().split()[1]) if file.exists() else 0
    return round(pages * getpagesize() / 2**20, 1)


def work(job: Job, seed: str) -> None:
    """One who may be killed at any moment."""
    worker = Worker(job, seed)
    while not Path(job.folder, ENOUGH).exists():
        worker.step()


def steward(job: Job, asked: int, answers: int, others: int) -> None:
    """The one who is not killed; the end of the pipe from which it is asked is not its own."""
    os.close(others)
    Steward(job).serve(asked, answers)


def soak(job: Job) -> Iterator[Minute]:
    """Everybody at work; one of the workers is killed now and then, and begun again."""
    asked, ask = os.pipe()
    answers, answer = os.pipe()
    standing = forked(partial(steward, job, asked, answer, ask))
    os.close(answer)
    crew = Crew(job)
    with open(answers) as said:
        for minute in range(1, round(job.seconds / job.period_seconds) + 1):
            crew.killed_until(time.monotonic() + job.period_seconds)
            os.write(ask, b"?")
            looked = json.loads(said.readline())
            yield Minute(minute=minute, kills=crew.kills, **looked)
    Path(job.folder, ENOUGH).touch()
    os.close(ask)
    for child in (standing, *crew.workers):
        if os.waitpid(child, 0)[1]:
            raise RuntimeError("somebody ended by an error")


class Crew:
    """The workers."""

    def __init__(self, job: Job) -> None:
        self._job, self._dice, self.kills = job, random.Random(job.seed), 0
        self.workers = {self._one(n) for n in range(WORKERS)}

    def _one(self, n: int) -> int:
        return forked(partial(work, self._job, f"worker-{n}"))

    def killed_until(self, end: float) -> None:
        """Kill one now and then, and begin another in its place."""
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self._dice.uniform(0.2, 3)))
            victim = self._dice.choice([*self.workers])
            os.kill(victim, signal.SIGKILL)
            if os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]) != -signal.SIGKILL:
                raise RuntimeError("a worker ended by an error")
            self.kills += 1
            self.workers = self.workers - {victim} | {self._one(WORKERS + self.kills)}


def main() -> None:
    """Do the job."""
    for minute in soak(Job(**json.loads(sys.stdin.readline()))):
        print(json.dumps(asdict(minute)), flush=True)


if __name__ == "__main__":
    main()
