"""The books as a beancount file: an independent program adds them up again (``bean-check``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from timebank.domain.account import Account
from timebank.domain.ids import AccountId
from timebank.domain.transaction import Transaction, entries_of
from timebank.formats._books import (
    COMMODITY,
    EQUITY,
    Assertion,
    Books,
    Calendar,
    assertions,
    facts,
    one_line,
)


def lines(books: Books) -> Iterator[str]:
    """Every line: transactions in journal order, then the accounts and what they must come to.

    beancount orders by day whatever the order in the file. Accounts stand at the end, because the
    first day, on which they are opened, is known only then.
    """
    yield "; Written by timebank. Check it with: bean-check FILE"
    yield f"option {_quoted('title')} {_quoted(books.bank)}"
    yield f"option {_quoted('operating_currency')} {_quoted(COMMODITY)}"
    names = {account.id: name_of(account) for account in books.accounts}
    calendar = Calendar()
    for transaction in calendar.watching(books.transactions):
        yield from _transaction(transaction, names)
    yield ""
    if not calendar.is_empty:
        yield from (f"{calendar.first} open {name} {COMMODITY}" for name in names.values())
    yield ""
    yield from (_balance(assertion, names) for assertion in assertions(books, calendar))


def name_of(account: Account) -> str:
    """Kind and id alone. A part must begin with a capital or a digit: ``Assets:Member:2C98…``."""
    root = "Equity" if account.kind in EQUITY else "Assets"
    return f"{root}:{account.kind.value.capitalize()}:{account.id.upper()}"


def _transaction(transaction: Transaction, names: Mapping[AccountId, str]) -> Iterator[str]:
    yield ""
    yield f"{transaction.counts_on} * {_quoted(transaction.kind.value)}"
    yield f"  id: {_quoted(transaction.id)}"
    yield from (f"  {name}: {_quoted(value)}" for name, value in facts(transaction))
    for entry in entries_of(transaction):
        yield f"  {names[entry.account]}  {entry.change_minutes} {COMMODITY}"
        yield f"    activity: {_quoted(entry.activity.value)}"


def _balance(assertion: Assertion, names: Mapping[AccountId, str]) -> str:
    """beancount compares at the start of a day: the end of one is the start of the next."""
    day = assertion.day + timedelta(days=1)
    return f"{day} balance {names[assertion.account]}  {assertion.minutes} {COMMODITY}"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
