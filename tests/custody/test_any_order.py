"""P-6 by any path: random sequences of everything that anybody can ask for.

Whatever the order, and whoever asks: no hour reaches a person in custody but in a step that two
members of staff answer for by name, none of whom is in custody; no balance inside is below zero;
all balances sum to zero. ``TIMEBANK_CUSTODY_STEPS=20000`` is the long run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.backends import SqlBackend
from tests.custody.scheme import INSIDE, OUTSIDE, STAFF, Scheme
from timebank import Hours, TransactionDraft, Transfer, accounts, exchanges, transfers
from timebank.custody import (
    Line,
    Part,
    Place,
    Rules,
    beneficiaries,
    destinations,
    people,
    sheets,
)
from timebank.custody import (
    scheme as schemes,
)
from timebank.custody.actions._gather import store_of
from timebank.custody.domain.audit import INSIDE_KINDS, Moved
from timebank.custody.domain.rules import Basis, DestinationClass
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, Role
from timebank.errors import TimebankError

STEPS = int(os.environ.get("TIMEBANK_CUSTODY_STEPS", "400"))
PEOPLE = (*STAFF, *INSIDE, *OUTSIDE)
CATEGORIES = ("learning", "care", "company", "food")


class Anybody:
    """Somebody who asks for anything at all."""

    def __init__(self, scheme: Scheme, random: Random) -> None:
        self.scheme, self.random = scheme, random
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.papers = 0
        self.accounts = [view.id for view in scheme.see(accounts.list)]

    def actor(self, usual: tuple[str, ...] = ("cora", "colin")) -> Actor:
        """Mostly who would do it, often another of the staff, sometimes anybody in any role."""
        luck = self.random.random()
        if luck < 0.85:
            return self.scheme.staff(self.random.choice(usual if luck < 0.65 else [*STAFF]))
        ref = self.random.choice(PEOPLE)
        role = self.random.choice([r for r in Role if r is not Role.SYSTEM])
        return Actor(person=self.scheme.people[ref], role=role)

    def inside(self) -> str:
        return self.random.choice(INSIDE)

    def hours(self) -> Hours:
        return Hours(minutes=self.random.randint(1, 90))

    def step(self) -> None:
        """One request; what is refused is counted."""
        self.scheme.backend.clock.advance(timedelta(minutes=self.random.randint(0, 40)))
        name = self.random.choice([*ASKED])
        try:
            ASKED[name](self)
        except TimebankError as error:
            self.refused[error.code] += 1
        else:
            self.done[name] += 1

    def ask(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.scheme.do(action, *args, by=self.actor(), **kwargs)

    def pair(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.ask(action, *args, approved_by=self.actor(("olga", "otto")), **kwargs)

    def any_of(self, name: str) -> Any:
        """An id of something that is there."""
        with self.scheme.backend.reading(self.scheme.bank) as uow:
            store = store_of(uow)
            if name == "sheet":
                found: list[Any] = [file.sheet.id for file in store.files()[-6:]]
            else:
                found = [one.id for one in store.beneficiaries()]
        return self.random.choice(found) if found else "f" * 32

    def parts(self) -> list[Part]:
        places = self.random.sample([Place.OWN, Place.HELD, Place.POT, Place.BENEFICIARY], 2)
        return [
            Part(
                place=place,
                weight=self.random.randint(1, 3),
                beneficiary=self.any_of("beneficiary") if place is Place.BENEFICIARY else None,
            )
            for place in places
        ]

    def new_sheet(self) -> None:
        self.papers += 1
        lines = [
            Line(
                person=ref,
                minutes=self.random.randint(0, 150),
                basis=self.random.choice(["voluntary"] * 4 + [b.value for b in Basis]),
            )
            for ref in self.random.sample(INSIDE, self.random.randint(1, 3))
        ]
        self.ask(
            sheets.new,
            paper=f"S-{self.papers}",
            category=self.random.choice(CATEGORIES),
            worked_on=self.scheme.today - timedelta(days=self.random.randint(0, 3)),
            lines=lines,
        )

    def whole_sheet(self) -> None:
        """The ordinary way, so that there are hours."""
        self.papers += 1
        self.scheme.posted(f"S-{self.papers}", (self.inside(), self.random.randint(1, 120)))

    def transfer(self) -> Transfer:
        source, target = self.random.sample(self.accounts, 2)
        return Transfer(source=source, target=target, hours=self.hours())


def _reverse(self: Anybody) -> None:
    found = self.scheme.see(transfers.list, limit=1000)
    if found:
        self.pair(transfers.reverse, self.random.choice(found).id, reason="correction")


def _turn(action: Callable[..., Any]) -> Callable[[Anybody], None]:
    return lambda self: self.ask(action, self.inside(), reason="other")


def _rarely(self: Anybody, action: Callable[..., Any], luck: float) -> None:
    if self.random.random() < luck:
        self.ask(action, self.inside(), reason="other")


def _licence(self: Anybody) -> None:
    if self.random.random() < 0.2:
        self.pair(people.release, self.inside(), reason="other", licence=True)


def _step(action: Callable[..., Any]) -> Callable[[Anybody], None]:
    return lambda self: self.ask(action, self.any_of("sheet"))


ASKED: dict[str, Callable[[Anybody], None]] = {
    "whole sheet": Anybody.whole_sheet,
    "whole sheet again": Anybody.whole_sheet,
    "new": Anybody.new_sheet,
    "submit": _step(sheets.submit),
    "verify": _step(sheets.verify),
    "approve": _step(sheets.approve),
    "post": _step(sheets.post),
    "return": lambda self: self.ask(sheets.return_, self.any_of("sheet"), reason="other"),
    "reverse sheet": lambda self: self.pair(sheets.reverse, self.any_of("sheet"), reason="other"),
    "suspend": lambda self: _rarely(self, people.suspend, 0.3),
    "resume": _turn(people.resume),
    "resume again": _turn(people.resume),
    "recall": _turn(people.recall),
    "abscond": lambda self: _rarely(self, people.abscond, 0.03),
    "licence": _licence,
    "propose": lambda self: self.ask(
        beneficiaries.propose,
        self.inside(),
        account=self.random.choice([*OUTSIDE, *INSIDE, "pot"]),
    ),
    "approve beneficiary": lambda self: self.pair(
        beneficiaries.approve, self.any_of("beneficiary")
    ),
    "end beneficiary": lambda self: self.ask(
        beneficiaries.end, self.any_of("beneficiary"), reason="other"
    ),
    "destination": lambda self: self.pair(
        destinations.set,
        self.inside(),
        parts=self.parts(),
        given_on=self.scheme.today,
        paper="D-1",
    ),
    "give": lambda self: self.pair(
        destinations.give,
        self.inside(),
        hours=self.hours(),
        beneficiary=self.random.choice([None, self.any_of("beneficiary")]),
    ),
    "hold": lambda self: self.pair(destinations.give, self.inside(), hours=self.hours(), held=True),
    "spend": lambda self: self.ask(destinations.spend, self.inside(), item="library"),
    "post transfer": lambda self: self.ask(
        transfers.post, [TransactionDraft(transfers=(self.transfer(),))]
    ),
    "adjust": lambda self: self.pair(
        transfers.adjust,
        **{n: getattr(self.transfer(), n) for n in ("source", "target", "hours")},
        reason="correction",
    ),
    "donate": lambda self: self.ask(
        transfers.donate, source=self.random.choice(self.accounts), hours=self.hours()
    ),
    "grant": lambda self: self.ask(
        transfers.grant, to=self.random.choice(self.accounts), hours=self.hours(), reason="other"
    ),
    "exchange": lambda self: self.ask(
        exchanges.record,
        giver=self.random.choice(PEOPLE[5:]),
        receiver=self.random.choice(PEOPLE[5:]),
        hours=self.hours(),
        happened_on=self.scheme.today,
    ),
    "reverse": _reverse,
}


def moved(scheme: Scheme) -> tuple[Moved, ...]:
    with scheme.backend.reading(scheme.bank) as uow:
        return store_of(uow).moved()


def lawful(scheme: Scheme) -> None:
    """What holds whatever happened."""
    ledger = scheme.see(accounts.list)
    assert sum(view.balance.minutes for view in ledger) == 0
    assert [v for v in ledger if v.kind in INSIDE_KINDS and v.balance.minutes < 0] == []
    inside = {scheme.people[ref] for ref in INSIDE}
    for each in moved(scheme):
        if each.target_kind not in INSIDE_KINDS or each.reverses is not None:
            continue
        own = each.source_owner == each.target_owner
        if each.source_kind in INSIDE_KINDS:
            assert own, each
        if not own:
            assert each.approver is not None, each
            assert each.actor != each.approver, each
            assert each.source_kind is not AccountKind.MEMBER, each
        assert each.actor not in inside or own, each


@pytest.mark.parametrize("seed", [1, 2])
def test_p06_no_hour_goes_from_one_person_inside_to_another_by_any_path(
    sqlite_scheme: Scheme, seed: int
) -> None:
    scheme = sqlite_scheme
    assert isinstance(scheme.backend, SqlBackend)
    scheme.do(accounts.open, kind="activity", label="library", by=scheme.cora)
    price = {"account": "library", "hours": Hours(minutes=15)}
    scheme.two(destinations.set_price, "library", **price)
    classes = {"care": DestinationClass.POT_ONLY, "company": DestinationClass.RECOGNISED_ONLY}
    scheme.two(schemes.set_rules, Rules(classes=classes, goods=frozenset({"food"})))
    anybody = Anybody(scheme, Random(seed))
    for n in range(STEPS // 2):
        anybody.step()
        if n % 50 == 0:
            lawful(scheme)
    lawful(scheme)
    assert anybody.done["whole sheet"] > 0
    assert sum(anybody.refused.values()) > STEPS // 10
