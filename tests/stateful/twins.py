"""The same bank twice: every act is done to both, and both must answer alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from tests.backends import Backend
from tests.same import Names, difference
from timebank import accounts, audits, exchanges, holds, listings, members, periods
from timebank.actions import journal
from timebank.domain.actor import Actor, Role
from timebank.domain.audit import Verdict
from timebank.domain.ids import PersonId
from timebank.domain.receipt import Receipt
from timebank.errors import TimebankError
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.proof.checkpoint import Checkpoint

ALL = 10_000
AGES = 10**6
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who acts, by the name of the person; and for whom."""

    role: Role
    person: str | None = None
    behalf: str | None = None


@dataclass(slots=True)
class Side:
    """One of the two banks, with its own ids for the names that both share."""

    backend: Backend
    bank: str
    names: Names = field(default_factory=Names)

    def id(self, name: str) -> Any:
        """The id that this side has for the name."""
        return self.names.id(name)

    def ids(self, names: Iterable[str]) -> list[Any]:
        """The ids that this side has for the names."""
        return [self.id(name) for name in names]

    def actor(self, who: Who) -> Actor:
        """The actor, with this side's ids."""
        return Actor(
            person=None if who.person is None else PersonId(self.id(who.person)),
            role=who.role,
            on_behalf_of=None if who.behalf is None else PersonId(self.id(who.behalf)),
        )

    def answered(self, act: Act, *, undone: bool) -> Answer:
        """What the bank answers to one act in a unit of work."""
        result: Any = None
        try:
            with self.backend.unit(self.bank) as uow:
                result = act(self, uow)
                if undone:
                    raise Undone
        except Undone:
            return Answer(self.names.plain(result), None)
        except TimebankError as error:
            return Answer(self.names.plain(error), None)
        return Answer(self.names.plain(result), result)

    def seen(self, look: Look) -> Any:
        """What the bank shows."""
        try:
            with self.backend.reading(self.bank) as unit:
                return self.names.plain(look(self, unit))
        except TimebankError as error:
            return self.names.plain(error)


Act = Callable[[Side, UnitOfWork], Any]
Look = Callable[[Side, ReadingUnit], Any]


class Undone(Exception):
    """The host changes its mind before it commits."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as both sides give it, and what the first one gave, None if it was refused."""

    plain: Any
    result: Any

    @property
    def receipt(self) -> Receipt | None:
        """The receipt, if it is one and not a repetition."""
        fresh = isinstance(self.result, Receipt) and not self.result.replayed
        return self.result if fresh else None


class Twins:
    """The same bank in memory and in a database, by one clock."""

    def __init__(self, model: Backend, real: Backend, *, bank: str) -> None:
        assert model.clock is real.clock
        self.clock = model.clock
        self.sides = (Side(model, bank), Side(real, bank))

    def act(self, act: Act, *, undone: bool = False) -> Answer:
        """Do it to both; the host may change its mind and undo it on both."""
        self.clock.advance(timedelta(milliseconds=1))  # ids of later acts sort after earlier ones
        model, real = (side.answered(act, undone=undone) for side in self.sides)
        assert (found := difference(model.plain, real.plain)) is None, found
        return model

    def see(self, look: Look) -> Any:
        """Look at both."""
        model, real = (side.seen(look) for side in self.sides)
        assert (found := difference(model, real)) is None, found
        return model

    def peek(self, look: Callable[[Side, ReadingUnit], T]) -> T:
        """Look at the first side alone, to choose what to do next."""
        side = self.sides[0]
        with side.backend.reading(side.bank) as unit:
            return look(side, unit)

    def kept(self) -> list[Checkpoint | None]:
        """Each side's latest checkpoint, as an outsider would keep it."""
        found: list[Checkpoint | None] = []
        for side in self.sides:
            with side.backend.reading(side.bank) as unit:
                found.append(None if unit.seals.head() is None else journal.checkpoint(unit))
        return found

    def name(self, id_: str) -> str:
        """The name of an id of the first side."""
        return self.sides[0].names.name(id_)

    def check(self, *, audited: bool) -> None:
        """What must hold after every step: both stand alike and add up; now and then, or at the
        end, both pass a whole audit."""
        self.see(_standing)
        if audited:
            self.see(_audited)


def _audited(side: Side, unit: ReadingUnit) -> Any:
    """The audit is clean, and has looked at as much on both sides."""
    report = audits.run(unit, max_unsealed_hours=AGES)
    assert report.verdict is Verdict.CLEAN, report.findings
    return {
        "counted": dict(report.counted) | {"tables": 0},
        "unsealed": (report.unsealed, report.oldest_unsealed),
        "notices": report.notices,
    }


def _standing(side: Side, unit: ReadingUnit) -> Any:
    """Everything that stands, in an order that does not depend on random ids; and it adds up."""
    name = side.names.name
    found = sorted(accounts.list(unit), key=lambda account: name(account.id))
    summed = unit.accounts.recomputed()
    assert sum(account.balance.minutes for account in found) == 0
    assert all(account.balance.minutes == summed.get(account.id, 0) for account in found)
    return {
        "accounts": found,
        "members": members.list(unit, limit=ALL),
        "exchanges": exchanges.list(unit, limit=ALL),
        "holds": holds.list(unit, open_only=False, limit=ALL),
        "listings": listings.list(unit, limit=ALL),
        "closed": periods.closed_until(unit),
    }
