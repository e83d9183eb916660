"""``timebank custody destination``, ``beneficiary``, ``give``, ``spend`` and ``price``."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

import typer

from timebank import custody
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading
from timebank.cli.commands.custody._desk import acting, beneficiary_id, beneficiary_of, sheet_id
from timebank.cli.documents import named
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.custody.domain.destination import parts_text
from timebank.domain.hours import Hours
from timebank.domain.ids import FactId
from timebank.domain.receipt import Receipt
from timebank.errors import InputError
from timebank.ports import ReadingUnit
from timebank.wings import bank_today

Who = Annotated[str, typer.Argument(metavar="REF", help="The person in custody: ref or id.")]
Which = Annotated[
    str, typer.Argument(metavar="BENEFICIARY", help="Its id, or the beginning of it.")
]
SomeBeneficiary = Annotated[
    str | None,
    typer.Option("--beneficiary", metavar="REF", help="Somebody on the list: ref or id."),
]
ToReview = Annotated[
    date | None,
    typer.Option("--review-by", metavar="DAY", parser=options.day, help="When to look again."),
]
_PART: Final = re.compile(r"(?P<place>[^=]+)(=(?P<weight>[1-9][0-9]{0,3}))?")


def register(app: typer.Typer) -> None:
    """Add the groups and commands about where hours go."""
    _register_destination(app)
    _register_beneficiary(app)
    start = "timebank custody"
    two = "--by cora --approved-by olga"
    given = f"{start} give r7 --hours 1:00 --beneficiary gran {two}"
    acting(app, "give", action="custody.give", example=given)(give)
    spent = f"{start} spend r7 --item library --by cora"
    acting(app, "spend", action="custody.spend", example=spent)(spend)
    price = group(app, "price", "What things cost inside, in whole minutes.")
    priced = f"{start} price set library --account library --hours 0:45 {two}"
    acting(price, "set", action="custody.price_set", example=priced)(set_price)
    reading(price, "list", example=f"{start} price list")(prices)


def _register_destination(app: typer.Typer) -> None:
    start = "timebank custody destination"
    destination = group(app, "destination", "Where hours go: what the earner said, and when.")
    said = f"{start} set r7 --part pot=1 --part held=1 --given-on 2026-10-05 --paper D-3"
    acting(
        destination,
        "set",
        action="custody.destination_set",
        example=f"{said} --by cora --approved-by olga",
    )(set_)
    reading(destination, "show", example=f"{start} show r7")(show)


def _register_beneficiary(app: typer.Typer) -> None:
    start = "timebank custody beneficiary"
    group_ = group(app, "beneficiary", "Who outside may be given hours, until when.")
    two = "--by cora --approved-by olga"
    for name, command, example in (
        ("propose", propose, "propose r7 --account gran --by cora"),
        ("approve", approve, f"approve 0192f3 {two}"),
        ("review", review, f"review 0192f3 --review-by 2027-04-01 {two}"),
        ("end", end, "end 0192f3 --reason safeguarding --by cora"),
    ):
        action = f"custody.beneficiary_{name}"
        acting(group_, name, action=action, example=f"{start} {example}")(command)
    reading(group_, "list", example=f"{start} list r7")(beneficiaries)


def part(uow: ReadingUnit, person: str, text: str) -> custody.Part:
    """``pot``, ``own=2``, ``held=1`` or one of the person's beneficiaries. *Refuses* other text."""
    found = _PART.fullmatch(text.strip())
    if found is None:
        raise InputError(field="part", problem=f"{text!r} cannot be read; write pot=1 or own=2")
    weight = int(found["weight"] or 1)
    place = found["place"]
    if place in ("own", "held", "pot"):
        return custody.Part(place=custody.Place(place), weight=weight)
    one = FactId(beneficiary_of(uow, person, place))
    return custody.Part(place=custody.Place.BENEFICIARY, weight=weight, beneficiary=one)


def set_(
    desk: Desk,
    person: Who,
    parts: Annotated[
        list[str],
        typer.Option(
            "--part", metavar="PLACE[=SHARE]", help="own, held, pot, or a beneficiary: ref or id."
        ),
    ],
    given_on: Annotated[
        date,
        typer.Option("--given-on", metavar="DAY", parser=options.day, help="The day on the paper."),
    ],
    paper: Annotated[
        str, typer.Option("--paper", metavar="NUMBER", help="The number of the signed paper.")
    ],
    approved_by: options.ApprovedBy = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="SHEET", help="For this sheet alone.")
    ] = None,
) -> Receipt:
    """Record what the earner said on a signed paper: from that day on, or for one sheet."""
    return custody.destinations.set(
        desk.uow,
        person,
        parts=[part(desk.uow, person, each) for each in parts],
        given_on=given_on,
        paper=paper,
        sheet=None if sheet is None else sheet_id(desk.uow, sheet),
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def show(uow: ReadingUnit, person: Who) -> Answer:
    """Show what a person said, first to last."""
    found = custody.destinations.list(uow, person)
    rows = [(one.given_on, one.paper, parts_text(one.parts), one.sheet) for one in found]
    document = {
        "schema": "timebank.custody-destinations/1",
        "bank": uow.slug,
        "instructions": [named("instruction", one) for one in found],
    }
    return Answer(document=document, text=(grid(("Given on", "Paper", "Parts", "Sheet"), rows),))


def give(
    desk: Desk,
    person: Who,
    hours: options.NeededHours,
    beneficiary: SomeBeneficiary = None,
    held: Annotated[bool, typer.Option("--held", help="To the held account.")] = False,
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """A person's own hours go to a beneficiary, to the held account, or else to the pot."""
    return custody.destinations.give(
        desk.uow,
        person,
        hours=hours,
        beneficiary=None if beneficiary is None else beneficiary_of(desk.uow, person, beneficiary),
        held=held,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def spend(
    desk: Desk,
    person: Who,
    item: Annotated[str, typer.Option("--item", help="What is on the price list.")],
) -> Receipt:
    """A person's own hours are spent at the listed price."""
    return custody.destinations.spend(desk.uow, person, item=item, by=desk.by, key=desk.key)


def set_price(
    desk: Desk,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="What it is called on the list.")],
    account: Annotated[
        str, typer.Option("--account", metavar="LABEL", help="The activity's account.")
    ],
    hours: options.SomeHours = None,
    approved_by: options.ApprovedBy = None,
    starts_on: options.FromDay = None,
) -> Receipt:
    """What an item costs, by two people; without --hours it is taken off the list."""
    return custody.destinations.set_price(
        desk.uow,
        item,
        account=names.account(desk.uow, account),
        hours=hours,
        starts_on=starts_on,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def prices(uow: ReadingUnit) -> Answer:
    """List what things cost today."""
    found = custody.destinations.prices(uow, day=bank_today(uow))
    rows = [(one.item, Hours(minutes=one.minutes or 0), one.starts_on) for one in found]
    document = {
        "schema": "timebank.custody-prices/1",
        "bank": uow.slug,
        "prices": [named("price", one) for one in found],
    }
    return Answer(document=document, text=(grid(("Item", ">Hours", "From"), rows),))


def propose(
    desk: Desk,
    person: Who,
    account: Annotated[str, typer.Option("--account", metavar="REF", help="A member outside.")],
) -> Receipt:
    """Put a member outside on a person's list; nothing goes there before it is approved."""
    return custody.beneficiaries.propose(
        desk.uow,
        person,
        account=names.account(desk.uow, account),
        by=desk.by,
        key=desk.key,
    )


def approve(
    desk: Desk,
    beneficiary: Which,
    approved_by: options.ApprovedBy = None,
    review_by: ToReview = None,
) -> Receipt:
    """Two people allow it, until the day of its review."""
    return custody.beneficiaries.approve(
        desk.uow,
        beneficiary_id(desk.uow, beneficiary),
        review_on=review_by,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def review(
    desk: Desk,
    beneficiary: Which,
    approved_by: options.ApprovedBy = None,
    review_by: ToReview = None,
) -> Receipt:
    """Two people looked again: it stands until a new day."""
    return custody.beneficiaries.review(
        desk.uow,
        beneficiary_id(desk.uow, beneficiary),
        review_on=review_by,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def end(desk: Desk, beneficiary: Which, reason: options.ReasonCode) -> Receipt:
    """Nothing goes there any more."""
    return custody.beneficiaries.end(
        desk.uow,
        beneficiary_id(desk.uow, beneficiary),
        reason=reason,
        by=desk.by,
        key=desk.key,
    )


def beneficiaries(uow: ReadingUnit, person: Who) -> Answer:
    """List a person's beneficiaries."""
    found = custody.beneficiaries.list(uow, person)
    labels = Labels(uow).learn(accounts={one.account for one in found})
    rows = [(labels.short(one.account), one.standing.value, one.review_on, one.id) for one in found]
    document = {
        "schema": "timebank.custody-beneficiaries/1",
        "bank": uow.slug,
        "beneficiaries": [named("beneficiary", one) for one in found],
    }
    return Answer(document=document, text=(grid(("Account", "Stands", "Review by", "Id"), rows),))
