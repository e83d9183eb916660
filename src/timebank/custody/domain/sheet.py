"""Attendance sheets: from draft to posted, by two people, neither of whom is in custody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from timebank.custody.domain.membership import require_outside
from timebank.custody.domain.office import checked_seat, require_role
from timebank.custody.domain.rules import PERIOD_DAYS, Basis, Rules
from timebank.domain.actor import APPROVERS, STAFF_ROLES, Actor, Role
from timebank.domain.bank import checked_day
from timebank.domain.changes import WingValue
from timebank.domain.conditions import Conditions
from timebank.domain.ids import FactId, PersonId, TransactionId
from timebank.errors import InputError, SecondPersonNeeded, WrongState

DAY_MINUTES: Final = 24 * 60
MAX_PAPER: Final = 40


_PAPER: Final = re.compile(r"[A-Za-z]{0,3}[-/.]?[0-9]{1,8}(?:[-/.][0-9]{1,8})*")


def checked_paper(number: str, *, field: str = "paper") -> str:
    """The number of a paper, such as ``S-17`` or ``2026/4``: no room for anybody's name.

    *Refuses* other text, with ``InputError``.
    """
    plain = number.strip() if isinstance(number, str) else ""
    if len(plain) > MAX_PAPER or not _PAPER.fullmatch(plain):
        raise InputError(
            field=field,
            problem=f"{number!r} is no paper number: at most three letters, then numbers, as S-17",
        )
    return plain


class SheetState(Enum):
    """Where a sheet stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    APPROVED = "approved"
    POSTED = "posted"
    RETURNED = "returned"
    REVERSED = "reversed"


STEPS: Final[Mapping[str, tuple[frozenset[SheetState], SheetState]]] = {
    "submit": (frozenset({SheetState.DRAFT}), SheetState.SUBMITTED),
    "verify": (frozenset({SheetState.SUBMITTED}), SheetState.VERIFIED),
    "approve": (frozenset({SheetState.VERIFIED}), SheetState.APPROVED),
    "post": (frozenset({SheetState.APPROVED}), SheetState.POSTED),
    "return": (
        frozenset(
            {SheetState.DRAFT, SheetState.SUBMITTED, SheetState.VERIFIED, SheetState.APPROVED}
        ),
        SheetState.RETURNED,
    ),
    "reverse": (frozenset({SheetState.POSTED}), SheetState.REVERSED),
}
"""Act → the states it may start from, and the state it leads to."""

LIVE: Final = frozenset(SheetState) - {SheetState.RETURNED, SheetState.REVERSED}
"""States in which the lines of a sheet count against caps, and its paper number is taken."""

STEP_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    "new": STAFF_ROLES,
    "submit": STAFF_ROLES,
    "verify": STAFF_ROLES,
    "approve": APPROVERS,
    "post": frozenset({Role.COORDINATOR}),
    "return": STAFF_ROLES,
    "reverse": frozenset({Role.COORDINATOR}),
}
"""Act → the roles that may do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(WingValue):
    """An attendance sheet: what was done, when, by whom it was written, and where it stands.

    A session has one day and, where known, the minute of the day it starts and its length; a
    confidential total has a first day and a last one (``until``) and neither. ``paper`` is the
    number on the paper; ``entry`` counts how often that paper was entered.
    """

    id: FactId
    paper: str
    entry: int
    category: str
    worked_on: date
    until: date | None
    starts_minute: int | None
    length_minutes: int | None
    supervisor: PersonId | None
    drafted_by: PersonId | None
    entered_by: Actor
    recorded_at: datetime
    state: SheetState
    transaction: TransactionId | None

    @property
    def last_day(self) -> date:
        """The day of the session, or the last of the period."""
        return self.until or self.worked_on

    @property
    def days(self) -> int:
        """How many days it speaks of."""
        return (self.last_day - self.worked_on).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine(WingValue):
    """One person's minutes on a sheet, raw and credited side by side."""

    sheet: FactId
    n: int
    person: PersonId
    raw_minutes: int
    credited_minutes: int
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAct(WingValue):
    """A step of a sheet: who, in which role, when, why, the number of the signed paper, and the
    seat: the scheme's short name for the computer it was done at.
    """

    id: FactId
    sheet: FactId
    n: int
    act: str
    becomes: SheetState
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str | None
    paper: str | None
    seat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFile:
    """A sheet with its lines and all that was done to it."""

    sheet: Sheet
    lines: tuple[SheetLine, ...]
    acts: tuple[SheetAct, ...]

    def until(self, moment: datetime) -> SheetFile:
        """The file with what had been done to the sheet by then."""
        return replace(self, acts=tuple(a for a in self.acts if a.recorded_at <= moment))

    def did(self, act: str) -> Actor | None:
        """Who did this last, if anybody."""
        found = self.last(act)
        return None if found is None else found.actor

    def last(self, act: str) -> SheetAct | None:
        """The last step of this name, if any."""
        return next((a for a in reversed(self.acts) if a.act == act), None)


def new_sheet(
    *,
    paper: str,
    entry: int,
    category: str,
    worked_on: date,
    until: date | None,
    starts_minute: int | None,
    length_minutes: int | None,
    supervisor: PersonId | None,
    drafted_by: PersonId | None,
    rules: Rules,
    conditions: Conditions,
) -> Sheet:
    """A draft as it was written on paper.

    *Refuses*, in this order: an unfit paper number, days that are none and minutes that are not
    whole, a day in the future, a confidential activity
    with a time, a length or less than a week, an ordinary one with more than its day, a start
    outside of the day, a length of nothing or beyond the rules, a session that has not ended yet.
    """
    number = checked_paper(paper)
    checked_day(worked_on, field="worked_on")
    if until is not None:
        checked_day(until, field="until")
    for field, minutes in (("starts", starts_minute), ("length", length_minutes)):
        if minutes is not None:
            checked_whole(minutes, field=field)
    if (until or worked_on) > conditions.today:
        raise InputError(field="worked_on", problem="it has not come yet")
    sheet = Sheet(
        id=FactId(conditions.fresh.id()),
        paper=number,
        entry=entry,
        category=category,
        worked_on=worked_on,
        until=until,
        starts_minute=starts_minute,
        length_minutes=length_minutes,
        supervisor=supervisor,
        drafted_by=drafted_by,
        entered_by=conditions.by,
        recorded_at=conditions.now,
        state=SheetState.DRAFT,
        transaction=None,
    )
    if category in rules.confidential:
        _check_period(sheet)
    else:
        _check_session(sheet, rules)
        _check_ended(sheet, conditions)
    return sheet


def checked_whole(number: object, *, field: str, where: str = "") -> int:
    """The number. *Refuses* anything but an ``int`` with ``InputError``; a bool is none."""
    if type(number) is not int:
        raise InputError(field=field, problem=f"{where}{number!r} is not a whole number")
    return number


def _check_period(sheet: Sheet) -> None:
    if sheet.starts_minute is not None or sheet.length_minutes is not None:
        raise InputError(field="starts", problem="this activity is entered without a time of day")
    if sheet.supervisor is not None:
        raise InputError(field="supervisor", problem="this activity is entered without names")
    if sheet.until is None or sheet.days < PERIOD_DAYS:
        last = sheet.worked_on + timedelta(days=PERIOD_DAYS - 1)
        raise InputError(
            field="until", problem=f"this activity is a total of a week or more: {last} or later"
        )


def _check_session(sheet: Sheet, rules: Rules) -> None:
    if sheet.until is not None:
        raise InputError(field="until", problem="only confidential activities are totals")
    if sheet.starts_minute is not None and not 0 <= sheet.starts_minute < DAY_MINUTES:
        raise InputError(field="starts", problem="is no time of day")
    length = sheet.length_minutes
    if length is not None and not 0 < length <= rules.session_minutes:
        raise InputError(field="length", problem=f"lies outside of 1 to {rules.session_minutes}")
    if sheet.starts_minute is not None and length is None:
        raise InputError(field="length", problem="a session with a start has a length")


def _check_ended(sheet: Sheet, conditions: Conditions) -> None:
    """By the clock on the wall of the bank's zone; a session without a start has only its day."""
    if sheet.starts_minute is None:
        return
    midnight = datetime.combine(sheet.worked_on, time.min, ZoneInfo(conditions.bank.zone))
    minutes = sheet.starts_minute + (sheet.length_minutes or 0)
    if midnight + timedelta(minutes=minutes) > conditions.now:
        raise InputError(field="starts", problem="the session has not ended yet")


def step(
    file: SheetFile,
    act: str,
    conditions: Conditions,
    *,
    inside: frozenset[PersonId],
    reason: str | None = None,
    paper: str | None = None,
    seat: str | None = None,
) -> tuple[Sheet, SheetAct]:
    """The sheet after a step, and the fact of it.

    *Refuses*, in this order: a person in custody (``InCustody``), a role that may not do it, a
    state that does not allow it, and for each step whoever was there before: who verifies did not
    write or enter it and is not on it, who approves did not verify it and is not on it, who posts
    did not approve it. A return needs a reason. Then the number of another paper, and an unfit
    seat.
    """
    action = f"custody.sheet_{act}"
    require_outside(action, conditions.by, inside)
    require_outside(action, conditions.approved_by, inside)
    require_step_role(act, conditions)
    allowed, becomes = STEPS[act]
    if file.sheet.state not in allowed:
        possible = tuple(a for a, (starts, _) in STEPS.items() if file.sheet.state in starts)
        raise WrongState(
            kind="sheet",
            id=file.sheet.id,
            state=file.sheet.state.value,
            act=act,
            possible=possible,
        )
    _require_somebody_else(file, act, conditions.by)
    if act == "return" and reason is None:
        raise InputError(field="reason", problem="this needs a reason")
    done = SheetAct(
        id=FactId(conditions.fresh.id()),
        sheet=file.sheet.id,
        n=len(file.acts) + 1,
        act=act,
        becomes=becomes,
        recorded_at=conditions.now,
        actor=conditions.by,
        approver=conditions.approved_by,
        reason=reason,
        paper=None if paper is None else _own_paper(file.sheet, paper),
        seat=None if seat is None else checked_seat(seat),
    )
    return replace(file.sheet, state=becomes), done


def _own_paper(sheet: Sheet, number: str) -> str:
    """The signed paper is the sheet's own, or a page of it that has the number and a slash."""
    plain = checked_paper(number)
    if plain != sheet.paper and not plain.startswith(f"{sheet.paper}/"):
        raise InputError(
            field="paper",
            problem=f"{plain!r} is another paper; this is {sheet.paper!r}, a page of it "
            f"{sheet.paper + '/2'!r}",
        )
    return plain


def require_step_role(act: str, conditions: Conditions) -> None:
    """*Refuses* a role that may not do this, or that is not held today, with ``NotPermitted``."""
    require_role(f"custody.sheet_{act}", conditions.by, STEP_ROLES[act], conditions)


def _require_somebody_else(file: SheetFile, act: str, by: Actor) -> None:
    """Two people answer for each line, and neither has a part in it."""
    sheet, attendees = file.sheet, {line.person for line in file.lines}
    before, part = {
        "verify": (
            {sheet.drafted_by, sheet.entered_by.person} | attendees,
            "did not write or enter this sheet and is not on it",
        ),
        "approve": (
            {_person(file.did("verify"))} | attendees,
            "did not verify this sheet and is not on it",
        ),
        "post": ({_person(file.did("approve"))}, "did not approve this sheet"),
    }.get(act, (set(), ""))
    if by.person in before:
        raise SecondPersonNeeded(action=f"custody.sheet_{act}", needed=f"somebody who {part}")


def _person(actor: Actor | None) -> PersonId | None:
    return None if actor is None else actor.person
