"""Statements: opening balance, lines, closing balance. They always add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate

from timebank.domain.account import AccountKind
from timebank.domain.ids import AccountId, PersonId, TransactionId
from timebank.domain.transaction import Activity, TransactionKind
from timebank.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One entry of an account as the journal has it, with what a reader wants to know.

    ``counterparty`` is the other side's account, ``counterparty_owner`` its member, if any.
    """

    number: int
    change_minutes: int
    balance_minutes: int
    happened_on: date
    counts_on: date
    recorded_at: datetime
    activity: Activity
    kind: TransactionKind
    category: str | None
    reason: str | None
    transaction: TransactionId
    reverses: TransactionId | None
    overrides: bool
    imported: bool
    counterparty: AccountId
    counterparty_kind: AccountKind
    counterparty_label: str | None
    counterparty_owner: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """An entry in the statement's order, with the running balance of the statement."""

    entry: StatementEntry
    balance_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an account did on the days from ``start`` up to, not including, ``end``.

    Days are those on which entries count; opening + the changes of all lines = closing.
    """

    account: AccountId
    start: date
    end: date
    opening_minutes: int
    closing_minutes: int
    lines: tuple[StatementLine, ...]


def check_range(start: date, end: date) -> None:
    """*Refuses* a range that is empty or runs backwards, with ``InputError``."""
    if start >= end:
        raise InputError(field="end", problem=f"{end} does not lie after {start}")


def build(
    account: AccountId,
    balance_minutes: int,
    since: Iterable[StatementEntry],
    *,
    start: date,
    end: date,
) -> Statement:
    """The statement, from a balance and every entry in it that counts on ``start`` or later.

    ``balance_minutes`` is that of now, or that at the close of the last day: going back from either
    is exact, because an entry cannot count on a day after the one on which it was recorded, nor one
    recorded after a close on a day that it closed.
    """
    entries = sorted(since, key=lambda e: (e.counts_on, e.number))
    opening = balance_minutes - sum(e.change_minutes for e in entries)
    inside = [e for e in entries if e.counts_on < end]
    balances = accumulate((e.change_minutes for e in inside), initial=opening)
    next(balances)
    lines = tuple(
        StatementLine(entry=entry, balance_minutes=balance)
        for entry, balance in zip(inside, balances, strict=True)
    )
    closing = lines[-1].balance_minutes if lines else opening
    return Statement(
        account=account,
        start=start,
        end=end,
        opening_minutes=opening,
        closing_minutes=closing,
        lines=lines,
    )
