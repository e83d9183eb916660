"""``timebank member``: joining, changing, leaving."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

import timebank
from timebank.cli import account_views, names, options
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.commands import member_subject
from timebank.cli.documents import named, page
from timebank.cli.render import Answer, grid
from timebank.domain.member import Status
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

Who = Annotated[
    str, typer.Argument(metavar="REF", help="The member's ref, or the beginning of the id.")
]
Name = Annotated[str | None, typer.Option("--name", help="Name.")]
Ref = Annotated[str | None, typer.Option("--ref", help="What the bank calls them; unique.")]
Contact = Annotated[str | None, typer.Option("--contact", help="How to reach them.")]


def register(app: typer.Typer) -> None:
    """Add the group ``member``."""
    member = group(app, "member", "Members: joining, changing, leaving.")
    writing(member, "join", example='timebank member join --name "Anna Bell" --ref anna --by cora')(
        join
    )
    writing(member, "update", example="timebank member update anna --contact 0123 --by cora")(
        update
    )
    writing(member, "approve", example="timebank member approve anna --by cora")(approve)
    writing(
        member, "suspend", example="timebank member suspend anna --reason safeguarding --by cora"
    )(suspend)
    writing(member, "resume", example="timebank member resume anna --by cora")(resume)
    writing(member, "leave", example="timebank member leave anna --hours-to pot --by cora")(leave)
    member_subject.register(member)
    reading(member, "list", example="timebank member list --status active --json")(list_)
    reading(member, "show", example="timebank member show anna")(show)


def join(
    desk: Desk,
    name: Annotated[str, typer.Option("--name", help="Name.")],
    ref: Ref = None,
    kind: Annotated[str, typer.Option("--kind", help="person or organisation.")] = "person",
    contact: Contact = None,
    joined_on: Annotated[
        date | None,
        typer.Option("--joined-on", parser=options.day, metavar="DAY", help="Else today."),
    ] = None,
) -> Receipt:
    """Take in a new member with an account at 0:00."""
    return timebank.members.join(
        desk.uow,
        name=name,
        ref=ref,
        kind=kind,
        contact=contact,
        joined_on=joined_on,
        by=desk.by,
        key=desk.key,
    )


def update(
    desk: Desk, member: Who, name: Name = None, ref: Ref = None, contact: Contact = None
) -> Receipt:
    """Change a member's name, ref or contact."""
    return timebank.members.update(
        desk.uow,
        names.person(desk.uow, member),
        name=name,
        ref=ref,
        contact=contact,
        by=desk.by,
        key=desk.key,
    )


def approve(desk: Desk, member: Who, reason: options.Reason = None) -> Receipt:
    """Make a pending member active from today on."""
    who = names.person(desk.uow, member)
    return timebank.members.approve(desk.uow, who, reason=reason, by=desk.by, key=desk.key)


def suspend(desk: Desk, member: Who, reason: options.NeededReason) -> Receipt:
    """Suspend a member from today on; earlier work is still credited."""
    who = names.person(desk.uow, member)
    return timebank.members.suspend(desk.uow, who, reason=reason, by=desk.by, key=desk.key)


def resume(desk: Desk, member: Who, reason: options.Reason = None) -> Receipt:
    """Make a suspended member active again from today on."""
    who = names.person(desk.uow, member)
    return timebank.members.resume(desk.uow, who, reason=reason, by=desk.by, key=desk.key)


def leave(
    desk: Desk,
    member: Who,
    hours_to: Annotated[
        str | None,
        typer.Option("--hours-to", metavar="pot|REF", help="Where hours left over go."),
    ] = None,
    write_off_from: Annotated[
        str | None,
        typer.Option(
            "--write-off-from", metavar="ACCOUNT", help="What makes up a balance below 0:00."
        ),
    ] = None,
    approved_by: options.ApprovedBy = None,
    reason: options.Reason = None,
) -> Receipt:
    """A member leaves; the account is closed at 0:00, and no hour is stranded."""
    to, off = (
        None if name is None else names.account(desk.uow, name)
        for name in (hours_to, write_off_from)
    )
    return timebank.members.leave(
        desk.uow,
        names.person(desk.uow, member),
        hours_to=to,
        write_off_from=off,
        approved_by=desk.approver(approved_by),
        reason=reason,
        by=desk.by,
        key=desk.key,
    )


def list_(
    uow: ReadingUnit,
    status: Annotated[Status | None, typer.Option("--status", help="Only these.")] = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """List members in order of id."""
    start = None if after is None else names.person(uow, after)
    found = timebank.members.list(uow, status=status, after=start, limit=limit)
    rows = [(m.ref, m.name, m.kind.value, m.status.value, m.joined_on, m.id) for m in found]
    return page(
        "timebank.members/1",
        uow.slug,
        "members",
        [named("member", m) for m in found],
        text=grid(("Ref", "Name", "Kind", "Status", "Joined", "Id"), rows),
        last=found[-1].id if len(found) == limit else None,
    )


def show(uow: ReadingUnit, member: Who) -> Answer:
    """Show a member with the accounts and what stands on them."""
    found = timebank.members.get(uow, names.person(uow, member))
    views = [timebank.accounts.get(uow, account) for account in found.accounts]
    document = {
        "schema": "timebank.member/1",
        "bank": uow.slug,
        **named("member", found),
        "accounts": [account_views.document(view) for view in views],
    }
    facts = [(name, value) for name, value in named("member", found).items() if name != "accounts"]
    return Answer(document=document, text=(grid(("", ""), facts), account_views.table(uow, views)))
