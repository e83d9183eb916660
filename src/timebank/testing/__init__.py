"""For a host's own tests: a small bank in memory, a clock that stands still, builders of values.

``timebank.testing.strategies`` needs Hypothesis, ``timebank.testing.fixtures`` pytest: they are not
imported here.
"""

from __future__ import annotations

from timebank.testing.builders import (
    CountingFresh,
    FrozenClock,
    a_bank,
    a_hold,
    a_member,
    account_id,
    an_account,
    an_exchange,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    person_id,
    standing,
    transaction_id,
    transfer,
)
from timebank.testing.small_bank import SmallBank, a_small_bank

__all__ = [
    "CountingFresh",
    "FrozenClock",
    "SmallBank",
    "a_bank",
    "a_hold",
    "a_member",
    "a_small_bank",
    "account_id",
    "an_account",
    "an_exchange",
    "as_broker",
    "as_coordinator",
    "as_member",
    "as_officer",
    "conditions",
    "person_id",
    "standing",
    "transaction_id",
    "transfer",
]
