"""``timebank statement``: one account's days, or everybody's pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import reading
from timebank.cli.files import writing_to
from timebank.cli.render import Answer
from timebank.domain.account import NEVER_OVERDRAWN, PERSONAL, Account
from timebank.domain.bank import day_of
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.member import Person
from timebank.domain.statement import Statement, StatementEntry
from timebank.errors import InputError, NotFoundError
from timebank.formats import statement_page as pages
from timebank.ports import ReadingUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A statement with what stands above it, and what it calls the other sides."""

    statement: Statement
    heading: pages.Heading
    name_of: pages.NameOf


_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def register(app: typer.Typer) -> None:
    """Add ``statement``."""
    reading(app, "statement", example="timebank statement anna --month 2026-10")(statement)


def statement(
    uow: ReadingUnit,
    account: Annotated[
        str | None,
        typer.Argument(metavar="REF_OR_ACCOUNT", help="A member's ref, a label, or an account."),
    ] = None,
    from_: options.FromDay = None,
    to: options.ToDay = None,
    month: options.Month = None,
    year: options.Year = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="A page to be printed.")] = False,
    everybody: Annotated[bool, typer.Option("--all", help="A page for every member.")] = False,
    no_names: Annotated[
        bool, typer.Option("--no-names", help="Call other members by their role alone.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE|DIR", help="Where it goes.")
    ] = None,
) -> Answer:
    """Print what an account did: opening balance, every line, closing balance.

    Both days are included, in the bank's zone. --all --html --out DIR writes a page for each
    member.
    """
    days = options.day_range(from_, to, month, year)
    if everybody:
        if account is not None or out is None or not as_html or as_csv:
            raise InputError(field="all", problem="--all goes with --html and --out DIR alone")
        return _everybody(uow, days, out, by_role=no_names)
    if account is None:
        raise InputError(field="account", problem="say whose: a ref, a label or an account")
    if as_csv and as_html:
        raise InputError(field="csv", problem="either --csv or --html")
    page = page_of(uow, account, days, by_role=no_names)
    document = pages.as_document(page.statement, page.heading, page.name_of)
    if as_csv:
        text = pages.as_csv(page.statement, page.name_of)
    elif as_html:
        text = pages.as_html(page.statement, page.heading, page.name_of)
    else:
        text = pages.as_text(page.statement, page.heading, page.name_of)
    if out is None:
        return Answer(document=document, text=(text.removesuffix("\n"),))
    _write(out, text)
    return Answer(document=document, text=(f"Written: {out}",))


def _everybody(
    uow: ReadingUnit, days: tuple[date, date], directory: Path, *, by_role: bool
) -> Answer:
    """A page for each personal account, named by the member's ref."""
    accounts = [a for a in uow.accounts.all() if a.kind in PERSONAL]
    people = uow.people.many({a.owner for a in accounts if a.owner is not None})
    files = []
    for account in accounts:
        page = _page(uow, account, people, days, by_role=by_role)
        file = directory / f"{_file_name(page.heading.ref, account.id)}.html"
        _write(file, pages.as_html(page.statement, page.heading, page.name_of))
        files.append(str(file))
    document = {
        "schema": "timebank.statements/1",
        "bank": uow.slug,
        "from": days[0].isoformat(),
        "to": days[1].isoformat(),
        "files": sorted(files),
    }
    words = f"{len(files)} statements, {days[0]} to {days[1]}, written to {directory}"
    return Answer(document=document, text=(words,))


def page_of(
    uow: ReadingUnit, account: str, days: tuple[date, date], *, by_role: bool = False
) -> Page:
    """The statement of an account, named as on the command line. *Refuses* unknown accounts."""
    id_ = names.account(uow, account)
    found = uow.accounts.many([id_])
    if id_ not in found:
        raise NotFoundError(kind="account", ref=account)
    owner = found[id_].owner
    people = uow.people.many([] if owner is None else [owner])
    return _page(uow, found[id_], people, days, by_role=by_role)


def _page(
    uow: ReadingUnit,
    account: Account,
    people: Mapping[PersonId, Person],
    days: tuple[date, date],
    *,
    by_role: bool,
) -> Page:
    found = timebank.accounts.statement(
        uow, account.id, start=days[0], end=days[1] + timedelta(days=1)
    )
    inside = account.kind in NEVER_OVERDRAWN
    return Page(
        statement=found,
        heading=_heading(uow, account, people),
        name_of=pages.role_of if by_role or inside else _names(uow, found),
    )


def _heading(
    uow: ReadingUnit, account: Account, people: Mapping[PersonId, Person]
) -> pages.Heading:
    bank = uow.banks.get()
    owner = people.get(account.owner) if account.owner is not None else None
    return pages.Heading(
        bank=bank.slug,
        bank_name=bank.name,
        zone=bank.zone,
        holder=_called(owner) or account.label or account.id,
        kind=account.kind,
        ref=owner.ref if owner else account.label,
        made_on=day_of(uow.now(), bank.zone),
    )


def _called(person: Person | None) -> str | None:
    return None if person is None else person.name or person.ref


def _names(uow: ReadingUnit, statement: Statement) -> pages.NameOf:
    """The name of the other side; its role where it has none, or is that of somebody in custody."""
    owners = {line.entry.counterparty_owner for line in statement.lines}
    people = uow.people.many({owner for owner in owners if owner is not None})

    def name_of(entry: StatementEntry) -> str:
        owner = entry.counterparty_owner
        person = None if owner is None else people.get(owner)
        if person is None or entry.counterparty_kind in NEVER_OVERDRAWN:
            return pages.role_of(entry)
        return _called(person) or f"{pages.role_of(entry)} ({names.pseudonym(person.id)})"

    return name_of


def _file_name(ref: str | None, account: AccountId) -> str:
    """A file name that any system takes, unique through the account."""
    plain = _UNFIT.sub("-", ref or "").strip("-.")
    return f"{plain}-{account}" if plain else account


def _write(path: Path, text: str) -> None:
    """*Refuses* a place that cannot be written, with ``InputError``."""
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
