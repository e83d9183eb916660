"""Transfers, the transactions that record them, and the entries each account sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.domain.actor import Actor
from timebank.domain.hours import Hours, positive
from timebank.domain.ids import (
    AccountId,
    ExchangeId,
    TransactionId,
    checked_account_id,
)
from timebank.domain.words import checked_word
from timebank.errors import InputError, SelfTransfer


class Activity(Enum):
    """What a transfer is, fixed when it is posted: reports never mix a grant with a service."""

    SERVICE = "service"
    GIFT = "gift"
    GRANT = "grant"
    LEVY = "levy"
    CORRECTION = "correction"
    CARRY_OVER = "carry-over"
    EXPIRY = "expiry"
    SETTLEMENT = "settlement"
    SPENDING = "spending"


class TransactionKind(Enum):
    """Which action recorded the transaction."""

    EXCHANGE = "exchange"
    GROUP = "group"
    POSTING = "posting"
    DONATION = "donation"
    GRANT = "grant"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    CARRY_OVER = "carry-over"
    LEAVING = "leaving"


CORRECTIONS: Final = frozenset({TransactionKind.REVERSAL, TransactionKind.ADJUSTMENT})
"""Kinds that undo or mend what was recorded before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Positive hours to be moved from a source account to a target account.

    *Refuses:* ids of another form (``InputError``), the same account on both sides
    (``SelfTransfer``), zero and negative hours (``InvalidHours``), in this order.
    """

    source: AccountId
    target: AccountId
    hours: Hours
    activity: Activity = Activity.SERVICE

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", checked_account_id(self.source, field="source"))
        object.__setattr__(self, "target", checked_account_id(self.target, field="target"))
        if self.source == self.target:
            raise SelfTransfer(field="target", problem="source and target are the same account")
        positive(self.hours)
        activity = checked_word(Activity, self.activity, field="activity")
        object.__setattr__(self, "activity", activity)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """What a host asks to be posted: transfers recorded together, and the day of the work.

    ``happened_on`` is today in the bank's zone where it is left out. *Refuses* an empty list of
    transfers with ``InputError``.
    """

    transfers: tuple[Transfer, ...]
    key: str | None = None
    category: str | None = None
    happened_on: date | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "transfers", tuple(self.transfers))
        if not self.transfers:
            raise InputError(field="transfers", problem="a transaction needs at least one transfer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedTransfer:
    """A transfer as recorded, with each side's number in its account and balance after."""

    n: int
    source: AccountId
    target: AccountId
    minutes: int
    activity: Activity
    source_number: int
    source_balance_minutes: int
    target_number: int
    target_balance_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Transfers recorded together: immutable. ``recorded_at`` is UTC, the days the bank's zone.

    ``reason`` is a code of the policy; free words live in an erasable note, of which only the
    salted digest stays here. ``overrides`` says that a limit was broken on purpose: the account
    changes that name this transaction tell by whom. ``salt`` blinds the leaf of the sealed tree.
    """

    id: TransactionId
    kind: TransactionKind
    category: str | None
    happened_on: date
    counts_on: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str | None
    policy_version: int
    reverses: TransactionId | None
    exchange: ExchangeId | None
    imported: bool
    overrides: bool
    note_digest: bytes | None
    salt: bytes
    encoding: int
    transfers: tuple[PostedTransfer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One account's view of a transfer: its number, the signed change and the balance after."""

    account: AccountId
    number: int
    change_minutes: int
    balance_minutes: int
    counterparty: AccountId
    activity: Activity
    transaction: TransactionId


def entries_of(transaction: Transaction) -> Iterator[Entry]:
    """Both sides of every transfer, source first."""
    for t in transaction.transfers:
        yield Entry(
            account=t.source,
            number=t.source_number,
            change_minutes=-t.minutes,
            balance_minutes=t.source_balance_minutes,
            counterparty=t.target,
            activity=t.activity,
            transaction=transaction.id,
        )
        yield Entry(
            account=t.target,
            number=t.target_number,
            change_minutes=t.minutes,
            balance_minutes=t.target_balance_minutes,
            counterparty=t.source,
            activity=t.activity,
            transaction=transaction.id,
        )


def reversal_of(original: Transaction) -> tuple[Transfer, ...]:
    """The transfers that undo a transaction, levy and all, last first, activities unchanged."""
    return tuple(
        Transfer(
            source=t.target, target=t.source, hours=Hours(minutes=t.minutes), activity=t.activity
        )
        for t in reversed(original.transfers)
    )
