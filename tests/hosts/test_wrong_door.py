"""What a newcomer hands in by mistake: one clear refusal at the door, and nothing done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

import timebank
from tests.backends import World, engine_of
from tests.cli.program import run
from tests.hosts.host import Base, Notice
from tests.support import refusal
from timebank import Hours, accounts, banks, errors, exchanges, listings, members, staff, transfers
from timebank.testing import a_small_bank

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


@pytest.mark.parametrize("wrong", ["sqlite://", None, create_async_engine("sqlite+aiosqlite://")])
@pytest.mark.parametrize("door", [timebank.standalone, timebank.reading])
def test_only_an_engine_opens_a_unit_of_its_own(door: Any, wrong: Any) -> None:
    with pytest.raises(errors.InputError, match="give an Engine"), door(wrong, bank="riverside"):
        pass


def test_an_action_takes_a_unit_of_work(engine: Engine) -> None:
    forgot_with = timebank.standalone(engine, bank="riverside")
    for wrong in (engine, Session(engine), forgot_with, None):
        given: Any = wrong
        with pytest.raises(errors.InputError, match="with timebank"):
            banks.create(given, first_coordinator="cora")
        with pytest.raises(errors.InputError, match="with timebank"):
            transfers.post(given, [], by=given)


def test_an_async_call_takes_an_async_session(engine: Engine) -> None:
    given: Any = Session(engine)
    with pytest.raises(errors.InputError, match="give an AsyncSession"):
        asyncio.run(timebank.aio.run(given, "riverside", banks.get))


def test_a_clock_without_a_zone_is_refused(sql_world: World) -> None:
    engine = engine_of(sql_world)
    with (
        pytest.raises(errors.NaiveTime, match="clock"),
        timebank.standalone(engine, bank=sql_world.bank, clock=datetime.now) as uow,
    ):
        members.join(uow, name="Dora", by=sql_world.cora)
    with (
        pytest.raises(errors.NaiveTime, match="clock"),
        timebank.standalone(engine, bank="hillside", clock=datetime.now) as uow,
    ):
        banks.create(uow, first_coordinator="cora")
    with (
        timebank.reading(engine, bank=sql_world.bank, clock=datetime.now) as read,
        pytest.raises(errors.NaiveTime, match="clock"),
    ):
        listings.search(read)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": None}),
        ("name", {"name": 5}),
        ("joined_on", {"name": "Dora", "joined_on": "2025-01-01"}),
    ],
)
def test_a_member_needs_a_name_and_joins_on_a_date(field: str, wrong: dict[str, Any]) -> None:
    bank = a_small_bank()
    said = refusal(lambda: bank.do(members.join, by=bank.coordinator, **wrong))
    assert said == f"invalid_input {field}"


def test_words_are_read_as_hours_and_nothing_else() -> None:
    for wrong in (1.5, None, 90):
        given: Any = wrong
        with pytest.raises(errors.InvalidHours):
            Hours.parse(given)
    with pytest.raises(errors.InvalidHours, match="negate"):
        Hours.parse("-1:00")


def test_a_flush_of_the_hosts_that_failed_is_named_as_what_it_is(sql_world: World) -> None:
    engine = engine_of(sql_world)
    Base.metadata.create_all(engine)

    def join_and_fail(session: Session) -> None:
        with timebank.unit_of_work(session, bank=sql_world.bank) as uow:
            session.add_all([Notice(words="once"), Notice(words="once")])
            with suppress(IntegrityError):
                session.flush()
            assert uow.slug == sql_world.bank

    with Session(engine) as session, pytest.raises(PendingRollbackError):
        join_and_fail(session)


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_transaction_that_the_host_ends_inside_our_block_is_named(
    sql_world: World, ends: str
) -> None:
    engine = engine_of(sql_world)
    clock = sql_world.backend.clock

    def join_and_end(session: Session) -> None:
        with timebank.unit_of_work(session, bank=sql_world.bank, clock=clock) as uow:
            members.join(uow, name="Dora", ref="dora", by=sql_world.cora)
            getattr(session, ends)()

    with Session(engine) as session, pytest.raises(errors.InputError, match="inside the block"):
        join_and_end(session)
    refs = {member.ref for member in sql_world.see(members.list)}
    assert ("dora" in refs) is (ends == "commit")
