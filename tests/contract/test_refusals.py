"""Names that nobody knows and values that can never be right: one error, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.backends import Backend, World
from tests.support import refusal
from timebank import (
    Hours,
    Transfer,
    accounts,
    banks,
    exchanges,
    holds,
    journal,
    listings,
    members,
    outbox,
    transfers,
)
from timebank.actions._gather import labelled
from timebank.domain.ids import AccountId, ExchangeId, ListingId, TransactionId
from timebank.domain.transaction import TransactionDraft
from timebank.testing.builders import NOW, TODAY

NO_ID = "f" * 32
NO_ACCOUNT = AccountId("f" * 16)
HOUR = Hours.of(1)

CALLS: dict[str, tuple[str, Callable[[World], Any]]] = {
    "somebody else as the actor": (
        "invalid_input by",
        lambda w: w.do(members.join, name="Dan", by="cora"),
    ),
    "a ref that is no text": (
        "invalid_input member",
        lambda w: w.see(members.get, 7),
    ),
    "a key without letters": (
        "invalid_input key",
        lambda w: w.do(members.join, name="Dan", by=w.cora, key=""),
    ),
    "an exchange": (
        "not_found",
        lambda w: w.do(exchanges.agree, ExchangeId(NO_ID), by=w.member("anna")),
    ),
    "an exchange to read": ("not_found", lambda w: w.see(exchanges.get, NO_ID)),
    "a listing to take up": (
        "not_found",
        lambda w: w.do(
            exchanges.propose,
            giver="anna",
            receiver="ben",
            hours=HOUR,
            listing=ListingId(NO_ID),
            by=w.member("anna"),
        ),
    ),
    "a listing to withdraw": (
        "not_found",
        lambda w: w.do(listings.withdraw, ListingId(NO_ID), by=w.cora),
    ),
    "a listing to read": ("not_found", lambda w: w.see(listings.get, NO_ID)),
    "staff in an exchange": (
        "not_found",
        lambda w: w.do(
            exchanges.group,
            givers=["anna"],
            receivers=["olga"],
            hours=HOUR,
            rule="each",
            by=w.broker(),
        ),
    ),
    "staff in a session": (
        "not_found",
        lambda w: w.do(exchanges.record, giver="anna", receiver="olga", hours=HOUR, by=w.broker()),
    ),
    "staff who leave": ("not_found", lambda w: w.do(members.leave, "olga", by=w.cora)),
    "staff who are suspended": (
        "not_found",
        lambda w: w.do(members.suspend, "olga", reason="other", by=w.cora),
    ),
    "staff as a member": ("not_found", lambda w: w.see(members.get, "olga")),
    "an account of staff": ("not_found", lambda w: w.see(accounts.get, "olga")),
    "an account to grant to": (
        "not_found",
        lambda w: w.do(transfers.grant, to=NO_ACCOUNT, hours=HOUR, reason="welcome", by=w.cora),
    ),
    "an account to freeze": (
        "not_found",
        lambda w: w.do(accounts.freeze, NO_ACCOUNT, frozen="out", reason="other", by=w.cora),
    ),
    "an account to read": ("not_found", lambda w: w.see(accounts.get, NO_ACCOUNT)),
    "a label": ("not_found", lambda w: w.see(labelled, "treasure")),
    "a transaction": ("not_found", lambda w: w.see(transfers.get, NO_ID)),
    "a draft of another type": (
        "invalid_input drafts",
        lambda w: w.do(transfers.post, ["an hour"], by=w.cora),
    ),
    **{
        f"a page of {name} after nothing": ("invalid_input after", call)
        for name, call in {
            "members": lambda w: w.see(members.list, after="xx"),
            "listings": lambda w: w.see(listings.list, after="xx"),
            "a search": lambda w: w.see(listings.search, after="xx"),
            "exchanges": lambda w: w.see(exchanges.list, after="xx"),
            "transactions": lambda w: w.see(transfers.list, after="xx"),
            "holds": lambda w: w.see(holds.list, after="xx"),
            "the outbox": lambda w: w.see(outbox.read, after="xx"),
        }.items()
    },
    "a page of none": ("invalid_input limit", lambda w: w.see(members.list, limit=0)),
    "a page of text": ("invalid_input limit", lambda w: w.see(members.list, limit="2")),
    "a mode of another name": (
        "invalid_input mode",
        lambda w: w.do(transfers.post, [], mode="best effort", by=w.cora),
    ),
    "a listing that ends before it begins": (
        "invalid_input expires_on",
        lambda w: w.do(
            listings.offer,
            member="anna",
            title="Roses",
            category="garden",
            expires_on=TODAY - timedelta(days=1),
            by=w.member("anna"),
        ),
    ),
    "a time and a day at once": (
        "invalid_input at",
        lambda w: w.see(accounts.balance, "anna", at=NOW, on=TODAY),
    ),
    "a time and a day for all": (
        "invalid_input at",
        lambda w: w.see(accounts.balances, at=NOW, on=TODAY),
    ),
    "a limit of nothing": ("invalid_input limit", lambda w: w.do(journal.seal, limit=0)),
}


@pytest.mark.parametrize("what", CALLS)
def test_the_one_right_error_and_nothing_is_written(world: World, what: str) -> None:
    expected, call = CALLS[what]
    before = world.see(lambda uow: uow.audit.counted())
    assert refusal(lambda: call(world)) == expected
    assert world.see(lambda uow: uow.audit.counted()) == before


def test_a_bank_may_be_created_without_a_coordinator(backend: Backend) -> None:
    with backend.unit("hillside") as uow:
        receipt = banks.create(uow)
    with pytest.raises(LookupError):
        _ = receipt.person_id


def test_a_transaction_that_waits_for_the_sealer_is_not_proved_yet(world: World) -> None:
    world.give("anna", 60)
    world.do(journal.seal)
    move = Transfer(source=world.accounts["anna"], target=world.accounts["ben"], hours=HOUR)
    (late,) = world.do(transfers.post, [TransactionDraft(transfers=(move,))], by=world.cora)
    id_ = TransactionId(late.receipt_or_raise().transaction_id)
    assert len(world.see(journal.prove, "anna")["lines"]) == 1
    assert refusal(lambda: world.see(journal.prove, "anna", transaction=id_)) == "not_found"
