"""``timebank staff``: who holds which role."""

from __future__ import annotations

from typing import Annotated

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.render import Answer, grid
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

Who = Annotated[str, typer.Argument(metavar="REF", help="The person's ref.")]
GivenRole = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="coordinator, broker or officer.")
]


def register(app: typer.Typer) -> None:
    """Add the group ``staff``."""
    staff = group(app, "staff", "Who holds which role, from one day to another.")
    writing(staff, "add", example="timebank staff add bob --role broker --name Bob --by cora")(add)
    writing(staff, "end", example="timebank staff end bob --role broker --by cora")(end)
    reading(staff, "list", example="timebank staff list --json")(list_)


def add(
    desk: Desk,
    ref: Who,
    role: GivenRole,
    name: Annotated[str | None, typer.Option("--name", help="The name, if new here.")] = None,
    starts_on: options.FromDay = None,
    ends_on: options.UntilDay = None,
) -> Receipt:
    """Give a role to a member, or to somebody registered by this ref now."""
    return timebank.staff.add(
        desk.uow,
        ref,
        role=role,
        name=name,
        starts_on=starts_on,
        ends_on=ends_on,
        by=desk.by,
        key=desk.key,
    )


def end(desk: Desk, ref: Who, role: GivenRole, ends_on: options.UntilDay = None) -> Receipt:
    """End a role: today, or on the day given."""
    who = names.person(desk.uow, ref, field="person")
    return timebank.staff.end(desk.uow, who, role=role, ends_on=ends_on, by=desk.by, key=desk.key)


def list_(uow: ReadingUnit) -> Answer:
    """List every role ever held, in order of first day."""
    found = timebank.staff.list(uow)
    listed = [
        {
            "person": person.id,
            "ref": person.ref,
            "name": person.name,
            "role": staff.role.value,
            "starts_on": staff.starts_on.isoformat(),
            "ends_on": None if staff.ends_on is None else staff.ends_on.isoformat(),
        }
        for staff, person in found
    ]
    rows = [(p.ref, p.name, s.role.value, s.starts_on, s.ends_on) for s, p in found]
    text = grid(("Ref", "Name", "Role", "From", "Until"), rows)
    document = {"schema": "timebank.staff/1", "bank": uow.slug, "staff": listed}
    return Answer(document=document, text=(text,))
