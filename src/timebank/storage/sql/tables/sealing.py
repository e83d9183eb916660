"""The sealed tree: its queue, leaves, nodes and checkpoints."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    UniqueConstraint,
)

from timebank.storage.sql.blocks import PREFIX as PREFIX
from timebank.storage.sql.blocks import (
    column,
    foreign,
    maybe,
    table,
)
from timebank.storage.sql.blocks import metadata as metadata
from timebank.storage.sql.types import Id, Moment, big, raw, small, text

seal_queue = table(
    "seal_queue",
    column("kind", text(120)),
    column("fact_id", Id),
    column("recorded_at", Moment),
    key=("kind", "fact_id"),
)

tree_head = table(
    "tree_head", column("size", big()), foreign("tree_head", "bank_id", "bank"), key=()
)

leaf = table(
    "leaf",
    column("position", big()),
    column("kind", text(120)),
    column("fact_id", Id),
    column("hash", raw(32)),
    UniqueConstraint("bank_id", "kind", "fact_id", name="uq_timebank_leaf_fact"),
    key=("position",),
)

tree_node = table(
    "tree_node",
    column("level", small()),
    column("place", big()),
    column("hash", raw(32)),
    key=("level", "place"),
)

checkpoint = table(
    "checkpoint",
    column("size", big()),
    column("root", raw(32)),
    column("sealed_at", Moment),
    maybe("previous_size", big()),
    CheckConstraint("size > 0", name="ck_timebank_checkpoint_size"),
    key=("size",),
)
