"""``timebank exchange list | show``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import reading
from timebank.cli.documents import named, note_beside, page, plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.domain.exchange import Exchange, State
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.transaction import Activity
from timebank.ports import ReadingUnit


def register(exchange: typer.Typer) -> None:
    """Add the two commands to the group ``exchange``."""
    reading(exchange, "list", example="timebank exchange list --member anna --state agreed")(list_)
    reading(exchange, "show", example="timebank exchange show 0192f3 --json")(show)


def list_(
    uow: ReadingUnit,
    member: Annotated[
        str | None, typer.Option("--member", metavar="REF", help="Only this one's.")
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only these.")] = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """List exchanges in order of id."""
    found = timebank.exchanges.list(
        uow,
        member=None if member is None else names.person(uow, member),
        state=state,
        after=None if after is None else names.exchange(uow, after),
        limit=limit,
    )
    labels = Labels(uow).learn(people={person for one in found for person in one.parties})
    documents = _documents(uow, found)
    rows = [
        (
            one.state.value,
            _people(one.givers, labels),
            _people(one.receivers, labels),
            Hours(minutes=one.agreed_minutes),
            _hours(document["moved_minutes"]),
            one.category,
            one.happens_on,
            one.id,
        )
        for one, document in zip(found, documents, strict=True)
    ]
    return page(
        "timebank.exchanges/1",
        uow.slug,
        "exchanges",
        documents,
        text=grid(
            ("State", "Giver", "Receiver", ">Agreed", ">Moved", "Category", "Day", "Id"), rows
        ),
        last=found[-1].id if len(found) == limit else None,
    )


def show(
    uow: ReadingUnit,
    exchange: Annotated[
        str, typer.Argument(metavar="EXCHANGE", help="Its id, or the beginning of it.")
    ],
) -> Answer:
    """Show an exchange and everything that was done to it."""
    found = timebank.exchanges.get(uow, names.exchange(uow, exchange))
    acts = timebank.exchanges.acts(uow, found.id)
    notes = [note_beside(uow, act) for act in acts]
    labels = Labels(uow).learn(people=found.parties, actors=[act.actor for act in acts])
    (known,) = _documents(uow, [found])
    document = {
        "schema": "timebank.exchange/1",
        "bank": uow.slug,
        **known,
        "acts": [plain(act) | {"note": note} for act, note in zip(acts, notes, strict=True)],
    }
    facts = known | {
        "givers": _people(found.givers, labels),
        "receivers": _people(found.receivers, labels),
    }
    rows = [
        (
            act.recorded_at.isoformat(timespec="seconds"),
            act.act.value,
            labels.actor(act.actor),
            _hours(act.minutes),
            act.state.value,
            note or act.reason,
        )
        for act, note in zip(acts, notes, strict=True)
    ]
    acted = grid(("Recorded at", "Act", "By", ">Hours", "State after", "Reason"), rows)
    return Answer(document=document, text=(grid(("", ""), facts.items()), "", acted))


def _documents(uow: ReadingUnit, found: Collection[Exchange]) -> list[dict[str, Any]]:
    """The exchanges with the minutes of service that they moved, which may not be those agreed."""
    transactions = uow.journal.many({one.transaction for one in found if one.transaction})
    moved = {
        id_: sum(t.minutes for t in one.transfers if t.activity is Activity.SERVICE)
        for id_, one in transactions.items()
    }
    return [
        named("exchange", one)
        | {"moved_minutes": None if one.transaction is None else moved[one.transaction]}
        for one in found
    ]


def _hours(minutes: int | None) -> Hours | None:
    return None if minutes is None else Hours(minutes=minutes)


def _people(people: Iterable[PersonId], labels: Labels) -> str:
    return ", ".join(labels.short(person) for person in people)
