"""Offers and requests: placing, withdrawing, finding."""

from __future__ import annotations

from datetime import date

from timebank.actions._gather import bank_today, check_page, conditions, person_id
from timebank.actions._request import action
from timebank.domain import listing as rules
from timebank.domain.actor import Actor, Role
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.events import ListingPlaced, ListingWithdrawn
from timebank.domain.ids import ListingId, PersonId, checked_id
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import checked_text, require_active
from timebank.domain.words import checked_word
from timebank.errors import InputError, NotFoundError, NotPermitted
from timebank.ports import ReadingUnit, UnitOfWork


@action("listings.offer")
def offer(
    uow: UnitOfWork,
    *,
    member: str,
    title: str,
    category: str,
    by: Actor,
    expires_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """A member's standing "I can".

    *Refuses*, in this order: an unknown member, the actor, somebody else's listing, a member who
    is not active, an unfit title, an unknown category, a last day in the past.
    """
    return _place(uow, ListingKind.OFFER, member, title, category, expires_on, by=by)


@action("listings.request")
def request(
    uow: UnitOfWork,
    *,
    member: str,
    title: str,
    category: str,
    by: Actor,
    expires_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """A member's standing "I need". *Refuses* what ``offer`` refuses."""
    return _place(uow, ListingKind.REQUEST, member, title, category, expires_on, by=by)


@action("listings.withdraw")
def withdraw(uow: UnitOfWork, listing: str, *, by: Actor, key: str | None = None) -> Changes:
    """Take an offer or request back.

    *Refuses*, in this order: an unknown listing, the actor, somebody else's listing, one that was
    withdrawn before.
    """
    found = uow.listings.lock(ListingId(checked_id(listing, field="listing")))
    if found is None:
        raise NotFoundError(kind="listing", ref=listing)
    now = conditions(uow, by=by)
    require_actor("listings.withdraw", now)
    _check_own("listings.withdraw", found.member, now)
    after = rules.withdraw(found, at=now.now)
    return Changes(changed=(after,), events=(ListingWithdrawn(listing=after.id),))


def _place(
    uow: UnitOfWork,
    kind: ListingKind,
    member: str,
    title: str,
    category: str,
    expires_on: date | None,
    *,
    by: Actor,
) -> Changes:
    action_name = f"listings.{kind.value}"
    who = person_id(uow, member)
    uow.accounts.lock(uow.accounts.of_members([who]).get(who, ()))  # nobody leaves meanwhile
    now = conditions(uow, by=by, people=[who])
    require_actor(action_name, now)
    _check_own(action_name, who, now)
    require_active(now.standing(who))
    if expires_on is not None and expires_on < now.today:
        raise InputError(field="expires_on", problem=f"{expires_on} has passed")
    listing = Listing(
        id=ListingId(uow.fresh.id()),
        kind=kind,
        member=who,
        title=checked_text(title, field="title"),
        category=now.policy.checked_category(category) or category,
        expires_on=expires_on,
        placed_at=now.now,
    )
    return Changes(added=(listing,), events=(ListingPlaced(listing=listing.id, kind=kind.value),))


def _check_own(action_name: str, member: PersonId, now: Conditions) -> None:
    """Members see to their own listings, staff to everybody's."""
    if now.by.role is Role.MEMBER and now.by.person != member:
        raise NotPermitted(action=action_name, who=str(now.by), needed="the member or staff")


def get(uow: ReadingUnit, listing: str) -> Listing:
    """A listing by its id. *Refuses* unknown ones with ``NotFoundError``."""
    found = uow.listings.get(ListingId(checked_id(listing, field="listing")))
    if found is None:
        raise NotFoundError(kind="listing", ref=listing)
    return found


def list(
    uow: ReadingUnit,
    *,
    member: str | None = None,
    kind: ListingKind | str | None = None,
    after: ListingId | None = None,
    limit: int = 100,
) -> tuple[Listing, ...]:
    """Every listing in order of id, expired and withdrawn ones included; a page of ``limit``."""
    check_page(after, limit)
    return uow.listings.list(
        kind=None if kind is None else checked_word(ListingKind, kind, field="kind"),
        member=None if member is None else person_id(uow, member),
        category=None,
        words=None,
        standing_on=None,
        after=after,
        limit=limit,
    )


def search(
    uow: ReadingUnit,
    words: str | None = None,
    *,
    kind: ListingKind | str | None = None,
    category: str | None = None,
    after: ListingId | None = None,
    limit: int = 100,
) -> tuple[Listing, ...]:
    """Listings of active members that stand today, with the words in their title in any case.

    A page of ``limit`` in order of id, after the one with the id ``after``.
    """
    check_page(after, limit)
    return uow.listings.list(
        kind=None if kind is None else checked_word(ListingKind, kind, field="kind"),
        member=None,
        category=category,
        words=words,
        standing_on=bank_today(uow),
        after=after,
        limit=limit,
    )
