"""``timebank account``: further accounts, limits and freezes."""

from __future__ import annotations

from typing import Annotated

import typer

import timebank
from timebank.cli import account_views, names, options, words
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.documents import note_beside, plain
from timebank.cli.render import Answer, grid
from timebank.domain.account import AccountChange, AccountKind, Frozen
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

Which = Annotated[
    str, typer.Argument(metavar="REF_OR_ACCOUNT", help="A member's ref, a label, or an id.")
]
Floor = Annotated[
    str, typer.Option("--floor", metavar="HOURS|none", help="As -20:00; none for no floor.")
]
Ceiling = Annotated[
    str, typer.Option("--ceiling", metavar="HOURS|none", help="As 100:00; none for no ceiling.")
]


def register(app: typer.Typer) -> None:
    """Add the group ``account``."""
    account = group(app, "account", "Accounts: further ones, limits and freezes.")
    reading(account, "show", example="timebank account show anna")(show)
    opened = "timebank account open --kind activity --label library --by cora"
    writing(account, "open", example=opened)(open_)
    limited = (
        "timebank account limits anna --floor -30:00 --ceiling none --reason hardship "
        "--by cora --approved-by olga"
    )
    writing(account, "limits", example=limited)(limits)
    frozen = "timebank account freeze anna out --reason safeguarding --by cora"
    writing(account, "freeze", example=frozen)(freeze)


def show(uow: ReadingUnit, account: Which) -> Answer:
    """Show an account: its balance, limits and freeze, and how they changed."""
    view = timebank.accounts.get(uow, names.account(uow, account))
    noted = [(c, note_beside(uow, c)) for c in timebank.accounts.changes(uow, view.id)]
    document = {
        "schema": "timebank.account/1",
        "bank": uow.slug,
        **account_views.document(view),
        "changes": [{**plain(c), "note": note} for c, note in noted],
    }
    rows = [
        (c.effective_on, c.field.value, *_values(c), note or c.reason, c.review_on)
        for c, note in noted
    ]
    changed = grid(("From", "Change", "Was", "Becomes", "Reason", "Review by"), rows)
    return Answer(document=document, text=(account_views.table(uow, [view]), "", changed))


def _values(change: AccountChange) -> tuple[str, str]:
    if change.field.value not in words.LIMITS:
        return change.was, change.becomes
    return words.limit(change.was), words.limit(change.becomes)


def open_(
    desk: Desk,
    kind: Annotated[AccountKind, typer.Option("--kind", help="What the account is for.")],
    member: Annotated[
        str | None, typer.Option("--member", metavar="REF", help="Whose it is, beside the first.")
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="What one of the bank's own is called.")
    ] = None,
) -> Receipt:
    """Open a further account: of a member, or of the bank's own."""
    return timebank.accounts.open(
        desk.uow,
        kind=kind,
        owner=None if member is None else names.person(desk.uow, member),
        label=label,
        by=desk.by,
        key=desk.key,
    )


def limits(
    desk: Desk,
    account: Which,
    floor: Floor,
    ceiling: Ceiling,
    reason: options.NeededReason,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Set the limits of an account, by two people."""
    low, high = options.limit(floor), options.limit(ceiling)
    return timebank.accounts.set_limits(
        desk.uow,
        names.account(desk.uow, account),
        floor=low,
        ceiling=high,
        reason=reason,
        approved_by=desk.second_person(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def freeze(
    desk: Desk,
    account: Which,
    frozen: Annotated[Frozen, typer.Argument(help="out, all, or none to lift a freeze.")],
    reason: options.NeededReason,
) -> Receipt:
    """Block hours going out, or everything; or lift a freeze."""
    return timebank.accounts.freeze(
        desk.uow,
        names.account(desk.uow, account),
        frozen=frozen,
        reason=reason,
        by=desk.by,
        key=desk.key,
    )
