"""What a newcomer hands in by mistake: one clear refusal at the door, and nothing done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

import timebank
from tests.cli.program import run
from timebank import accounts, banks, errors, exchanges, members, staff

READS = (accounts.balances, accounts.list, exchanges.list, members.list, staff.list)


@pytest.mark.parametrize("read", READS)
def test_a_mistyped_bank_is_no_empty_bank(engine: Engine, read: Any) -> None:
    with (
        Session(engine) as session,
        pytest.raises(errors.NotFoundError, match="riversdie"),
        timebank.unit_of_work(session, bank="riversdie") as uow,
    ):
        read(uow)
    nowhere = timebank.standalone(engine, bank="riversdie")
    with pytest.raises(errors.NotFoundError), nowhere as uow:
        read(uow)
    with pytest.raises(errors.NotFoundError):
        nowhere.run(read)
    with timebank.standalone(engine, bank="riverside") as uow:
        banks.create(uow, first_coordinator="cora")
        read(uow)


def test_only_a_session_opens_a_unit_of_work(engine: Engine) -> None:
    with engine.connect() as connection:
        for wrong in (engine, connection, AsyncSession(create_async_engine("sqlite+aiosqlite://"))):
            given: Any = wrong
            unit = timebank.unit_of_work(given, bank="riverside")
            with pytest.raises(errors.InputError, match="give a Session") as caught, unit:
                pass
            assert type(wrong).__name__ in str(caught.value)


@pytest.mark.parametrize("wrong", ["sqlite://", create_async_engine("sqlite+aiosqlite://")])
def test_only_an_engine_or_a_connection_is_migrated(wrong: Any) -> None:
    with pytest.raises(errors.InputError, match="run_sync"):
        timebank.migrate(wrong)


def test_an_async_function_is_no_action() -> None:
    async def act(uow: Any) -> None:
        raise AssertionError("never called")

    async def ask() -> None:
        async with AsyncSession(create_async_engine("sqlite+aiosqlite://")) as session:
            await timebank.aio.run(session, "riverside", act)  # type: ignore[unused-coroutine]

    with pytest.raises(errors.InputError, match="give a plain function"):
        asyncio.run(ask())


def test_the_command_line_takes_the_url_of_an_async_app(tmp_path: Any) -> None:
    file = tmp_path / "app.sqlite"
    timebank.migrate(create_engine(f"sqlite:///{file}"))
    answer = run("db", "current", "--url", f"sqlite+aiosqlite:///{file}")
    assert (answer.code, answer.err) == (0, "")
