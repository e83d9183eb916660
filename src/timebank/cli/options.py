"""The options that several commands share, and how their words are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from timebank.domain.hours import Hours
from timebank.domain.ids import checked_slug
from timebank.errors import InputError

T = TypeVar("T")


def day(text: str) -> date:
    """A day in ISO form. *Refuses* other text with ``InputError``."""
    return _iso(date.fromisoformat, text, field="day", example="2026-10-31")


def time(text: str) -> datetime:
    """A time in ISO form with its offset. *Refuses* other text with ``InputError``."""
    example = "2026-10-31T18:00:00+00:00"
    found = _iso(datetime.fromisoformat, text, field="time", example=example)
    if found.tzinfo is None:
        raise InputError(field="time", problem=f"{text!r} has no offset; write {example}")
    return found


def _iso(parse: Callable[[str], T], text: str, *, field: str, example: str) -> T:
    try:
        return parse(text.strip())
    except ValueError:
        raise InputError(field=field, problem=f"{text!r} cannot be read; write {example}") from None


NO_LIMIT: Final = "none"


def limit(text: str) -> Hours | None:
    """A floor or ceiling: hours with a sign if need be, or ``none`` for no limit, on purpose."""
    plain = text.strip()
    if plain == NO_LIMIT:
        return None
    return -Hours.parse(plain[1:]) if plain.startswith("-") else Hours.parse(plain)


def day_range(
    from_: date | None, to: date | None, month: str | None, year: int | None
) -> tuple[date, date]:
    """The first and the last day that were asked for, both included.

    *Refuses* anything but one of: both days, a month, a year (``InputError``).
    """
    if month is not None and year is None and from_ is None and to is None:
        start = _iso(_first_of_month, month, field="month", example="2026-10")
        return start, (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if year is not None and month is None and from_ is None and to is None:
        start = day(f"{year:04d}-01-01")
        return start, start.replace(month=12, day=31)
    if from_ is None or to is None or month is not None or year is not None:
        raise InputError(field="days", problem="give --from and --to, or --month, or --year")
    if to < from_:
        raise InputError(field="to", problem=f"{to} lies before {from_}")
    return from_, to


def _first_of_month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


def _option(*names: str, help: str, metavar: str, parser: Any = None, envvar: Any = None) -> Any:
    """A typer option; ``Any`` because typer's own signature says no more."""
    return typer.Option(*names, help=help, metavar=metavar, parser=parser, envvar=envvar)


def _day_option(*names: str, help: str) -> Any:
    return _option(*names, help=help, metavar="DAY", parser=day)


Url = Annotated[
    str | None,
    _option("--url", help="Database, as an SQLAlchemy URL.", metavar="URL", envvar="TIMEBANK_URL"),
]
Schema = Annotated[
    str | None, _option("--schema", help="Schema, on PostgreSQL only.", metavar="NAME")
]
Bank = Annotated[
    str | None,
    _option(
        "--bank",
        help="Bank; may be left out where the database has just one.",
        metavar="SLUG",
        envvar="TIMEBANK_BANK",
        parser=checked_slug,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

_ACTOR = "Who acts: ref of a registered person."
By = Annotated[str | None, _option("--by", help=_ACTOR, metavar="REF", envvar="TIMEBANK_ACTOR")]
NamedBy = Annotated[
    str | None,
    _option("--by", help="Who acts: a ref, each time anew; never TIMEBANK_ACTOR.", metavar="REF"),
]
ByRole = Annotated[
    str | None,
    _option("--by-role", "--role", help="In which role, where several are held.", metavar="ROLE"),
]
ByRoleOnly = Annotated[
    str | None,
    _option("--by-role", help="In which role the actor acts.", metavar="ROLE"),
]
OnBehalfOf = Annotated[
    str | None, _option("--for", help="The member for whom staff act.", metavar="REF")
]
Key = Annotated[
    str | None,
    _option("--key", help="Repeating a request with its key does it once.", metavar="TEXT"),
]
ApprovedBy = Annotated[
    str | None, _option("--approved-by", help="The second person: a ref.", metavar="REF")
]
Reason = Annotated[
    str | None,
    _option("--reason", help="Why: a code of the policy, or free words.", metavar="TEXT"),
]
NeededReason = Annotated[
    str,
    _option("--reason", help="Why: a code of the policy, or free words.", metavar="TEXT"),
]
ReasonCode = Annotated[
    str,
    _option("--reason", help="Why: a code of the policy; no other words.", metavar="CODE"),
]
ReviewBy = Annotated[
    date | None, _day_option("--review-by", help="The day by which an override is looked at again.")
]
NeededHours = Annotated[
    Hours,
    _option("--hours", help="As 1:30, 1h30 or 90m.", metavar="HOURS", parser=Hours.parse),
]
SomeHours = Annotated[
    Hours | None,
    _option("--hours", help="As 1:30, 1h30 or 90m.", metavar="HOURS", parser=Hours.parse),
]
OnDay = Annotated[date | None, _day_option("--on", help="The day of the work, e.g. 2026-10-31.")]
UntilDay = Annotated[date | None, _day_option("--until", help="The last day.")]
FromDay = Annotated[date | None, _day_option("--from", help="First day, included.")]
ToDay = Annotated[date | None, _day_option("--to", help="Last day, included.")]
Month = Annotated[
    str | None, _option("--month", help="Short for a month's days.", metavar="YYYY-MM")
]
Year = Annotated[int | None, typer.Option("--year", help="Short for a year's days.")]
AtTime = Annotated[
    datetime | None,
    _option("--at", help="As recorded at this time, with offset.", metavar="TIME", parser=time),
]
AsOfDay = Annotated[
    date | None, _day_option("--on", help="Of all that counts up to the end of this day.")
]
Recompute = Annotated[
    bool, typer.Option("--recompute", help="Sum the transfers, ignoring running balances.")
]
Category = Annotated[
    str | None, _option("--category", help="One of the bank's categories.", metavar="NAME")
]
After = Annotated[
    str | None, _option("--after", help="Go on after the item with this id.", metavar="ID")
]
AcceptedFile = Annotated[
    Path | None,
    typer.Option("--accepted", metavar="FILE.toml", help="Findings somebody answers for."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")]
