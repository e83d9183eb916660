"""The books as an hledger journal: an independent program adds them up again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
)


def lines(books: Books) -> Iterator[str]:
    """Every line: the accounts, transactions in journal order, then what the books must come to.

    hledger compares in order of day, and within a day in the order of the file: what is asserted
    of the end of a day has to stand below all that counts on it.
    """
    yield "; Written by timebank. Check it with: hledger -f FILE check --strict"
    yield f"commodity 1000. {COMMODITY}"
    names = {account.id: name_of(account) for account in books.accounts}
    yield from (f"account {name}" for name in names.values())
    calendar = Calendar()
    for transaction in calendar.watching(books.transactions):
        yield from _transaction(transaction, names)
    for assertion in assertions(books, calendar):
        yield from _balance(assertion, names)


def name_of(account: Account) -> str:
    """Kind and id alone: ``assets:member:2c98…``."""
    root = "equity" if account.kind in EQUITY else "assets"
    return f"{root}:{account.kind.value}:{account.id}"


def _transaction(transaction: Transaction, names: Mapping[AccountId, str]) -> Iterator[str]:
    yield ""
    yield f"{transaction.counts_on} * ({transaction.id}) {transaction.kind.value}"
    yield from (f"    ; {name}:{_tag_value(value)}" for name, value in facts(transaction))
    for entry in entries_of(transaction):
        amount = f"{names[entry.account]}  {entry.change_minutes} {COMMODITY}"
        yield f"    {amount}  ; activity:{entry.activity.value}"


def _balance(assertion: Assertion, names: Mapping[AccountId, str]) -> Iterator[str]:
    """Nothing is moved, and the whole balance (``==``: no other commodity) is compared."""
    yield ""
    yield f"{assertion.day} * balance"
    name = names[assertion.account]
    yield f"    {name}  0 {COMMODITY} == {assertion.minutes} {COMMODITY}"


def _tag_value(text: str) -> str:
    """A comma would end the value and begin another tag."""
    return text.replace(",", ";")
