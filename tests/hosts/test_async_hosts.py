"""Asynchronous hosts: the same unit of work, on the session's own greenlet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

import timebank
from tests.backends import World
from tests.hosts.async_host import driver, host, opened, url
from tests.hosts.host import Host, Notice
from tests.postgres import create_database, drop_database
from timebank import exchanges
from timebank.actions.exchanges import PastExchange
from timebank.domain.audit import Verdict
from timebank.domain.hours import Hours
from timebank.errors import NotEnoughHours

__all__ = ["driver", "host", "url"]


def in_session(url: str, driver: str, work: Any, *, commit: bool = True) -> Any:
    """Run ``work(session)`` in the host's transaction."""

    async def run() -> Any:
        engine = opened(url, driver)
        try:
            async with AsyncSession(engine) as session:
                result = await session.run_sync(work)
                await (session.commit() if commit else session.rollback())
                return result
        finally:
            await engine.dispose()

    return asyncio.run(run())


@pytest.mark.parametrize("commit", [True, False])
def test_both_commit_or_roll_back_together(url: str, driver: str, host: Host, commit: bool) -> None:
    def work(session: Session) -> None:
        with host.unit(session) as uow:
            receipt = host.give(uow, key="form-1")
        session.add(Notice(words=receipt.transaction_id[:8]))
        session.flush()
        with host.unit(session) as uow:
            assert host.give(uow, key="form-1").replayed

    in_session(url, driver, work, commit=commit)
    notices, balance = host.kept()
    assert (len(notices), balance) == ((1, 60) if commit else (0, 0))


def test_a_refusal_leaves_the_hosts_rows_and_no_trace_of_ours(
    url: str, driver: str, host: Host
) -> None:
    def work(session: Session) -> None:
        with pytest.raises(NotEnoughHours), host.unit(session) as uow:  # noqa: PT012
            host.give(uow)
            host.record(uow, 23 * 60)
        session.add(Notice(words="refused"))

    in_session(url, driver, work)
    assert host.kept() == (["refused"], 0)


def test_a_batch_an_exchange_and_an_audit(url: str, driver: str, host: Host) -> None:
    past = [
        PastExchange(
            giver=host.world.people["anna"],
            receiver=host.world.people["ben"],
            hours=Hours(minutes=n),
            key=f"line-{n}",
        )
        for n in range(1, 31)
    ]

    def work(session: Session) -> Verdict:
        with host.unit(session) as uow:
            exchanges.record_all(uow, past, by=host.world.cora)
            verdict: Verdict = timebank.audits.run(uow).verdict
            return verdict

    assert in_session(url, driver, work) is Verdict.CLEAN
    assert host.world.balance("anna") == sum(range(1, 31))


def test_a_database_is_migrated_and_checked_by_run_sync(
    request: pytest.FixtureRequest, driver: str, tmp_path: Path
) -> None:
    server = None
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    if driver != "aiosqlite":
        server = request.getfixturevalue("postgres_server")
        url = create_database(server)

    async def run() -> tuple[str, ...]:
        engine = opened(url, driver)
        async with engine.begin() as connection:
            await connection.run_sync(timebank.migrate)
            found: tuple[str, ...] = await connection.run_sync(timebank.check_schema)
        await engine.dispose()
        return found

    assert asyncio.run(run()) == ()
    engine = create_engine(url)
    assert timebank.check_schema(engine) == ()
    engine.dispose()
    if server is not None:
        drop_database(server, url)


def test_preparing_an_asynchronous_engine_turns_foreign_keys_on(
    url: str, driver: str, host: Host
) -> None:
    def work(session: Session) -> World:
        session.add(Notice(words="first"))
        session.flush()
        with host.unit(session) as uow:
            host.give(uow)
        return host.world

    async def run() -> None:
        engine = opened(url, driver)
        assert timebank.prepare_sqlite(engine) is engine
        async with AsyncSession(engine) as session:
            await session.run_sync(work)
            await session.commit()
        await engine.dispose()

    asyncio.run(run())
    assert host.kept() == (["first"], 60)
