"""A statement as text, CSV, a JSON document, or a page to be printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

from timebank.domain.account import PERSONAL, UNIT, AccountKind
from timebank.domain.hours import Hours
from timebank.domain.statement import Statement, StatementEntry, StatementLine
from timebank.domain.transaction import Activity, TransactionKind
from timebank.formats.csv_cells import to_csv

SCHEMA: Final = "timebank.statement/1"
CSV_COLUMNS: Final = (
    "number",
    "happened_on",
    "counts_on",
    "recorded_at",
    "kind",
    "activity",
    "counterparty",
    "category",
    "reason",
    "change_minutes",
    "balance_minutes",
    "transaction",
    "reverses",
)

_KINDS: Final[Mapping[TransactionKind, tuple[str, str]]] = {
    TransactionKind.EXCHANGE: ("Help given to", "Help received from"),
    TransactionKind.GROUP: ("Group help with", "Group help from"),
    TransactionKind.POSTING: ("Entry from", "Entry to"),
    TransactionKind.DONATION: ("Gift from", "Gift to"),
    TransactionKind.GRANT: ("Hours granted by", "Hours granted to"),
    TransactionKind.ADJUSTMENT: ("Correction from", "Correction to"),
    TransactionKind.REVERSAL: ("Given back by", "Given back to"),
    TransactionKind.CARRY_OVER: ("Brought over from", "Brought over to"),
    TransactionKind.LEAVING: ("On leaving, from", "On leaving, to"),
}
"""What a line says of hours that came in, and of hours that went out."""
_LEVY: Final = ("Levy from", "Levy to")

_OWN: Final[Mapping[AccountKind, str]] = {
    AccountKind.POT: "the community pot",
    AccountKind.ISSUANCE: "the time bank",
    AccountKind.RESERVE: "earlier records",
    AccountKind.CLOSURE: "the closing account",
    AccountKind.ORGANISATION: "an organisation",
}

_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
"""Not ``strftime``: the same page whatever the locale."""

NameOf = Callable[[StatementEntry], str]
"""What a reader calls the other side of an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Whose statement it is, of which bank, and the day on which it was made."""

    bank: str
    bank_name: str
    zone: str
    holder: str
    kind: AccountKind
    ref: str | None
    made_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What came in and went out on the days of the statement."""

    in_minutes: int
    out_minutes: int


def role_of(entry: StatementEntry) -> str:
    """The other side by its role alone: a page that may be left lying about names nobody."""
    return _OWN.get(entry.counterparty_kind) or entry.counterparty_label or "another member"


def totals(statement: Statement) -> Totals:
    """Sums of the lines, hours in and hours out apart."""
    changes = [line.entry.change_minutes for line in statement.lines]
    return Totals(
        in_minutes=sum(c for c in changes if c > 0), out_minutes=-sum(c for c in changes if c < 0)
    )


def last_day(statement: Statement) -> date:
    """The last day that counts: a statement's ``end`` is the day after."""
    return statement.end - timedelta(days=1)


def words_for(entry: StatementEntry, name_of: NameOf) -> str:
    """The entry in plain words, as in ``Help given to Ben Okafor``."""
    came_in, went_out = _LEVY if entry.activity is Activity.LEVY else _KINDS[entry.kind]
    return f"{came_in if entry.change_minutes > 0 else went_out} {name_of(entry)}"


def as_document(statement: Statement, heading: Heading, name_of: NameOf) -> dict[str, Any]:
    """``timebank.statement/1``: keys in fixed order, minutes as integers, days included."""
    sums = totals(statement)
    return {
        "schema": SCHEMA,
        "bank": heading.bank,
        "zone": heading.zone,
        "account": statement.account,
        "kind": heading.kind.value,
        "ref": heading.ref,
        "from": statement.start.isoformat(),
        "to": last_day(statement).isoformat(),
        "unit": UNIT,
        "opening_minutes": statement.opening_minutes,
        "in_minutes": sums.in_minutes,
        "out_minutes": sums.out_minutes,
        "closing_minutes": statement.closing_minutes,
        "lines": [_document_line(line, name_of) for line in statement.lines],
    }


def _document_line(line: StatementLine, name_of: NameOf) -> dict[str, Any]:
    entry = line.entry
    return {
        "number": entry.number,
        "happened_on": entry.happened_on.isoformat(),
        "counts_on": entry.counts_on.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "kind": entry.kind.value,
        "activity": entry.activity.value,
        "category": entry.category,
        "reason": entry.reason,
        "counterparty": entry.counterparty,
        "counterparty_kind": entry.counterparty_kind.value,
        "counterparty_name": name_of(entry),
        "change_minutes": entry.change_minutes,
        "balance_minutes": line.balance_minutes,
        "transaction": entry.transaction,
        "reverses": entry.reverses,
        "overrides": entry.overrides,
        "imported": entry.imported,
    }


def as_csv(statement: Statement, name_of: NameOf) -> str:
    """The lines as CSV; between them stand an opening and a closing row, so that it adds up."""
    blank: dict[str, object] = dict.fromkeys(CSV_COLUMNS)
    opening = blank | {
        "counts_on": statement.start,
        "kind": "opening",
        "balance_minutes": statement.opening_minutes,
    }
    closing = blank | {
        "counts_on": last_day(statement),
        "kind": "closing",
        "balance_minutes": statement.closing_minutes,
    }
    lines = (
        _document_line(line, name_of) | {"counterparty": name_of(line.entry)}
        for line in statement.lines
    )
    rows = (opening, *lines, closing)
    return to_csv(CSV_COLUMNS, ([row[column] for column in CSV_COLUMNS] for row in rows))


def as_text(statement: Statement, heading: Heading, name_of: NameOf) -> str:
    """For a terminal or a letter: a column for hours in, out, and the balance."""
    rows = [("Day", "", "In", "Out", "Balance")]
    rows.append(
        (f"{statement.start}", "Opening balance", "", "", _hours(statement.opening_minutes))
    )
    rows += [_text_row(line, name_of) for line in statement.lines]
    sums = totals(statement)
    closing = (_hours(sums.in_minutes), _hours(sums.out_minutes))
    rows.append(
        (
            f"{last_day(statement)}",
            "Closing balance",
            *closing,
            _hours(statement.closing_minutes),
        )
    )
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [_aligned(row, widths) for row in rows]
    rule = "-" * max(len(line) for line in lines)
    title = f"{heading.bank_name}: statement of {heading.holder}, {_days(statement)}"
    return "\n".join([title, "", lines[0], rule, *lines[1:-1], rule, lines[-1], ""])


def _text_row(line: StatementLine, name_of: NameOf) -> tuple[str, str, str, str, str]:
    change = line.entry.change_minutes
    return (
        f"{line.entry.happened_on}",
        words_for(line.entry, name_of),
        _hours(change) if change > 0 else "",
        _hours(-change) if change < 0 else "",
        _hours(line.balance_minutes),
    )


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    texts = (cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True))
    numbers = (cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True))
    return "  ".join((*texts, *numbers)).rstrip()


def as_html(statement: Statement, heading: Heading, name_of: NameOf = role_of) -> str:
    """One page that prints well on A4 in black and white: no script, nothing fetched."""
    sums = totals(statement)
    ref = "" if heading.ref in (None, heading.holder) else f" ({heading.ref})"
    texts = {
        "bank": heading.bank_name,
        "holder": f"{heading.holder}{ref}",
        "account": statement.account,
        "zone": heading.zone,
        "first_day": _day(statement.start),
        "last_day": _day(last_day(statement)),
        "made_on": _day(heading.made_on),
        "opening": _shown(statement.opening_minutes),
        "total_in": _shown(sums.in_minutes),
        "total_out": _shown(sums.out_minutes),
        "closing": _shown(statement.closing_minutes),
        "sentence": _sentence(statement.closing_minutes) if heading.kind in PERSONAL else "",
    }
    safe = {name: escape(text) for name, text in texts.items()}
    return _template().substitute(safe, rows="\n".join(_html_rows(statement, name_of)))


@cache
def _template() -> Template:
    page = files("timebank.formats") / "templates" / "statement.html"
    return Template(page.read_text(encoding="utf-8"))


def _html_rows(statement: Statement, name_of: NameOf) -> Iterator[str]:
    if not statement.lines:
        yield '<tr><td colspan="5" class="none">No hours moved on these days.</td></tr>'
    for line in statement.lines:
        entry, change = line.entry, line.entry.change_minutes
        cells = (
            ("day", _day(entry.happened_on)),
            ("what", words_for(entry, name_of)),
            ("hours", _shown(change) if change > 0 else ""),
            ("hours", _shown(-change) if change < 0 else ""),
            ("hours", _shown(line.balance_minutes)),
        )
        remarks = "; ".join(_remarks(entry))
        small = f"<small>{escape(remarks)}</small>" if remarks else ""
        yield "<tr>{}</tr>".format(
            "".join(
                f'<td class="{name}">{escape(text)}{small if name == "what" else ""}</td>'
                for name, text in cells
            )
        )


def _remarks(entry: StatementEntry) -> Iterator[str]:
    """What else a reader wants to know of a line."""
    if entry.category or entry.reason:
        yield ", ".join(text for text in (entry.category, entry.reason) if text)
    if entry.counts_on != entry.happened_on:
        yield f"counts on {_day(entry.counts_on)}: the earlier days were closed"
    if entry.imported:
        yield "from earlier records"


def _sentence(minutes: int) -> str:
    """What the closing balance means, in words."""
    if minutes > 0:
        return f"You can ask for {_shown(minutes)} hours of help for what you have given."
    if minutes < 0:
        return f"You have received {_shown(-minutes)} hours more than you have given so far."
    return "You have given as many hours as you have received."


def _hours(minutes: int) -> str:
    return str(Hours(minutes=minutes))


def _shown(minutes: int) -> str:
    """Hours for print, with the true minus sign: a hyphen is easily overlooked on paper."""
    return _hours(minutes).replace("-", "−")


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _days(statement: Statement) -> str:
    return f"{statement.start} to {last_day(statement)}"
