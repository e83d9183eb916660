"""A noticeboard whose members exchange hours: FastAPI, an AsyncSession, PostgreSQL.

python app.py makes the tables, the bank and two members; uvicorn app:app serves.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy import CheckConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import timebank
from timebank import (
    Actor,
    Hours,
    Receipt,
    Role,
    accounts,
    aio,
    banks,
    errors,
    exchanges,
    members,
    staff,
)
from timebank.ports import UnitOfWork

BANK = "riverside"
app = FastAPI()
engine = create_async_engine(os.environ["DATABASE_URL"])


class Base(DeclarativeBase):
    """The noticeboard's own tables."""


class Thanks(Base):
    """What the receiver wrote, in the same commit as the hours."""

    __tablename__ = "thanks"
    exchange: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(CheckConstraint("words <> ''"))


async def session() -> AsyncIterator[AsyncSession]:
    """One transaction for each request: it commits before the response is sent."""
    async with AsyncSession(engine) as found, found.begin():
        yield found


Db = Annotated[AsyncSession, Depends(session, scope="function")]
Me = Annotated[str, Header(alias="Member")]  # your log-in goes here
Key = Annotated[str, Header(alias="Idempotency-Key")]


@app.exception_handler(errors.TimebankError)
async def refused(_request: Request, error: errors.TimebankError) -> JSONResponse:
    """Every refusal of ours, with a stable code and typed data."""
    return JSONResponse(errors.as_dict(error), status_code=error.http_status)


@app.exception_handler(IntegrityError)
async def broken(_request: Request, _error: IntegrityError) -> JSONResponse:
    """A rule of the noticeboard's own tables."""
    return JSONResponse({"code": "thanks_refused"}, status_code=422)


def me(uow: UnitOfWork, ref: str) -> Actor:
    """The member who is logged in, as an actor."""
    return staff.actor(uow, ref, role=Role.MEMBER)


def told(receipt: Receipt) -> dict[str, Any]:
    """What the client gets to see of a receipt."""
    return {"exchange": receipt.exchange_id, "replayed": receipt.replayed}


@app.post("/exchanges")
async def propose(
    db: Db, ref: Me, key: Key, receiver: Annotated[str, Body()], minutes: Annotated[int, Body()]
) -> dict[str, Any]:
    """I have done something for somebody, or am going to."""

    def work(uow: UnitOfWork) -> Receipt:
        by, hours = me(uow, ref), Hours(minutes=minutes)
        return exchanges.propose(
            uow, giver=ref, receiver=receiver, hours=hours, by=by, key=f"{ref} {key}"
        )

    return told(await aio.run(db, BANK, work))


@app.post("/exchanges/{exchange}/agree")
async def agree(db: Db, ref: Me, key: Key, exchange: str) -> dict[str, Any]:
    """The other side says yes."""

    def work(uow: UnitOfWork) -> Receipt:
        return exchanges.agree(uow, exchange, by=me(uow, ref), key=f"{ref} {key}")

    return told(await aio.run(db, BANK, work))


@app.post("/exchanges/{exchange}/report")
async def report(
    db: Db, ref: Me, key: Key, exchange: str, minutes: Annotated[int, Body(embed=True)]
) -> dict[str, Any]:
    """It took so long."""

    def work(uow: UnitOfWork) -> Receipt:
        hours = Hours(minutes=minutes)
        return exchanges.report(uow, exchange, hours=hours, by=me(uow, ref), key=f"{ref} {key}")

    return told(await aio.run(db, BANK, work))


@app.post("/exchanges/{exchange}/confirm")
async def confirm(
    db: Db, ref: Me, key: Key, exchange: str, thanks: Annotated[str, Body(embed=True)]
) -> dict[str, Any]:
    """It took place: the hours move, and the thanks are kept, or neither."""

    def work(uow: UnitOfWork) -> Receipt:
        return exchanges.confirm(uow, exchange, by=me(uow, ref), key=f"{ref} {key}")

    receipt = await aio.run(db, BANK, work)
    if not receipt.replayed:  # a repeated request finds the row of the first one
        db.add(Thanks(exchange=exchange, words=thanks))
    return told(receipt)


@app.get("/balance")
async def balance(db: Db, ref: Me) -> dict[str, int]:
    """How I stand."""
    view = await aio.run(db, BANK, accounts.of_member, ref)
    return {"minutes": view.balance.minutes}


@app.get("/thanks")
async def thanks(db: Db) -> dict[str, str]:
    """What people wrote, by exchange."""
    return {row.exchange: row.words for row in await db.scalars(select(Thanks))}


def found_bank(uow: UnitOfWork) -> None:
    """A bank with a coordinator and two members."""
    created = banks.create(uow, first_coordinator="cora")
    cora = Actor(person=created.person_id, role=Role.COORDINATOR)
    for name in ("Anna", "Ben"):
        members.join(uow, name=name, ref=name.lower(), by=cora)


async def prepare() -> None:
    """Once when you deploy: our tables and yours, then a bank to begin with."""
    async with engine.begin() as connection:
        await connection.run_sync(timebank.migrate)
        await connection.run_sync(Base.metadata.create_all)
        slugs = await connection.run_sync(timebank.bank_slugs)
    if BANK not in slugs:
        async with AsyncSession(engine) as db, db.begin():
            await aio.run(db, BANK, found_bank)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(prepare())
