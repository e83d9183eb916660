"""Many requests of one process in one commit: the answer to accounts that everybody uses.

A thread of its own writes. While it waits for one commit, requests gather; the next commit takes
them all. Each is decided and answered on its own, as ``transfers.post`` does with a batch whose
items are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from timebank.actions import transfers
from timebank.domain.actor import Actor, checked_actor
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.transaction import TransactionDraft
from timebank.errors import (
    ConflictError,
    InputError,
    OutcomeUnknownError,
    PosterBusy,
    StorageError,
)
from timebank.storage.sql.unit_of_work import Clock, standalone, system_clock

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy import Engine

WAITING: Final = 1_000
"""How many requests may wait for the writer before the next one is turned away."""
TOGETHER: Final = 500
"""How many requests one commit takes at most."""
PATIENCE_SECONDS: Final = 10.0
"""How long ``post`` and ``post_async`` wait for an answer."""

_WHOLE: Final = (ConflictError, OutcomeUnknownError, StorageError)
"""What the database says to a whole commit, whichever requests it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    draft: TransactionDraft
    by: Actor
    answer: Future[Receipt]


class Poster:
    """Posts what many threads or tasks of one process ask for, many requests to a commit.

    A ``with`` block: its end serves what still waits. Share one among all threads; give every
    request a key. Requests that wait at the same time have no order among them, and each actor's
    make a database transaction of their own.

    *Guarantees:* a request that is refused changes nothing for its neighbours; nothing is answered
    before it is committed; nobody waits for ever.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        bank: str,
        schema: str | None = None,
        clock: Clock = system_clock,
        waiting: int = WAITING,
        together: int = TOGETHER,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._unit = standalone(engine, bank=bank, schema=schema, clock=clock)
        self._queue: Queue[_Asked | None] = Queue(maxsize=waiting)
        self._together = together
        self._patience = patience_seconds
        self._door = Lock()  # nothing is put behind the last sign
        self._writer = Thread(target=self._write, name="timebank-poster", daemon=True)
        self._open = False

    def __enter__(self) -> Poster:
        self._writer.start()
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._door:
            self._open = False
            self._queue.put(None)
        self._writer.join()

    def post(self, draft: TransactionDraft, *, by: Actor) -> Receipt:
        """Post one transaction and wait for its receipt.

        *Refuses* what ``submit`` and ``transfers.post`` refuse; an answer that takes too long is
        ``PosterBusy`` where the request was still waiting and is withdrawn, and
        ``OutcomeUnknownError`` where it was being written: repeat with the same key.
        """
        answer = self.submit(draft, by=by)
        try:
            return answer.result(self._patience)
        except TimeoutError:
            return self._too_late(answer)

    async def post_async(self, draft: TransactionDraft, *, by: Actor) -> Receipt:
        """The same for a task of an event loop, which stays free meanwhile.

        A task that is cancelled withdraws its request, unless that is being written already.
        """
        from asyncio import wait_for, wrap_future

        answer = self.submit(draft, by=by)
        try:
            return await wait_for(wrap_future(answer), self._patience)
        except TimeoutError:
            return self._too_late(answer)

    def submit(self, draft: TransactionDraft, *, by: Actor) -> Future[Receipt]:
        """Hand a request over without waiting; its future has the receipt, or the refusal.

        *Refuses*, in this order: what is no draft and what is no actor (``InputError``), a poster
        that is not open in this process (``InputError``), and one too many (``PosterBusy``).
        """
        if not isinstance(draft, TransactionDraft):
            raise InputError(field="draft", problem=f"{draft!r} is not a TransactionDraft")
        checked_actor(by, field="by")
        answer: Future[Receipt] = Future()
        with self._door:
            if not (self._open and self._writer.is_alive()):  # a fork leaves the thread behind
                raise InputError(field="poster", problem="it is not open in this process")
            try:
                self._queue.put_nowait(_Asked(draft=draft, by=by, answer=answer))
            except Full:
                reason = f"{self._queue.maxsize} requests wait already"
                raise PosterBusy(reason=reason) from None
        return answer

    def _too_late(self, answer: Future[Receipt]) -> Receipt:
        """What the end of the patience means: withdrawn, answered just now, or nobody knows."""
        if answer.cancel():
            raise PosterBusy(reason=f"not served within {self._patience:g} s")
        if answer.done():
            return answer.result()
        raise OutcomeUnknownError()

    def _write(self) -> None:
        """The thread: serve whatever waits, until the last sign."""
        going_on = True
        while going_on:
            taken = self._taken()
            going_on = taken[-1] is not None
            by_actor: dict[Actor, list[_Asked]] = {}
            for asked in taken:
                if asked is not None and asked.answer.set_running_or_notify_cancel():
                    by_actor.setdefault(asked.by, []).append(asked)
            for group in by_actor.values():
                self._serve(group)

    def _taken(self) -> list[_Asked | None]:
        """The next request, however long it takes to come, and those that wait behind it."""
        taken = [self._queue.get()]
        with suppress(Empty):
            while len(taken) < self._together:
                taken.append(self._queue.get_nowait())
        return taken

    def _serve(self, group: Sequence[_Asked]) -> None:
        """One commit for one actor's requests, repeated within bounds; then everybody's answer.

        A request that no batch can hold (a letter that the database does not take) is found by
        halves, and alone hears of it.
        """
        try:
            outcomes = self._post(group)
        except _WHOLE as error:
            for asked in group:
                asked.answer.set_exception(copy(error))
        except Exception as error:
            if len(group) == 1:
                group[0].answer.set_exception(error)
                return
            half = len(group) // 2
            self._serve(group[:half])
            self._serve(group[half:])
        else:
            for asked, outcome in zip(group, outcomes, strict=True):
                _answer(asked.answer, outcome)

    def _post(self, group: Sequence[_Asked]) -> tuple[Outcome, ...]:
        drafts, by = [asked.draft for asked in group], group[0].by
        return self._unit.run(
            lambda uow: transfers.post(uow, drafts, by=by, mode="independent"),
        )


def _answer(answer: Future[Receipt], outcome: Outcome) -> None:
    try:
        answer.set_result(outcome.receipt_or_raise())
    except Exception as refusal:
        answer.set_exception(refusal)
