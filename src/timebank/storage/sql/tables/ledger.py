"""Accounts, transactions and transfers."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
)

from timebank.domain.account import AccountKind, ChangeField, Frozen
from timebank.domain.transaction import Activity, TransactionKind
from timebank.storage.sql.blocks import PREFIX as PREFIX
from timebank.storage.sql.blocks import (
    actor,
    among,
    column,
    foreign,
    maybe,
    sparse,
    table,
)
from timebank.storage.sql.blocks import metadata as metadata
from timebank.storage.sql.types import AccountKey, Day, Id, Moment, big, raw, small, text

account = table(
    "account",
    column("id", AccountKey),
    column("kind", text(12)),
    maybe("owner_id", Id),
    maybe("label", text(60)),
    column("unit", text(12)),
    maybe("floor_minutes", big()),
    maybe("ceiling_minutes", big()),
    column("frozen", text(4)),
    column("balance_minutes", big()),
    column("held_minutes", big()),
    column("number", big()),
    maybe("recorded_at", Moment),
    foreign("account", "bank_id", "bank"),
    foreign("account", "owner_id", "member"),
    sparse("uq_timebank_account_label", "label", unique=True),
    CheckConstraint("held_minutes >= 0", name="ck_timebank_account_held_minutes"),
    CheckConstraint("number >= 0", name="ck_timebank_account_number"),
    CheckConstraint("unit = 'minute'", name="ck_timebank_account_unit"),
    CheckConstraint(
        "(owner_id IS NULL) <> (label IS NULL)", name="ck_timebank_account_owner_or_label"
    ),
    among("account", "kind", AccountKind),
    among("account", "frozen", Frozen),
    sparse("ix_timebank_account_owner", "owner_id"),
    key=("id",),
)

transaction = table(
    "transaction",
    column("id", Id),
    column("kind", text(12)),
    maybe("category", text(60)),
    column("happened_on", Day),
    column("counts_on", Day),
    column("recorded_at", Moment),
    *actor("transaction"),
    maybe("reason", text(60)),
    column("policy_version", small()),
    maybe("reverses", Id),
    maybe("exchange_id", Id),
    column("imported", small()),
    column("overrides", small()),
    maybe("note_digest", raw(32)),
    column("salt", raw(16)),
    column("encoding", small()),
    foreign("transaction", "bank_id", "bank"),
    foreign("transaction", "reverses", "transaction"),
    foreign("transaction", "exchange_id", "exchange"),
    sparse("uq_timebank_transaction_reverses", "reverses", unique=True),
    CheckConstraint("counts_on >= happened_on", name="ck_timebank_transaction_counts_on"),
    CheckConstraint("imported IN (0, 1)", name="ck_timebank_transaction_imported"),
    CheckConstraint("overrides IN (0, 1)", name="ck_timebank_transaction_overrides"),
    among("transaction", "kind", TransactionKind),
    key=("id",),
)

transfer = table(
    "transfer",
    column("transaction_id", Id),
    column("n", small()),
    column("source_id", AccountKey),
    column("target_id", AccountKey),
    column("minutes", big()),
    column("activity", text(12)),
    column("recorded_at", Moment),
    column("source_number", big()),
    column("source_balance_minutes", big()),
    column("target_number", big()),
    column("target_balance_minutes", big()),
    foreign("transfer", "transaction_id", "transaction"),
    foreign("transfer", "source_id", "account"),
    foreign("transfer", "target_id", "account"),
    CheckConstraint("source_id <> target_id", name="ck_timebank_transfer_sides"),
    CheckConstraint("minutes > 0", name="ck_timebank_transfer_minutes"),
    CheckConstraint("n > 0", name="ck_timebank_transfer_n"),
    UniqueConstraint(
        "bank_id", "source_id", "source_number", name="uq_timebank_transfer_source_number"
    ),
    UniqueConstraint(
        "bank_id", "target_id", "target_number", name="uq_timebank_transfer_target_number"
    ),
    among("transfer", "activity", Activity),
    Index(
        "ix_timebank_transfer_source_time", "bank_id", "source_id", "recorded_at", "source_number"
    ),
    Index(
        "ix_timebank_transfer_target_time", "bank_id", "target_id", "recorded_at", "target_number"
    ),
    key=("transaction_id", "n"),
)

account_change = table(
    "account_change",
    column("id", Id),
    column("account_id", AccountKey),
    column("field", text(12)),
    column("was", text(60)),
    column("becomes", text(60)),
    column("effective_on", Day),
    column("recorded_at", Moment),
    *actor("account_change"),
    column("reason", text(60)),
    maybe("review_on", Day),
    maybe("transaction_id", Id),
    maybe("note_digest", raw(32)),
    column("policy_version", small()),
    foreign("account_change", "account_id", "account"),
    foreign("account_change", "transaction_id", "transaction"),
    among("account_change", "field", ChangeField),
    Index("ix_timebank_account_change_account", "bank_id", "account_id"),
    key=("id",),
)

note = table(
    "note",
    column("about_id", Id),
    maybe("salt", raw(16)),
    maybe("text", Text()),
    key=("about_id",),
)
