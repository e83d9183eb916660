"""Small journals of domain values, and the books that are made of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from timebank.domain.account import Account, AccountKind
from timebank.domain.ids import AccountId
from timebank.domain.transaction import (
    Activity,
    PostedTransfer,
    Transaction,
    TransactionKind,
    entries_of,
)
from timebank.formats._books import Books
from timebank.testing.builders import account_id, an_account, as_coordinator, transaction_id

KINDS = (
    *(AccountKind.MEMBER, AccountKind.MEMBER, AccountKind.ORGANISATION),
    *(AccountKind.POT, AccountKind.ISSUANCE),
)
"""The kinds of the accounts 1 to 5 of a small journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Minutes from the n-th account to another, and the day on which they count."""

    source: int
    target: int
    minutes: int
    counts_on: date
    activity: Activity = Activity.SERVICE


class SmallJournal:
    """Transactions one after the other, with accounts that keep up."""

    def __init__(self) -> None:
        self.accounts = {
            account_id(n): an_account(n, kind=kind) for n, kind in enumerate(KINDS, start=1)
        }
        self.transactions: list[Transaction] = []

    def add(self, *moves: Move, **about: Any) -> None:
        """One transaction of so many transfers."""
        n = len(self.transactions) + 1
        facts: dict[str, Any] = {
            "kind": TransactionKind.POSTING,
            "category": None,
            "reason": None,
            "happened_on": moves[0].counts_on,
            "reverses": None,
            "exchange": None,
        }
        transaction = Transaction(
            id=transaction_id(n),
            counts_on=moves[0].counts_on,
            recorded_at=datetime(2026, 12, 1, 9, n % 60, tzinfo=UTC),
            actor=as_coordinator(),
            approver=None,
            policy_version=1,
            imported=False,
            overrides=False,
            note_digest=b"n" * 32,
            salt=bytes(16),
            encoding=1,
            transfers=tuple(self._posted(i, move) for i, move in enumerate(moves, start=1)),
            **facts | about,
        )
        self.transactions.append(transaction)

    def _posted(self, n: int, move: Move) -> PostedTransfer:
        source, target = account_id(move.source), account_id(move.target)
        for account, change in ((source, -move.minutes), (target, move.minutes)):
            found = self.accounts[account]
            self.accounts[account] = replace(
                found, balance_minutes=found.balance_minutes + change, number=found.number + 1
            )
        return PostedTransfer(
            n=n,
            source=source,
            target=target,
            minutes=move.minutes,
            activity=move.activity,
            source_number=self.accounts[source].number,
            source_balance_minutes=self.accounts[source].balance_minutes,
            target_number=self.accounts[target].number,
            target_balance_minutes=self.accounts[target].balance_minutes,
        )

    def balances_on(self, day: date) -> dict[AccountId, int]:
        """Balances of all that counts up to that day; accounts without entries are left out."""
        sums: dict[AccountId, int] = {}
        for transaction in self.transactions:
            if transaction.counts_on <= day:
                for entry in entries_of(transaction):
                    sums[entry.account] = sums.get(entry.account, 0) + entry.change_minutes
        return sums

    def everything(self) -> tuple[Account, ...]:
        """The accounts in order of id, as they stand."""
        return tuple(self.accounts[id_] for id_ in sorted(self.accounts))

    def books(self, transactions: Iterable[Transaction] | None = None) -> Books:
        """What the files are made from."""
        return Books(
            bank="riverside",
            accounts=self.everything(),
            transactions=self.transactions if transactions is None else transactions,
            balances_on=self.balances_on,
        )


NASTY = (
    'a "b"\\n\n2026-01-01 open Assets:X\r; c, reason:welcome [2026-02-30] é\u2028date:2020-01-01'
)
"""A category that would like to be more than a word."""


def a_small_journal() -> SmallJournal:
    """Late facts, a levy, a reversal, a word full of signs, and two months with a gap between."""
    journal = SmallJournal()
    day = date(2026, 1, 30)
    journal.add(
        Move(source=5, target=1, minutes=300, counts_on=day, activity=Activity.GRANT),
        kind=TransactionKind.GRANT,
        reason="welcome",
    )
    journal.add(
        Move(source=1, target=2, minutes=90, counts_on=date(2026, 3, 2)),
        Move(source=2, target=4, minutes=9, counts_on=date(2026, 3, 2), activity=Activity.LEVY),
        kind=TransactionKind.EXCHANGE,
        category="home repairs",
        exchange="e" * 32,
    )
    journal.add(
        Move(source=3, target=2, minutes=45, counts_on=date(2026, 1, 31)),
        happened_on=date(2025, 12, 24),
        category=NASTY,
    )
    journal.add(
        Move(source=2, target=3, minutes=45, counts_on=date(2026, 3, 2)),
        kind=TransactionKind.REVERSAL,
        reason="entered twice",
        reverses=transaction_id(3),
    )
    return journal


def counted(transactions: Iterable[Transaction], seen: list[Transaction]) -> Iterator[Transaction]:
    """The same transactions; those that were asked for are in ``seen``."""
    for transaction in transactions:
        seen.append(transaction)
        yield transaction
