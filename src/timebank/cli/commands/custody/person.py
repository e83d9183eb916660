"""``timebank custody person``: people in the scheme, and every turn that their custody takes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from timebank import custody
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading
from timebank.cli.commands.custody._desk import acting, beneficiary_of
from timebank.cli.documents import named, plain
from timebank.cli.files import writing_to
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid, to_json
from timebank.custody.domain.membership import State
from timebank.custody.domain.retention import Basis, Record
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

Who = Annotated[str, typer.Argument(metavar="REF", help="The person's ref, or id.")]
Since = Annotated[
    date | None,
    typer.Option("--on", metavar="DAY", parser=options.day, help="From which day on."),
]


def register(app: typer.Typer) -> None:
    """Add the group ``person``."""
    person = group(app, "person", "People in the scheme: applying, custody, release.")
    start = "timebank custody person"
    because = "--reason safeguarding --by cora"
    signed = "--by cora --approved-by olga"
    two = f"--reason other {signed}"

    for name, command, example in (
        ("apply", apply, 'apply --name "R. Smith" --ref r7 --by cora'),
        ("admit", admit, "admit r7 --by cora"),
        ("suspend", suspend, f"suspend r7 {because}"),
        ("resume", resume, "resume r7 --reason other --by cora"),
        ("release", release, f"release r7 {two}"),
        ("recall", recall, "recall r7 --reason other --by cora"),
        ("abscond", abscond, "abscond r7 --reason other --by cora"),
        ("death", death, "death r7 --by cora"),
        ("keep", keep, f"keep r7 --record identity --ground consent --until 2029-12-31 {signed}"),
        ("close", close, f"close r7 {two}"),
    ):
        acting(person, name, action=f"custody.{name}", example=f"{start} {example}")(command)
    reading(person, "show", example=f"{start} show r7")(show)
    reading(person, "access", example=f"{start} access r7 --out r7.json")(access)
    reading(person, "list", example=f"{start} list --json")(list_)


def apply(
    desk: Desk,
    name: Annotated[str | None, typer.Option("--name", help="The name, if new here.")] = None,
    ref: Annotated[
        str | None, typer.Option("--ref", help="What the files call them, as R7-0412.")
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="REF", help="A member who is known already.")
    ] = None,
) -> Receipt:
    """Somebody asks to take part: three accounts under one opaque id."""
    return custody.people.apply(
        desk.uow,
        name=name,
        ref=ref,
        member=None if member is None else names.person(desk.uow, member),
        by=desk.by,
        key=desk.key,
    )


def admit(desk: Desk, person: Who, on: Since = None) -> Receipt:
    """Somebody who applied takes part from today on, or from the day that they were admitted."""
    return custody.people.admit(desk.uow, person, on=on, by=desk.by, key=desk.key)


def suspend(
    desk: Desk,
    person: Who,
    reason: options.ReasonCode,
    on: Since = None,
) -> Receipt:
    """Nothing goes out any more; what was worked before is still credited."""
    return custody.people.suspend(desk.uow, person, reason=reason, on=on, by=desk.by, key=desk.key)


def resume(desk: Desk, person: Who, reason: options.ReasonCode) -> Receipt:
    """Somebody suspended or recalled takes part again."""
    return custody.people.resume(desk.uow, person, reason=reason, by=desk.by, key=desk.key)


def release(
    desk: Desk,
    person: Who,
    reason: options.ReasonCode,
    approved_by: options.ApprovedBy = None,
    licence: Annotated[bool, typer.Option("--licence", help="On licence.")] = False,
) -> Receipt:
    """The decision to release, by two people: all hours are on the account outside."""
    return custody.people.release(
        desk.uow,
        person,
        reason=reason,
        licence=licence,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def recall(
    desk: Desk,
    person: Who,
    reason: options.ReasonCode,
    on: Since = None,
) -> Receipt:
    """Somebody on licence or at large is back: nothing goes out for now."""
    return custody.people.recall(desk.uow, person, reason=reason, on=on, by=desk.by, key=desk.key)


def abscond(
    desk: Desk,
    person: Who,
    reason: options.ReasonCode,
    on: Since = None,
) -> Receipt:
    """Everything is blocked until two people decide."""
    return custody.people.abscond(desk.uow, person, reason=reason, on=on, by=desk.by, key=desk.key)


def death(desk: Desk, person: Who, on: Since = None) -> Receipt:
    """Everything is blocked until two people decide."""
    return custody.people.death(desk.uow, person, on=on, by=desk.by, key=desk.key)


def close(
    desk: Desk,
    person: Who,
    reason: options.ReasonCode,
    approved_by: options.ApprovedBy = None,
    beneficiary: Annotated[
        str | None, typer.Option("--beneficiary", metavar="REF", help="Ref or id, else the pot.")
    ] = None,
) -> Receipt:
    """The membership ends, by two people, who say where hours go after a death or an absconding."""
    return custody.people.close(
        desk.uow,
        person,
        reason=reason,
        beneficiary=None if beneficiary is None else beneficiary_of(desk.uow, person, beneficiary),
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def keep(
    desk: Desk,
    person: Who,
    record: Annotated[Record, typer.Option("--record", help="What is kept.")],
    ground: Annotated[Basis, typer.Option("--ground", help="The lawful ground.")],
    until: Annotated[
        date, typer.Option("--until", metavar="DAY", parser=options.day, help="The last day.")
    ],
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """A record is kept until a day, on a ground, by two people: see timebank custody due."""
    return custody.retentions.keep(
        desk.uow,
        person,
        record=record,
        lawful_basis=ground,
        until=until,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def show(uow: ReadingUnit, person: Who) -> Answer:
    """Show where somebody stands, and the hours in custody, held and outside."""
    view = custody.people.get(uow, person)
    own = view.membership
    document = {
        "schema": "timebank.custody-person/1",
        "bank": uow.slug,
        "person": own.id,
        "state": own.state.value,
        "since": own.since.isoformat(),
        "custody_minutes": view.custody.minutes,
        "held_minutes": view.held.minutes,
        "community_minutes": view.community.minutes,
        "changes": [named("change", change) for change in view.changes],
    }
    labels = Labels(uow).learn(people={own.id}, actors=[c.actor for c in view.changes])
    hours = grid(
        ("Person", "State", "Since", ">In custody", ">Held", ">Outside"),
        [
            (
                labels.short(own.id),
                own.state.value,
                own.since,
                view.custody,
                view.held,
                view.community,
            )
        ],
    )
    moves = grid(
        ("From", "Act", "Becomes", "Reason", "By"),
        [
            (c.effective_on, c.act, c.becomes.value, c.reason, labels.actor(c.actor))
            for c in view.changes
        ],
    )
    return Answer(document=document, text=(hours, "", moves))


def access(
    uow: ReadingUnit,
    person: Who,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file.")],
) -> Answer:
    """Write everything that is held on one person, for that person; others appear as roles."""
    document = custody.people.access(uow, person)
    with writing_to(out), out.open("x", encoding="utf-8") as file:
        file.write(to_json(document) + "\n")
    answer = {"schema": "timebank.custody-access-written/1", "bank": uow.slug, "file": str(out)}
    return Answer(document=answer, text=(f"Written: {out}",))


def list_(
    uow: ReadingUnit,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
) -> Answer:
    """List everybody in the scheme, in order of id."""
    found = custody.people.list(uow, state=state)
    labels = Labels(uow).learn(people={one.id for one in found})
    text = grid(
        ("Person", "State", "Since"),
        [(labels.short(one.id), one.state.value, one.since) for one in found],
    )
    listed = [{"person": one.id, **_without_id(plain(one))} for one in found]
    document = {"schema": "timebank.custody-people/1", "bank": uow.slug, "people": listed}
    return Answer(document=document, text=(text,))


def _without_id(facts: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name != "id"}
