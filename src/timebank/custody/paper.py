"""Pages to be printed: for those who have no screen, and for those who must not be outed.

The words stand in ``templates``: plain ones, and easily put into another language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from timebank.custody.domain.audit import INSIDE_KINDS
from timebank.custody.domain.query import slip_number
from timebank.domain.account import AccountKind
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.statement import Statement, StatementEntry, StatementLine
from timebank.domain.transaction import TransactionKind
from timebank.formats import statement_page

LINES: Final = 10
"""So many lines fit on one page in large type; earlier ones are summed in the first."""
ROWS: Final = 12
"""So many people fit on one sheet."""
NEUTRAL: Final = "The community time bank"
"""What a family's page calls the bank: never the site."""

_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_OUT: Final[Mapping[AccountKind, str]] = {
    AccountKind.POT: "To the community pot",
    AccountKind.HELD: "Held until release",
    AccountKind.MEMBER: "To somebody on your list",
    AccountKind.ACTIVITY: "Spent",
    AccountKind.CLEARING: "Gone ahead to the other site",
}
_IN: Final[Mapping[AccountKind, str]] = {AccountKind.CLEARING: "Come from the other site"}
"""What a line says of the other side: a role, and never a name."""


def prisoner(
    statement: Statement, *, person: PersonId, ref: str, held_minutes: int, made_on: date
) -> str:
    """One page in large type, folded so that only a number and a day show, with a slip to tear off.

    ``statement`` is that of the account in custody; what does not fit is summed up. The slip has a
    number of its own, by which staff enter it.
    """
    kept = statement.lines[-LINES:]
    earlier = statement.lines[: -len(kept)] if kept else ()
    opening = earlier[-1].balance_minutes if earlier else statement.opening_minutes
    last = statement_page.last_day(statement)
    texts = {
        "ref": ref,
        "slip": slip_number(person, made_on),
        "made_on": _day(made_on),
        "first_day": _day(statement.start),
        "last_day": _day(last),
        "own": str(Hours(minutes=statement.closing_minutes)),
        "held": str(Hours(minutes=held_minutes)),
    }
    return _filled("statement", texts, "\n".join(_lines(statement, opening, kept)))


def blank_sheet(*, paper: str, activity: str = "", day: date | None = None) -> str:
    """An empty attendance sheet with its number: one page, people by number alone."""
    texts = {"paper": paper, "activity": activity, "day": "" if day is None else _day(day)}
    row = '<tr><td class="n">{}</td><td></td><td></td><td></td><td></td><td></td></tr>'
    return _filled("sheet", texts, "\n".join(row.format(n) for n in range(1, ROWS + 1)))


def family(statement: Statement, heading: statement_page.Heading) -> str:
    """A statement for somebody outside: no site, no donor, no word of where hours come from.

    Not even what was done for them: few places have an activity of that name.
    """
    lines = tuple(replace(line, entry=_unsaid(line.entry)) for line in statement.lines)
    neutral = replace(heading, bank=NEUTRAL, bank_name=NEUTRAL)
    return statement_page.as_html(replace(statement, lines=lines), neutral)


def _unsaid(entry: StatementEntry) -> StatementEntry:
    told = entry.category if entry.counterparty_kind not in INSIDE_KINDS else None
    return replace(entry, reason=None, counterparty_label=None, category=told)


def _lines(statement: Statement, opening: int, kept: tuple[StatementLine, ...]) -> Iterator[str]:
    yield _row(_day(statement.start), "You had", "", Hours(minutes=opening))
    for line in kept:
        change = line.entry.change_minutes
        sign = "+" if change > 0 else "−"
        hours = f"{sign}{Hours(minutes=abs(change))}"
        yield _row(
            _day(line.entry.happened_on), _words(line), hours, Hours(minutes=line.balance_minutes)
        )


def _words(line: StatementLine) -> str:
    entry = line.entry
    if entry.kind is TransactionKind.REVERSAL:
        return "Put right"
    known = _IN if entry.change_minutes > 0 else _OUT
    if entry.counterparty_kind in known:
        return known[entry.counterparty_kind]
    return f"Work: {entry.category}" if entry.category else "Put right"


def _row(day: str, what: str, hours: str, balance: Hours) -> str:
    cells = (("day", day), ("what", what), ("hours", hours), ("hours", str(balance)))
    return "<tr>{}</tr>".format(
        "".join(f'<td class="{name}">{escape(text)}</td>' for name, text in cells)
    )


def _filled(name: str, texts: Mapping[str, str], rows: str) -> str:
    safe = {key: escape(text) for key, text in texts.items()}
    return _template(name).substitute(safe, rows=rows)


@cache
def _template(name: str) -> Template:
    page = files("timebank.custody") / "templates" / f"{name}.html"
    return Template(page.read_text(encoding="utf-8"))


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
