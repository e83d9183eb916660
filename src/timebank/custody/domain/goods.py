"""Activities that make goods: each is reported on its own, however few its hours are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from timebank.custody.domain.rules import Rules
from timebank.custody.domain.sheet import SheetFile, SheetState


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What was posted of one activity that makes goods; ``allowed`` as the rules are now."""

    category: str
    allowed: bool
    sheets: int
    people: int
    raw_minutes: int
    credited_minutes: int


def reported(
    files: Iterable[SheetFile], rules: Iterable[Rules], start: date, end: date
) -> tuple[Goods, ...]:
    """Every activity that any of the rules called goods, in order of name, none left out.

    ``rules`` are all that ever held, the last those of now. A sheet counts on its last day, from
    ``start`` up to and not including ``end``.
    """
    held = [*rules]
    flagged = sorted({category for one in held for category in one.goods})
    posted = [
        file
        for file in files
        if file.sheet.state is SheetState.POSTED and start <= file.sheet.last_day < end
    ]
    return tuple(_of(category, posted, held[-1]) for category in flagged)


def _of(category: str, posted: Iterable[SheetFile], now: Rules) -> Goods:
    files = [file for file in posted if file.sheet.category == category]
    lines = [line for file in files for line in file.lines]
    return Goods(
        category=category,
        allowed=category in now.goods_allowed or category not in now.goods,
        sheets=len(files),
        people=len({line.person for line in lines}),
        raw_minutes=sum(line.raw_minutes for line in lines),
        credited_minutes=sum(line.credited_minutes for line in lines),
    )
