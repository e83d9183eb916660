"""The tables. Every key starts with ``bank_id``; nothing is deferrable; there is no sequence."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)

from timebank.domain.account import AccountKind, ChangeField, Frozen
from timebank.domain.exchange import Act, GroupRule, Side, State
from timebank.domain.hold import HoldOutcome
from timebank.domain.listing import ListingKind
from timebank.domain.member import PersonKind, Status
from timebank.domain.transaction import Activity, TransactionKind
from timebank.storage.sql.blocks import PREFIX as PREFIX
from timebank.storage.sql.blocks import (
    actor,
    among,
    column,
    foreign,
    maybe,
    table,
)
from timebank.storage.sql.blocks import metadata as metadata
from timebank.storage.sql.types import AccountKey, Day, Id, Moment, big, small, text

REVISION: Final = "0001"
"""The newest of the migrations: the schema that this code needs."""
VERSION_TABLE: Final = "timebank_alembic_version"


bank = table(
    "bank",
    column("slug", text(63)),
    column("name", text(200)),
    column("zone", text(60)),
    column("hash_domain", LargeBinary(32)),
    column("secret", LargeBinary(32)),
    column("created_at", Moment),
    key=(),
)

person = table(
    "person",
    column("id", Id),
    column("kind", text(12)),
    maybe("ref", text(60)),
    maybe("name", text(200)),
    maybe("contact", text(200)),
    foreign("person", "bank_id", "bank"),
    UniqueConstraint("bank_id", "ref", name="uq_timebank_person_ref"),
    among("person", "kind", PersonKind),
    key=("id",),
)

policy = table(
    "policy",
    column("version", small()),
    column("id", Id),
    column("body", Text()),
    column("recorded_at", Moment),
    *actor("policy"),
    foreign("policy", "bank_id", "bank"),
    UniqueConstraint("bank_id", "id", name="uq_timebank_policy_id"),
    CheckConstraint("version > 0", name="ck_timebank_policy_version"),
    key=("version",),
)

period_close = table(
    "period_close",
    column("id", Id),
    column("until", Day),
    column("recorded_at", Moment),
    *actor("period_close"),
    column("policy_version", small()),
    UniqueConstraint("bank_id", "until", name="uq_timebank_period_close_until"),
    key=("id",),
)

day_statement = table(
    "day_statement",
    column("id", Id),
    column("day", Day),
    column("recorded_at", Moment),
    *actor("day_statement", approver=False),
    column("policy_version", small()),
    key=("id",),
)

member = table(
    "member",
    column("id", Id),
    column("kind", text(12)),
    column("status", text(12)),
    column("status_since", Day),
    column("joined_on", Day),
    foreign("member", "id", "person"),
    among("member", "status", Status),
    key=("id",),
)

staff = table(
    "staff",
    column("id", Id),
    column("person_id", Id),
    column("role", text(12)),
    column("starts_on", Day),
    maybe("ends_on", Day),
    foreign("staff", "person_id", "person"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ck_timebank_staff_ends_on"),
    Index("ix_timebank_staff_person", "bank_id", "person_id"),
    key=("id",),
)

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
    UniqueConstraint("bank_id", "label", name="uq_timebank_account_label"),
    CheckConstraint("held_minutes >= 0", name="ck_timebank_account_held_minutes"),
    CheckConstraint("number >= 0", name="ck_timebank_account_number"),
    CheckConstraint("unit = 'minute'", name="ck_timebank_account_unit"),
    CheckConstraint(
        "(owner_id IS NULL) <> (label IS NULL)", name="ck_timebank_account_owner_or_label"
    ),
    among("account", "kind", AccountKind),
    among("account", "frozen", Frozen),
    Index("ix_timebank_account_owner", "bank_id", "owner_id"),
    key=("id",),
)

listing = table(
    "listing",
    column("id", Id),
    column("kind", text(8)),
    column("member_id", Id),
    maybe("title", text(200)),
    column("category", text(60)),
    maybe("expires_on", Day),
    column("placed_at", Moment),
    maybe("withdrawn_at", Moment),
    foreign("listing", "member_id", "member"),
    among("listing", "kind", ListingKind),
    Index("ix_timebank_listing_member", "bank_id", "member_id"),
    key=("id",),
)

exchange = table(
    "exchange",
    column("id", Id),
    column("state", text(12)),
    maybe("proposed_by", text(8)),
    column("agreed_minutes", big()),
    maybe("giver_minutes", big()),
    maybe("receiver_minutes", big()),
    maybe("category", text(60)),
    maybe("listing_id", Id),
    maybe("happens_on", Day),
    maybe("rule", text(8)),
    maybe("hold_id", Id),
    maybe("transaction_id", Id),
    maybe("deadline", Moment),
    column("recorded_at", Moment),
    column("acts", small()),
    foreign("exchange", "listing_id", "listing"),
    CheckConstraint("agreed_minutes > 0", name="ck_timebank_exchange_agreed_minutes"),
    among("exchange", "state", State),
    among("exchange", "rule", GroupRule),
    Index("ix_timebank_exchange_deadline", "bank_id", "deadline"),
    key=("id",),
)

exchange_party = table(
    "exchange_party",
    column("exchange_id", Id),
    column("side", text(8)),
    column("n", small()),
    column("member_id", Id),
    foreign("exchange_party", "exchange_id", "exchange"),
    foreign("exchange_party", "member_id", "member"),
    among("exchange_party", "side", Side),
    Index("ix_timebank_exchange_party_member", "bank_id", "member_id", "exchange_id"),
    key=("exchange_id", "side", "n"),
)

hold = table(
    "hold",
    column("id", Id),
    column("account_id", AccountKey),
    column("exchange_id", Id),
    column("minutes", big()),
    column("placed_at", Moment),
    column("deadline", Moment),
    maybe("ended_at", Moment),
    maybe("outcome", text(12)),
    column("settled_minutes", big()),
    foreign("hold", "account_id", "account"),
    foreign("hold", "exchange_id", "exchange"),
    CheckConstraint("minutes > 0", name="ck_timebank_hold_minutes"),
    CheckConstraint(
        "settled_minutes >= 0 AND settled_minutes <= minutes",
        name="ck_timebank_hold_settled_minutes",
    ),
    CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ck_timebank_hold_ended_at"),
    among("hold", "outcome", HoldOutcome),
    Index("ix_timebank_hold_account", "bank_id", "account_id", "outcome", "deadline"),
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
    maybe("note_digest", LargeBinary(32)),
    column("salt", LargeBinary(16)),
    column("encoding", small()),
    foreign("transaction", "bank_id", "bank"),
    foreign("transaction", "reverses", "transaction"),
    foreign("transaction", "exchange_id", "exchange"),
    UniqueConstraint("bank_id", "reverses", name="uq_timebank_transaction_reverses"),
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
    column("was", text(24)),
    column("becomes", text(24)),
    column("effective_on", Day),
    column("recorded_at", Moment),
    *actor("account_change"),
    column("reason", text(60)),
    maybe("review_on", Day),
    maybe("transaction_id", Id),
    maybe("note_digest", LargeBinary(32)),
    column("policy_version", small()),
    foreign("account_change", "account_id", "account"),
    foreign("account_change", "transaction_id", "transaction"),
    among("account_change", "field", ChangeField),
    Index("ix_timebank_account_change_account", "bank_id", "account_id"),
    key=("id",),
)

exchange_act = table(
    "exchange_act",
    column("id", Id),
    column("exchange_id", Id),
    column("n", small()),
    column("act", text(12)),
    maybe("side", text(8)),
    column("state", text(12)),
    maybe("minutes", big()),
    column("recorded_at", Moment),
    *actor("exchange_act"),
    maybe("reason", text(60)),
    maybe("transaction_id", Id),
    maybe("note_digest", LargeBinary(32)),
    column("policy_version", small()),
    foreign("exchange_act", "exchange_id", "exchange"),
    UniqueConstraint("bank_id", "exchange_id", "n", name="uq_timebank_exchange_act_n"),
    among("exchange_act", "act", Act),
    among("exchange_act", "state", State),
    key=("id",),
)

note = table(
    "note",
    column("about_id", Id),
    maybe("salt", LargeBinary(16)),
    maybe("text", Text()),
    key=("about_id",),
)

request_key = table(
    "request_key",
    column("scope", text(40)),
    column("key_hash", LargeBinary(16)),
    column("digests", Text()),
    maybe("note_id", Id),
    column("receipt_id", Id),
    maybe("transaction_id", Id),
    key=("scope", "key_hash"),
)

seal_queue = table(
    "seal_queue",
    column("kind", text(16)),
    column("fact_id", Id),
    column("recorded_at", Moment),
    key=("kind", "fact_id"),
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

FACTS: Final = (
    policy,
    account_change,
    transaction,
    transfer,
    exchange_act,
    period_close,
    day_statement,
    request_key,
)
"""Tables whose rows are never updated and never deleted."""

KEPT: Final = (bank, person, member, staff, account, exchange, exchange_party, hold, note, outbox)
"""Tables whose rows may change but are never deleted."""
