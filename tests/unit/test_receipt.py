"""Receipts: the ids they name, and balances after."""

import pytest

from tests.support import books
from timebank.domain.events import (
    Event,
    ExchangeConfirmed,
    ListingPlaced,
    MemberJoined,
    StaffAdded,
    TransactionRecorded,
)
from timebank.domain.hours import Hours
from timebank.domain.ids import FactId, ListingId
from timebank.domain.ledger import Posting, post
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.transaction import TransactionKind, entries_of
from timebank.testing.builders import (
    ANNA,
    BROKER,
    NOW,
    account_id,
    an_exchange,
    conditions,
    transaction_id,
    transfer,
)

NAMES = ("transaction", "exchange", "member", "person", "account", "listing")


def receipt(*events: Event, entries=()):
    return Receipt(
        id=FactId("f" * 32), action="x", recorded_at=NOW, events=events, entries=tuple(entries)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_receipt_does_not_invent_an_id(name):
    with pytest.raises(LookupError):
        getattr(receipt(), f"{name}_id")


def test_a_receipt_names_what_it_made():
    made = receipt(
        TransactionRecorded(transaction=transaction_id(1), kind="exchange", minutes=60),
        TransactionRecorded(transaction=transaction_id(2), kind="exchange", minutes=60),
        ExchangeConfirmed(exchange=an_exchange().id, state="confirmed", minutes=60),
        MemberJoined(member=ANNA, account=account_id(1), status="active"),
        StaffAdded(person=BROKER, role="broker"),
        ListingPlaced(listing=ListingId("b" * 32), kind="offer"),
    )
    assert [getattr(made, f"{name}_id") for name in NAMES] == [
        transaction_id(1),
        an_exchange().id,
        ANNA,
        BROKER,
        account_id(1),
        "b" * 32,
    ]


def test_balances_are_those_after_the_last_entry():
    transfers = (transfer(2, 1, 60), transfer(1, 3, 6))
    posting = Posting(id=transaction_id(1), kind=TransactionKind.POSTING, transfers=transfers)
    changes, after = post(books(), posting, conditions())
    entries = entries_of(changes.transactions[0])
    assert receipt(entries=entries).balances == {
        account_id(n): Hours(minutes=after[account_id(n)].balance_minutes) for n in (1, 2, 3)
    }


def test_an_outcome_is_a_receipt_or_an_error():
    assert Outcome(status="accepted", key=None, receipt=receipt()).error is None


def test_an_outcome_gives_its_receipt_or_raises_its_refusal():
    made = receipt()
    refused = Outcome(status="refused", key=None, error=ValueError("why"))
    assert Outcome(status="accepted", key=None, receipt=made).receipt_or_raise() is made
    with pytest.raises(ValueError, match="why"):
        refused.receipt_or_raise()
    with pytest.raises(LookupError):
        Outcome(status="refused", key=None).receipt_or_raise()
