"""Somebody who asks for anything at all, at two sites, as anybody, in any order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from inspect import signature
from random import Random
from typing import Any

from tests.custody.scheme import INSIDE, OUTSIDE, STAFF, Scheme
from timebank import (
    Hours,
    Transfer,
    accounts,
    banks,
    members,
    transfers,
)
from timebank.custody import (
    Part,
    Place,
    people,
)
from timebank.custody import scheme as schemes
from timebank.custody.domain.membership import State
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, Role
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.errors import TimebankError
from timebank.wings import WingActed

NOWHERE = "f" * 32
CARRIED = (AccountKind.RESERVE,)
"""Hours carried over are given back before a site is wound up: nobody here does that."""
GONE = frozenset({State.DECEASED, State.CLOSED})
ROLES = [role for role in Role if role is not Role.SYSTEM]


Asked = Callable[..., Any]
Way = Callable[["Anybody"], None]
Ways = Mapping[Asked, Way]


class Anybody:
    """One request after the other; what was done is counted, and what was refused by its code."""

    def __init__(self, here: Scheme, there: Scheme, random: Random) -> None:
        self.sites, self.random = (here, there), random
        self.scheme = here
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.states: set[str] = set()
        self.papers = 0
        self.known: dict[tuple[str, str], list[str]] = defaultdict(list)
        """What there is to ask about, by bank and kind: the last few of each."""
        self.past: dict[str, set[str]] = defaultdict(set)
        """What went past the scheme by the ledger's own ways: by bank, the subjects."""
        for site in self.sites:
            self.known[site.bank, "person"] = [*INSIDE]
            self.known[site.bank, "outside"] = [*OUTSIDE]
            self.known[site.bank, "staff"] = [*STAFF]
            views = sorted(site.see(accounts.list), key=lambda v: (v.kind.value, v.owner, v.label))
            self.known[site.bank, "account"] = [v.id for v in views if v.kind not in CARRIED]

    # --- asking -----------------------------------------------------------------------------

    def step(self, ways: Ways, often: Mapping[Asked, int]) -> None:
        """One request at one of the sites; what ``often`` does not name has a weight of 4."""
        self.scheme = self.random.choice(self.sites)
        self.scheme.backend.clock.advance(timedelta(minutes=self.random.randint(0, 40)))
        (action,) = self.random.choices([*ways], [often.get(one, 4) for one in ways])
        self.tried(action, ways[action])

    def tried(self, action: Asked, way: Way) -> None:
        """One request; the host keeps what the scheme refused, in a commit of its own."""
        try:
            way(self)
        except TimebankError as error:
            self.refused[error.code] += 1
            if self.random.random() < 0.05:
                self.scheme.do(
                    schemes.record_attempt,
                    action=f"custody.{action.__name__}",
                    error=error.code,
                    by=self.usual(),
                )

    def ask(self, action: Asked, /, *args: Any, **kwargs: Any) -> Any:
        """By anybody; sometimes with a key that was used before."""
        key = f"k{self.random.randint(0, 9)}" if self.random.random() < 0.02 else None
        if key is not None and "key" in signature(action).parameters:
            kwargs["key"] = key
        receipt = self.scheme.do(action, *args, by=self.actor(), **kwargs)
        self.done[name_of(action)] += 1
        return receipt

    def see(self, reader: Asked, /, *args: Any, **kwargs: Any) -> Any:
        """A look at the books, counted as well."""
        seen = self.scheme.see(reader, *args, **kwargs)
        self.done[name_of(reader)] += 1
        return seen

    def pair(self, action: Asked, /, *args: Any, **kwargs: Any) -> Any:
        """By anybody, approved by anybody."""
        return self.ask(action, *args, approved_by=self.actor(("olga", "otto")), **kwargs)

    def told(self, kind: str, receipt: Any) -> None:
        """What the receipt was about can be asked about from now on."""
        event = receipt.events[-1]
        assert isinstance(event, WingActed)
        self.remember(kind, event.subject)

    def remember(self, kind: str, subject: str) -> None:
        known = self.known[self.scheme.bank, kind]
        if subject not in known:
            known.append(subject)
        del known[: -30 if kind == "account" else -8]

    def look_around(self) -> None:
        """A day is stated, and those who are in the scheme are known, with two who were."""
        for site in self.sites:
            site.do(banks.state_day, site.today, by=site.cora)
            found = site.see(people.list)
            living = [one.id for one in found if one.state not in GONE]
            gone = [one.id for one in found if one.state in GONE]
            self.known[site.bank, "person"] = [*living[-8:], *gone[-2:]]
            self.states |= {one.state.value for one in found}

    # --- who and what -----------------------------------------------------------------------

    def usual(self, usual: tuple[str, ...] = ("cora", "colin")) -> Actor:
        return self.scheme.staff(self.random.choice(usual))

    def actor(self, usual: tuple[str, ...] = ("cora", "colin")) -> Actor:
        """Mostly who would do it, often another of the staff, sometimes anybody in any role."""
        luck = self.random.random()
        if luck < 0.85:
            return self.usual(usual if luck < 0.65 else (*STAFF,))
        ref = self.random.choice([*STAFF, self.person(), self.outside()])
        found = self.scheme.see(members.by_refs, [ref]).get(ref, ref)
        return Actor(person=PersonId(found), role=self.random.choice(ROLES))

    def one(self, kind: str) -> str:
        """Something that is there, or not at all."""
        found = self.known[self.scheme.bank, kind]
        if kind == "sheet" and self.rarely(0.6):
            found = found[-2:]
        return self.random.choice(found) if found else NOWHERE

    def person(self) -> str:
        return self.one("person")

    def outside(self) -> str:
        return self.one("outside")

    def anyone(self) -> str:
        return self.one(self.random.choice(["person"] * 18 + ["outside", "staff"]))

    def hours(self) -> Hours:
        return Hours(minutes=self.random.randint(1, 90))

    def day(self) -> date:
        return self.scheme.today - timedelta(days=self.random.randint(0, 3))

    def ahead(self) -> date:
        return self.scheme.today + timedelta(days=self.random.randint(0, 40))

    def reason(self) -> str:
        return self.random.choice(["other", "other", "other", "correction", "because I say so"])

    def parts(self) -> list[Part]:
        places = self.random.sample([Place.OWN, Place.HELD, Place.POT, Place.BENEFICIARY], 2)
        return [
            Part(
                place=place,
                weight=self.random.randint(1, 3),
                beneficiary=FactId(self.one("beneficiary")) if place is Place.BENEFICIARY else None,
            )
            for place in places
        ]

    def rarely(self, luck: float) -> bool:
        return self.random.random() < luck

    def transfer(self) -> Transfer:
        source, target = (AccountId(self.one("account")) for _ in range(2))
        return Transfer(source=source, target=target, hours=self.hours())

    def went_past(self, receipt: Any) -> None:
        """A transaction that the scheme did not make: an audit may say so."""
        done = self.scheme.see(transfers.get, receipt.transaction_id)
        past = self.past[self.scheme.bank]
        past |= {done.id, *([done.reverses] if done.reverses else [])}
        for move in done.transfers:
            for account in self.scheme.see(
                lambda unit, m=move: unit.accounts.many([m.source, m.target])
            ).values():
                past |= {account.owner} if account.owner else set()


def name_of(action: Callable[..., Any]) -> str:
    """Where it stands, and what it is called."""
    return f"{action.__module__.rsplit('.', 1)[-1].strip('_')}.{action.__name__}"
