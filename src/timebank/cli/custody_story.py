"""What happens in ``timebank demo --custody``: three sites, thirty people inside, two months."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

import timebank
from timebank import custody
from timebank.actions import banks, members, staff
from timebank.cli.session import Place
from timebank.custody import Line, Part
from timebank.custody import Place as Where
from timebank.custody.domain.membership import State
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import day_of
from timebank.domain.hours import Hours
from timebank.errors import TimebankError
from timebank.ports import UnitOfWork
from timebank.storage.sql.unit_of_work import system_clock

SITES: Final = ("riverside", "leyhill", "castle")
DAYS: Final = 60
PEOPLE: Final = 10
ZONE: Final = "Europe/London"
STAFF: Final = {
    "cora": Role.COORDINATOR,
    "colin": Role.COORDINATOR,
    "olga": Role.OFFICER,
    "otto": Role.OFFICER,
    "bea": Role.BROKER,
}
ACTIVITIES: Final = ("garden", "learning", "care", "office")
CONFIDENTIAL: Final = "company"

Say = Callable[[str], None]


@dataclass(slots=True)
class Clock:
    """The story's own time, which moves on by days."""

    now: datetime

    def __call__(self) -> datetime:
        """The time of the story; each look is a moment later."""
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass(slots=True, kw_only=True)
class Site:
    """One site: a bank of its own, with its staff, and people by ref."""

    place: Place
    slug: str
    clock: Clock
    people: dict[str, Any] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)
    papers: int = 0

    def run(self, work: Callable[[UnitOfWork], Any]) -> Any:
        """One commit at the story's time."""
        unit = timebank.standalone(self.place.engine, bank=self.slug, clock=self.clock)
        return unit.run(work)

    def do(self, action: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        """One action in a commit of its own."""
        return self.run(lambda uow: action(uow, *args, **more))

    def two(self, action: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        """An action by the coordinator that an officer approves."""
        by, approved_by = self.staff("cora"), self.staff("olga")
        return self.do(action, *args, by=by, approved_by=approved_by, **more)

    def staff(self, ref: str) -> Actor:
        """A member of staff in their role."""
        return Actor(person=self.people[ref], role=STAFF[ref])

    @property
    def today(self) -> date:
        """The day it is in the story."""
        return day_of(self.clock.now, ZONE)

    def found(self) -> None:
        """The bank, its staff, two families, ten people inside and what they said."""

        def founding(uow: UnitOfWork) -> None:
            created = banks.create(uow, policy="custody", zone=ZONE, first_coordinator="cora")
            self.people["cora"] = created.person_id
            cora = self.staff("cora")
            for ref, role in [*STAFF.items()][1:]:
                self.people[ref] = staff.add(uow, ref, role=role, by=cora).person_id
            for ref in ("mum", "gran"):
                joined = members.join(uow, name=f"{ref.title()} of {self.slug}", ref=ref, by=cora)
                members.approve(uow, joined.member_id, by=cora)
                self.people[ref] = joined.member_id
            for n in range(1, PEOPLE + 1):
                ref = f"{self.slug[0]}{n}"
                custody.people.apply(uow, name=f"Person {n} of {self.slug}", ref=ref, by=cora)
                custody.people.admit(uow, ref, by=cora)
                self.people[ref] = members.get(uow, ref).id
                self.inside.append(ref)
            timebank.accounts.open(uow, kind="activity", label="family day", by=cora)

        self.run(founding)
        rules = custody.Rules(confidential=frozenset({CONFIDENTIAL}))
        self.two(custody.scheme.set_rules, rules)
        price = {"account": "family day", "hours": Hours.of(1)}
        self.two(custody.destinations.set_price, "family day", **price)
        self._instructions()

    def _instructions(self) -> None:
        """Half leave it at the pot; some keep theirs, some give to their family."""
        for n, ref in enumerate(self.inside):
            parts = [Part(place=Where.OWN), Part(place=Where.HELD)]
            if n % 5 == 4:
                mum = self._beneficiary(ref, "mum" if n < 5 else "gran")
                parts = [Part(place=Where.BENEFICIARY, beneficiary=mum), Part(place=Where.POT)]
            if n % 2 == 0 or n % 5 == 4:
                said = {"parts": parts, "given_on": self.today, "paper": f"D-{n + 1}"}
                self.two(custody.destinations.set, ref, **said)

    def _beneficiary(self, ref: str, family: str) -> Any:
        event = self.do(
            custody.beneficiaries.propose, ref, account=family, by=self.staff("cora")
        ).events[0]
        self.two(custody.beneficiaries.approve, event.subject)
        return event.subject

    def session(self, random: Random) -> None:
        """A session's paper, from draft to posting by four people."""
        self.papers += 1
        active = [one.id for one in self.run(custody.people.list) if one.state is State.ACTIVE]
        lines = [
            Line(person=person, minutes=random.randint(40, 150))
            for person in random.sample(active, min(4, len(active)))
        ]
        paper = f"{self.slug[0].upper()}-{self.papers}"

        def all_the_way(uow: UnitOfWork) -> None:
            custody.sheets.new(
                uow,
                paper=paper,
                category=random.choice(ACTIVITIES),
                worked_on=self.today,
                lines=lines,
                by=self.staff("bea"),
            )
            sheet = custody.sheets.of_paper(uow, paper)[-1].id
            custody.sheets.submit(uow, sheet, by=self.staff("bea"))
            custody.sheets.verify(uow, sheet, paper=paper, by=self.staff("olga"))
            custody.sheets.approve(uow, sheet, paper=paper, by=self.staff("otto"))
            custody.sheets.post(uow, sheet, by=self.staff("cora"))

        self.run(all_the_way)


def tell(place: Place, say: Say) -> list[Site]:
    """Two months at three sites, up to today."""
    clock, random = Clock(system_clock() - timedelta(days=DAYS + 1)), Random(7)
    sites = [Site(place=place, slug=slug, clock=clock) for slug in SITES]
    for site in sites:
        site.found()
    say(
        f"{len(sites)} sites, each a bank of its own; {PEOPLE} people inside each, who owe nothing."
    )
    for day in range(0, DAYS, 3):
        clock.now += timedelta(days=3)
        for site in sites:
            site.session(random)
        if day in _EVENTS:
            _EVENTS[day](sites, say)
    say(f"{sum(site.papers for site in sites)} attendance sheets were posted, each by two people.")
    return sites


def _attempt(sites: list[Site], say: Say) -> None:
    """Somebody gave a person inside a role; it is worth nothing, and it leaves a trace."""
    site = sites[0]
    ref = site.inside[2]
    site.do(staff.add, ref, role="officer", by=site.staff("cora"))
    inmate = Actor(person=site.people[ref], role=Role.OFFICER)
    sheet = site.run(custody.sheets.list)[-1].sheet.id
    try:
        site.do(custody.sheets.verify, sheet, by=inmate)
    except TimebankError as error:
        site.do(
            custody.scheme.record_attempt,
            action="custody.sheet_verify",
            error=error.code,
            subjects=[sheet],
            by=inmate,
        )
        say(f"{ref} tried to verify a sheet as an officer: refused ({error.code}), and kept.")
    site.do(staff.end, inmate.person, role="officer", by=site.staff("cora"))


def _move(sites: list[Site], say: Say) -> None:
    """Somebody moves at a day's notice, with a code."""
    old, new = sites[0], sites[1]
    ref = old.inside[0]
    old.two(custody.sites.move_out, ref, to=new.slug)
    half = old.run(custody.sites.passages)[-1][0]
    came = f"{new.slug[0]}{PEOPLE + 1}"

    def admitted(uow: UnitOfWork) -> None:
        cora = new.staff("cora")
        custody.people.apply(uow, name=f"Person {PEOPLE + 1} of {new.slug}", ref=came, by=cora)
        custody.people.admit(uow, came, by=cora)
        new.people[came] = members.get(uow, came).id

    new.run(admitted)
    new.two(custody.sites.move_in, half.code, person=came, site=old.slug)
    old.two(custody.sites.move_arrived, half.code)
    minutes = Hours(minutes=half.minutes)
    say(f"{ref} moves from {old.slug} to {new.slug} with {minutes}, under the code {half.code}.")


def _release(sites: list[Site], say: Say) -> None:
    """Somebody is released on licence, and recalled; what was earned stays theirs."""
    site = sites[0]
    views = {ref: site.do(custody.people.get, ref) for ref in site.inside}
    ref = max(views, key=lambda one: views[one].custody.minutes + views[one].held.minutes)
    site.two(custody.people.release, ref, reason="other", licence=True)
    view = site.run(lambda uow: custody.people.get(uow, ref))
    say(f"{ref} is released on licence: {view.community} outside, to the minute.")
    site.do(custody.people.recall, ref, reason="other", by=site.staff("cora"))
    say(f"{ref} is recalled: nothing goes out for now, nothing is taken.")


def _spend(sites: list[Site], say: Say) -> None:
    """Hours are spent at a listed price."""
    for site in sites:
        for ref in site.inside:
            if site.do(custody.people.get, ref).custody >= Hours.of(1):
                by = site.staff("cora")
                site.do(custody.destinations.spend, ref, item="family day", by=by)
                say(f"{ref} spends 1:00 of their own on a family day.")
                break


_EVENTS: Final = {12: _attempt, 24: _move, 36: _release, 48: _spend}


def close_down(site: Site) -> list[tuple[str, str, Hours]]:
    """Everybody leaves, and the site is wound up: where every hour went."""
    for one in site.run(custody.people.list):
        if one.state not in (State.CLOSED, State.RELEASED):
            site.two(custody.people.release, one.id, reason="other")
    receipt = site.two(custody.sites.windup)

    def told(uow: UnitOfWork) -> list[tuple[str, str, Hours]]:
        moves = custody.sites.destinations(uow, receipt)
        ends = uow.accounts.many({id_ for move in moves for id_ in (move.source, move.target)})
        words = {id_: account.label or "people outside" for id_, account in ends.items()}
        sums: dict[tuple[str, str], int] = {}
        for move in moves:
            pair = (words[move.source], words[move.target])
            sums[pair] = sums.get(pair, 0) + move.minutes
        return [(*pair, Hours(minutes=minutes)) for pair, minutes in sums.items()]

    found: list[tuple[str, str, Hours]] = site.run(told)
    return found
