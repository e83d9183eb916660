"""The journal as a table for people: one line for each side of a transfer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from timebank.domain.account import Account
from timebank.domain.ids import AccountId
from timebank.domain.transaction import Transaction, entries_of
from timebank.formats._books import one_line
from timebank.formats.csv_cells import csv_lines

COLUMNS: Final = (
    "transaction",
    "kind",
    "happened_on",
    "counts_on",
    "recorded_at",
    "account",
    "number",
    "change_minutes",
    "balance_minutes",
    "counterparty",
    "activity",
    "category",
    "reason",
    "reverses",
    "exchange",
    "imported",
    "overrides",
)


def lines(accounts: Iterable[Account], transactions: Iterable[Transaction]) -> Iterator[str]:
    """A header, and every entry in journal order, the source's before the target's."""
    names = {account.id: name_of(account) for account in accounts}
    rows = (row for transaction in transactions for row in _rows(transaction, names))
    return csv_lines(COLUMNS, rows)


def name_of(account: Account) -> str:
    """Kind and id alone. ``member:…`` also keeps a spreadsheet from taking an id for a number."""
    return f"{account.kind.value}:{account.id}"


def _rows(transaction: Transaction, names: Mapping[AccountId, str]) -> Iterator[tuple[object, ...]]:
    for entry in entries_of(transaction):
        yield (
            transaction.id,
            transaction.kind.value,
            transaction.happened_on,
            transaction.counts_on,
            transaction.recorded_at.isoformat(),
            names[entry.account],
            entry.number,
            entry.change_minutes,
            entry.balance_minutes,
            names[entry.counterparty],
            entry.activity.value,
            one_line(transaction.category or ""),
            one_line(transaction.reason or ""),
            transaction.reverses,
            transaction.exchange,
            "yes" if transaction.imported else "no",
            "yes" if transaction.overrides else "no",
        )
