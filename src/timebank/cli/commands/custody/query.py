"""``timebank custody query``: slips that say "this is wrong", and what came of them."""

from __future__ import annotations

from typing import Annotated

import typer

from timebank import custody
from timebank.cli import names
from timebank.cli.command import Desk, group, reading
from timebank.cli.commands.custody._desk import acting, bank_days, query_id, sheet_id
from timebank.cli.documents import named, plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.custody.domain.query import Concern, Outcome
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit


def register(app: typer.Typer) -> None:
    """Add the group ``query``."""
    query = group(app, "query", "Slips that say: this is wrong. Each is answered by somebody else.")
    start = "timebank custody query"
    slip = "Q-20261031-4711"
    opened = f"{start} open r7 --paper {slip} --concern minutes --sheet S-17 --by bea"
    acting(query, "open", action="custody.query_open", example=opened)(open_)
    answered = f"{start} answer {slip} --outcome put_right --sheet S-17 --by bea"
    acting(query, "answer", action="custody.query_answer", example=answered, signs=True)(answer)
    reading(query, "list", example=f"{start} list --all")(list_)


def open_(
    desk: Desk,
    person: Annotated[str, typer.Argument(metavar="REF", help="Whose slip it is: ref or id.")],
    paper: Annotated[str, typer.Option("--paper", metavar="NUMBER", help="The slip's number.")],
    concern: Annotated[Concern, typer.Option("--concern", help="What they say is wrong.")],
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="SHEET", help="With their line of this sheet.")
    ] = None,
    transaction: Annotated[
        str | None,
        typer.Option("--transaction", metavar="ID", help="With this line of their statement."),
    ] = None,
) -> Receipt:
    """Enter a slip as it was handed in: what is wrong, with which line. No words of anybody's."""
    return custody.queries.open(
        desk.uow,
        person,
        paper=paper,
        concern=concern,
        sheet=None if sheet is None else sheet_id(desk.uow, sheet),
        transaction=None if transaction is None else names.transaction(desk.uow, transaction),
        by=desk.by,
        key=desk.key,
    )


def answer(
    desk: Desk,
    query: Annotated[
        str, typer.Argument(metavar="SLIP", help="The slip's number, or the beginning of its id.")
    ],
    outcome: Annotated[Outcome, typer.Option("--outcome", help="What came of it.")],
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="SHEET", help="The sheet that put it right.")
    ] = None,
    transaction: Annotated[
        str | None,
        typer.Option("--transaction", metavar="ID", help="The transaction that put it right."),
    ] = None,
) -> Receipt:
    """Answer a slip, with a PIN: not who verified or approved what it concerns.

    ``put_right`` says by what, since the slip was entered: its sheet, returned or reversed; another
    sheet of theirs, also posted; or a transaction of theirs, but for that of its sheet.
    """
    return custody.queries.answer(
        desk.uow,
        query_id(desk.uow, query),
        outcome=outcome,
        sheet=None if sheet is None else sheet_id(desk.uow, sheet),
        transaction=None if transaction is None else names.transaction(desk.uow, transaction),
        by=desk.by,
        key=desk.key,
    )


def list_(
    uow: ReadingUnit,
    all_: Annotated[bool, typer.Option("--all", help="Also what was answered.")] = False,
) -> Answer:
    """List slips that wait for an answer, in order of record."""
    found = custody.queries.list(uow, open_only=not all_)
    labels, day = Labels(uow).learn(people={one.person for one, _ in found}), bank_days(uow)
    rows = [
        (
            day(one.recorded_at),
            one.paper,
            labels.short(one.person),
            one.concern.value,
            "" if end is None else end.outcome.value,
        )
        for one, end in found
    ]
    document = {
        "schema": "timebank.custody-queries/1",
        "bank": uow.slug,
        "queries": [
            {**named("query", one), "answer": None if end is None else plain(end)}
            for one, end in found
        ],
    }
    return Answer(
        document=document, text=(grid(("On", "Slip", "Person", "Concern", "Answer"), rows),)
    )
