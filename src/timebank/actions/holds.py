"""Holds: reading what is set aside. They are placed, settled and released by exchanges."""

from __future__ import annotations

from timebank.actions._gather import check_page
from timebank.domain.hold import Hold
from timebank.domain.ids import HoldId, checked_account_id
from timebank.ports import ReadingUnit


def list(
    uow: ReadingUnit,
    *,
    account: str | None = None,
    open_only: bool = True,
    after: HoldId | None = None,
    limit: int = 100,
) -> tuple[Hold, ...]:
    """Holds in order of id, open ones only unless asked otherwise; a page of ``limit``."""
    check_page(after, limit)
    only = None if account is None else checked_account_id(account)
    return uow.accounts.holds(account=only, open_only=open_only, after=after, limit=limit)
