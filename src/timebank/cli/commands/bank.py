"""``timebank bank``: banks and their house rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

import timebank
from timebank.cli import options, policy_words
from timebank.cli.command import Desk, group, place, reading, receipts, writing
from timebank.cli.documents import plain
from timebank.cli.render import Answer, grid
from timebank.cli.session import Place
from timebank.domain.policy import Policy
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

Rules = Annotated[
    str,
    typer.Option("--policy", metavar="PRESET|FILE.toml", help="A preset, or a file of rules."),
]


def register(app: typer.Typer) -> None:
    """Add the group ``bank``."""
    bank = group(app, "bank", "Banks and their house rules.")
    place(bank, "create", example="timebank bank create riverside --first-coordinator cora")(create)
    place(bank, "list", example="timebank bank list --json")(list_)
    reading(bank, "policy", example="timebank bank policy --explain")(policy)
    writing(bank, "set-policy", example="timebank bank set-policy rules.toml --by cora")(set_policy)
    writing(bank, "today", example="timebank bank today 2026-10-31 --by cora")(today)


def create(
    where: Place,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Its short name: a-z, 0-9, dashes.")],
    first_coordinator: Annotated[
        str,
        typer.Option("--first-coordinator", metavar="REF", help="The first member of staff."),
    ],
    name: Annotated[str | None, typer.Option("--name", help="Its name for people.")] = None,
    policy: Rules = "neighbourhood",
    zone: Annotated[str, typer.Option("--zone", help="Its time zone.")] = "Europe/London",
    key: options.Key = None,
) -> Answer:
    """Create a bank with its own accounts at 0:00 and its first coordinator."""
    rules = _rules(policy)
    where.require_schema()
    return where.run(
        slug,
        lambda uow: receipts(
            uow,
            timebank.banks.create(
                uow,
                name=name,
                policy=rules,
                zone=zone,
                first_coordinator=first_coordinator,
                key=key,
            ),
        ),
    )


def list_(where: Place) -> Answer:
    """List the banks of the database."""
    where.require_schema()
    found = []
    for slug in timebank.bank_slugs(where.engine, schema=where.schema):
        with timebank.reading(where.engine, bank=slug, schema=where.schema) as uow:
            found.append(timebank.banks.get(uow))
    banks = [
        {"bank": b.slug, "name": b.name, "zone": b.zone, "created_at": b.created_at.isoformat()}
        for b in found
    ]
    rows = grid(("Bank", "Name", "Zone"), [(b.slug, b.name, b.zone) for b in found])
    return Answer(document={"schema": "timebank.banks/1", "banks": banks}, text=(rows,))


def policy(
    uow: ReadingUnit,
    explain: Annotated[bool, typer.Option("--explain", help="Say it in plain words.")] = False,
) -> Answer:
    """Print the house rules that hold now."""
    found = timebank.banks.policy(uow)
    document = {
        "schema": "timebank.policy/1",
        "bank": uow.slug,
        "version": found.version,
        "recorded_at": found.recorded_at.isoformat(),
        "policy": {n: v for n, v in plain(found.policy).items() if n != "flow_table"},
    }
    if explain:
        return Answer(document=document, text=("\n".join(policy_words.explained(found)),))
    return Answer(document=document, text=(policy_words.listed(found),))


def set_policy(
    desk: Desk,
    policy: Annotated[str, typer.Argument(metavar="PRESET|FILE.toml", help="The new rules.")],
) -> Receipt:
    """Set new house rules from now on; limits of accounts that exist stay as they are."""
    return timebank.banks.set_policy(desk.uow, _rules(policy), by=desk.by, key=desk.key)


def today(
    desk: Desk,
    day: Annotated[
        date, typer.Argument(parser=options.day, metavar="DAY", help="Today, by a calendar.")
    ],
) -> Receipt:
    """State today's date where the computer's clock is in doubt."""
    return timebank.banks.state_day(desk.uow, day, by=desk.by, key=desk.key)


def _rules(policy: str) -> Policy | str:
    """A preset's name as it is, or the policy of a file."""
    if not policy.endswith(".toml"):
        return policy
    from timebank.schemas import read_policy

    return read_policy(policy)
