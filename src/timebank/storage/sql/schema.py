"""The tables. Every key starts with ``bank_id``; nothing is deferrable; there is no sequence."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from timebank.domain.account import AccountKind, ChangeField, Frozen
from timebank.domain.actor import Role
from timebank.domain.exchange import Act, GroupRule, Side, State
from timebank.domain.hold import HoldOutcome
from timebank.domain.listing import ListingKind
from timebank.domain.member import PersonKind, Status
from timebank.domain.transaction import Activity, TransactionKind
from timebank.storage.sql.types import AccountKey, Day, Id, Moment, big, small, text

PREFIX: Final = "timebank_"
REVISION: Final = "0001"
"""The newest of the migrations: the schema that this code needs."""
VERSION_TABLE: Final = "timebank_alembic_version"

metadata = MetaData()


def _table(name: str, *parts: Any, key: Iterable[str]) -> Table:
    """A table whose primary key is ``bank_id`` and then ``key``."""
    return Table(
        f"{PREFIX}{name}",
        metadata,
        Column("bank_id", big(), nullable=False),
        *parts,
        PrimaryKeyConstraint("bank_id", *key, name=f"pk_timebank_{name}"),
        sqlite_strict=True,
    )


def _column(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _maybe(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _foreign(table: str, column: str, other: str) -> ForeignKeyConstraint:
    key = ("bank_id",) if column == "bank_id" else ("bank_id", column)
    target = ("bank_id",) if column == "bank_id" else ("bank_id", "id")
    return ForeignKeyConstraint(
        key,
        [f"{PREFIX}{other}.{name}" for name in target],
        name=f"fk_timebank_{table}_{column}",
    )


def _among(table: str, column: str, kind: type[Enum]) -> CheckConstraint:
    words = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({words})", name=f"ck_timebank_{table}_{column}")


def _actor(table: str, *, approver: bool = True) -> list[Any]:
    """Who acted, in which role, for whom; and who approved."""
    columns = [
        _column("actor_role", text(12)),
        _maybe("actor_id", Id),
        _maybe("actor_for", Id),
        _foreign(table, "actor_id", "person"),
        _foreign(table, "actor_for", "person"),
        CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name=f"ck_timebank_{table}_actor_id"
        ),
        _among(table, "actor_role", Role),
    ]
    if approver:
        columns += [
            _maybe("approver_role", text(12)),
            _maybe("approver_id", Id),
            _foreign(table, "approver_id", "person"),
        ]
    return columns


bank = _table(
    "bank",
    _column("slug", text(63)),
    _column("name", text(200)),
    _column("zone", text(60)),
    _column("hash_domain", LargeBinary(32)),
    _column("secret", LargeBinary(32)),
    _column("created_at", Moment),
    key=(),
)

person = _table(
    "person",
    _column("id", Id),
    _column("kind", text(12)),
    _maybe("ref", text(60)),
    _maybe("name", text(200)),
    _maybe("contact", text(200)),
    _foreign("person", "bank_id", "bank"),
    UniqueConstraint("bank_id", "ref", name="uq_timebank_person_ref"),
    _among("person", "kind", PersonKind),
    key=("id",),
)

policy = _table(
    "policy",
    _column("version", small()),
    _column("id", Id),
    _column("body", Text()),
    _column("recorded_at", Moment),
    *_actor("policy"),
    _foreign("policy", "bank_id", "bank"),
    UniqueConstraint("bank_id", "id", name="uq_timebank_policy_id"),
    CheckConstraint("version > 0", name="ck_timebank_policy_version"),
    key=("version",),
)

period_close = _table(
    "period_close",
    _column("id", Id),
    _column("until", Day),
    _column("recorded_at", Moment),
    *_actor("period_close"),
    _column("policy_version", small()),
    UniqueConstraint("bank_id", "until", name="uq_timebank_period_close_until"),
    key=("id",),
)

day_statement = _table(
    "day_statement",
    _column("id", Id),
    _column("day", Day),
    _column("recorded_at", Moment),
    *_actor("day_statement", approver=False),
    _column("policy_version", small()),
    key=("id",),
)

member = _table(
    "member",
    _column("id", Id),
    _column("kind", text(12)),
    _column("status", text(12)),
    _column("status_since", Day),
    _column("joined_on", Day),
    _foreign("member", "id", "person"),
    _among("member", "status", Status),
    key=("id",),
)

staff = _table(
    "staff",
    _column("id", Id),
    _column("person_id", Id),
    _column("role", text(12)),
    _column("starts_on", Day),
    _maybe("ends_on", Day),
    _foreign("staff", "person_id", "person"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ck_timebank_staff_ends_on"),
    Index("ix_timebank_staff_person", "bank_id", "person_id"),
    key=("id",),
)

account = _table(
    "account",
    _column("id", AccountKey),
    _column("kind", text(12)),
    _maybe("owner_id", Id),
    _maybe("label", text(60)),
    _column("unit", text(12)),
    _maybe("floor_minutes", big()),
    _maybe("ceiling_minutes", big()),
    _column("frozen", text(4)),
    _column("balance_minutes", big()),
    _column("held_minutes", big()),
    _column("number", big()),
    _maybe("recorded_at", Moment),
    _foreign("account", "bank_id", "bank"),
    _foreign("account", "owner_id", "member"),
    UniqueConstraint("bank_id", "label", name="uq_timebank_account_label"),
    CheckConstraint("held_minutes >= 0", name="ck_timebank_account_held_minutes"),
    CheckConstraint("number >= 0", name="ck_timebank_account_number"),
    CheckConstraint("unit = 'minute'", name="ck_timebank_account_unit"),
    CheckConstraint(
        "(owner_id IS NULL) <> (label IS NULL)", name="ck_timebank_account_owner_or_label"
    ),
    _among("account", "kind", AccountKind),
    _among("account", "frozen", Frozen),
    Index("ix_timebank_account_owner", "bank_id", "owner_id"),
    key=("id",),
)

listing = _table(
    "listing",
    _column("id", Id),
    _column("kind", text(8)),
    _column("member_id", Id),
    _maybe("title", text(200)),
    _column("category", text(60)),
    _maybe("expires_on", Day),
    _column("placed_at", Moment),
    _maybe("withdrawn_at", Moment),
    _foreign("listing", "member_id", "member"),
    _among("listing", "kind", ListingKind),
    Index("ix_timebank_listing_member", "bank_id", "member_id"),
    key=("id",),
)

exchange = _table(
    "exchange",
    _column("id", Id),
    _column("state", text(12)),
    _maybe("proposed_by", text(8)),
    _column("agreed_minutes", big()),
    _maybe("giver_minutes", big()),
    _maybe("receiver_minutes", big()),
    _maybe("category", text(60)),
    _maybe("listing_id", Id),
    _maybe("happens_on", Day),
    _maybe("rule", text(8)),
    _maybe("hold_id", Id),
    _maybe("transaction_id", Id),
    _maybe("deadline", Moment),
    _column("recorded_at", Moment),
    _column("acts", small()),
    _foreign("exchange", "listing_id", "listing"),
    CheckConstraint("agreed_minutes > 0", name="ck_timebank_exchange_agreed_minutes"),
    _among("exchange", "state", State),
    _among("exchange", "rule", GroupRule),
    Index("ix_timebank_exchange_deadline", "bank_id", "deadline"),
    key=("id",),
)

exchange_party = _table(
    "exchange_party",
    _column("exchange_id", Id),
    _column("side", text(8)),
    _column("n", small()),
    _column("member_id", Id),
    _foreign("exchange_party", "exchange_id", "exchange"),
    _foreign("exchange_party", "member_id", "member"),
    _among("exchange_party", "side", Side),
    Index("ix_timebank_exchange_party_member", "bank_id", "member_id", "exchange_id"),
    key=("exchange_id", "side", "n"),
)

hold = _table(
    "hold",
    _column("id", Id),
    _column("account_id", AccountKey),
    _column("exchange_id", Id),
    _column("minutes", big()),
    _column("placed_at", Moment),
    _column("deadline", Moment),
    _maybe("ended_at", Moment),
    _maybe("outcome", text(12)),
    _column("settled_minutes", big()),
    _foreign("hold", "account_id", "account"),
    _foreign("hold", "exchange_id", "exchange"),
    CheckConstraint("minutes > 0", name="ck_timebank_hold_minutes"),
    CheckConstraint(
        "settled_minutes >= 0 AND settled_minutes <= minutes",
        name="ck_timebank_hold_settled_minutes",
    ),
    CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ck_timebank_hold_ended_at"),
    _among("hold", "outcome", HoldOutcome),
    Index("ix_timebank_hold_account", "bank_id", "account_id", "outcome", "deadline"),
    key=("id",),
)

transaction = _table(
    "transaction",
    _column("id", Id),
    _column("kind", text(12)),
    _maybe("category", text(60)),
    _column("happened_on", Day),
    _column("counts_on", Day),
    _column("recorded_at", Moment),
    *_actor("transaction"),
    _maybe("reason", text(60)),
    _column("policy_version", small()),
    _maybe("reverses", Id),
    _maybe("exchange_id", Id),
    _column("imported", small()),
    _column("overrides", small()),
    _maybe("note_digest", LargeBinary(32)),
    _column("salt", LargeBinary(16)),
    _column("encoding", small()),
    _foreign("transaction", "bank_id", "bank"),
    _foreign("transaction", "reverses", "transaction"),
    _foreign("transaction", "exchange_id", "exchange"),
    UniqueConstraint("bank_id", "reverses", name="uq_timebank_transaction_reverses"),
    CheckConstraint("counts_on >= happened_on", name="ck_timebank_transaction_counts_on"),
    CheckConstraint("imported IN (0, 1)", name="ck_timebank_transaction_imported"),
    CheckConstraint("overrides IN (0, 1)", name="ck_timebank_transaction_overrides"),
    _among("transaction", "kind", TransactionKind),
    key=("id",),
)

transfer = _table(
    "transfer",
    _column("transaction_id", Id),
    _column("n", small()),
    _column("source_id", AccountKey),
    _column("target_id", AccountKey),
    _column("minutes", big()),
    _column("activity", text(12)),
    _column("recorded_at", Moment),
    _column("source_number", big()),
    _column("source_balance_minutes", big()),
    _column("target_number", big()),
    _column("target_balance_minutes", big()),
    _foreign("transfer", "transaction_id", "transaction"),
    _foreign("transfer", "source_id", "account"),
    _foreign("transfer", "target_id", "account"),
    CheckConstraint("source_id <> target_id", name="ck_timebank_transfer_sides"),
    CheckConstraint("minutes > 0", name="ck_timebank_transfer_minutes"),
    CheckConstraint("n > 0", name="ck_timebank_transfer_n"),
    UniqueConstraint(
        "bank_id", "source_id", "source_number", name="uq_timebank_transfer_source_number"
    ),
    UniqueConstraint(
        "bank_id", "target_id", "target_number", name="uq_timebank_transfer_target_number"
    ),
    _among("transfer", "activity", Activity),
    Index(
        "ix_timebank_transfer_source_time", "bank_id", "source_id", "recorded_at", "source_number"
    ),
    Index(
        "ix_timebank_transfer_target_time", "bank_id", "target_id", "recorded_at", "target_number"
    ),
    key=("transaction_id", "n"),
)

account_change = _table(
    "account_change",
    _column("id", Id),
    _column("account_id", AccountKey),
    _column("field", text(12)),
    _column("was", text(24)),
    _column("becomes", text(24)),
    _column("effective_on", Day),
    _column("recorded_at", Moment),
    *_actor("account_change"),
    _column("reason", text(60)),
    _maybe("review_on", Day),
    _maybe("transaction_id", Id),
    _maybe("note_digest", LargeBinary(32)),
    _column("policy_version", small()),
    _foreign("account_change", "account_id", "account"),
    _foreign("account_change", "transaction_id", "transaction"),
    _among("account_change", "field", ChangeField),
    Index("ix_timebank_account_change_account", "bank_id", "account_id"),
    key=("id",),
)

exchange_act = _table(
    "exchange_act",
    _column("id", Id),
    _column("exchange_id", Id),
    _column("n", small()),
    _column("act", text(12)),
    _maybe("side", text(8)),
    _column("state", text(12)),
    _maybe("minutes", big()),
    _column("recorded_at", Moment),
    *_actor("exchange_act"),
    _maybe("reason", text(60)),
    _maybe("transaction_id", Id),
    _maybe("note_digest", LargeBinary(32)),
    _column("policy_version", small()),
    _foreign("exchange_act", "exchange_id", "exchange"),
    UniqueConstraint("bank_id", "exchange_id", "n", name="uq_timebank_exchange_act_n"),
    _among("exchange_act", "act", Act),
    _among("exchange_act", "state", State),
    key=("id",),
)

note = _table(
    "note",
    _column("about_id", Id),
    _maybe("salt", LargeBinary(16)),
    _maybe("text", Text()),
    key=("about_id",),
)

request_key = _table(
    "request_key",
    _column("scope", text(40)),
    _column("key_hash", LargeBinary(16)),
    _column("digests", Text()),
    _maybe("note_id", Id),
    _column("receipt_id", Id),
    _maybe("transaction_id", Id),
    key=("scope", "key_hash"),
)

seal_queue = _table(
    "seal_queue",
    _column("kind", text(16)),
    _column("fact_id", Id),
    _column("recorded_at", Moment),
    key=("kind", "fact_id"),
)

outbox = _table(
    "outbox",
    _column("id", Id),
    _column("action", text(40)),
    _column("recorded_at", Moment),
    _column("body", Text()),
    _maybe("done_at", Moment),
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
