"""The outbox: what happened, for a consumer that reads at least once."""

from __future__ import annotations

from collections.abc import Collection

from timebank.actions._gather import check_page
from timebank.domain.ids import FactId
from timebank.ports import ReadingUnit, StoredReceipt, UnitOfWork


def read(
    uow: ReadingUnit, *, after: FactId | None = None, limit: int = 100
) -> tuple[StoredReceipt, ...]:
    """Rows that nobody marked done, in order of id; ids are there to drop what came twice.

    A row that commits late may have a lower id than one already read: mark rows done instead of
    remembering the highest id.
    """
    check_page(after, limit)
    return uow.outbox.read(after=after, limit=limit)


def done(uow: UnitOfWork, ids: Collection[FactId]) -> int:
    """Mark rows done; how many were not done before. They are kept: receipts come from them."""
    return uow.outbox.done(ids, uow.now())
