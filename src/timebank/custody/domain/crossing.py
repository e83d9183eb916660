"""Moves between sites, seen from where several sites' books are: both halves of each, joined."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from timebank.custody.domain.site import Direction, Outcome, Passage, PassageEnd
from timebank.domain.audit import Finding
from timebank.domain.bank import day_of

HALVES: Final = "custody_halves_match"
CLEARINGS: Final = "custody_clearings_match_halves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What one site's books say of moves: its halves, and what stands on its clearing account."""

    slug: str
    passages: tuple[tuple[Passage, PassageEnd | None], ...]
    clearing_minutes: int
    wound_up: bool
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One half of a move, in the books of a site."""

    at: str
    passage: Passage
    end: PassageEnd | None
    zone: str

    @property
    def minutes(self) -> int:
        """Everything that goes along."""
        return self.passage.minutes

    @property
    def cancelled(self) -> bool:
        """Whether it was taken back: they never left, or did not come here."""
        return self.end is not None and self.end.outcome is Outcome.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """All halves of one code: what left, and what came. Usually one of each."""

    code: str
    left: tuple[Half, ...]
    came: tuple[Half, ...]

    @property
    def on_the_way_minutes(self) -> int:
        """What left and did not come; below 0 where more came."""
        left = sum(half.minutes for half in self.left if not half.cancelled)
        return left - sum(half.minutes for half in self.came)


def joined(sites: Sequence[Site]) -> tuple[Crossing, ...]:
    """Every move with its halves at all these sites, in order of code.

    What came in and was taken back there is none: its code may be taken again, and its site shows
    it to human eyes.
    """
    found: dict[str, tuple[list[Half], list[Half]]] = {}
    for site in sites:
        for passage, end in site.passages:
            half = Half(at=site.slug, passage=passage, end=end, zone=site.zone)
            if half.cancelled and passage.direction is Direction.IN:
                continue
            left, came = found.setdefault(passage.code, ([], []))
            (left if passage.direction is Direction.OUT else came).append(half)
    return tuple(
        Crossing(code=code, left=tuple(left), came=tuple(came))
        for code, (left, came) in sorted(found.items())
    )


def check_halves(crossings: Collection[Crossing]) -> Iterator[Finding]:
    """What came is what left, once, from the site that it names."""
    for one in crossings:
        if len(one.came) > 1:
            yield _halves(one, "taken once", f"taken at {_at(one.came)}", "one code, used twice")
        for left in one.left:
            if left.cancelled and one.came:
                yield _halves(one, "nothing", f"taken at {_at(one.came)}", "it was taken back, too")
            for came in one.came:
                yield from _unequal(one, left, came)


def _unequal(one: Crossing, left: Half, came: Half) -> Iterator[Finding]:
    if left.minutes != came.minutes:
        said = "more or less came than left"
        yield _halves(one, f"{left.minutes} minutes", f"{came.minutes} minutes", said)
    if (left.passage.site, came.passage.site) != (came.at, left.at):
        expected = f"{left.at} to {left.passage.site}"
        yield _halves(one, expected, f"{came.passage.site} to {came.at}", "another way")


def check_clearings(sites: Collection[Site]) -> Iterator[Finding]:
    """What stands on a site's clearing account is what left and came by its halves."""
    for site in sites:
        halves = (half for one in joined([site]) for half in (*one.left, *one.came))
        expected = sum(_cleared(half) for half in halves) * (not site.wound_up)
        if expected != site.clearing_minutes:
            yield Finding(
                check=CLEARINGS,
                subject=f"bank {site.slug}",
                expected=f"{expected} minutes",
                found=f"{site.clearing_minutes} minutes",
                message="the clearing account holds what no half of a move says",
            )


def _cleared(half: Half) -> int:
    if half.passage.direction is Direction.IN:
        return -half.minutes
    return 0 if half.cancelled else half.minutes


def waiting(crossings: Collection[Crossing], here: Collection[str]) -> Iterator[Finding]:
    """Moves of which one half is missing: it is under way, or its bundle has not come yet."""
    for one in crossings:
        for left in one.left if not one.came else ():
            if not left.cancelled:
                yield _missing(one, left, here)
        for came in one.came if not one.left else ():
            yield _missing(one, came, here)
        for left in one.left if one.came else ():
            if left.end is None:
                told = f"say so at {left.at}: timebank custody move arrived {one.code}"
                yield _halves(one, "ended where it left", "still open", told)


def _missing(one: Crossing, half: Half, here: Collection[str]) -> Finding:
    other = half.passage.site
    since = day_of(half.passage.recorded_at, half.zone)
    way = "left" if half.passage.direction is Direction.OUT else "came to"
    told = f"bring the next bundle of {other}" if other in here else f"{other} has no books here"
    return _halves(one, f"its other half at {other}", f"it {way} {half.at} on {since}", told)


def _halves(one: Crossing, expected: str, found: str, message: str) -> Finding:
    return Finding(
        check=HALVES,
        subject=f"move {one.code}",
        expected=expected,
        found=found,
        message=message,
    )


def _at(halves: Collection[Half]) -> str:
    return ", ".join(half.at for half in halves)
