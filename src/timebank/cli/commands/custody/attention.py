"""``timebank custody exceptions``, ``attempts``, ``todo``, ``due``, ``goods`` and ``rules``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from timebank import custody
from timebank.cli import options
from timebank.cli.command import Desk, group, reading
from timebank.cli.commands.custody._desk import acting, bank_days, exception_id
from timebank.cli.documents import named, page, plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.custody import rules_text
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit


def register(app: typer.Typer) -> None:
    """Add the commands about what somebody should look at."""
    start = "timebank custody"
    exceptions = group(app, "exceptions", "What took place, and somebody should look at.")
    reading(exceptions, "list", example=f"{start} exceptions list --all")(list_)
    closed = f"{start} exceptions close 0192f3 --reason other --by olga"
    acting(exceptions, "close", action="custody.exception_close", example=closed)(close)
    reading(app, "attempts", example=f"{start} attempts --json")(attempts)
    reading(app, "goods", example=f"{start} goods --month 2026-10")(goods)
    reading(app, "due", example=f"{start} due")(due)
    reading(app, "todo", example=f"{start} todo")(todo)
    rules = group(app, "rules", "What holds in this scheme.")
    ruled = f"{start} rules set rules.toml --by cora --approved-by olga"
    acting(rules, "set", action="custody.rules_set", example=ruled)(set_rules)
    reading(rules, "show", example=f"{start} rules show --json")(show_rules)


def list_(
    uow: ReadingUnit,
    all_: Annotated[bool, typer.Option("--all", help="Also what was closed.")] = False,
) -> Answer:
    """List what somebody should look at, in order of record."""
    found = custody.scheme.exceptions(uow, open_only=not all_)
    labels = Labels(uow).learn(
        people={one.person for one, _ in found}, accounts={one.account for one, _ in found}
    )
    day = bank_days(uow)
    rows = [
        (
            day(one.recorded_at),
            one.rule.value,
            labels.short(one.person),
            labels.short(one.account),
            "" if looked is None else looked.reason,
            one.id,
        )
        for one, looked in found
    ]
    document = {
        "schema": "timebank.custody-exceptions/1",
        "bank": uow.slug,
        "exceptions": [
            {**named("exception", one), "closed": None if looked is None else plain(looked)}
            for one, looked in found
        ],
    }
    columns = ("On", "Rule", "Person", "Account", "Came of it", "Id")
    return Answer(document=document, text=(grid(columns, rows),))


def close(
    desk: Desk,
    exception: Annotated[
        str, typer.Argument(metavar="EXCEPTION", help="Its id, or the beginning of it.")
    ],
    reason: options.ReasonCode,
) -> Receipt:
    """Say what came of it, with a reason code."""
    return custody.scheme.close_exception(
        desk.uow, exception_id(desk.uow, exception), reason=reason, by=desk.by, key=desk.key
    )


def attempts(uow: ReadingUnit, after: options.After = None, limit: options.Limit = 100) -> Answer:
    """List what was refused: who asked, for what, and by which rule."""
    found = custody.scheme.attempts(uow, after=after, limit=limit)
    labels, day = Labels(uow).learn(actors=[one.actor for one in found]), bank_days(uow)
    rows = [(day(one.recorded_at), labels.actor(one.actor), one.action, one.code) for one in found]
    return page(
        "timebank.custody-attempts/1",
        uow.slug,
        "attempts",
        [named("attempt", one) for one in found],
        text=grid(("On", "Who", "Action", "Refused by"), rows),
        last=found[-1].id if len(found) == limit else None,
    )


def todo(uow: ReadingUnit) -> Answer:
    """List what waits for somebody: sheets, reviews, exceptions."""
    found = custody.scheme.todo(uow)
    labels = Labels(uow).learn(
        people={PersonId(one.subject) for one in found if one.next_step == "admit"}
    )
    rows = [(one.what, labels.short(one.subject), one.since, one.next_step) for one in found]
    document = {
        "schema": "timebank.custody-todo/1",
        "bank": uow.slug,
        "todo": [plain(one) for one in found],
    }
    text: Any = grid(("What", "Which", "Since", "Next"), rows) if rows else "Nothing waits."
    return Answer(document=document, text=(text,))


def goods(
    uow: ReadingUnit,
    from_: options.FromDay = None,
    to: options.ToDay = None,
    month: options.Month = None,
    year: options.Year = None,
) -> Answer:
    """Report the hours posted of each activity that makes goods, one by one."""
    first, last = options.day_range(from_, to, month, year)
    found = custody.scheme.goods(uow, start=first, end=last + timedelta(days=1))
    rows = [
        (
            one.category,
            "yes" if one.allowed else "no",
            one.sheets,
            one.people,
            Hours(minutes=one.raw_minutes),
            Hours(minutes=one.credited_minutes),
        )
        for one in found
    ]
    document = {
        "schema": "timebank.custody-goods/1",
        "bank": uow.slug,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "goods": [plain(one) for one in found],
    }
    columns = ("Activity", "Allowed", ">Sheets", ">People", ">Raw", ">Credited")
    text: Any = grid(columns, rows) if rows else "No activity of this scheme makes goods."
    return Answer(document=document, text=(f"{first} to {last}", text))


def due(uow: ReadingUnit) -> Answer:
    """List what names somebody and is kept for longer than was stated."""
    found = custody.retentions.due(uow)
    labels = Labels(uow).learn(people={one.person for one in found})
    rows = [
        (labels.short(one.person), one.record.value, one.lawful_basis.value, one.keep_until)
        for one in found
    ]
    document = {
        "schema": "timebank.custody-due/1",
        "bank": uow.slug,
        "due": [named("retention", one) for one in found],
    }
    text: Any = grid(("Person", "Record", "Ground", "Until"), rows) if rows else "Nothing is due."
    return Answer(document=document, text=(text,))


def set_rules(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The rules; see rules show.")],
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """New rules from now on, by two people; what the file leaves out is as shipped."""
    from timebank.schemas import read_toml

    _, given = read_toml(file, "file")
    return custody.scheme.set_rules(
        desk.uow,
        rules_text.from_plain(given),
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def show_rules(uow: ReadingUnit) -> Answer:
    """Show the rules that hold now."""
    found = rules_text.as_plain(custody.scheme.rules(uow))
    document = {"schema": "timebank.custody-rules/1", "bank": uow.slug, "rules": found}
    rows = [(name, _said(value)) for name, value in found.items()]
    return Answer(document=document, text=(grid(("Rule", "Value"), rows),))


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {word}" for name, word in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
