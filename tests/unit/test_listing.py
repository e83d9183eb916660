"""Offers and requests: when they stand."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support import refusal
from timebank.domain.ids import ListingId
from timebank.domain.listing import Listing, ListingKind, withdraw
from timebank.testing.builders import ANNA, NOW, TODAY


def a_listing(**more):
    usual: dict[str, Any] = {
        "id": ListingId(f"b{1:031x}"),
        "kind": ListingKind.OFFER,
        "member": ANNA,
        "title": "Bread",
        "category": "food",
        "expires_on": None,
        "placed_at": NOW,
    }
    return Listing(**usual | more)


@pytest.mark.parametrize(
    ("expires_on", "withdrawn_at", "stands"),
    [
        (None, None, True),
        (TODAY, None, True),
        (TODAY - timedelta(days=1), None, False),
        (None, NOW, False),
    ],
)
def test_a_listing_stands_to_its_last_day(expires_on, withdrawn_at, stands):
    listing = a_listing(expires_on=expires_on, withdrawn_at=withdrawn_at)
    assert listing.stands_on(TODAY) is stands


def test_a_listing_is_withdrawn_once():
    over = withdraw(a_listing(), at=NOW)
    assert over.withdrawn_at == NOW
    assert refusal(lambda: withdraw(over, at=NOW)) == "wrong_state"
