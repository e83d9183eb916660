"""Toy hosts: an application with a table of its own, and a database set up in its own way."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import timebank
from tests.backends import World
from timebank import Hours, exchanges, transfers
from timebank.domain.receipt import Receipt
from timebank.ports import UnitOfWork


class Base(DeclarativeBase):
    """The host's own models."""


class Notice(Base):
    """A row of the host's."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(unique=True)


def by_default(url: str) -> Engine:
    """A plain engine: on SQLite the driver's legacy mode, nothing prepared."""
    return create_engine(url)


def prepared(url: str) -> Engine:
    """The driver's mode with ``prepare_sqlite``."""
    return timebank.prepare_sqlite(create_engine(url))


def with_begin_hook(url: str) -> Engine:
    """SQLAlchemy's documented recipe: every transaction begins with BEGIN; and our pragmas."""
    engine = prepared(url)

    @event.listens_for(engine, "connect")
    def leave_it_to_us(driver: Any, _record: object) -> None:
        driver.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def with_pep_249(url: str) -> Engine:
    """``autocommit=False`` of Python 3.12: a transaction is always open."""
    return timebank.prepare_sqlite(create_engine(url, connect_args={"autocommit": False}))


SQLITE = [by_default, prepared, with_begin_hook]
if sys.version_info >= (3, 12):
    SQLITE.append(with_pep_249)


@dataclass(kw_only=True)
class Host:
    """A host with a bank of neighbours in its database."""

    engine: Engine
    world: World

    def session(self) -> Session:
        """The host's way to a transaction."""
        return Session(self.engine)

    def unit(self, session: Session) -> Any:
        """Our unit of work in the host's session."""
        return timebank.unit_of_work(session, bank=self.world.bank, clock=self.world.backend.clock)

    def give(self, uow: UnitOfWork, minutes: int = 60, *, key: str | None = None) -> Receipt:
        """Anna is granted some minutes."""
        return transfers.grant(
            uow,
            to=self.world.accounts["anna"],
            hours=Hours(minutes=minutes),
            reason="welcome",
            by=self.world.cora,
            key=key,
        )

    def record(self, uow: UnitOfWork, minutes: int = 60, *, key: str | None = None) -> Receipt:
        """Anna did something for Ben."""
        return exchanges.record(
            uow,
            giver=self.world.people["anna"],
            receiver=self.world.people["ben"],
            hours=Hours(minutes=minutes),
            by=self.world.cora,
            key=key,
        )

    def notices(self) -> list[str]:
        """What the host has kept."""
        with self.session() as session:
            return sorted(session.scalars(select(Notice.words)))

    def kept(self) -> tuple[list[str], int]:
        """What both have kept: the host's notices, and Anna's balance in a clean bank."""
        return self.notices(), self.world.balance("anna")
