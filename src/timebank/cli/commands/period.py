"""``timebank period``: closed days."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

import timebank
from timebank.cli import options
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.documents import plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit


def register(app: typer.Typer) -> None:
    """Add the group ``period``."""
    period = group(app, "period", "Closed days: every day up to one, for good.")
    closed = "timebank period close --until 2026-09-30 --by cora --approved-by olga"
    writing(period, "close", example=closed)(close)
    reading(period, "list", example="timebank period list --json")(list_)


def close(
    desk: Desk,
    until: Annotated[
        date, typer.Option("--until", parser=options.day, metavar="DAY", help="The last day.")
    ],
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """Close every day up to one, by two people. There is no reopening."""
    return timebank.periods.close(
        desk.uow,
        until=until,
        approved_by=desk.second_person(approved_by),
        by=desk.by,
        key=desk.key,
    )


def list_(uow: ReadingUnit) -> Answer:
    """List every close: up to which day, when, by whom and who approved it."""
    found = timebank.periods.list(uow)
    labels = Labels(uow).learn(actors=[a for one in found for a in (one.actor, one.approver)])
    document = {
        "schema": "timebank.periods/1",
        "bank": uow.slug,
        "closed_until": plain(timebank.periods.closed_until(uow)),
        "closes": [plain(one) for one in found],
    }
    if not found:
        return Answer(document=document, text=("No day is closed.",))
    rows = [
        (
            one.until,
            one.recorded_at.isoformat(),
            labels.actor(one.actor),
            labels.actor(one.approver),
        )
        for one in found
    ]
    text = grid(("Closed until", "Closed at", "By", "Approved by"), rows)
    return Answer(document=document, text=(text,))
