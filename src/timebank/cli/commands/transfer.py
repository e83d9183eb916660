"""``timebank transfer``: hours that move without an exchange."""

from __future__ import annotations

from typing import Annotated

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.documents import named, page
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Transaction
from timebank.errors import InputError
from timebank.ports import ReadingUnit

Which = Annotated[
    str, typer.Argument(metavar="TRANSACTION", help="Its id, or the beginning of it.")
]
_NAME = "REF|ACCOUNT"
Source = Annotated[str, typer.Option("--source", metavar=_NAME, help="Where the hours come from.")]
SomeSource = Annotated[
    str | None, typer.Option("--source", metavar=_NAME, help="Where the hours come from.")
]
Target = Annotated[str, typer.Option("--target", metavar=_NAME, help="Where the hours go.")]
SomeTarget = Annotated[
    str | None, typer.Option("--target", metavar=_NAME, help="Where they go; else to the pot.")
]
Note = Annotated[str | None, typer.Option("--note", help="Free words; they can be erased.")]


def register(app: typer.Typer) -> None:
    """Add the group ``transfer``."""
    transfer = group(app, "transfer", "Hours that move without an exchange.")
    writing(transfer, "donate", example="timebank transfer donate --hours 2:00 --by anna")(donate)
    granted = "timebank transfer grant --target anna --hours 2:00 --reason welcome --by cora"
    writing(transfer, "grant", example=granted)(grant)
    adjusted = (
        "timebank transfer adjust --source anna --target ben --hours 0:30 --reason correction "
        "--by cora --approved-by olga"
    )
    writing(transfer, "adjust", example=adjusted)(adjust)
    undone = 'timebank transfer reverse 0192f3 --reason "entered twice" --by cora'
    writing(transfer, "reverse", example=undone)(reverse)
    reading(transfer, "show", example="timebank transfer show 0192f3")(show)
    reading(transfer, "list", example="timebank transfer list --account anna --json")(list_)


def donate(
    desk: Desk,
    hours: options.NeededHours,
    source: SomeSource = None,
    target: SomeTarget = None,
    note: Note = None,
) -> Receipt:
    """Give one's hours away: to the community pot, or to another account."""
    return timebank.transfers.donate(
        desk.uow,
        source=_own(desk) if source is None else names.account(desk.uow, source),
        target=None if target is None else names.account(desk.uow, target),
        hours=hours,
        note=note,
        by=desk.by,
        key=desk.key,
    )


def grant(
    desk: Desk,
    target: Target,
    hours: options.NeededHours,
    reason: options.NeededReason,
    source: SomeSource = None,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Issue hours: from the issuance account, or from another of the bank's own."""
    return timebank.transfers.grant(
        desk.uow,
        to=names.account(desk.uow, target),
        source=None if source is None else names.account(desk.uow, source),
        hours=hours,
        reason=reason,
        approved_by=desk.approver(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def adjust(
    desk: Desk,
    source: Source,
    target: Target,
    hours: options.NeededHours,
    reason: options.NeededReason,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Correct the books, by two people: positive hours from one account to another."""
    return timebank.transfers.adjust(
        desk.uow,
        source=names.account(desk.uow, source),
        target=names.account(desk.uow, target),
        hours=hours,
        reason=reason,
        approved_by=desk.second_person(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def reverse(
    desk: Desk,
    transaction: Which,
    reason: options.NeededReason,
    approved_by: options.ApprovedBy = None,
    review_by: options.ReviewBy = None,
) -> Receipt:
    """Undo a transaction, once, by a second one. An exchange's: timebank exchange reverse."""
    return timebank.transfers.reverse(
        desk.uow,
        names.transaction(desk.uow, transaction),
        reason=reason,
        approved_by=desk.approver(approved_by),
        review_on=review_by,
        by=desk.by,
        key=desk.key,
    )


def show(uow: ReadingUnit, transaction: Which) -> Answer:
    """Show a transaction with its transfers, and its note if there is one."""
    found = timebank.transfers.get(uow, names.transaction(uow, transaction))
    note = uow.journal.note(found.id)
    facts = named("transaction", found)
    transfers = facts.pop("transfers")
    document = {
        "schema": "timebank.transaction/1",
        "bank": uow.slug,
        **facts,
        "reversed_by": uow.journal.reversal_of(found.id),
        "note": None if note is None else note.text,
        "transfers": transfers,
    }
    labels = _labels(uow, [found]).learn(actors=[found.actor, found.approver])
    people = {
        name: labels.actor(a) for name, a in (("actor", found.actor), ("approver", found.approver))
    }
    shown = {n: v for n, v in document.items() if n not in ("schema", "transfers")} | people
    rows = [
        (labels.full(t.source), labels.full(t.target), Hours(minutes=t.minutes), t.activity.value)
        for t in found.transfers
    ]
    table = grid(("Source", "Target", ">Hours", "Activity"), rows)
    return Answer(document=document, text=(grid(("", ""), shown.items()), "", table))


def list_(
    uow: ReadingUnit,
    account: Annotated[
        str | None, typer.Option("--account", metavar=_NAME, help="Only of this account.")
    ] = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """List transactions in order of id."""
    found = timebank.transfers.list(
        uow,
        account=None if account is None else names.account(uow, account),
        after=None if after is None else names.transaction(uow, after),
        limit=limit,
    )
    labels = _labels(uow, found)
    rows = [
        (
            one.happened_on,
            one.kind.value,
            labels.short(t.source),
            labels.short(t.target),
            Hours(minutes=t.minutes),
            t.activity.value,
            one.id,
        )
        for one in found
        for t in one.transfers
    ]
    return page(
        "timebank.transactions/1",
        uow.slug,
        "transactions",
        [named("transaction", one) for one in found],
        text=grid(("Day", "Kind", "Source", "Target", ">Hours", "Activity", "Id"), rows),
        last=found[-1].id if len(found) == limit else None,
    )


def _own(desk: Desk) -> AccountId:
    """The account of the member whose side the actor takes."""
    if desk.by.acts_for is None:
        raise InputError(field="source", problem="say whose hours: --source, or --for REF")
    return names.account(desk.uow, desk.by.acts_for, field="source")


def _labels(uow: ReadingUnit, found: tuple[Transaction, ...] | list[Transaction]) -> Labels:
    transfers = [transfer for one in found for transfer in one.transfers]
    return Labels(uow).learn(accounts={a for t in transfers for a in (t.source, t.target)})
