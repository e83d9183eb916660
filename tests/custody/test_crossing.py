"""Moves between sites from where several sites' books are: P-24 at the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.backends import SqlBackend
from tests.custody.cast import fact
from tests.custody.scheme import Scheme, a_scheme
from tests.custody.test_sites import half_held, slip
from timebank.custody import sites
from timebank.custody.domain import notices
from timebank.custody.domain.crossing import (
    Site,
    check_clearings,
    check_halves,
    joined,
    waiting,
)
from timebank.custody.domain.site import Direction, Outcome, Passage, PassageEnd
from timebank.domain.actor import Actor
from timebank.domain.ids import PersonId

AT = datetime(2026, 10, 5, 9, tzinfo=UTC)
CODE = "8f2c41d0a97e-30-60-51be"


def half(direction: Direction, site: str, n: int = 1, **more) -> Passage:
    return Passage(
        id=fact(n),
        code=CODE,
        direction=direction,
        entry=1,
        site=site,
        person=PersonId(fact(90 + n)),
        actor=Actor.system(),
        approver=None,
        recorded_at=AT,
        **({"custody_minutes": 30, "held_minutes": 60} | more),
    )


def ended(passage: Passage, outcome: Outcome) -> tuple[Passage, PassageEnd]:
    end = PassageEnd(
        id=fact(80),
        passage=passage.id,
        outcome=outcome,
        recorded_at=AT,
        actor=Actor.system(),
        approver=None,
    )
    return passage, end


def site(
    slug: str, *halves, clearing: int = 0, wound_up: bool = False, zone: str = "Europe/London"
) -> Site:
    passages = tuple(h if isinstance(h, tuple) else (h, None) for h in halves)
    return Site(
        slug=slug, passages=passages, clearing_minutes=clearing, wound_up=wound_up, zone=zone
    )


OUT, IN = half(Direction.OUT, "leyhill"), half(Direction.IN, "north", 2)
NORTH = site("north", ended(OUT, Outcome.ARRIVED), clearing=90)
LEYHILL = site("leyhill", IN, clearing=-90)


def said(*where: Site) -> tuple[list[str], list[str]]:
    """What is found and what is only noticed, by what was found."""
    crossings = joined(where)
    findings = [*check_halves(crossings), *check_clearings(where)]
    notices = waiting(crossings, {one.slug for one in where})
    return [f.message for f in findings], [n.message for n in notices]


def test_p24_two_halves_that_match_are_silent() -> None:
    assert said(NORTH, LEYHILL) == ([], [])
    (one,) = joined([NORTH, LEYHILL])
    assert one.on_the_way_minutes == 0


def test_p24_a_missing_half_is_noticed_and_says_whose_bundle_to_bring() -> None:
    empty = replace(LEYHILL, passages=(), clearing_minutes=0)
    assert said(NORTH, empty) == ([], ["bring the next bundle of leyhill"])
    assert said(NORTH) == ([], ["leyhill has no books here"])
    assert [one.on_the_way_minutes for one in joined([NORTH])] == [90]
    unsent = replace(NORTH, passages=(), clearing_minutes=0)
    assert said(unsent, LEYHILL) == ([], ["bring the next bundle of north"])
    still_open = site("north", OUT, clearing=90)
    _, (notice,) = said(still_open, LEYHILL)
    assert notice == f"say so at north: timebank custody move arrived {CODE}"
    back = site("north", ended(OUT, Outcome.CANCELLED))
    assert said(back, empty) == ([], [])


def test_p24_what_came_in_and_was_taken_back_is_still_on_the_way() -> None:
    wrong, right = ended(replace(IN, site="south"), Outcome.CANCELLED), replace(IN, id=fact(3))
    assert said(NORTH, site("leyhill", wrong)) == ([], ["bring the next bundle of leyhill"])
    assert said(NORTH, site("leyhill", wrong, right, clearing=-90)) == ([], [])


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ((site("north", ended(OUT, Outcome.CANCELLED)), LEYHILL), "it was taken back, too"),
        (
            (NORTH, site("leyhill", replace(IN, custody_minutes=90), clearing=-150)),
            "more or less came than left",
        ),
        ((NORTH, replace(LEYHILL, slug="south")), "another way"),
        ((NORTH, site("leyhill", replace(IN, site="south"), clearing=-90)), "another way"),
        ((NORTH, replace(LEYHILL, clearing_minutes=-80)), "the clearing account holds what no"),
    ],
)
def test_p24_halves_that_do_not_match_are_found(where: tuple[Site, ...], message: str) -> None:
    (finding,), _ = said(*where)
    assert finding.startswith(message)


def test_p24_a_slip_that_is_used_twice_is_found() -> None:
    south = site("south", half(Direction.IN, "north", 3), clearing=-90)
    findings, _ = said(NORTH, LEYHILL, south)
    assert "one code, used twice" in findings


@pytest.mark.parametrize(("zone", "day"), [("Europe/London", "2026-10-06"), ("UTC", "2026-10-05")])
def test_it_left_on_the_day_that_the_site_had(zone: str, day: str) -> None:
    late = replace(OUT, recorded_at=datetime(2026, 10, 5, 23, 30, tzinfo=UTC))
    (notice,) = waiting(joined([site("north", late, zone=zone)]), set())
    assert notice.found == f"it left north on {day}"


@pytest.mark.parametrize(("today", "shown"), [(20, 0), (21, 1)])
def test_a_fortnight_is_counted_in_the_days_of_the_site(today: int, shown: int) -> None:
    late = replace(OUT, recorded_at=datetime(2026, 10, 5, 23, 30, tzinfo=UTC))
    found = [*notices.moves([late], date(2026, 10, today), "Europe/London")]
    assert [one.found for one in found] == ["since 2026-10-06"] * shown


def test_a_site_that_was_wound_up_has_nothing_on_its_clearing() -> None:
    gone = replace(NORTH, clearing_minutes=0, wound_up=True)
    assert said(gone, LEYHILL) == ([], [])
    assert said(replace(gone, wound_up=False), LEYHILL)[0] != []


def test_p24_the_books_of_two_sites_are_joined(sqlite_scheme: Scheme) -> None:
    assert isinstance(sqlite_scheme.backend, SqlBackend)
    leyhill = a_scheme(sqlite_scheme.backend, "leyhill")
    half_held(sqlite_scheme)
    sqlite_scheme.two(sites.move_out, "ray", to="leyhill")
    here, there = (one.see(sites.side) for one in (sqlite_scheme, leyhill))
    assert said(here, there) == ([], ["bring the next bundle of leyhill"])
    leyhill.two(sites.move_in, slip(sqlite_scheme), person="sam", site="riverside")
    sqlite_scheme.two(sites.move_arrived, slip(sqlite_scheme))
    here, there = (one.see(sites.side) for one in (sqlite_scheme, leyhill))
    assert said(here, there) == ([], [])
    assert (here.clearing_minutes, there.clearing_minutes) == (90, -90)
