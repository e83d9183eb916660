"""What the files for accounting programs are made from, and the balances that they assert."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from timebank.domain.account import Account, AccountKind
from timebank.domain.ids import AccountId
from timebank.domain.transaction import Transaction

COMMODITY: Final = "MINUTE"

EQUITY: Final = frozenset(
    {AccountKind.ISSUANCE, AccountKind.RESERVE, AccountKind.CLOSURE, AccountKind.CLEARING}
)
"""Kinds whose balances say where hours came from and went to; all others are assets."""

_BREAKS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that end a line, or are none."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A bank's books: ``transactions`` is read once; ``balances_on`` is what the bank says."""

    bank: str
    accounts: tuple[Account, ...]
    transactions: Iterable[Transaction]
    balances_on: Callable[[date], Mapping[AccountId, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an account's balance is at the end of a day, by the bank's word."""

    day: date
    account: AccountId
    minutes: int


class Calendar:
    """The days on which transactions count: the first, the last, and the months between."""

    def __init__(self) -> None:
        self.first = date.max
        self.last = date.min
        self._months: set[tuple[int, int]] = set()

    def watching(self, transactions: Iterable[Transaction]) -> Iterator[Transaction]:
        """The same transactions, their days kept in mind."""
        for transaction in transactions:
            day = transaction.counts_on
            self.first, self.last = min(self.first, day), max(self.last, day)
            self._months.add((day.year, day.month))
            yield transaction

    @property
    def is_empty(self) -> bool:
        """Whether no transaction came by."""
        return not self._months

    def month_ends(self) -> Iterator[date]:
        """The last day of each month in which something counts, but for the last month."""
        for year, month in sorted(self._months)[:-1]:
            following = date(year + month // 12, month % 12 + 1, 1)
            yield following - _ONE_DAY


def assertions(books: Books, calendar: Calendar) -> Iterator[Assertion]:
    """In order of day: at a month's end the balances that have moved since the last one.

    On the last day every account's, as its row has it. Ask when all transactions have come by.
    """
    before: Mapping[AccountId, int] = {}
    for day in calendar.month_ends():
        now = books.balances_on(day)
        for account, minutes in sorted(now.items()):
            if before.get(account) != minutes:
                yield Assertion(day=day, account=account, minutes=minutes)
        before = now
    if calendar.is_empty:
        return
    for each in books.accounts:
        yield Assertion(day=calendar.last, account=each.id, minutes=each.balance_minutes)


def facts(transaction: Transaction) -> Iterator[tuple[str, str]]:
    """What is told of a transaction beside its entries: codes and ids, never notes or people."""
    yield "kind", transaction.kind.value
    if transaction.happened_on != transaction.counts_on:
        yield "happened_on", transaction.happened_on.isoformat()
    for name in ("category", "reason", "reverses", "exchange"):
        value = getattr(transaction, name)
        if value is not None:
            yield name, one_line(value)


def one_line(text: str) -> str:
    """The text with a blank for whatever could end a line.

    >>> one_line("home\\nrepairs")
    'home repairs'
    """
    return "".join(" " if unicodedata.category(c) in _BREAKS else c for c in text)
