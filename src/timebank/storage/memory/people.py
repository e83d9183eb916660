"""The bank, its people, its offers and requests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from timebank.domain.account import ChangeField
from timebank.domain.bank import Bank
from timebank.domain.ids import ListingId, PersonId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Member, Person, Staff, Standing, Status, StatusSpan
from timebank.domain.policy import PolicyVersion
from timebank.errors import NotFoundError
from timebank.ports import House
from timebank.storage.memory.database import Shelf
from timebank.storage.memory.order import latest, page, prefixed


class Banks:
    """The bank itself: who it is and which rules hold."""

    def __init__(self, shelf: Shelf, slug: str) -> None:
        self._shelf = shelf
        self._slug = slug

    def get(self) -> Bank:
        """The bank. *Refuses* a slug nobody created, with ``NotFoundError``."""
        if self._shelf.bank is None:
            raise NotFoundError(kind="bank", ref=self._slug, where="database")
        return self._shelf.bank

    def find(self) -> Bank | None:
        """The bank, or None where nobody created it."""
        return self._shelf.bank

    def house(self, people: Collection[PersonId] = ()) -> House:
        """What holds now. *Refuses* a slug nobody created, with ``NotFoundError``."""
        self.get()
        shelf = self._shelf
        last, stated = latest(shelf.transactions), latest(shelf.days)
        return House(
            policy=self.policies()[-1],
            closed_until=max((c.until for c in shelf.closes.values()), default=None),
            last_recorded_at=last.recorded_at if last else None,
            stated_day=stated.day if stated else None,
            people=People(shelf).standings(people),
        )

    def policies(self) -> tuple[PolicyVersion, ...]:
        """Every version of the house rules, in order."""
        return tuple(sorted(self._shelf.policies.values(), key=lambda p: p.version))


class People:
    """People, memberships and roles."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def get(self, id: PersonId) -> Person | None:
        """The person of this id."""
        return self._shelf.people.get(id)

    def many(self, ids: Collection[PersonId]) -> dict[PersonId, Person]:
        """The people of these ids; unknown ones are left out."""
        people = self._shelf.people
        return {id_: people[id_] for id_ in ids if id_ in people}

    def by_ref(self, ref: str) -> Person | None:
        """The person of this ref."""
        return next((p for p in self._shelf.people.values() if p.ref == ref), None)

    def by_refs(self, refs: Collection[str]) -> dict[str, PersonId]:
        """The ids of the people with these refs; unknown refs are left out."""
        wanted = set(refs)
        return {p.ref: p.id for p in self._shelf.people.values() if p.ref in wanted}

    def by_prefix(self, prefix: str) -> tuple[PersonId, ...]:
        """Ids that begin so, at most two."""
        return prefixed(self._shelf.people, prefix)

    def member(self, id: PersonId) -> Member | None:
        """The membership of this person."""
        return self._shelf.members.get(id)

    def members(
        self, *, status: Status | None, after: PersonId | None, limit: int
    ) -> tuple[tuple[Member, Person], ...]:
        """Members with the person behind each, in order of id."""
        found = (m for m in self._shelf.members.values() if status in (None, m.status))
        people = self._shelf.people
        return tuple((m, people[m.id]) for m in page(found, after=after, limit=limit))

    def staff(self, *, person: PersonId | None = None) -> tuple[tuple[Staff, Person], ...]:
        """Roles with the person who holds each, in order of first day."""
        found = (s for s in self._shelf.staff.values() if person in (None, s.person))
        ordered = sorted(found, key=lambda s: (s.starts_on, s.id))
        return tuple((s, self._shelf.people[s.person]) for s in ordered)

    def standings(self, ids: Collection[PersonId]) -> dict[PersonId, Standing]:
        """People as the rules see them; unknown ones are left out."""
        return {id_: self._standing(id_) for id_ in ids if id_ in self._shelf.people}

    def _standing(self, id_: PersonId) -> Standing:
        accounts = self._shelf.accounts
        spans = sorted(
            (change.effective_on, change.id, change.becomes)
            for change in self._shelf.account_changes.values()
            if change.field is ChangeField.STATUS and accounts[change.account].owner == id_
        )
        return Standing(
            id=id_,
            member=self._shelf.members.get(id_),
            history=tuple(StatusSpan(since=day, status=Status(word)) for day, _, word in spans),
            staff=tuple(staff for staff, _ in self.staff(person=id_)),
        )


class Listings:
    """Offers and requests."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def lock(self, id: ListingId) -> Listing | None:
        """The listing; there is nobody to lock it from."""
        return self._shelf.listings.get(id)

    get = lock

    def by_prefix(self, prefix: str) -> tuple[ListingId, ...]:
        """Ids that begin so, at most two."""
        return prefixed(self._shelf.listings, prefix)

    def list(
        self,
        *,
        kind: ListingKind | None,
        member: PersonId | None,
        category: str | None,
        words: str | None,
        standing_on: date | None,
        after: ListingId | None,
        limit: int,
    ) -> tuple[Listing, ...]:
        """Listings in order of id that are all that was asked."""
        found = (
            listing
            for listing in self._shelf.listings.values()
            if kind in (None, listing.kind)
            and member in (None, listing.member)
            and category in (None, listing.category)
            and (words is None or words.lower() in (listing.title or "").lower())
            and (standing_on is None or self._stands(listing, standing_on))
        )
        return page(found, after=after, limit=limit)

    def _stands(self, listing: Listing, day: date) -> bool:
        """Who is suspended or has left can neither give nor receive."""
        active = self._shelf.members[listing.member].status is Status.ACTIVE
        return active and listing.stands_on(day)
