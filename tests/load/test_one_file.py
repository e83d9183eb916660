"""Many processes on one SQLite file: readers wait for nobody, writers take turns."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

import timebank
from tests.concurrency.town import BANK, Town, founded
from tests.load.conftest import a_crowd
from timebank import Hours, accounts, members, transfers
from timebank.errors import ConflictError
from timebank.ports import UnitOfWork
from timebank.storage.sql import sqlite

WRITERS = 8
HELD_SECONDS = 0.4
MIB = 1024 * 1024


@pytest.fixture
def town(sqlite_engine: Engine) -> Town:
    """A bank in a file."""
    return founded(sqlite_engine, people=2, minutes=60)


def grant(uow: UnitOfWork, town: Town) -> None:
    to, hours = town.accounts[0], Hours(minutes=1)
    transfers.grant(uow, to=to, hours=hours, reason="welcome", by=town.coordinator)


def total(engine: Engine) -> int:
    with timebank.reading(engine, bank=BANK) as uow:
        return sum(hours.minutes for hours in accounts.balances(uow).values())


@contextmanager
def held(engine: Engine, seconds: float) -> Iterator[None]:
    """Somebody else writes to the file for so long."""
    other = sqlite3.connect(str(engine.url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(seconds, other.rollback)
    ends.start()
    yield
    ends.join()
    other.close()


def busy_timeout(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()


def test_readers_wait_for_nobody_while_eight_processes_write(
    sqlite_engine: Engine,
    tmp_path: Path,
    nursery: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader who would have to wait for a moment gets an error here; every sum is zero."""
    crowd = a_crowd(sqlite_engine, tmp_path, nursery)
    job = crowd.start(seed=1, processes=WRITERS, count=12)
    monkeypatch.setattr(sqlite, "_PRAGMAS", ("busy_timeout = 0", *sqlite._PRAGMAS[1:]))
    sums, ended = list[int](), threading.Event()

    def read() -> None:
        while not ended.is_set():
            sums.append(total(sqlite_engine))

    reader = threading.Thread(target=read)
    reader.start()
    _, ops = crowd.finish(job)
    ended.set()
    reader.join()
    monkeypatch.undo()
    assert not any(sums)
    assert len(sums) > WRITERS
    crowd.books_are_whole(crowd.explained(ops))


def test_a_reader_sees_what_was_there_while_somebody_is_writing(
    sqlite_engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PRAGMAS", ("busy_timeout = 0", *sqlite._PRAGMAS[1:]))

    def balance() -> int:
        with timebank.reading(sqlite_engine, bank=BANK) as uow:
            return accounts.balance(uow, town.accounts[0]).minutes

    with timebank.standalone(sqlite_engine, bank=BANK) as uow:
        grant(uow, town)
        assert balance() == 60
    assert balance() == 61


def test_a_writer_looks_again_every_few_milliseconds(
    sqlite_engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, honest = list[str](), sqlite._say

    def say(connection: Connection, statement: str) -> Any:
        looks.append(statement)
        return honest(connection, statement)

    monkeypatch.setattr(sqlite, "_say", say)
    with held(sqlite_engine, HELD_SECONDS):
        timebank.standalone(sqlite_engine, bank=BANK).run(lambda uow: grant(uow, town))
    assert looks.count("BEGIN IMMEDIATE") > 10
    assert busy_timeout(sqlite_engine) == sqlite.BUSY_MILLISECONDS


def test_a_writer_gives_up_when_the_busy_timeout_is_over(
    sqlite_engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 50)
    with held(sqlite_engine, HELD_SECONDS), pytest.raises(ConflictError) as caught:
        timebank.standalone(sqlite_engine, bank=BANK).__enter__()
    assert caught.value.retryable
    assert busy_timeout(sqlite_engine) == 50


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_event_loop_goes_on_while_a_writer_waits(
    sqlite_engine: Engine, town: Town, cancelled: bool
) -> None:
    """And one who is cancelled while waiting leaves the connection fit for the next."""

    async def join(engine: Any, name: str) -> None:
        async with AsyncSession(engine) as session, session.begin():
            await timebank.aio.run(session, BANK, members.join, name=name, by=town.coordinator)

    async def ticks_while_waiting() -> int:
        engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite_engine.url.database}")
        waiting, ticks = asyncio.create_task(join(engine, "Dora")), 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
            if cancelled and ticks == 10:
                waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await join(engine, "Emil")
        await engine.dispose()
        return ticks

    with held(sqlite_engine, HELD_SECONDS):
        assert asyncio.run(ticks_while_waiting()) >= 10
    with timebank.reading(sqlite_engine, bank=BANK) as uow:
        names = [member.name for member in members.list(uow)][2:]
    assert names == (["Emil"] if cancelled else ["Dora", "Emil"])


def test_the_log_is_short_again_after_a_long_reader(sqlite_engine: Engine, town: Town) -> None:
    """As long as somebody reads nothing can be taken out of it; a commit or two later it is."""
    log = Path(f"{sqlite_engine.url.database}-wal")
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE host_file (content BLOB)")
    grown = []
    for _ in range(3):
        with timebank.reading(sqlite_engine, bank=BANK) as reader:
            for _ in range(4):
                with timebank.standalone(sqlite_engine, bank=BANK) as uow:
                    grant(uow, town)
                    uow.connection.exec_driver_sql(
                        f"INSERT INTO host_file VALUES (zeroblob({6 * MIB}))"
                    )
            accounts.list(reader)
            grown.append(log.stat().st_size)
        for _ in range(2):
            with timebank.standalone(sqlite_engine, bank=BANK) as uow:
                grant(uow, town)
        assert log.stat().st_size <= sqlite.LOG_BYTES
    assert min(grown) > sqlite.LOG_BYTES
