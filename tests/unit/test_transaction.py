"""Transfers and drafts as values, entries, and the mirror image of a transaction."""

from typing import Any

import pytest

from tests.support import books, descending, refusal
from timebank.domain.hours import Hours
from timebank.domain.ledger import Posting, post
from timebank.domain.transaction import (
    Activity,
    TransactionDraft,
    TransactionKind,
    Transfer,
    entries_of,
    reversal_of,
)
from timebank.testing.builders import account_id, conditions, transaction_id, transfer


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("invalid_input source", {"source": "anna"}),
        ("invalid_input target", {"target": "ben"}),
        ("self_transfer target", {"target": account_id(1).upper()}),
        ("invalid_hours hours", {"hours": Hours.of(0)}),
        ("invalid_input activity", {"activity": "bribe"}),
    ),
)
def test_transfers_that_cannot_be_in_order_of_refusal(error, arguments):
    usual: dict[str, Any] = {"source": account_id(1), "target": account_id(2), "hours": Hours.of(1)}
    assert refusal(lambda: Transfer(**usual | arguments)) == error


def test_an_activity_may_be_given_by_its_word():
    word: Any = "levy"
    assert transfer(1, 2, activity=word).activity is Activity.LEVY


def test_a_draft_needs_a_transfer():
    assert refusal(lambda: TransactionDraft(transfers=())) == "invalid_input transfers"
    as_list: Any = [transfer(1, 2)]
    assert TransactionDraft(transfers=as_list).transfers == (transfer(1, 2),)


def _posted(*transfers):
    posting = Posting(id=transaction_id(1), kind=TransactionKind.POSTING, transfers=transfers)
    changes, _ = post(books(), posting, conditions())
    return changes.transactions[0]


def test_each_transfer_is_an_entry_on_either_side():
    entries = list(entries_of(_posted(transfer(2, 1, 60), transfer(1, 3, 6))))
    assert [(e.account, e.number, e.change_minutes, e.balance_minutes) for e in entries] == [
        (account_id(2), 1, -60, -60),
        (account_id(1), 1, 60, 60),
        (account_id(1), 2, -6, 54),
        (account_id(3), 1, 6, 6),
    ]
    assert [e.counterparty for e in entries[:2]] == [account_id(1), account_id(2)]


def test_a_reversal_moves_everything_back_last_first():
    original = _posted(transfer(2, 1, 60), transfer(1, 3, 6, Activity.LEVY))
    assert reversal_of(original) == (transfer(3, 1, 6, Activity.LEVY), transfer(1, 2, 60))
