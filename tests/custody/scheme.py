"""A prison's scheme: staff, three people inside, two outside; and the ways of a session's hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import timebank
from tests.backends import SqlBackend, World
from timebank import Hours, accounts, banks, members, staff
from timebank.custody import Line, beneficiaries, people, sheets
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import day_of
from timebank.domain.ids import FactId
from timebank.wings import WingActed

SITE = "riverside"
STAFF = {
    "cora": Role.COORDINATOR,
    "colin": Role.COORDINATOR,
    "olga": Role.OFFICER,
    "otto": Role.OFFICER,
    "bea": Role.BROKER,
}
INSIDE = ("ray", "sam", "tom")
OUTSIDE = ("gran", "aunt")


class Scheme(World):
    """The site's bank with its cast; everything by ref."""

    __slots__ = ()

    @property
    def today(self) -> date:
        """The day it is."""
        return day_of(self.backend.clock(), "Europe/London")

    def days(self, n: int) -> None:
        """Days pass, and somebody looks at a calendar."""
        self.backend.clock.advance(timedelta(days=n))
        self.do(banks.state_day, self.today, by=self.cora)

    def staff(self, ref: str) -> Actor:
        """A member of staff in their role."""
        return Actor(person=self.people[ref], role=STAFF[ref])

    def made(self, action: Any, *args: Any, **kwargs: Any) -> FactId:
        """An action of the scheme; the id of what it was about."""
        event = self.do(action, *args, **kwargs).events[-1]
        assert isinstance(event, WingActed)
        return FactId(event.subject)

    def sheet(
        self,
        paper: str,
        *lines: tuple[str, int] | Line,
        on: date | None = None,
        category: str = "learning",
        **more: Any,
    ) -> FactId:
        """A sheet as a draft, entered by the broker."""
        written = [x if isinstance(x, Line) else Line(person=x[0], minutes=x[1]) for x in lines]
        return self.made(
            sheets.new,
            paper=paper,
            category=category,
            worked_on=on or self.today,
            lines=written,
            by=self.staff("bea"),
            **more,
        )

    def approved(self, paper: str, *lines: Any, **more: Any) -> FactId:
        """A sheet that Olga verified and Otto approved."""
        sheet = self.sheet(paper, *lines, **more)
        self.do(sheets.submit, sheet, by=self.staff("bea"))
        self.do(sheets.verify, sheet, by=self.staff("olga"), paper=f"{paper}/1")
        self.do(sheets.approve, sheet, by=self.staff("otto"), paper=f"{paper}/2")
        return sheet

    def posted(self, paper: str, *lines: Any, **more: Any) -> FactId:
        """A sheet all the way: Cora posts it."""
        sheet = self.approved(paper, *lines, **more)
        self.do(sheets.post, sheet, by=self.staff("cora"))
        return sheet

    def beneficiary(self, person: str, outside: str, **more: Any) -> FactId:
        """Somebody outside on a person's list, approved by Cora and Olga."""
        one = self.made(beneficiaries.propose, person, account=outside, by=self.staff("cora"))
        self.two(beneficiaries.approve, one, **more)
        return one

    def two(self, action: Any, *args: Any, **kwargs: Any) -> Any:
        """An action by Cora that Olga approves."""
        by, approved_by = self.staff("cora"), self.staff("olga")
        return self.do(action, *args, by=by, approved_by=approved_by, **kwargs)

    def minutes(self, ref: str) -> tuple[int, int, int]:
        """What a person has in custody, held, and outside."""
        view = self.see(people.get, ref)
        return view.custody.minutes, view.held.minutes, view.community.minutes

    def pot(self) -> int:
        """What the pot has."""
        return self.see(accounts.balance, "pot").minutes

    def total(self) -> int:
        """Always 0."""
        found: dict[Any, Hours] = self.see(accounts.balances)
        return sum(hours.minutes for hours in found.values())


def a_scheme(backend: SqlBackend, site: str = SITE) -> Scheme:
    """The cast as it is on the first day."""
    with backend.unit(site) as uow:
        created = banks.create(uow, policy="custody", first_coordinator="cora")
    cora = Actor(person=created.person_id, role=Role.COORDINATOR)
    made = Scheme(backend=backend, bank=site, cora=cora, colin=cora, olga=cora)
    for ref, role in list(STAFF.items())[1:]:
        made.do(staff.add, ref, role=role, by=cora)
    for ref in OUTSIDE:
        made.do(members.join, name=f"{ref.title()} Outside", ref=ref, by=cora)
        made.do(members.approve, ref, by=cora)
    for ref in INSIDE:
        made.do(people.apply, name=f"{ref.title()} Inside", ref=ref, by=cora)
        made.do(people.admit, ref, by=cora)
    return found_scheme(backend, site)


def found_scheme(backend: SqlBackend, site: str = SITE) -> Scheme:
    """The cast of a scheme that is there; an hour later than it was made."""
    backend.clock.advance(timedelta(hours=1))
    with timebank.reading(backend.engine, bank=site, clock=backend.clock) as uow:
        ids = uow.people.by_refs([*STAFF, *INSIDE, *OUTSIDE])
        first = {ref: found[0] for ref, found in _accounts(uow, ids).items()}
    cora, colin = (Actor(person=ids[ref], role=STAFF[ref]) for ref in ("cora", "colin"))
    return Scheme(
        backend=backend,
        bank=site,
        cora=cora,
        colin=colin,
        olga=Actor(person=ids["olga"], role=Role.OFFICER),
        people=dict(ids),
        accounts=first,
    )


def _accounts(uow: Any, ids: dict[str, Any]) -> dict[str, Any]:
    owned = uow.accounts.of_members(list(ids.values()))
    return {ref: owned[id_] for ref, id_ in ids.items() if id_ in owned}
