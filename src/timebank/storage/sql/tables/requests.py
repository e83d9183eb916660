"""Keys of requests, and receipts."""

from __future__ import annotations

from sqlalchemy import (
    Text,
)

from timebank.storage.sql.blocks import PREFIX as PREFIX
from timebank.storage.sql.blocks import (
    column,
    maybe,
    table,
)
from timebank.storage.sql.blocks import metadata as metadata
from timebank.storage.sql.types import Id, Moment, raw, text

request_key = table(
    "request_key",
    column("scope", text(40)),
    column("key_hash", raw(16)),
    column("digests", Text()),
    maybe("note_id", Id),
    column("receipt_id", Id),
    maybe("transaction_id", Id),
    key=("scope", "key_hash"),
)

outbox = table(
    "outbox",
    column("id", Id),
    column("action", text(40)),
    column("recorded_at", Moment),
    column("body", Text()),
    maybe("done_at", Moment),
    key=("id",),
)
