"""``timebank db rebuild``: derived figures from the facts, every change recorded."""

from __future__ import annotations

from typing import Annotated

import typer

from timebank.actions import rebuilds
from timebank.cli import options
from timebank.cli.command import Desk, writing
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.domain.rebuilding import Drift
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit


def register(db: typer.Typer) -> None:
    """Add ``rebuild`` to the group ``db``."""
    example = "timebank db rebuild --reason correction --by cora --approved-by olga --dry-run"
    writing(db, "rebuild", example=example)(rebuild)


def rebuild(
    desk: Desk,
    reason: options.NeededReason,
    approved_by: options.ApprovedBy = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> Receipt | Answer:
    """Compute derived figures anew from the facts, by two people, and record each change.

    Balances, numbers, times and held minutes of accounts follow from transfers and holds; state
    and number of acts of an exchange from its acts. Refused where the facts themselves have
    findings, where an account's number would have to go back, and where the books are not in
    order afterwards. Best done while nobody writes.
    """
    if dry_run:
        return _planned(desk.uow, rebuilds.drifts(desk.uow))
    approver = desk.second_person(approved_by)
    return rebuilds.run(desk.uow, reason=reason, by=desk.by, approved_by=approver, key=desk.key)


def _planned(uow: ReadingUnit, drifts: tuple[Drift, ...]) -> Answer:
    found = [(drift.account.id, *figure) for drift in drifts for figure in drift.figures]
    names = ("account", "figure", "was", "becomes")
    document = {
        "schema": "timebank.rebuild/1",
        "bank": uow.slug,
        "figures": [dict(zip(names, row, strict=True)) for row in found],
    }
    if not found:
        return Answer(document=document, text=("Every figure is what the facts say.",))
    labels = Labels(uow).learn(accounts={drift.account.id for drift in drifts})
    rows = [(labels.short(account), *figure) for account, *figure in found]
    return Answer(
        document=document,
        text=(grid(("Account", "Figure", "Is", "Would be"), rows), "Nothing was written."),
    )
