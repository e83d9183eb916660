"""Answers that are read piece by piece, for a host that may leave at any of them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.hosts.async_host import driver, host, opened, url
from tests.hosts.host import Host
from timebank import Hours, aio, exchanges, journal
from timebank.actions.exchanges import PastExchange
from timebank.errors import InputError, NotFoundError

__all__ = ["driver", "host", "url"]


@pytest.fixture
def busy(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """More lines than are fetched at once."""
    monkeypatch.setattr(aio, "AT_ONCE", 7)
    anna, ben = (host.world.people[name] for name in ("anna", "ben"))
    past = [PastExchange(giver=anna, receiver=ben, hours=Hours(minutes=n)) for n in range(1, 21)]
    host.world.do(exchanges.record_all, past, by=host.world.cora)
    return host


def on(engine: AsyncEngine, work: Any) -> Any:
    async def run() -> Any:
        try:
            found = await work
            pool: Any = engine.pool
            assert pool.checkedout() == 0
            return found
        finally:
            await engine.dispose()

    return asyncio.run(run())


def test_the_journal_comes_line_by_line_as_it_is(url: str, driver: str, busy: Host) -> None:
    engine = opened(url, driver)

    async def lines() -> list[str]:
        return [line async for line in aio.stream(engine, busy.world.bank, journal.export)]

    found = on(engine, lines())
    assert len(found) > 20
    assert found == busy.world.see(lambda uow: [*journal.export(uow)])


@pytest.mark.parametrize("ends", [aclosing, None], ids=["closed", "cancelled"])
def test_whoever_leaves_early_leaves_no_connection_behind(
    url: str, driver: str, busy: Host, ends: Any
) -> None:
    engine = opened(url, driver, pool_size=1, max_overflow=0)

    async def first() -> str:
        async with aclosing(aio.stream(engine, busy.world.bank, journal.export)) as lines:
            async for line in lines:
                if ends is None:
                    task = asyncio.current_task()
                    assert task is not None
                    task.cancel()
                    await asyncio.sleep(0)
                return line
        return ""

    async def twice() -> list[Any]:
        tasks = [asyncio.create_task(first()) for _ in range(2)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    kind = str if ends else asyncio.CancelledError
    assert [type(found) for found in on(engine, twice())] == [kind, kind]
    assert busy.world.give("anna", 60).id


def test_an_unknown_bank_is_refused_at_the_first_line(url: str, driver: str, busy: Host) -> None:
    engine = opened(url, driver)

    async def lines() -> None:
        with pytest.raises(NotFoundError):
            _ = [line async for line in aio.stream(engine, "nowhere", journal.export)]

    on(engine, lines())


def test_run_refuses_what_would_be_read_after_its_end(url: str, driver: str, busy: Host) -> None:
    engine = opened(url, driver)

    async def lines() -> None:
        async with AsyncSession(engine) as session:
            with pytest.raises(InputError) as caught:
                await aio.run(session, busy.world.bank, journal.export)
            assert caught.value.field == "action"

    on(engine, lines())
