"""All tables. Every key starts with ``bank_id``; nothing is deferrable; there is no sequence."""

from __future__ import annotations

from typing import Final

from timebank.storage.sql.blocks import PREFIX, metadata
from timebank.storage.sql.tables.exchanges import exchange, exchange_act, exchange_party, hold
from timebank.storage.sql.tables.ledger import account, account_change, note, transaction, transfer
from timebank.storage.sql.tables.people import (
    bank,
    day_statement,
    listing,
    member,
    period_close,
    person,
    policy,
    staff,
)
from timebank.storage.sql.tables.requests import outbox, request_key
from timebank.storage.sql.tables.sealing import checkpoint, leaf, seal_queue, tree_head, tree_node

__all__ = [
    "FACTS",
    "KEPT",
    "PREFIX",
    "REVISION",
    "VERSION_TABLE",
    "account",
    "account_change",
    "bank",
    "checkpoint",
    "day_statement",
    "exchange",
    "exchange_act",
    "exchange_party",
    "hold",
    "leaf",
    "listing",
    "member",
    "metadata",
    "note",
    "outbox",
    "period_close",
    "person",
    "policy",
    "request_key",
    "seal_queue",
    "staff",
    "transaction",
    "transfer",
    "tree_head",
    "tree_node",
]

REVISION: Final = "0001"
"""The newest of the migrations: the schema that this code needs."""
VERSION_TABLE: Final = "timebank_alembic_version"


FACTS: Final = (
    policy,
    account_change,
    transaction,
    transfer,
    exchange_act,
    period_close,
    day_statement,
    request_key,
    leaf,
    tree_node,
    checkpoint,
)
"""Tables whose rows are never updated and never deleted."""

KEPT: Final = (
    bank,
    person,
    member,
    staff,
    account,
    exchange,
    exchange_party,
    hold,
    note,
    outbox,
    tree_head,
)
"""Tables whose rows may change but are never deleted."""
