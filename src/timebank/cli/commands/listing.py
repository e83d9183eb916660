"""``timebank listing``: offers and requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

import timebank
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading, writing
from timebank.cli.documents import named, page
from timebank.cli.render import Answer, grid
from timebank.domain.ids import PersonId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.receipt import Receipt
from timebank.errors import InputError
from timebank.ports import ReadingUnit
from timebank.wings import bank_today

Whose = Annotated[
    str | None,
    typer.Option("--member", metavar="REF", help="Whose; else of the one who acts."),
]
Title = Annotated[str, typer.Option("--title", help="What, in a few words.")]
NeededCategory = Annotated[str, typer.Option("--category", help="One of the bank's categories.")]
Kind = Annotated[ListingKind | None, typer.Option("--kind", help="Only these.")]


def register(app: typer.Typer) -> None:
    """Add the group ``listing``."""
    listing = group(app, "listing", "Offers and requests.")
    offered = 'timebank listing offer --title "Mend bicycles" --category transport --by anna'
    writing(listing, "offer", example=offered)(offer)
    asked = 'timebank listing request --title "A lift to town" --category transport --by ben'
    writing(listing, "request", example=asked)(request)
    reading(listing, "list", example="timebank listing list --member anna")(list_)
    reading(listing, "search", example="timebank listing search bicycle --kind offer")(search)
    writing(listing, "withdraw", example="timebank listing withdraw 0192f3 --by anna")(withdraw)


def offer(
    desk: Desk,
    title: Title,
    category: NeededCategory,
    member: Whose = None,
    expires_on: options.UntilDay = None,
) -> Receipt:
    """Place a standing "I can"."""
    return timebank.listings.offer(
        desk.uow,
        member=_whose(desk, member),
        title=title,
        category=category,
        expires_on=expires_on,
        by=desk.by,
        key=desk.key,
    )


def request(
    desk: Desk,
    title: Title,
    category: NeededCategory,
    member: Whose = None,
    expires_on: options.UntilDay = None,
) -> Receipt:
    """Place a standing "I need"."""
    return timebank.listings.request(
        desk.uow,
        member=_whose(desk, member),
        title=title,
        category=category,
        expires_on=expires_on,
        by=desk.by,
        key=desk.key,
    )


def list_(
    uow: ReadingUnit,
    member: Annotated[
        str | None, typer.Option("--member", metavar="REF", help="Only this one's.")
    ] = None,
    kind: Kind = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """List offers and requests, expired and withdrawn ones included."""
    found = timebank.listings.list(
        uow,
        member=None if member is None else names.person(uow, member),
        kind=kind,
        after=None if after is None else names.listing(uow, after),
        limit=limit,
    )
    return _page(uow, found, limit)


def search(
    uow: ReadingUnit,
    words: Annotated[str | None, typer.Argument(help="Words of the title.")] = None,
    kind: Kind = None,
    category: options.Category = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """Find what stands today."""
    found = timebank.listings.search(
        uow,
        words,
        kind=kind,
        category=category,
        after=None if after is None else names.listing(uow, after),
        limit=limit,
    )
    return _page(uow, found, limit)


def withdraw(
    desk: Desk,
    listing: Annotated[
        str, typer.Argument(metavar="LISTING", help="Its id, or the beginning of it.")
    ],
) -> Receipt:
    """Take an offer or request back."""
    return timebank.listings.withdraw(
        desk.uow, names.listing(desk.uow, listing), by=desk.by, key=desk.key
    )


def _whose(desk: Desk, member: str | None) -> PersonId:
    if member is not None:
        return names.person(desk.uow, member)
    if desk.by.acts_for is None:
        raise InputError(field="member", problem="say whose: --member REF, or --for REF")
    return desk.by.acts_for


def _state(listing: Listing, today: date) -> str:
    if listing.withdrawn_at is not None:
        return "withdrawn"
    return "open" if listing.stands_on(today) else "expired"


def _page(uow: ReadingUnit, found: Sequence[Listing], limit: int) -> Answer:
    labels, today = names.Labels(uow).learn(people=[one.member for one in found]), bank_today(uow)
    rows = [
        (
            one.kind.value,
            labels.short(one.member),
            one.title,
            one.category,
            one.expires_on,
            _state(one, today),
            one.id,
        )
        for one in found
    ]
    return page(
        "timebank.listings/1",
        uow.slug,
        "listings",
        [named("listing", one) for one in found],
        text=grid(("Kind", "Member", "Title", "Category", "Until", "State", "Id"), rows),
        last=found[-1].id if len(found) == limit else None,
    )
