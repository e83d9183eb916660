"""Papers keyed into a CSV file: read with every fault named, and compared with a second keying.

Columns ``paper, activity, worked_on, person, minutes`` are required; ``basis, until, starts,
length, supervisor, drafted_by`` optional. One row is one person's line; rows of one paper stand
together in what they say of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from timebank.custody.actions.sheets import Line
from timebank.custody.domain.rules import Basis
from timebank.domain.hours import Hours
from timebank.errors import Fault, FileFaults

T = TypeVar("T")

REQUIRED: Final = ("paper", "activity", "worked_on", "person", "minutes")
OPTIONAL: Final = ("basis", "until", "starts", "length", "supervisor", "drafted_by")
_OF_PAPER: Final = (
    "activity",
    "worked_on",
    "until",
    "starts",
    "length",
    "supervisor",
    "drafted_by",
)

_SAID: Final = {
    "category": "activity",
    "worked_on": "worked_on",
    "until": "until",
    "starts_minute": "starts",
    "length_minutes": "length",
    "supervisor": "supervisor",
    "drafted_by": "drafted_by",
}
"""What a paper says of itself, and in which column."""
_WRITE: Final = {
    **dict.fromkeys(("worked_on", "until"), "a day as 2026-12-07"),
    **dict.fromkeys(("minutes", "length"), "whole minutes, as 90"),
    "starts": "a time of day as 09:30",
    "basis": f"one of {', '.join(basis.value for basis in Basis)}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDraft:
    """A paper as it was keyed: what it says of itself, and its lines.

    It begins at ``line`` of the file; its lines stand ``at`` these.
    """

    line: int
    paper: str
    category: str
    worked_on: date
    until: date | None
    starts_minute: int | None
    length_minutes: int | None
    supervisor: str | None
    drafted_by: str | None
    lines: tuple[Line, ...]
    at: tuple[int, ...]

    def without(self, n: int) -> SheetDraft:
        """The same paper without its line in this place, from 0 on."""
        lines, at = ((*part[:n], *part[n + 1 :]) for part in (self.lines, self.at))
        return replace(self, lines=lines, at=at)

    def asked(self) -> dict[str, Any]:
        """The arguments of ``sheets.new``."""
        return {name: getattr(self, name) for name in ("paper", *_SAID, "lines")}


def read(text: str, *, total: Hours) -> tuple[SheetDraft, ...]:
    """The papers in order of their first row.

    *Refuses*, all at once (``FileFaults``): columns missing or unknown, cells that cannot be read,
    rows of one paper that contradict each other, and a sum that is not the announced total.
    """
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    names = [name.strip() for name in rows.fieldnames or ()]
    faults = [*_header_faults(names)]
    if faults:
        raise FileFaults(faults=tuple(faults))
    rows.fieldnames = names
    papers: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for number, row in enumerate(_readable(rows), start=2):
        cells = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
        papers.setdefault(cells["paper"], []).append((number, cells))
    drafts = [_draft(lines, faults) for lines in papers.values()]
    keyed = sum(line.minutes for draft in drafts for line in draft.lines)
    if not faults and keyed != total.minutes:
        problem = f"the rows sum to {Hours(minutes=keyed)}, {total} were announced"
        faults.append(Fault(line=1, column="minutes", problem=problem))
    if faults:
        raise FileFaults(faults=tuple(sorted(faults, key=lambda fault: fault.line)))
    return tuple(drafts)


def _readable(rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    try:
        yield from rows
    except csv.Error:
        fault = Fault(line=rows.line_num, column="paper", problem="is no row: is a quote missing?")
        raise FileFaults(faults=(fault,)) from None


def compare(first: Iterable[SheetDraft], second: Iterable[SheetDraft]) -> None:
    """*Refuses* two keyings of the same papers that differ, place by place, with ``FileFaults``."""
    one, other = ({d.paper: d for d in drafts} for drafts in (first, second))
    faults = [
        Fault(line=one[paper].line, column="paper", problem=f"{paper} was keyed once only")
        for paper in one
        if paper not in other
    ]
    faults += [
        Fault(
            line=1,
            column="paper",
            problem=f"{paper} is in the second keying only, in its line {other[paper].line}",
        )
        for paper in other
        if paper not in one
    ]
    for paper in one:
        if paper in other:
            faults += _differences(one[paper], other[paper])
    if faults:
        raise FileFaults(faults=tuple(sorted(faults, key=lambda fault: fault.line)))


def _differences(one: SheetDraft, other: SheetDraft) -> Iterator[Fault]:
    def unlike(line: int, column: str, what: str, first: str, second: str) -> Fault:
        said = f"{what}: {first} in the first keying, {second} in the second"
        return Fault(line=line, column=column, problem=said)

    for name, column in _SAID.items():
        first, second = (_shown(name, getattr(draft, name)) for draft in (one, other))
        if first != second:
            yield unlike(one.line, column, f"paper {one.paper}", first, second)
    here, there = ({line.person: line for line in draft.lines} for draft in (one, other))
    at = dict(zip(here, one.at, strict=False))
    for person in {**here, **there}:
        first, second = (_shown("line", lines.get(person)) for lines in (here, there))
        if first != second:
            what = f"paper {one.paper}, {person}"
            yield unlike(at.get(person, one.line), "minutes", what, first, second)


def _shown(name: str, value: Any) -> str:
    """What was keyed, as words."""
    if value is None:
        return "nothing"
    if isinstance(value, Line):
        return f"{value.minutes} minutes, {value.basis}"
    if name == "starts_minute":
        return f"{value // 60:02d}:{value % 60:02d}"
    return str(value)


def _header_faults(names: list[str]) -> Iterator[Fault]:
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in name for name in names):
            problem = f"the columns are parted by {called}; save the file with commas"
            yield Fault(line=1, column="paper", problem=problem)
            return
    for name in REQUIRED:
        if name not in names:
            yield Fault(line=1, column=name, problem="the column is missing")
    for name in names:
        if name not in (*REQUIRED, *OPTIONAL):
            yield Fault(line=1, column=name, problem="is none of this file's columns")


def _draft(rows: list[tuple[int, dict[str, str]]], faults: list[Fault]) -> SheetDraft:
    first, head = rows[0]

    def cell(number: int, name: str, text: str, read_: Callable[[str], T], otherwise: T) -> T:
        try:
            return read_(text) if text else otherwise
        except ValueError:
            problem = f"paper {head['paper']}: {text!r} cannot be read; write {_WRITE[name]}"
            faults.append(Fault(line=number, column=name, problem=problem))
            return otherwise

    for number, cells in rows:
        faults += [
            Fault(line=number, column=name, problem=f"paper {head['paper']}: is empty")
            for name in REQUIRED
            if not cells[name]
        ]
        faults += [
            Fault(
                line=number,
                column=name,
                problem=f"paper {head['paper']}: {cells[name]!r} is not that of line {first}",
            )
            for name in _OF_PAPER
            if cells[name] != head[name]
        ]
    return SheetDraft(
        line=first,
        paper=head["paper"],
        category=head["activity"],
        worked_on=cell(first, "worked_on", head["worked_on"], date.fromisoformat, date.min),
        until=cell(first, "until", head["until"], date.fromisoformat, None),
        starts_minute=cell(first, "starts", head["starts"], _minute_of_day, None),
        length_minutes=cell(first, "length", head["length"], _whole, None),
        supervisor=head["supervisor"] or None,
        drafted_by=head["drafted_by"] or None,
        lines=tuple(
            Line(
                person=cells["person"],
                minutes=cell(number, "minutes", cells["minutes"], _whole, 0),
                basis=cell(number, "basis", cells["basis"], _basis, Basis.VOLUNTARY.value),
            )
            for number, cells in rows
        ),
        at=tuple(number for number, _ in rows),
    )


def _basis(text: str) -> str:
    return Basis(text).value


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError(text)
    return int(text)


def _minute_of_day(text: str) -> int:
    hours, _, minutes = text.partition(":")
    found = 60 * _whole(hours) + _whole(minutes)
    if int(minutes) > 59 or found >= 24 * 60:
        raise ValueError(text)
    return found
