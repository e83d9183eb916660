"""A request that is cancelled leaves nothing half done, and no connection in a bad state."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.hosts.async_host import driver, host, opened, url
from tests.hosts.host import Host, Notice
from timebank import Hours, aio, exchanges, journal
from timebank.domain.audit import Verdict
from timebank.domain.exchange import State
from timebank.domain.ids import ExchangeId

__all__ = ["driver", "host", "url"]

CONFIRMATIONS = int(os.environ.get("TIMEBANK_CANCELLATIONS", "40"))
POOL = 8


def reported(host: Host, count: int) -> list[ExchangeId]:
    """Exchanges of a minute each that Anna has reported and Ben may confirm."""
    world, found = host.world, list[ExchangeId]()
    anna, ben = world.member("anna"), world.member("ben")
    giver, receiver = world.people["anna"], world.people["ben"]
    with world.backend.unit(world.bank) as uow:
        for _ in range(count):
            id_ = exchanges.propose(
                uow, giver=giver, receiver=receiver, hours=Hours(minutes=1), by=anna
            ).exchange_id
            exchanges.agree(uow, id_, by=ben)
            exchanges.report(uow, id_, hours=Hours(minutes=1), by=anna)
            found.append(id_)
    return found


@contextmanager
def interrupted(engine: AsyncEngine, at: int, *, again: bool) -> Iterator[list[str]]:
    """Cancel the running task at the n-th statement, and again at each later one."""
    seen: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)
        task = asyncio.current_task()
        assert task is not None
        if len(seen) == at or (again and len(seen) > at):
            task.cancel()

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", count)


def running(url: str, driver: str, work: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    """Run ``work`` with the host's engine, whose pool must be whole at the end."""

    async def run() -> None:
        engine = opened(url, driver, pool_size=POOL, max_overflow=0)
        try:
            await work(engine)
            await _require_healthy(engine)
        finally:
            await engine.dispose()

    asyncio.run(run())


async def _require_healthy(engine: AsyncEngine) -> None:
    """Every place in the pool can be taken, answers, and stands in no old transaction."""
    pool: Any = engine.pool
    assert pool.checkedout() == 0
    connections = [await engine.connect() for _ in range(POOL)]
    for connection in connections:
        assert (await connection.execute(text("SELECT 7"))).scalar_one() == 7
        await connection.rollback()
    if engine.dialect.name == "postgresql":
        stuck = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
        assert (await connections[0].execute(stuck)).scalar_one() == 0
    for connection in connections:
        await connection.close()


async def _confirm(session: AsyncSession, host: Host, exchange: ExchangeId) -> None:
    await aio.run(
        session,
        host.world.bank,
        exchanges.confirm,
        exchange,
        by=host.world.member("ben"),
        key=f"form {exchange}",
    )


@pytest.mark.parametrize("again", [False, True], ids=["once", "again-and-again"])
def test_cancelled_at_each_statement_nothing_is_kept(
    url: str, driver: str, host: Host, again: bool
) -> None:
    """The host swallows the cancellation and tries to commit all the same."""
    (exchange,) = reported(host, 1)

    async def work(engine: AsyncEngine) -> None:
        for at in range(1, 99):
            async with AsyncSession(engine) as session:
                session.add(Notice(words=f"cancelled at {at}"))
                with interrupted(engine, at, again=again) as seen:
                    task = asyncio.create_task(_confirm(session, host, exchange))
                    with suppress(asyncio.CancelledError):
                        await task
                if not task.cancelled():
                    await session.commit()
                    break
                with pytest.raises(PendingRollbackError):
                    await session.commit()
            assert len(seen) >= at
            assert (at, *host.kept()) == (at, [], 0)
        assert at > 10

    running(url, driver, work)
    assert host.kept()[1] == 1
    assert host.world.audit().verdict is Verdict.CLEAN


@pytest.mark.parametrize("again", [False, True], ids=["once", "again-and-again"])
def test_a_stream_cancelled_at_each_statement_gives_its_connection_back(
    url: str, driver: str, host: Host, again: bool
) -> None:
    async def work(engine: AsyncEngine) -> None:
        async def lines() -> None:
            assert [line async for line in aio.stream(engine, host.world.bank, journal.export)]

        for at in range(1, 99):
            with interrupted(engine, at, again=again):
                task = asyncio.create_task(lines())
                with suppress(asyncio.CancelledError):
                    await task
            pool: Any = engine.pool
            while pool.checkedout():  # what is shielded ends a moment later
                await asyncio.sleep(0.001)
            if not task.cancelled():
                break
        assert at > 5

    running(url, driver, work)
    assert host.world.give("anna", 1).id


def test_many_at_once_some_cancelled(url: str, driver: str, host: Host) -> None:
    if driver == "aiosqlite":
        pytest.skip("one writer at a time: there is nothing at once")
    waiting = reported(host, CONFIRMATIONS)
    chance, answered = random.Random(8841), set()

    async def request(engine: AsyncEngine, exchange: ExchangeId) -> None:
        async with AsyncSession(engine) as session, session.begin():
            await _confirm(session, host, exchange)
            session.add(Notice(words=exchange))
        answered.add(exchange)

    async def work(engine: AsyncEngine) -> None:
        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(request(engine, exchange)) for exchange in waiting]
        for task in tasks:
            if chance.random() < 0.5:
                loop.call_later(chance.random() * CONFIRMATIONS / 100, task.cancel)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(e) for e in ended} == {type(None), asyncio.CancelledError}

    running(url, driver, work)
    confirmed = {x.id for x in host.world.see(exchanges.list, state=State.CONFIRMED, limit=1000)}
    assert answered <= confirmed
    assert 0 < len(confirmed) < CONFIRMATIONS
    assert host.kept() == (sorted(confirmed), len(confirmed))
    assert host.world.audit().verdict is Verdict.CLEAN
