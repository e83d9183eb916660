"""``timebank custody print``: pages for those who have no screen, and for their families."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

import timebank
from timebank import custody
from timebank.cli import names, options
from timebank.cli.command import group, place, reading
from timebank.cli.files import writing_to
from timebank.cli.render import Answer
from timebank.cli.session import Place
from timebank.custody import paper as pages
from timebank.custody.domain.sheet import checked_paper
from timebank.domain.account import AccountKind
from timebank.errors import InputError
from timebank.formats.statement_page import Heading
from timebank.ports import ReadingUnit
from timebank.wings import bank_today

Who = Annotated[str, typer.Argument(metavar="REF", help="The person: ref or id.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the page goes.")]
SessionDay = Annotated[
    date | None,
    typer.Option("--on", metavar="DAY", parser=options.day, help="The day of the session."),
]


def register(app: typer.Typer) -> None:
    """Add the group ``print``."""
    printed = group(app, "print", "Pages to be printed from any browser; none fetches anything.")
    start = "timebank custody print"
    reading(printed, "statement", example=f"{start} statement r7 --month 2026-10 --out r7.html")(
        statement
    )
    reading(printed, "family", example=f"{start} family gran --month 2026-10 --out gran.html")(
        family
    )
    place(printed, "sheet", example=f"{start} sheet S-18 --activity garden --out s18.html")(sheet)


def statement(
    uow: ReadingUnit,
    person: Who,
    from_: options.FromDay = None,
    to: options.ToDay = None,
    month: options.Month = None,
    year: options.Year = None,
    out: Out = None,
) -> Answer:
    """One page in large type: folded, only a number and a day show; with a slip to tear off."""
    first, last = options.day_range(from_, to, month, year)
    view = custody.people.get(uow, person)
    end = last + timedelta(days=1)
    found = timebank.accounts.statement(uow, view.membership.custody, start=first, end=end)
    known = uow.people.get(view.membership.id)
    ref = (known.ref if known else None) or view.membership.id[-6:]
    page = pages.prisoner(
        found,
        person=view.membership.id,
        ref=ref,
        held_minutes=view.held.minutes,
        made_on=bank_today(uow),
    )
    return _page(page, "statement", out)


def family(
    uow: ReadingUnit,
    member: Who,
    from_: options.FromDay = None,
    to: options.ToDay = None,
    month: options.Month = None,
    year: options.Year = None,
    out: Out = None,
) -> Answer:
    """A statement for somebody outside: it names no site and no donor."""
    first, last = options.day_range(from_, to, month, year)
    account = names.account(uow, member)
    view = timebank.accounts.get(uow, account)
    if view.kind is not AccountKind.MEMBER or view.owner is None:
        raise InputError(field="member", problem="this page is for a member outside")
    person = uow.people.get(view.owner)
    holder = (person.name if person else None) or view.owner[-6:]
    heading = Heading(
        bank=uow.slug,
        bank_name=uow.slug,
        zone=uow.banks.get().zone,
        holder=holder,
        kind=view.kind,
        ref=None,
        made_on=bank_today(uow),
    )
    end = last + timedelta(days=1)
    found = timebank.accounts.statement(uow, account, start=first, end=end)
    return _page(pages.family(found, heading), "family", out)


def sheet(
    where: Place,
    paper: Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the sheet.")],
    activity: Annotated[str, typer.Option("--activity", help="What is done.")] = "",
    on: SessionDay = None,
    out: Out = None,
) -> Answer:
    """A blank attendance sheet for one session, with its number."""
    number = checked_paper(paper)
    return _page(pages.blank_sheet(paper=number, activity=activity, day=on), "sheet", out)


def _page(page: str, kind: str, out: Path | None) -> Answer:
    document = {"schema": "timebank.custody-page/1", "kind": kind, "html": page}
    if out is None:
        return Answer(document=document, text=(page.removesuffix("\n"),))
    with writing_to(out):
        out.write_text(page, encoding="utf-8")
    return Answer(document=document, text=(f"Written: {out}",))
