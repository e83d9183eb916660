"""``timebank log``: who did what that needed answering for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer

import timebank
from timebank.cli import names, options, words
from timebank.cli.command import reading
from timebank.cli.documents import plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.domain.hours import Hours
from timebank.domain.logged import LogEntry, LogKind
from timebank.ports import ReadingUnit


def register(app: typer.Typer) -> None:
    """Add ``log``."""
    reading(app, "log", example="timebank log --month 2026-10 --kind override")(log)


def log(
    uow: ReadingUnit,
    from_: options.FromDay = None,
    to: options.ToDay = None,
    month: options.Month = None,
    year: options.Year = None,
    staff: Annotated[
        str | None,
        typer.Option("--staff", metavar="REF", help="Only what this one did or approved."),
    ] = None,
    kind: Annotated[LogKind | None, typer.Option("--kind", help="Only these.")] = None,
) -> Answer:
    """List who did what that needed answering for, in order of time.

    override: overrides and other changes of an account. reversal: hours moved back or adjusted.
    approval: what took a second person. policy: house rules, closed days, stated days. erasure:
    a member forgotten. Hours are what a transaction brought to accounts that have more by it: what
    went on from there in the same transaction counts once. A wing adds what two people did in it.

    Both days are included, in the bank's zone.
    """
    first, last = options.day_range(from_, to, month, year)
    found = list(
        timebank.log.entries(
            uow,
            start=first,
            end=last + timedelta(days=1),
            staff=None if staff is None else names.person(uow, staff, field="staff"),
            kind=kind,
        )
    )
    document = {
        "schema": "timebank.log/1",
        "bank": uow.slug,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "entries": [plain(entry) for entry in found],
    }
    heading = f"Log of {uow.slug}, {first} to {last}, both included."
    return Answer(document=document, text=(heading, *_table(uow, found)))


def _table(uow: ReadingUnit, found: list[LogEntry]) -> Iterator[Any]:
    if not found:
        yield "Nothing needed answering for."
        return
    labels = Labels(uow).learn(
        accounts={account for entry in found for account in entry.accounts},
        people={entry.person for entry in found if entry.person is not None},
        actors=[actor for entry in found for actor in (entry.actor, entry.approver)],
    )
    rows = (
        (
            entry.recorded_at.isoformat(),
            entry.act,
            ", ".join(
                labels.short(one) for one in entry.accounts or (entry.person or entry.about,)
            ),
            _what(entry),
            labels.actor(entry.actor),
            labels.actor(entry.approver),
            entry.reason,
            entry.review_on,
        )
        for entry in found
    )
    columns = ("When", "What", "About", "Change", "By", "Approved by", "Reason", "Review by")
    yield grid(columns, rows)


def _what(entry: LogEntry) -> str:
    if entry.minutes is not None:
        return f"{Hours(minutes=entry.minutes)} {entry.becomes or ''}".rstrip()
    if entry.was is None:
        return entry.becomes or ""
    shown = words.limit if entry.act in words.LIMITS else str
    return f"{shown(entry.was)} → {shown(entry.becomes or '')}"
