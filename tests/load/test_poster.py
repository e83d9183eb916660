"""The poster: many requests in one commit, each answered on its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.backends import SqlBackend, World, a_world, engine_of
from tests.concurrency.town import POLICY
from timebank import Hours, Poster, Receipt, TransactionDraft, Transfer
from timebank.domain.audit import Verdict
from timebank.domain.ids import AccountId
from timebank.errors import (
    InputError,
    KeyReusedError,
    NotEnoughHours,
    NotPermitted,
    OutcomeUnknownError,
    PosterBusy,
    TimebankError,
)


class Gate:
    """Keeps the writer from beginning until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = Event(), Event()

    def __call__(self, _connection: Any) -> None:
        self.reached.set()
        assert self.opened.wait(20)


def poster_for(world: World, **more: Any) -> Poster:
    return Poster(engine_of(world), bank=world.bank, clock=world.backend.clock, **more)


@contextmanager
def gated(world: World, **more: Any) -> Iterator[tuple[Poster, Gate]]:
    """A poster whose writer has taken one request (a minute to Ben) and waits at the gate."""
    gate, engine = Gate(), engine_of(world)
    event.listen(engine, "begin", gate)
    try:
        with poster_for(world, **more) as poster:
            try:
                poster.submit(pay(world, "first"), by=world.cora)
                assert gate.reached.wait(20)
                yield poster, gate
            finally:
                gate.opened.set()
    finally:
        event.remove(engine, "begin", gate)


def pay(world: World, key: str | None, minutes: int = 1, **more: Any) -> TransactionDraft:
    """Anna pays Ben."""
    move = Transfer(
        source=world.accounts["anna"], target=world.accounts["ben"], hours=Hours(minutes=minutes)
    )
    return TransactionDraft(transfers=(move,), key=key, **more)


def said(answer: Future[Receipt]) -> str:
    """How a request ended, in a word."""
    try:
        return "replayed" if answer.result(20).replayed else "accepted"
    except TimebankError as error:
        return error.code
    except Exception:
        return "our fault or the database's"


def in_order(world: World) -> None:
    assert world.audit().verdict is Verdict.CLEAN


@pytest.fixture
def world(engine: Engine) -> World:
    """Anna has an hour, and nobody may go below 0:00."""
    found = a_world(SqlBackend(engine), policy=POLICY)
    found.give("anna", 60)
    return found


def test_all_that_waits_goes_into_one_commit_and_the_floor_holds(world: World) -> None:
    commits: list[object] = []
    event.listen(engine_of(world), "commit", commits.append)
    with gated(world) as (poster, gate):
        answers = [poster.submit(pay(world, f"key-{n}"), by=world.cora) for n in range(100)]
        gate.opened.set()
        ends = [said(answer) for answer in answers]
    assert ends == ["accepted"] * 59 + ["not_enough_hours"] * 41
    assert len(commits) == 2
    assert (world.balance("anna"), world.balance("ben")) == (0, 60)
    in_order(world)


def test_m27_threads_on_one_hot_account_never_break_its_floor(world: World) -> None:
    with poster_for(world) as poster, ThreadPoolExecutor(16) as threads:

        def client(n: int) -> list[int]:
            numbers = []
            for i in range(6):
                with suppress(NotEnoughHours):
                    receipt = poster.post(pay(world, f"{n}-{i}"), by=world.cora)
                    numbers += [e.number for e in receipt.entries if e.change_minutes < 0]
            return numbers

        numbers = [number for found in threads.map(client, range(16)) for number in found]
    assert sorted(numbers) == [*range(2, 62)]  # the first entry is the grant
    assert world.balance("anna") == 0
    in_order(world)


def test_one_bad_request_never_spoils_its_neighbours(world: World) -> None:
    nowhere = Transfer(
        source=AccountId("0" * 16), target=world.accounts["ben"], hours=Hours(minutes=1)
    )
    asked: list[tuple[TransactionDraft, Any, str]] = [
        (pay(world, "good-1"), world.cora, "accepted"),
        (pay(world, "too-much", 600), world.cora, "not_enough_hours"),
        (pay(world, ""), world.cora, "invalid_input"),
        (TransactionDraft(transfers=(nowhere,), key="nowhere"), world.cora, "not_found"),
        (pay(world, "good-2"), world.cora, "accepted"),
        (pay(world, "good-2"), world.cora, "replayed"),
        (pay(world, "good-2", 2), world.cora, "key_reused"),
        (
            pay(world, "letter", note="half a letter \ud800"),
            world.cora,
            "our fault or the database's",
        ),
        (pay(world, "good-3"), world.colin, "accepted"),
        (pay(world, "member"), world.member("anna"), "not_permitted"),
        (pay(world, None), world.cora, "accepted"),
        (pay(world, None), world.cora, "accepted"),
    ]
    with gated(world) as (poster, gate):
        answers = [poster.submit(draft, by=by) for draft, by, _ in asked]
        gate.opened.set()
        ends = [said(answer) for answer in answers]
    assert ends == [end for _, _, end in asked]
    assert world.balance("ben") == 6
    in_order(world)


def test_refusals_are_raised_in_the_thread_that_asked(world: World) -> None:
    with poster_for(world) as poster:
        receipt = poster.post(pay(world, "key"), by=world.cora)
        again = poster.post(pay(world, "key"), by=world.cora)
        assert (again.transaction_id, again.replayed) == (receipt.transaction_id, True)
        with pytest.raises(KeyReusedError):
            poster.post(pay(world, "key", 2), by=world.cora)
        with pytest.raises(NotPermitted):
            poster.post(pay(world, "other"), by=world.member("anna"))


def test_one_too_many_is_turned_away_at_once(world: World) -> None:
    with gated(world, waiting=2) as (poster, gate):
        kept = [poster.submit(pay(world, f"key-{n}"), by=world.cora) for n in range(2)]
        with pytest.raises(PosterBusy) as refusal:
            poster.submit(pay(world, "one-too-many"), by=world.cora)
        assert refusal.value.retryable
        gate.opened.set()
        assert [said(answer) for answer in kept] == ["accepted", "accepted"]
    assert world.balance("ben") == 3


def test_who_waits_too_long_in_the_queue_is_withdrawn(world: World) -> None:
    with gated(world, patience_seconds=0.05) as (poster, _):
        with pytest.raises(PosterBusy):
            poster.post(pay(world, "late"), by=world.cora)
        with pytest.raises(PosterBusy):
            asyncio.run(poster.post_async(pay(world, "later"), by=world.cora))
    assert world.balance("ben") == 1


@pytest.mark.parametrize("way", ["thread", "task"])
def test_who_waits_too_long_for_a_commit_hears_that_nobody_knows(world: World, way: str) -> None:
    gate, engine, draft = Gate(), engine_of(world), pay(world, "slow")

    def wait(poster: Poster, draft: TransactionDraft) -> Receipt:
        if way == "thread":
            return poster.post(draft, by=world.cora)
        return asyncio.run(poster.post_async(draft, by=world.cora))

    event.listen(engine, "begin", gate)
    with poster_for(world, patience_seconds=0.05) as poster:
        with pytest.raises(OutcomeUnknownError):
            wait(poster, draft)
        assert gate.reached.is_set()
        gate.opened.set()
    event.remove(engine, "begin", gate)
    with poster_for(world) as poster:
        assert poster.post(draft, by=world.cora).replayed
    assert world.balance("ben") == 1


def test_a_lost_commit_is_told_to_everyone_in_it_and_the_keys_settle_it(world: World) -> None:
    engine: Any = engine_of(world)
    honest, commits = engine.dialect.do_commit, count(1)

    def deaf(driver: Any) -> None:
        """The first commit is the one that waits at the gate; the second is of all three."""
        honest(driver)
        if next(commits) == 2:
            lost = OperationalError("COMMIT", None, Exception("gone"))
            lost.connection_invalidated = True
            raise lost

    drafts = [pay(world, f"key-{n}") for n in range(3)]
    with gated(world) as (poster, gate):
        answers = [poster.submit(draft, by=world.cora) for draft in drafts]
        engine.dialect.do_commit = deaf
        gate.opened.set()
        assert [said(answer) for answer in answers] == ["outcome_unknown"] * 3
        assert all(poster.post(draft, by=world.cora).replayed for draft in drafts)
    assert world.balance("ben") == 4


def test_tasks_of_an_event_loop(world: World) -> None:
    async def many(poster: Poster) -> list[Receipt | BaseException]:
        asked = [poster.post_async(pay(world, f"task-{n}"), by=world.cora) for n in range(70)]
        return await asyncio.gather(*asked, return_exceptions=True)

    with poster_for(world) as poster:
        ends = asyncio.run(many(poster))
    assert sum(isinstance(end, Receipt) for end in ends) == 60
    assert sum(isinstance(end, NotEnoughHours) for end in ends) == 10


def test_a_cancelled_task_withdraws_its_request(world: World) -> None:
    async def leave(poster: Poster) -> None:
        task = asyncio.create_task(poster.post_async(pay(world, "left"), by=world.cora))
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with gated(world) as (poster, _):
        asyncio.run(leave(poster))
    assert world.balance("ben") == 1


def test_the_end_of_the_block_serves_what_waits(world: World) -> None:
    with gated(world) as (poster, _):
        answers = [poster.submit(pay(world, f"key-{n}"), by=world.cora) for n in range(5)]
    assert all(answer.done() for answer in answers)
    assert world.balance("ben") == 6
    with pytest.raises(InputError, match="poster"):
        poster.submit(pay(world, "after"), by=world.cora)


def test_what_is_refused_at_the_door(world: World) -> None:
    poster = poster_for(world)
    words: Any = "an hour to Ben"
    with pytest.raises(InputError, match="draft"):
        poster.submit(words, by=world.cora)
    with pytest.raises(InputError, match="by"):
        poster.submit(pay(world, "key"), by=words)
    with pytest.raises(InputError, match="poster"):
        poster.submit(pay(world, "key"), by=world.cora)


def test_a_fork_leaves_the_writer_behind_and_says_so(world: World) -> None:
    with poster_for(world) as poster:
        child = os.fork()
        if child == 0:
            try:
                poster.submit(pay(world, "child"), by=world.cora)
            except InputError:
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert not poster.post(pay(world, "child"), by=world.cora).replayed
