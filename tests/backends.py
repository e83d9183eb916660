"""The same bank on every storage: a backend only says how to make a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import timebank
from timebank import audits, banks, members, staff, transfers
from timebank.domain.actor import Actor, Role
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.policy import Policy
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.proof.checkpoint import Checkpoint
from timebank.storage import memory
from timebank.testing import FrozenClock

BANK = "riverside"
R = TypeVar("R")


class Backend(Protocol):
    """A place where banks are kept, and the clock that they all go by."""

    name: str
    clock: FrozenClock

    def unit(self, bank: str = BANK) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that is committed at the end of the block."""
        ...

    def reading(self, bank: str = BANK) -> AbstractContextManager[ReadingUnit]:
        """A unit that only reads."""
        ...


class MemoryBackend:
    """Banks in dictionaries."""

    name = "memory"

    def __init__(self, clock: FrozenClock | None = None) -> None:
        self.clock = clock or FrozenClock()
        self.database = memory.MemoryDatabase(clock=self.clock)

    def unit(self, bank: str = BANK) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that is committed at the end of the block."""
        return memory.unit_of_work(self.database, bank=bank)

    def reading(self, bank: str = BANK) -> AbstractContextManager[ReadingUnit]:
        """A unit that only reads."""
        return memory.reading(self.database, bank=bank)


class SqlBackend:
    """Banks in a database, in the transactions of a host."""

    def __init__(self, engine: Engine, clock: FrozenClock | None = None) -> None:
        self.name = engine.dialect.name
        self.clock = clock or FrozenClock()
        self.engine = engine

    @contextmanager
    def unit(self, bank: str = BANK) -> Iterator[UnitOfWork]:
        """A unit of work inside a host's transaction, which the host commits."""
        with (
            Session(self.engine) as session,
            session.begin(),
            timebank.unit_of_work(session, bank=bank, clock=self.clock) as uow,
        ):
            yield uow

    @contextmanager
    def reading(self, bank: str = BANK) -> Iterator[ReadingUnit]:
        """A unit that only reads."""
        with timebank.reading(self.engine, bank=bank, clock=self.clock) as uow:
            yield uow


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """The same test on every storage."""
    if request.param == "memory":
        return MemoryBackend()
    name = {"sqlite": "sqlite_engine", "postgresql": "postgres_engine"}[request.param]
    return SqlBackend(request.getfixturevalue(name))


@pytest.fixture
def world(backend: Backend, founded: Callable[[Backend], World]) -> World:
    """A bank of neighbours on every storage."""
    return founded(backend)


@pytest.fixture
def sql_world(engine: Engine, founded: Callable[[Backend], World]) -> World:
    """A bank of neighbours in each database."""
    return founded(SqlBackend(engine))


@dataclass(slots=True, kw_only=True)
class World:
    """A bank with a small cast: staff and members by name, each member with an account."""

    backend: Backend
    bank: str = BANK
    cora: Actor
    """A coordinator."""
    colin: Actor
    """Another coordinator: the second person."""
    olga: Actor
    """An officer."""
    people: dict[str, PersonId] = field(default_factory=dict)
    accounts: dict[str, AccountId] = field(default_factory=dict)

    def moved_to(self, backend: Backend) -> World:
        """The same bank in a copy of its database, with the clock where it stood."""
        backend.clock.advance(self.backend.clock() - backend.clock())
        people, accounts = dict(self.people), dict(self.accounts)
        return replace(self, backend=backend, people=people, accounts=accounts)

    def do(self, action: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """One action in a unit of work of its own; a moment later than the one before."""
        self.backend.clock.advance(timedelta(milliseconds=1))
        with self.backend.unit(self.bank) as uow:
            return action(uow, *args, **kwargs)

    def see(self, reader: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """One look at the bank."""
        with self.backend.reading(self.bank) as uow:
            return reader(uow, *args, **kwargs)

    def audit(self, kept: Checkpoint | None = None) -> audits.AuditReport:
        """An audit that does not mind how long facts have waited for the sealer."""
        return self.see(audits.run, kept=kept, max_unsealed_hours=10**6)

    def member(self, name: str) -> Actor:
        """The member as an actor."""
        return Actor(person=self.people[name], role=Role.MEMBER)

    def broker(self, name: str | None = None) -> Actor:
        """The broker, for a member or for the bank."""
        behalf = None if name is None else self.people[name]
        return Actor(person=self.people["bea"], role=Role.BROKER, on_behalf_of=behalf)

    def join(self, name: str, **more: Any) -> Receipt:
        """Somebody joins and belongs to the cast from now on."""
        receipt = self.do(members.join, name=name.title(), ref=name, by=self.cora, **more)
        self.people[name] = receipt.member_id
        self.accounts[name] = receipt.account_id
        return receipt

    def give(self, name: str, minutes: int) -> Receipt:
        """The bank grants a member some minutes."""
        return self.do(
            transfers.grant,
            to=self.accounts[name],
            hours=Hours(minutes=minutes),
            reason="welcome",
            by=self.cora,
        )

    def balance(self, name: str) -> int:
        """A member's balance, or that of a label, in minutes."""
        account = self.accounts.get(name, name)
        return self.see(timebank.accounts.balance, account).minutes


def engine_of(world: World) -> Engine:
    """The engine of a bank in a database."""
    assert isinstance(world.backend, SqlBackend)
    return world.backend.engine


def a_world(
    backend: Backend,
    *,
    bank: str = BANK,
    policy: Policy | str = "neighbourhood",
    zone: str = "Europe/London",
) -> World:
    """Cora and Colin coordinate, Olga is an officer, Bea a broker; Anna, Ben and Carla joined."""
    with backend.unit(bank) as uow:
        created = banks.create(uow, policy=policy, zone=zone, first_coordinator="cora")
    cora = Actor(person=created.person_id, role=Role.COORDINATOR)
    world = World(backend=backend, bank=bank, cora=cora, colin=cora, olga=cora)
    for ref, role in (("colin", Role.COORDINATOR), ("olga", Role.OFFICER), ("bea", Role.BROKER)):
        world.people[ref] = world.do(staff.add, ref, role=role, by=cora).person_id
    world.people["cora"] = created.person_id
    world.colin = Actor(person=world.people["colin"], role=Role.COORDINATOR)
    world.olga = Actor(person=world.people["olga"], role=Role.OFFICER)
    for name in ("anna", "ben", "carla"):
        world.join(name)
    return world
