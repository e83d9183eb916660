"""Processes full of clients who post and look at random, and write down what they hear.

Started as ``python -m tests.load.clients``. Each line is a job in JSON (see ``Job``); its
processes are forked, may be killed in the middle and begun again, and the answer is one line: how
often somebody was killed, and the exit codes. A client writes a line before it asks and a line when
it has heard; whoever begins in its place asks again what was not answered, under the same key.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

import timebank
from tests.concurrency.town import BANK, Town
from tests.load.faults import FAULTS
from tests.load.history import NEVER, Answer, Op, Post, Read, Side
from timebank import Hours, Poster, Receipt, TransactionDraft, Transfer, accounts, transfers
from timebank.domain.ids import AccountId
from timebank.errors import (
    ConflictError,
    DatabaseUnavailable,
    KeyReusedError,
    NotEnoughHours,
    OutcomeUnknownError,
)

ENOUGH = "enough"
PAUSE_SECONDS = 0.03
"""Before a client asks again after an error that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a crowd is to do. Without ``count`` clients go on until there is a file ``ENOUGH``."""

    url: str
    folder: str
    town: dict[str, Any]
    seed: int
    processes: int
    threads: int = 1
    poster: bool = False
    count: int | None = None
    kills: int = 0
    fault: str | None = None

    def line(self) -> str:
        """For the standard input."""
        return json.dumps(asdict(self))


def plan(seed: int, client: int, people: int) -> Iterator[Post | Read]:
    """What a client asks, one after the other, without end; some keys are everybody's."""
    dice = random.Random(f"{seed}-{client}")
    n = 0
    while True:
        n += 1
        if dice.random() < 0.2:
            yield Read()
        elif dice.random() < 0.3:
            key = f"shared-{n // 8}-{dice.randrange(6)}"
            shared = _post(random.Random(f"{seed}-{key}"), key, people)
            yield shared._replace(minutes=shared.minutes + (dice.random() < 0.1))
        else:
            yield _post(dice, f"{client}-{n}", people)


def _post(dice: random.Random, key: str, people: int) -> Post:
    source, target = dice.sample(range(people), 2)
    return Post(key, source, target, dice.randint(1, 40))


def recorded(folder: Path, job: Job) -> list[Op]:
    """The whole history; requests that certainly had no effect are left out."""
    ops = []
    for client in range(job.processes * job.threads):
        file = folder / f"client-{client}"
        ops += [*_recorded(file, plan(job.seed, client, len(job.town["accounts"])))]
    return ops


def _recorded(file: Path, asked: Iterator[Post | Read]) -> Iterator[Op]:
    wanted, place = next(asked), 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line, heard in zip(lines, [*lines[1:], {}], strict=True):
        if "call" not in line:
            continue
        while place < line["n"]:
            wanted, place = next(asked), place + 1
        if "said" not in heard:
            yield Op(asked=wanted, call=line["call"])
        elif heard["said"] != "nothing done":
            yield Op(
                asked=wanted,
                call=line["call"],
                answer=_answer_from(heard),
                returned=heard["at"] if heard["said"] != "unknown" else NEVER,
            )


def _answer_from(heard: dict[str, Any]) -> Answer | None:
    if heard["said"] == "unknown":
        return None
    sides = tuple(Side(*side) for side in heard["sides"])
    return Answer(heard["said"], sides, tuple(heard["minutes"]))


class Client:
    """One thread: asks, writes down, and asks again where it has to."""

    def __init__(self, job: Job, number: int, ask: Callable[[Post | Read], Answer | None]) -> None:
        self._file = Path(job.folder, f"client-{number}")
        self._plan = plan(job.seed, number, len(job.town["accounts"]))
        self._ask, self._count = ask, job.count

    def run(self) -> None:
        """From where the one before was stopped or killed."""
        begun = self._file.read_text().splitlines() if self._file.exists() else []
        last: dict[str, Any] = json.loads(begun[-1]) if begun else {"n": -1, "said": "seen"}
        settled = last.get("said", "unknown") not in ("unknown", "nothing done")
        first = last["n"] + 1 if settled else last["n"]
        log = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for n, asked in enumerate(islice(self._plan, self._count)):
            if n >= first:
                while not self._settle(log, n, asked):
                    time.sleep(PAUSE_SECONDS)
                if self._count is None and self._file.with_name(ENOUGH).exists():
                    return

    def _settle(self, log: int, n: int, asked: Post | Read) -> bool:
        _write(log, n=n, call=time.monotonic())
        try:
            answer = self._ask(asked)
        except (ConflictError, DatabaseUnavailable):
            answer = Answer("nothing done")
        except OutcomeUnknownError:
            answer = None
        heard = asdict(answer or Answer("unknown"))
        _write(log, n=n, at=time.monotonic(), **heard)
        return heard["said"] not in ("unknown", "nothing done")


def _write(log: int, **line: Any) -> None:
    """One write to the file, which outlives this process."""
    os.write(log, json.dumps(line).encode() + b"\n")


class Desk:
    """How a request becomes a call of the library, and its answer that of the model."""

    def __init__(self, engine: Engine, town: Town, poster: Poster | None) -> None:
        self._engine, self._town, self._poster = engine, town, poster

    def ask(self, asked: Post | Read) -> Answer:
        """Ask, and say what was heard."""
        if isinstance(asked, Read):
            with timebank.reading(self._engine, bank=BANK) as uow:
                return Answer(
                    "seen",
                    minutes=tuple(accounts.balance(uow, a).minutes for a in self._town.accounts),
                )
        try:
            receipt = self._post(asked)
        except NotEnoughHours as refusal:
            return Answer("not_enough_hours", minutes=(refusal.available_minutes,))
        except KeyReusedError:
            return Answer("key_reused")
        said = "replayed" if receipt.replayed else "accepted"
        return Answer(said, tuple(Side(e.number, e.balance_minutes) for e in receipt.entries))

    def _post(self, asked: Post) -> Receipt:
        place: Callable[[int], AccountId] = self._town.accounts.__getitem__
        move = Transfer(
            source=place(asked.source),
            target=place(asked.target),
            hours=Hours(minutes=asked.minutes),
        )
        draft, by = TransactionDraft(transfers=(move,), key=asked.key), self._town.coordinator
        if self._poster is not None:
            return self._poster.post(draft, by=by)
        (outcome,) = timebank.standalone(self._engine, bank=BANK).run(
            lambda uow: transfers.post(uow, [draft], by=by)
        )
        return outcome.receipt_or_raise()


def serve(job: Job, process: int) -> None:
    """One process: its clients, each a thread, on one engine."""
    if job.fault is not None:
        FAULTS[job.fault]()
    engine = create_engine(job.url)
    with ExitStack() as stack:
        poster = stack.enter_context(Poster(engine, bank=BANK)) if job.poster else None
        desk = Desk(engine, Town.from_plain(job.town), poster)
        threads = stack.enter_context(ThreadPoolExecutor(job.threads))
        numbers = range(process * job.threads, (process + 1) * job.threads)
        for done in [threads.submit(Client(job, n, desk.ask).run) for n in numbers]:
            done.result()


def forked(work: Callable[[], None]) -> int:
    """The id of a child that does the work and ends."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def crowd(job: Job) -> dict[str, Any]:
    """Everybody at work; killed at random and begun again, as often as the job says."""
    dice, kills = random.Random(job.seed), 0
    running = {forked(partial(serve, job, n)): n for n in range(job.processes)}
    while kills < job.kills:
        time.sleep(dice.uniform(0, 0.4))
        victim = dice.choice([*running])
        os.kill(victim, signal.SIGKILL)
        if os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]) != -signal.SIGKILL:
            return {"kills": kills, "ended": ["a client failed"]}
        process, kills = running.pop(victim), kills + 1
        running[forked(partial(serve, job, process))] = process
    if job.kills:
        Path(job.folder, ENOUGH).touch()
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in running]
    return {"kills": kills, "ended": ended}


def main() -> None:
    """Answer each job."""
    for line in sys.stdin:
        print(json.dumps(crowd(Job(**json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
