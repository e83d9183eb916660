"""For a host's own tests: a clock that stands still, ids that count, builders of domain values.

``timebank.testing.strategies`` needs Hypothesis and is therefore not imported here.
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

__all__ = [
    "CountingFresh",
    "FrozenClock",
    "a_bank",
    "a_hold",
    "a_member",
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
