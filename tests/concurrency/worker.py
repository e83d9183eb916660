"""One process of a crowd: reads a job a line, does it on the database, answers in a line.

Started as ``python -m tests.concurrency.worker URL``; see ``crowd.py``.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine

import timebank
from tests.concurrency.town import BANK, Town
from timebank import (
    Actor,
    Hours,
    Role,
    TransactionDraft,
    Transfer,
    exchanges,
    members,
    periods,
    transfers,
)
from timebank.domain.ids import ExchangeId, PersonId, TransactionId
from timebank.domain.receipt import Receipt
from timebank.errors import ConflictError, TimebankError
from timebank.ports import UnitOfWork
from timebank.storage.sql.unit_of_work import SqlUnit, Standalone, system_clock

T = TypeVar("T")
Job = Callable[..., dict[str, Any]]


class Counted(Standalone):
    """Counts how often a unit of work is tried, those that never got to begin included."""

    tries = 0

    def _once(self, work: Callable[[SqlUnit], T]) -> T:
        self.tries += 1
        return super()._once(work)


class Desk:
    """Runs units of work; how often each had to be tried, and how long the slowest took."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tries: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.slowest = 0.0

    def do(self, work: Callable[[UnitOfWork], T]) -> T | None:
        """The work's result; None where the bank refused it."""
        unit, begun = Counted(self.engine, BANK, None, system_clock), time.monotonic()
        try:
            return unit.run(work)
        except TimebankError as error:
            self.refused[error.code] += 1
            return None
        finally:
            self.tries[unit.tries] += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)


def trade(engine: Engine, town: Town, *, count: int, seed: int) -> dict[str, Any]:
    """Exchanges among the town's people in three ways, in turn; most stop at somebody's floor."""
    desk, dice = Desk(engine), random.Random(seed)
    ways = (_record, _agree_and_confirm, _post)
    done: Counter[str] = Counter()
    for n in range(count):
        way = ways[n % 3]
        giver, receiver = dice.sample(range(len(town.members)), 2)
        hours = Hours(minutes=dice.randint(1, 60))
        if way(desk, town, giver, receiver, hours, f"{seed}-{n}"):
            done[way.__name__] += 1
    return {
        "done": done,
        "tries": desk.tries,
        "refused": desk.refused,
        "slowest": desk.slowest,
    }


def _record(desk: Desk, town: Town, giver: int, receiver: int, hours: Hours, key: str) -> bool:
    receipt = desk.do(
        lambda uow: exchanges.record(
            uow,
            giver=town.members[giver],
            receiver=town.members[receiver],
            hours=hours,
            by=town.coordinator,
            key=key,
        )
    )
    return receipt is not None


def _agree_and_confirm(
    desk: Desk, town: Town, giver: int, receiver: int, hours: Hours, key: str
) -> bool:
    """Propose, agree (sets hours aside), then report and confirm or, one time in five, cancel."""
    asked, asking = town.member(giver), town.member(receiver)
    proposed = desk.do(
        lambda uow: exchanges.propose(
            uow,
            giver=town.members[giver],
            receiver=town.members[receiver],
            hours=hours,
            by=asking,
        )
    )
    if proposed is None:
        return False
    id_ = proposed.exchange_id
    if desk.do(lambda uow: exchanges.agree(uow, id_, by=asked)) is None:
        return False
    if hours.minutes % 5 == 0:
        desk.do(lambda uow: exchanges.cancel(uow, id_, by=asking))
        return False
    desk.do(lambda uow: exchanges.report(uow, id_, hours=hours, by=asked))
    return desk.do(lambda uow: exchanges.confirm(uow, id_, by=asking, key=key)) is not None


def _post(desk: Desk, town: Town, giver: int, receiver: int, hours: Hours, key: str) -> bool:
    move = Transfer(source=town.accounts[receiver], target=town.accounts[giver], hours=hours)
    draft = TransactionDraft(transfers=(move,), key=key)
    return desk.do(lambda uow: transfers.post(uow, [draft], by=town.coordinator)) is not None


def record(engine: Engine, town: Town, *, key: str, minutes: int = 10) -> dict[str, Any]:
    """The same request as everybody else's, under the same key."""
    return _answer(
        engine,
        lambda uow: exchanges.record(
            uow,
            giver=town.members[0],
            receiver=town.members[1],
            hours=Hours(minutes=minutes),
            by=town.coordinator,
            key=key,
        ),
    )


def reverse(
    engine: Engine, town: Town, *, transaction: str, key: str | None = None
) -> dict[str, Any]:
    """Undo a transaction."""
    return _answer(
        engine,
        lambda uow: transfers.reverse(
            uow,
            TransactionId(transaction),
            reason="entered twice",
            by=town.coordinator,
            key=key,
        ),
    )


def reverse_exchange(engine: Engine, town: Town, *, exchange: str) -> dict[str, Any]:
    """Undo an exchange."""
    return _answer(
        engine,
        lambda uow: exchanges.reverse(
            uow, ExchangeId(exchange), reason="entered twice", by=town.coordinator
        ),
    )


def shuttle(engine: Engine, town: Town, *, source: int, target: int, count: int) -> dict[str, Any]:
    """One minute, many times, always the same way; and how often the database said conflict."""
    move = Transfer(
        source=town.accounts[source], target=town.accounts[target], hours=Hours(minutes=1)
    )
    conflicts = 0
    for _ in range(count):
        try:
            with timebank.standalone(engine, bank=BANK) as uow:
                transfers.post(uow, [TransactionDraft(transfers=(move,))], by=town.coordinator)
        except ConflictError:
            conflicts += 1
    return {"conflicts": conflicts}


def pay(engine: Engine, town: Town, *, by: int, to: int, wait: bool = False) -> dict[str, Any]:
    """A member gives ten minutes away."""
    return _answer(
        engine,
        lambda uow: transfers.donate(
            uow,
            source=town.accounts[by],
            target=town.accounts[to],
            hours=Hours(minutes=10),
            by=town.member(by),
        ),
        wait=wait,
    )


def suspend(engine: Engine, town: Town, *, member: int, wait: bool = False) -> dict[str, Any]:
    """A coordinator suspends a member."""
    return _answer(
        engine,
        lambda uow: members.suspend(
            uow, town.members[member], reason="safeguarding", by=town.coordinator
        ),
        wait=wait,
    )


def rename(engine: Engine, town: Town, *, member: int, wait: bool = False) -> dict[str, Any]:
    """A coordinator writes down another contact."""
    return _answer(
        engine,
        lambda uow: members.update(
            uow, town.members[member], contact="by the mill", by=town.coordinator
        ),
        wait=wait,
    )


def forget(
    engine: Engine, town: Town, *, member: int, approver: str, wait: bool = False
) -> dict[str, Any]:
    """Two coordinators forget a member who has left."""
    second = Actor(person=PersonId(approver), role=Role.COORDINATOR)
    return _answer(
        engine,
        lambda uow: members.forget(
            uow, town.members[member], reason="other", by=town.coordinator, approved_by=second
        ),
        wait=wait,
    )


def work_on(engine: Engine, town: Town, *, day: str, wait: bool = False) -> dict[str, Any]:
    """The coordinator enters an hour of that day."""
    return _answer(
        engine,
        lambda uow: exchanges.record(
            uow,
            giver=town.members[0],
            receiver=town.members[1],
            hours=Hours(minutes=10),
            happened_on=date.fromisoformat(day),
            by=town.coordinator,
        ),
        wait=wait,
    )


def close(
    engine: Engine, town: Town, *, day: str, approver: str, wait: bool = False
) -> dict[str, Any]:
    """Every day up to that one is closed."""
    second = Actor(person=PersonId(approver), role=Role.COORDINATOR)
    return _answer(
        engine,
        lambda uow: periods.close(
            uow, until=date.fromisoformat(day), by=town.coordinator, approved_by=second
        ),
        wait=wait,
    )


def _answer(
    engine: Engine, act: Callable[[UnitOfWork], Receipt], *, wait: bool = False
) -> dict[str, Any]:
    """The receipt as text, or the code of the refusal. With ``wait``: says so before the commit,
    and commits when told.
    """
    try:
        with timebank.standalone(engine, bank=BANK) as uow:
            receipt = act(uow)
            if wait:
                _say({"waiting": True})
                sys.stdin.readline()
    except TimebankError as error:
        return {"refused": error.code, "retryable": error.retryable}
    whole = replace(receipt, replayed=False)
    return {
        "receipt": repr(whole),
        "replayed": receipt.replayed,
        "recorded_at": receipt.recorded_at.isoformat(),
    }


JOBS: dict[str, Job] = {
    job.__name__: job
    for job in (
        trade,
        record,
        reverse,
        reverse_exchange,
        shuttle,
        pay,
        suspend,
        work_on,
        close,
        rename,
        forget,
    )
}


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main(url: str) -> None:
    """Do jobs until there are no more lines."""
    engine = create_engine(url)
    for line in sys.stdin:
        asked = json.loads(line)
        _say(JOBS[asked["job"]](engine, Town.from_plain(asked["town"]), **asked["arguments"]))
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
