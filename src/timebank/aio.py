"""Any action on a host's ``AsyncSession``: one generic wrapper, no second set of functions."""

from __future__ import annotations

from asyncio import CancelledError, shield
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from inspect import iscoroutinefunction
from itertools import islice
from traceback import clear_frames
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from timebank.domain.words import of_another_kind
from timebank.errors import InputError
from timebank.storage.sql.unit_of_work import SqlUnit, reading, unit_of_work

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 1_000
"""How many items ``stream`` fetches before it hands out the first of them."""


async def run(
    session: AsyncSession,
    bank: str,
    action: Callable[Concatenate[SqlUnit, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call an action (or a read) with a unit of work inside the host's transaction.

    The host commits, as with ``timebank.unit_of_work``.

    A task that is cancelled in here loses the host's whole transaction, not our part alone: the
    connection is given up in the middle of a statement, and a commit is refused from then on.

    *Refuses* what the action refuses, an ``async def`` (``InputError``: it would never run), and an
    action that answers with an iterator: it would read after the unit of work has ended.
    """
    if not hasattr(session, "run_sync"):
        raise of_another_kind(session, field="session", instead="give an AsyncSession")
    if iscoroutinefunction(action):
        raise InputError(field="action", problem="it is an async def; give a plain function")

    def work(sync_session: Session) -> T:
        with unit_of_work(sync_session, bank=bank) as uow:
            answer = action(uow, *args, **kwargs)
            if isinstance(answer, Iterator):
                raise InputError(field="action", problem="its answer is read piece by piece")
            return answer

    try:
        return await session.run_sync(work)
    except CancelledError as cancelled:
        # A statement that nobody finished keeps SQLite's write lock, even when its connection is
        # closed, for as long as the frames that were cut off remember it.
        clear_frames(cancelled.__traceback__)
        raise


async def stream(
    engine: AsyncEngine,
    bank: str,
    read: Callable[Concatenate[SqlUnit, P], Iterator[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> AsyncGenerator[T, None]:
    """Answer piece by piece, such as the lines of ``journal.export``: one snapshot, bounded memory.

    It holds a connection of its own until it is exhausted or closed; whoever may leave early
    closes it (``async with contextlib.aclosing(aio.stream(...)) as lines``).

    *Refuses* what ``timebank.reading`` and the reader refuse.
    """
    from sqlalchemy.ext.asyncio import AsyncSession

    snapshot = ExitStack()

    def begin(session: Session) -> Iterator[T]:
        uow = snapshot.enter_context(reading(engine.sync_engine, bank=bank))
        return read(uow, *args, **kwargs)

    async with AsyncSession(engine) as session:  # holds no connection: a greenlet to work on
        try:
            items = await session.run_sync(begin)
            while some := await session.run_sync(lambda _: [*islice(items, AT_ONCE)]):
                for item in some:
                    yield item
        finally:
            await shield(session.run_sync(lambda _: snapshot.close()))
