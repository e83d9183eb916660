"""Offers and requests."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import exists, func, or_, select

from timebank.domain.ids import ListingId, PersonId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Status
from timebank.storage.sql import schema
from timebank.storage.sql.rows import people
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, with_prefix

_ACTIVE: Final = exists().where(
    schema.member.c.bank_id == schema.listing.c.bank_id,
    schema.member.c.id == schema.listing.c.member_id,
    schema.member.c.status == Status.ACTIVE.value,
)
"""Who is suspended or has left can neither give nor receive: their listings do not stand."""


class SqlListingStore(Store):
    """``ListingStore`` in SQL."""

    def lock(self, id: ListingId) -> Listing | None:
        """The listing under its row lock."""
        self.link.require_writing()
        query = self._of_bank(schema.listing).where(schema.listing.c.id == id)
        if not self.link.is_sqlite:
            query = query.with_for_update(key_share=True)
        row = self.link.one(query)
        return None if row is None else people.listing_from(row)

    def get(self, id: ListingId) -> Listing | None:
        """A listing by id."""
        row = self.link.one(self._of_bank(schema.listing).where(schema.listing.c.id == id))
        return None if row is None else people.listing_from(row)

    def by_prefix(self, prefix: str) -> tuple[ListingId, ...]:
        """Ids that begin so, at most two."""
        listing = schema.listing.c
        query = select(listing.id).where(
            listing.bank_id == self.link.bank, with_prefix(listing.id, prefix, ID_DIGITS)
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

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
        """A page of listings in order of id."""
        listing = schema.listing.c
        query = self._of_bank(schema.listing)
        if kind is not None:
            query = query.where(listing.kind == kind.value)
        if member is not None:
            query = query.where(listing.member_id == member)
        if category is not None:
            query = query.where(listing.category == category)
        if words is not None:
            query = query.where(func.lower(listing.title).contains(words.lower(), autoescape=True))
        if standing_on is not None:
            query = query.where(
                listing.withdrawn_at.is_(None),
                or_(listing.expires_on.is_(None), listing.expires_on >= standing_on),
                _ACTIVE,
            )
        rows = self.link.all(page(query, listing.id, after, limit))
        return tuple(people.listing_from(row) for row in rows)
