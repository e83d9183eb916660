"""A bank with a coordinator and a few members, ready for the tests of a host."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Concatenate, ParamSpec, TypeVar

from timebank.actions import accounts, banks, members, staff
from timebank.domain.actor import Actor, Role
from timebank.domain.hours import Hours
from timebank.domain.member import Status
from timebank.domain.policy import Policy
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.storage import memory
from timebank.testing.builders import FrozenClock

P = ParamSpec("P")
T = TypeVar("T")


class SmallBank:
    """A bank in memory, in which each thing happens a moment after the last.

    It keeps every promise that the databases keep: the same rules, refusals, keys and audits. What
    it does not have is your transaction: test that against your database.
    """

    def __init__(self, *, policy: Policy | str, slug: str) -> None:
        self.clock = FrozenClock()
        self.database = memory.MemoryDatabase(clock=self.clock)
        self.slug = slug
        with self.unit() as uow:
            created = banks.create(uow, policy=policy, first_coordinator="cora")
        self.coordinator = Actor(person=created.person_id, role=Role.COORDINATOR)

    def unit(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work, where a host would open its own."""
        self.clock.advance(timedelta(milliseconds=1))
        return memory.unit_of_work(self.database, bank=self.slug)

    def reading(self) -> AbstractContextManager[ReadingUnit]:
        """A unit that only reads."""
        return memory.reading(self.database, bank=self.slug)

    def do(
        self, action: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One action in a unit of work of its own."""
        with self.unit() as uow:
            return action(uow, *args, **kwargs)

    def see(
        self, read: Callable[Concatenate[ReadingUnit, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One look at the bank."""
        with self.reading() as uow:
            return read(uow, *args, **kwargs)

    def join(self, ref: str) -> Actor:
        """Somebody joins, approved where the rules ask for it, and is the actor of that ref."""
        self.do(members.join, name=ref.title(), ref=ref, by=self.coordinator)
        if self.see(members.get, ref).status is Status.PENDING:
            self.do(members.approve, ref, by=self.coordinator)
        return self.actor(ref)

    def actor(self, ref: str) -> Actor:
        """A member or one of the staff as an actor."""
        return self.see(staff.actor, ref)

    def balance(self, ref: str) -> Hours:
        """How a member stands."""
        return self.see(accounts.of_member, ref).balance


def a_small_bank(
    *refs: str, policy: Policy | str = "neighbourhood", slug: str = "riverside"
) -> SmallBank:
    """A bank in memory with the coordinator ``cora`` and a member for each ref.

    >>> bank = a_small_bank("anna", "ben")
    >>> bank.balance("anna")
    Hours(minutes=0)
    """
    bank = SmallBank(policy=policy, slug=slug)
    for ref in refs:
        bank.join(ref)
    return bank
