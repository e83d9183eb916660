"""What a host's type checker knows: never run, only read (by mypy, as every file here)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import assert_type

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

import timebank
from timebank import Actor, Hours, Receipt, accounts, aio, exchanges, journal
from timebank.actions.accounts import AccountView
from timebank.ports import UnitOfWork


def two_at_once(uow: UnitOfWork, first: str, *, by: Actor) -> tuple[Receipt, Hours]:
    """A function of the host's own, in one unit of work."""
    return exchanges.confirm(uow, first, by=by), accounts.balance(uow, "pot")


def in_a_request(session: Session, exchange: str, by: Actor) -> None:
    """The unit of work is accepted by every action, ids may be plain text, answers are typed."""
    with timebank.unit_of_work(session, bank="riverside") as uow:
        assert_type(exchanges.confirm(uow, exchange, by=by), Receipt)
        exchanges.confirm(uow, exchange)  # type: ignore[call-arg]
        exchanges.confirm(uow, exchange, by="ben")  # type: ignore[arg-type]
        exchanges.confirm(session, exchange, by=by)  # type: ignore[arg-type]


def in_a_script(engine: Engine, exchange: str, by: Actor) -> None:
    """Work that is repeated answers with its own type."""
    script = timebank.standalone(engine, bank="riverside")
    assert_type(script.run(lambda uow: exchanges.confirm(uow, exchange, by=by).replayed), bool)


async def asynchronously(session: AsyncSession, exchange: str, by: Actor) -> None:
    """Parameters and answers are those of the action."""
    assert_type(await aio.run(session, "b", exchanges.confirm, exchange, by=by), Receipt)
    assert_type(await aio.run(session, "b", accounts.of_member, "anna"), AccountView)
    both = await aio.run(session, "b", two_at_once, exchange, by=by)
    assert_type(both, tuple[Receipt, Hours])
    await aio.run(session, "b", exchanges.confirm, exchange)  # type: ignore[call-arg]
    await aio.run(session, "b", exchanges.confirm, exchange, by=by, words=2)  # type: ignore[call-arg]
    await aio.run(session, "b", exchanges.confirm, 8841, by=by)  # type: ignore[arg-type]
    await aio.run(session, "b", len)  # type: ignore[arg-type]


async def piece_by_piece(engine: AsyncEngine) -> None:
    """A stream hands out what the reader would."""
    lines = aio.stream(engine, "riverside", journal.export)
    assert_type(lines, AsyncGenerator[str, None])
    aio.stream(engine, "riverside", accounts.of_member, "anna")  # type: ignore[arg-type]


def at_the_door() -> None:
    """Names are opened late, and yet a name that is not there is an error."""
    timebank.exchange  # type: ignore[attr-defined]  # noqa: B018
