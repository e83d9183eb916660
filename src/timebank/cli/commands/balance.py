"""``timebank balance`` and ``balances``: what stands where, now or then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import typer

import timebank
from timebank.actions.accounts import AccountView
from timebank.cli import names, options
from timebank.cli.command import reading
from timebank.cli.names import Labels
from timebank.cli.render import Answer, Grid, grid
from timebank.domain.account import UNIT, AccountKind
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.member import Person
from timebank.errors import InputError
from timebank.formats.csv_cells import to_csv
from timebank.ports import ReadingUnit

COLUMNS = ("account", "kind", "ref", "unit", "balance_minutes", "held_minutes")


def register(app: typer.Typer) -> None:
    """Add ``balance`` and ``balances``."""
    reading(app, "balance", example="timebank balance anna --on 2026-10-31")(balance)
    reading(app, "balances", example="timebank balances --names --csv > balances.csv")(balances)


def balance(
    uow: ReadingUnit,
    account: Annotated[
        str, typer.Argument(metavar="REF_OR_ACCOUNT", help="A member's ref, a label, or an id.")
    ],
    at: options.AtTime = None,
    on: options.AsOfDay = None,
    recompute: options.Recompute = False,
) -> Answer:
    """Print one balance: now, as recorded at a time, or of all that counts up to a day."""
    _check(at, on, recompute)
    view = timebank.accounts.get(uow, names.account(uow, account))
    found = timebank.accounts.balance(uow, view.id, at=at, on=on, recompute=recompute)
    past = at is not None or on is not None
    row = _row(view, found, _owners(uow, [view]), past=past)
    free = None if view.available is None else found - view.balance + view.available
    available = None if past or free is None else free.minutes
    document = {
        "schema": "timebank.balance/1",
        "bank": uow.slug,
        "at": _asked(at, on),
        "source": _source(recompute),
        **row,
        "available_minutes": available,
    }
    label = Labels(uow).learn(accounts=[view.id]).full(view.id)
    if past:
        return Answer(document=document, text=(f"{label}: {found} ({_asked(at, on)})",))
    left = "no floor" if free is None else f"{free} available"
    return Answer(document=document, text=(f"{label}: {found} ({view.held} held, {left})",))


def balances(
    uow: ReadingUnit,
    at: options.AtTime = None,
    on: options.AsOfDay = None,
    with_names: Annotated[bool, typer.Option("--names", help="With people's names.")] = False,
    recompute: options.Recompute = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> Answer:
    """Print the trial balance: every account; the sum is 0:00.

    held_minutes is what is on hold now; with --at or --on it is 0, for holds of the past are not
    part of the books.
    """
    _check(at, on, recompute)
    listed = timebank.accounts.list(uow)
    found = timebank.accounts.balances(uow, at=at, on=on, recompute=recompute)
    people, past = _owners(uow, listed), at is not None or on is not None
    views = sorted(listed, key=partial(_place, people))
    rows = [_row(v, found[v.id], people, past=past, with_name=with_names) for v in views]
    total = sum(hours.minutes for hours in found.values())
    document = {
        "schema": "timebank.balances/1",
        "bank": uow.slug,
        "at": _asked(at, on),
        "source": _source(recompute),
        "accounts": rows,
        "total_minutes": total,
    }
    notes = ("The sum is not 0:00. Find out why: timebank audit",) if total else ()
    if as_csv:
        columns = (*COLUMNS, "name") if with_names else COLUMNS
        text = to_csv(columns, ([row[column] for column in columns] for row in rows))
        return Answer(document=document, text=(text,), notes=notes)
    return Answer(document=document, text=(_table(views, rows, total),), notes=notes)


def _table(views: Iterable[AccountView], rows: list[dict[str, Any]], total: int) -> Grid:
    columns = ("Account", *(["Name"] if "name" in rows[0] else []), "Kind", ">Balance", ">Held")
    body = [
        (
            row["ref"] or view.label or view.id,
            *([row["name"]] if "name" in row else []),
            row["kind"],
            Hours(minutes=row["balance_minutes"]),
            Hours(minutes=row["held_minutes"]),
        )
        for row, view in zip(rows, views, strict=True)
    ]
    blank = [""] * (len(columns) - 4)
    return grid(columns, [*body, ("Total", *blank, "", Hours(minutes=total), "")])


def _check(at: datetime | None, on: date | None, recompute: bool) -> None:
    if recompute and (at is not None or on is not None):
        raise InputError(field="recompute", problem="sums what is there now; leave out --at, --on")


def _asked(at: datetime | None, on: date | None) -> str | None:
    moment = at or on
    return None if moment is None else moment.isoformat()


def _source(recompute: bool) -> str:
    return "recomputed" if recompute else "running"


def _owners(uow: ReadingUnit, views: Iterable[AccountView]) -> dict[PersonId, Person]:
    return uow.people.many({view.owner for view in views if view.owner is not None})


def _place(people: dict[PersonId, Person], view: AccountView) -> tuple[int, str, str]:
    """Where an account stands in the list: by kind, then by what it is called."""
    person = people.get(view.owner) if view.owner else None
    ref = person.ref if person else None
    return [*AccountKind].index(view.kind), ref or view.label or "", view.id


def _row(
    view: AccountView,
    balance: Hours,
    people: dict[PersonId, Person],
    *,
    past: bool,
    with_name: bool = False,
) -> dict[str, Any]:
    person = people.get(view.owner) if view.owner else None
    row = {
        "account": view.id,
        "kind": view.kind.value,
        "ref": person.ref if person else None,
        "unit": UNIT,
        "balance_minutes": balance.minutes,
        "held_minutes": 0 if past else view.held.minutes,
    }
    return row | {"name": person.name if person else None} if with_name else row
