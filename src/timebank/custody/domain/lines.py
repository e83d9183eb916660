"""The lines of a sheet against what the same people did elsewhere: the easiest fraud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from timebank.custody.domain.membership import EARNING, History
from timebank.custody.domain.rules import Basis, Rules
from timebank.custody.domain.sheet import Sheet, SheetLine, checked_whole
from timebank.custody.errors import LineRefused
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.errors import InputError

WEEK_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A line as it was written: who, how many minutes, and on what ground."""

    person: PersonId
    minutes: int
    basis: Basis = Basis.VOLUNTARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What one person did on another live sheet."""

    person: PersonId
    sheet: Sheet
    raw_minutes: int


def week_of(day: date) -> tuple[date, date]:
    """Monday and Sunday of the day's week."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=WEEK_DAYS - 1)


def lines_of(
    sheet: Sheet,
    drafts: Iterable[Draft],
    *,
    elsewhere: Iterable[Worked],
    histories: Mapping[PersonId, History],
    rules: Rules,
) -> tuple[SheetLine, ...]:
    """The lines with their credited minutes: the rounding rule is applied here, once.

    *Refuses*, in this order: an activity that makes goods, no lines, a person twice; and per line
    minutes that are not whole or below 0, a person who could not earn on that day (``standing``),
    more than the session, an overlap with another session, more than the daily and the weekly cap
    (``LineRefused``).
    """
    rules.require_no_goods(sheet.category)
    written = tuple(drafts)
    if not written:
        raise InputError(field="lines", problem="a sheet has at least one line")
    if len({draft.person for draft in written}) < len(written):
        raise InputError(field="lines", problem="somebody is on it twice")
    others: dict[PersonId, list[Worked]] = {}
    for one in elsewhere:
        others.setdefault(one.person, []).append(one)
    found = []
    for n, draft in enumerate(written, start=1):
        own = others.get(draft.person, [])
        _check_line(n, draft, sheet, own, histories.get(draft.person), rules)
        credited = rules.credited_minutes(draft.minutes, draft.basis)
        found.append(
            SheetLine(
                sheet=sheet.id,
                n=n,
                person=draft.person,
                raw_minutes=draft.minutes,
                credited_minutes=credited,
                basis=draft.basis,
            )
        )
    return tuple(found)


def _check_line(
    n: int,
    draft: Draft,
    sheet: Sheet,
    own: list[Worked],
    history: History | None,
    rules: Rules,
) -> None:
    if checked_whole(draft.minutes, field="minutes", where=f"line {n}: ") < 0:
        raise InputError(field="minutes", problem=f"line {n}: {draft.minutes} is below 0")

    def refused(rule: str, limit: int, because: str | None = None) -> LineRefused:
        return LineRefused(
            line=n,
            person=draft.person,
            minutes=draft.minutes,
            rule=rule,
            limit_minutes=limit,
            because=because or f"{Hours(minutes=limit)}",
        )

    if history is None or not earns(history, sheet):
        raise refused("standing", 0, standing(history, sheet))
    session = rules.session_minutes if sheet.length_minutes is None else sheet.length_minutes
    if sheet.until is None and draft.minutes > session:
        raise refused("session", session)
    if met := [other.sheet.paper for other in own if _overlap(sheet, other.sheet)]:
        raise refused("overlap", 0, f"with sheet {met[0]}")
    same_day = sum(o.raw_minutes for o in own if o.sheet.worked_on == sheet.worked_on)
    if same_day + draft.minutes > rules.daily_minutes * sheet.days:
        raise refused("daily", rules.daily_minutes * sheet.days)
    weeks = -(-sheet.days // WEEK_DAYS)
    monday, sunday = week_of(sheet.worked_on)
    in_week = sum(o.raw_minutes for o in own if monday <= o.sheet.worked_on <= sunday)
    if in_week + draft.minutes > rules.weekly_minutes * weeks:
        raise refused("weekly", rules.weekly_minutes * weeks)


def standing(history: History | None, sheet: Sheet) -> str:
    """How the person stood on the day worked, and from which day on they took part."""
    state = None if history is None else history.state_on(sheet.worked_on)
    said = f"{'not in the scheme' if state is None else state.value} on {sheet.worked_on}"
    first = [c.effective_on for c in (history.changes if history else ()) if c.becomes in EARNING]
    return f"{said}, takes part from {min(first)}" if first else f"{said}, never admitted"


def earns(history: History, sheet: Sheet) -> bool:
    """Whether the person could earn on the day worked; of a period, on its first or last day."""
    return bool({history.state_on(sheet.worked_on), history.state_on(sheet.last_day)} & EARNING)


def _overlap(one: Sheet, other: Sheet) -> bool:
    """Two sessions of one day whose times are known and meet; totals of periods have none."""
    if one.worked_on != other.worked_on or one.starts_minute is None:
        return False
    if other.starts_minute is None:
        return False
    starts, ends = one.starts_minute, one.starts_minute + (one.length_minutes or 0)
    return starts < other.starts_minute + (other.length_minutes or 0) and other.starts_minute < ends
