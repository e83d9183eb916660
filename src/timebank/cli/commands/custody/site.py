"""``timebank custody move`` and ``windup``: people between sites, and sites that close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

import timebank
from timebank import custody
from timebank.cli import options
from timebank.cli.command import Desk, group, place, reading
from timebank.cli.commands.custody._desk import acting, bank_days
from timebank.cli.documents import named, plain
from timebank.cli.failures import FINDINGS
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.cli.session import Place
from timebank.custody.domain import crossing
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Transfer
from timebank.ports import ReadingUnit
from timebank.wings import WingActed

Who = Annotated[str, typer.Argument(metavar="REF", help="The person in custody: ref or id.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The code that goes along.")]


def register(app: typer.Typer) -> None:
    """Add the group ``move`` and the command ``windup``."""
    move = group(app, "move", "People who move between sites, each a bank of its own.")
    start = "timebank custody"
    two = "--by cora --approved-by olga"
    code = "8f2c41d0a97e-30-60-51be"
    came = f"in {code} --person r7 --site riverside {two}"
    for name, command, example in (
        ("out", out, f"out r7 --to leyhill {two}"),
        ("in", in_, came),
        ("arrived", arrived, f"arrived {code} {two}"),
        ("cancel", cancel, f"cancel {code} {two}"),
    ):
        full = f"{start} move {example}"
        acting(move, name, action=f"custody.move_{name}", example=full)(command)
    reading(move, "list", example=f"{start} move list")(list_)
    place(move, "match", example=f"{start} move match")(match)
    acting(app, "windup", action="custody.windup", example=f"{start} windup --dry-run")(windup)


def out(
    desk: Desk,
    person: Who,
    to: Annotated[str, typer.Option("--to", metavar="BANK", help="The other site's slug.")],
    approved_by: options.ApprovedBy = None,
) -> Answer:
    """Somebody leaves for another site: print the code that goes along."""
    receipt = custody.sites.move_out(
        desk.uow,
        person,
        to=to,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )
    (moved,) = (event for event in receipt.events if isinstance(event, WingActed))
    half = next(one for one, _ in custody.sites.passages(desk.uow) if one.id == moved.subject)
    papers = custody.sites.unposted(desk.uow, person)
    document = {
        "schema": "timebank.custody-code/1",
        "bank": desk.uow.slug,
        **named("passage", half),
        "unposted": [*papers],
    }
    lines = [
        f"Code for {half.site}: {half.code}",
        f"In custody {Hours(minutes=half.custody_minutes)}, "
        f"held {Hours(minutes=half.held_minutes)}. No cash value.",
    ]
    lines += [f"Sheets here that are not posted yet: {', '.join(papers)}"] if papers else []
    return Answer(document=document, text=("\n".join(lines),))


def in_(
    desk: Desk,
    code: Code,
    person: Annotated[
        str, typer.Option("--person", metavar="REF", help="Who brings it; admitted here.")
    ],
    site: Annotated[
        str, typer.Option("--site", metavar="BANK", help="The slug of the site it comes from.")
    ],
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """Somebody brings a code from another site: their hours are here from now on."""
    return custody.sites.move_in(
        desk.uow,
        code,
        person=person,
        site=site,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def arrived(desk: Desk, code: Code, approved_by: options.ApprovedBy = None) -> Receipt:
    """The other site has taken the code: the membership here is closed."""
    two = desk.second_person(approved_by)
    return custody.sites.move_arrived(desk.uow, code, by=desk.by, approved_by=two, key=desk.key)


def cancel(desk: Desk, code: Code, approved_by: options.ApprovedBy = None) -> Receipt:
    """They never left: the hours come back. Not once the other half is known.

    Where the code came in, it takes that back: for another --person or --site it is taken anew.
    Both are listed by exceptions list, and it is refused once that person is not inside any more.
    """
    two = desk.second_person(approved_by)
    return custody.sites.move_cancel(desk.uow, code, by=desk.by, approved_by=two, key=desk.key)


def list_(uow: ReadingUnit) -> Answer:
    """List the halves of moves, in order of record."""
    found = custody.sites.passages(uow)
    labels, day = Labels(uow).learn(people={half.person for half, _ in found}), bank_days(uow)
    rows = [
        (
            day(half.recorded_at),
            half.direction.value,
            half.site,
            labels.short(half.person),
            Hours(minutes=half.minutes),
            "" if end is None else end.outcome.value,
            half.code,
        )
        for half, end in found
    ]
    document = {
        "schema": "timebank.custody-moves/1",
        "bank": uow.slug,
        "moves": [
            {**named("passage", half), "end": None if end is None else plain(end)}
            for half, end in found
        ],
    }
    columns = ("On", "Way", "Site", "Person", ">Hours", "Ended", "Code")
    return Answer(document=document, text=(grid(columns, rows),))


def match(where: Place) -> Answer:
    """Join the halves of moves between all sites in this database, and compare the clearings.

    For the office, which has a copy of each site. Exit code 1: what came is not what left, or came
    twice, or a clearing account holds what no half says. A half that has not come yet is a notice.
    """
    where.require_schema()
    sites = [*_sides(where)]
    crossings = crossing.joined(sites)
    found = [*crossing.check_halves(crossings), *crossing.check_clearings(sites)]
    notices = [*crossing.waiting(crossings, {site.slug for site in sites})]
    on_the_way = sum(one.on_the_way_minutes for one in crossings)
    document = {
        "schema": "timebank.custody-matched/1",
        "sites": [{"bank": site.slug, "clearing_minutes": site.clearing_minutes} for site in sites],
        "moves": len(crossings),
        "on_the_way_minutes": on_the_way,
        "findings": [plain(one) for one in found],
        "notices": [plain(one) for one in notices],
    }
    rows = [(site.slug, Hours(minutes=site.clearing_minutes)) for site in sites]
    said = f"{len(crossings)} move(s); {Hours(minutes=on_the_way)} on the way."
    told = (
        f"{one.subject}: expected {one.expected}, found {one.found}; {one.message}"
        for one in (*found, *notices)
    )
    text = (grid(("Site", ">Clearing"), rows), "\n".join((said, *told)))
    return Answer(document=document, text=text, exit_code=FINDINGS if found else 0)


def _sides(where: Place) -> Iterator[crossing.Site]:
    """Every site of the database, each in a snapshot of its own."""
    for slug in timebank.bank_slugs(where.engine, schema=where.schema):
        with where.reading(slug) as uow:
            yield custody.sites.side(uow)


def windup(
    desk: Desk,
    approved_by: options.ApprovedBy = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say where every hour would go.")
    ] = False,
) -> Answer:
    """Wind the site up, by two people: every account ends at 0:00, each hour with a destination.

    Refused while anybody is inside, a sheet is on its way, a move waits for its other half, or a
    slip for its answer.
    A dry run needs nobody to act.
    """
    if dry_run:
        moves = [_planned(move) for move in custody.sites.plan(desk.uow)]
    else:
        receipt = custody.sites.windup(
            desk.uow, by=desk.by, approved_by=desk.second_person(approved_by), key=desk.key
        )
        moves = [plain(move) for move in custody.sites.destinations(desk.uow, receipt)]
    labels = Labels(desk.uow).learn(
        accounts={AccountId(move[end]) for move in moves for end in ("source", "target")}
    )
    rows = sorted(
        (labels.short(m["source"]), labels.short(m["target"]), Hours(minutes=m["minutes"]))
        for m in moves
    )
    document = {
        "schema": "timebank.custody-windup/1",
        "bank": desk.uow.slug,
        "dry_run": dry_run,
        "moves": moves,
    }
    said = "Every account would end at 0:00." if dry_run else "Every account is at 0:00."
    return Answer(document=document, text=(grid(("From", "To", ">Hours"), rows), said))


def _planned(move: Transfer) -> dict[str, Any]:
    """As a move that took place is told, but for the numbers that it does not have yet."""
    told = plain(move)
    return {**told, "minutes": told.pop("hours")}
