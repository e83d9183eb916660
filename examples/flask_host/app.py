"""A noticeboard whose members exchange hours: Flask, a sync Session, one SQLite file.

flask --app app prepare makes the tables, the bank and two members; gunicorn app:app serves.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, request
from sqlalchemy import CheckConstraint, create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import timebank
from timebank import Actor, Hours, Receipt, Role, accounts, banks, errors, exchanges, members, staff
from timebank.ports import UnitOfWork

BANK = "riverside"
app = Flask(__name__)
engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///noticeboard.sqlite"))
timebank.prepare_sqlite(engine)


class Base(DeclarativeBase):
    """The noticeboard's own tables."""


class Thanks(Base):
    """What the receiver wrote, in the same commit as the hours."""

    __tablename__ = "thanks"
    exchange: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(CheckConstraint("words <> ''"))


@contextmanager
def transaction() -> Iterator[tuple[Session, UnitOfWork]]:
    """One transaction for yours and ours: an error that leaves it takes both along."""
    with Session(engine) as db, db.begin(), timebank.unit_of_work(db, bank=BANK) as uow:
        yield db, uow


@app.errorhandler(errors.TimebankError)
def refused(error: errors.TimebankError) -> tuple[dict[str, Any], int]:
    """Every refusal of ours, with a stable code and typed data."""
    return errors.as_dict(error), error.http_status


@app.errorhandler(IntegrityError)
def broken(_error: IntegrityError) -> tuple[dict[str, Any], int]:
    """A rule of the noticeboard's own tables."""
    return {"code": "thanks_refused"}, 422


def me(uow: UnitOfWork) -> Actor:
    """The member who is logged in, as an actor: your log-in goes here."""
    return staff.actor(uow, request.headers["Member"], role=Role.MEMBER)


def key() -> str:
    """A key's scope is the action: two people's forms must not share one."""
    return f"{request.headers['Member']} {request.headers['Idempotency-Key']}"


def told(receipt: Receipt) -> dict[str, Any]:
    """What the client gets to see of a receipt."""
    return {"exchange": receipt.exchange_id, "replayed": receipt.replayed}


@app.post("/exchanges")
def propose() -> dict[str, Any]:
    """I have done something for somebody, or am going to."""
    asked = request.get_json()
    with transaction() as (_db, uow):
        by, hours = me(uow), Hours(minutes=asked["minutes"])
        giver, receiver = request.headers["Member"], asked["receiver"]
        return told(
            exchanges.propose(uow, giver=giver, receiver=receiver, hours=hours, by=by, key=key())
        )


@app.post("/exchanges/<exchange>/agree")
def agree(exchange: str) -> dict[str, Any]:
    """The other side says yes."""
    with transaction() as (_db, uow):
        return told(exchanges.agree(uow, exchange, by=me(uow), key=key()))


@app.post("/exchanges/<exchange>/report")
def report(exchange: str) -> dict[str, Any]:
    """It took so long."""
    hours = Hours(minutes=request.get_json()["minutes"])
    with transaction() as (_db, uow):
        return told(exchanges.report(uow, exchange, hours=hours, by=me(uow), key=key()))


@app.post("/exchanges/<exchange>/confirm")
def confirm(exchange: str) -> dict[str, Any]:
    """It took place: the hours move, and the thanks are kept, or neither."""
    words = request.get_json()["thanks"]
    with transaction() as (db, uow):
        receipt = exchanges.confirm(uow, exchange, by=me(uow), key=key())
        if not receipt.replayed:  # a repeated request finds the row of the first one
            db.add(Thanks(exchange=exchange, words=words))
        return told(receipt)


@app.get("/balance")
def balance() -> dict[str, int]:
    """How I stand: reading blocks nobody."""
    with timebank.reading(engine, bank=BANK) as uow:
        return {"minutes": accounts.of_member(uow, request.headers["Member"]).balance.minutes}


@app.get("/thanks")
def thanks() -> dict[str, str]:
    """What people wrote, by exchange."""
    with Session(engine) as db:
        return {row.exchange: row.words for row in db.scalars(select(Thanks))}


@app.cli.command("prepare")
def prepare() -> None:
    """Once when you deploy: our tables and yours, then a bank with two members to begin with."""
    timebank.migrate(engine)
    Base.metadata.create_all(engine)
    if BANK in timebank.bank_slugs(engine):
        return
    with timebank.standalone(engine, bank=BANK) as uow:
        created = banks.create(uow, first_coordinator="cora")
        cora = Actor(person=created.person_id, role=Role.COORDINATOR)
        for name in ("Anna", "Ben"):
            members.join(uow, name=name, ref=name.lower(), by=cora)
