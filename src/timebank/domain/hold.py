"""Holds: hours set aside on a receiver's account until an exchange is settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from timebank.domain.account import Account, available_minutes, not_enough_hours
from timebank.domain.ids import AccountId, ExchangeId, HoldId
from timebank.errors import WrongState


class HoldOutcome(Enum):
    """How a hold ended."""

    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Minutes set aside for an exchange. It ends once: settled, released or expired.

    ``settled_minutes`` is at most what was held; the rest is released with it.
    """

    id: HoldId
    account: AccountId
    exchange: ExchangeId
    minutes: int
    placed_at: datetime
    deadline: datetime
    ended_at: datetime | None = None
    outcome: HoldOutcome | None = None
    settled_minutes: int = 0


def place(account: Account, hold: Hold) -> Account:
    """The account with the hold's minutes set aside.

    *Refuses* more than is available, with ``NotEnoughHours``.
    """
    available = available_minutes(account)
    if available is not None and available < hold.minutes:
        raise not_enough_hours(account, available_minutes=available, needed_minutes=hold.minutes)
    return replace(account, held_minutes=account.held_minutes + hold.minutes)


def end(
    account: Account, hold: Hold, *, outcome: HoldOutcome, at: datetime, settled_minutes: int = 0
) -> tuple[Account, Hold]:
    """The account without the hold, and the hold with its end.

    *Refuses* a hold that has ended before, with ``WrongState``.
    """
    if hold.outcome is not None:
        raise WrongState(kind="hold", id=hold.id, state=hold.outcome.value, act="end", possible=())
    ended = replace(
        hold, ended_at=at, outcome=outcome, settled_minutes=min(settled_minutes, hold.minutes)
    )
    return replace(account, held_minutes=account.held_minutes - hold.minutes), ended


def lapse(
    accounts: Mapping[AccountId, Account], holds: Iterable[Hold], *, now: datetime
) -> tuple[Mapping[AccountId, Account], tuple[Hold, ...]]:
    """End every open hold whose deadline has passed.

    Each action does this first, under the account's lock: so a late sweeper changes nothing.
    """
    over = [h for h in holds if h.outcome is None and h.deadline <= now and h.account in accounts]
    if not over:
        return accounts, ()
    after, ended = dict(accounts), []
    for hold in over:
        after[hold.account], lapsed = end(
            after[hold.account], hold, outcome=HoldOutcome.EXPIRED, at=now
        )
        ended.append(lapsed)
    return after, tuple(ended)
