"""The ledger: banks, people, accounts, exchanges, transactions, keys, the sealer's queue.

Revision 0001, the first.
"""

from typing import Any

import sqlalchemy as sa

from timebank.storage.sql import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "timebank_bank",
    "timebank_checkpoint",
    "timebank_leaf",
    "timebank_note",
    "timebank_outbox",
    "timebank_request_key",
    "timebank_seal_queue",
    "timebank_tree_node",
    "timebank_person",
    "timebank_tree_head",
    "timebank_day_statement",
    "timebank_member",
    "timebank_period_close",
    "timebank_policy",
    "timebank_staff",
    "timebank_account",
    "timebank_listing",
    "timebank_exchange",
    "timebank_exchange_act",
    "timebank_exchange_party",
    "timebank_hold",
    "timebank_transaction",
    "timebank_account_change",
    "timebank_transfer",
)


def upgrade(op: Any) -> None:
    _bank(op)
    _checkpoint(op)
    _leaf(op)
    _note(op)
    _outbox(op)
    _request_key(op)
    _seal_queue(op)
    _tree_node(op)
    _person(op)
    _tree_head(op)
    _day_statement(op)
    _member(op)
    _period_close(op)
    _policy(op)
    _staff(op)
    _account(op)
    _listing(op)
    _exchange(op)
    _exchange_act(op)
    _exchange_party(op)
    _hold(op)
    _transaction(op)
    _account_change(op)
    _transfer(op)
    op.execute(ENTRY_VIEW)


def downgrade(op: Any) -> None:
    op.execute("DROP VIEW timebank_entry")
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":  # of the guards, which went with the tables
        for name in ("timebank_refuse", "timebank_refuse_copy", "timebank_refuse_unsealed"):
            op.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _bank(op: Any) -> None:
    op.create_table(
        "timebank_bank",
        sa.Column("bank_id", types.big(), nullable=False, autoincrement=False),
        sa.Column("slug", types.text(63), nullable=False),
        sa.Column("name", types.text(200), nullable=False),
        sa.Column("zone", types.text(60), nullable=False),
        sa.Column("hash_domain", sa.LargeBinary(32), nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", types.Moment(), nullable=False),
        sa.Column("copy_size", types.big(), nullable=True),
        sa.Column("copy_receipts", types.big(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", name="pk_timebank_bank"),
        sa.CheckConstraint(
            "(copy_size IS NULL) = (copy_receipts IS NULL)", name="ck_timebank_bank_copy_size"
        ),
        sqlite_strict=True,
    )


def _checkpoint(op: Any) -> None:
    op.create_table(
        "timebank_checkpoint",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("size", types.big(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_at", types.Moment(), nullable=False),
        sa.Column("previous_size", types.big(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "size", name="pk_timebank_checkpoint"),
        sa.CheckConstraint("size > 0", name="ck_timebank_checkpoint_size"),
        sqlite_strict=True,
    )


def _leaf(op: Any) -> None:
    op.create_table(
        "timebank_leaf",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("position", types.big(), nullable=False),
        sa.Column("kind", types.text(120), nullable=False),
        sa.Column("fact_id", types.Id(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "position", name="pk_timebank_leaf"),
        sa.UniqueConstraint("bank_id", "kind", "fact_id", name="uq_timebank_leaf_fact"),
        sqlite_strict=True,
    )


def _note(op: Any) -> None:
    op.create_table(
        "timebank_note",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("about_id", types.Id(), nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "about_id", name="pk_timebank_note"),
        sqlite_strict=True,
    )


def _outbox(op: Any) -> None:
    op.create_table(
        "timebank_outbox",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("action", types.text(40), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("done_at", types.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_outbox"),
        sqlite_strict=True,
    )


def _request_key(op: Any) -> None:
    op.create_table(
        "timebank_request_key",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("scope", types.text(40), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.Column("note_id", types.Id(), nullable=True),
        sa.Column("receipt_id", types.Id(), nullable=False),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "scope", "key_hash", name="pk_timebank_request_key"),
        sqlite_strict=True,
    )


def _seal_queue(op: Any) -> None:
    op.create_table(
        "timebank_seal_queue",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("kind", types.text(120), nullable=False),
        sa.Column("fact_id", types.Id(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "kind", "fact_id", name="pk_timebank_seal_queue"),
        sqlite_strict=True,
    )


def _tree_node(op: Any) -> None:
    op.create_table(
        "timebank_tree_node",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("level", types.small(), nullable=False),
        sa.Column("place", types.big(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "level", "place", name="pk_timebank_tree_node"),
        sqlite_strict=True,
    )


def _person(op: Any) -> None:
    op.create_table(
        "timebank_person",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", types.text(12), nullable=False),
        sa.Column("ref", types.text(60), nullable=True),
        sa.Column("name", types.text(200), nullable=True),
        sa.Column("contact", types.text(200), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_person"),
        sa.UniqueConstraint("bank_id", "ref", name="uq_timebank_person_ref"),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["timebank_bank.bank_id"], name="fk_timebank_person_bank_id"
        ),
        sa.CheckConstraint(
            "kind IN ('person', 'organisation', 'staff')", name="ck_timebank_person_kind"
        ),
        sqlite_strict=True,
    )


def _tree_head(op: Any) -> None:
    op.create_table(
        "timebank_tree_head",
        sa.Column("bank_id", types.big(), nullable=False, autoincrement=False),
        sa.Column("size", types.big(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", name="pk_timebank_tree_head"),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["timebank_bank.bank_id"], name="fk_timebank_tree_head_bank_id"
        ),
        sqlite_strict=True,
    )


def _day_statement(op: Any) -> None:
    op.create_table(
        "timebank_day_statement",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("day", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("policy_version", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_day_statement"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_day_statement_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_day_statement_actor_id",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_day_statement_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_day_statement_actor_role",
        ),
        sqlite_strict=True,
    )


def _member(op: Any) -> None:
    op.create_table(
        "timebank_member",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", types.text(12), nullable=False),
        sa.Column("status", types.text(12), nullable=False),
        sa.Column("status_since", types.Day(), nullable=False),
        sa.Column("joined_on", types.Day(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_member"),
        sa.ForeignKeyConstraint(
            ["bank_id", "id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_member_id",
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'suspended', 'left')", name="ck_timebank_member_status"
        ),
        sqlite_strict=True,
    )


def _period_close(op: Any) -> None:
    op.create_table(
        "timebank_period_close",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("until", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("policy_version", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_period_close"),
        sa.UniqueConstraint("bank_id", "until", name="uq_timebank_period_close_until"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_period_close_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_period_close_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_period_close_approver_id",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name="ck_timebank_period_close_actor_id"
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_period_close_actor_role",
        ),
        sqlite_strict=True,
    )


def _policy(op: Any) -> None:
    op.create_table(
        "timebank_policy",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("version", types.small(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "version", name="pk_timebank_policy"),
        sa.UniqueConstraint("bank_id", "id", name="uq_timebank_policy_id"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_policy_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_policy_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_policy_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["timebank_bank.bank_id"], name="fk_timebank_policy_bank_id"
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name="ck_timebank_policy_actor_id"
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_policy_actor_role",
        ),
        sa.CheckConstraint("version > 0", name="ck_timebank_policy_version"),
        sqlite_strict=True,
    )


def _staff(op: Any) -> None:
    op.create_table(
        "timebank_staff",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("role", types.text(12), nullable=False),
        sa.Column("starts_on", types.Day(), nullable=False),
        sa.Column("ends_on", types.Day(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_staff"),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_staff_person_id",
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name="ck_timebank_staff_ends_on"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_timebank_staff_person", "timebank_staff", ["bank_id", "person_id"])


def _account(op: Any) -> None:
    op.create_table(
        "timebank_account",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.AccountKey(), nullable=False),
        sa.Column("kind", types.text(12), nullable=False),
        sa.Column("owner_id", types.Id(), nullable=True),
        sa.Column("label", types.text(60), nullable=True),
        sa.Column("unit", types.text(12), nullable=False),
        sa.Column("floor_minutes", types.big(), nullable=True),
        sa.Column("ceiling_minutes", types.big(), nullable=True),
        sa.Column("frozen", types.text(4), nullable=False),
        sa.Column("balance_minutes", types.big(), nullable=False),
        sa.Column("held_minutes", types.big(), nullable=False),
        sa.Column("number", types.big(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_account"),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["timebank_bank.bank_id"], name="fk_timebank_account_bank_id"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "owner_id"],
            ["timebank_member.bank_id", "timebank_member.id"],
            name="fk_timebank_account_owner_id",
        ),
        sa.CheckConstraint("frozen IN ('none', 'out', 'all')", name="ck_timebank_account_frozen"),
        sa.CheckConstraint("held_minutes >= 0", name="ck_timebank_account_held_minutes"),
        sa.CheckConstraint(
            "kind IN ('member', 'organisation', 'custody', 'held', 'pot', 'issuance', 'activity', 'clearing', 'reserve', 'closure')",
            name="ck_timebank_account_kind",
        ),
        sa.CheckConstraint("number >= 0", name="ck_timebank_account_number"),
        sa.CheckConstraint(
            "(owner_id IS NULL) <> (label IS NULL)", name="ck_timebank_account_owner_or_label"
        ),
        sa.CheckConstraint("unit = 'minute'", name="ck_timebank_account_unit"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_account_owner",
        "timebank_account",
        ["bank_id", "owner_id"],
        unique=False,
        sqlite_where=sa.text("owner_id IS NOT NULL"),
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )
    op.create_index(
        "uq_timebank_account_label",
        "timebank_account",
        ["bank_id", "label"],
        unique=True,
        sqlite_where=sa.text("label IS NOT NULL"),
        postgresql_where=sa.text("label IS NOT NULL"),
    )


def _listing(op: Any) -> None:
    op.create_table(
        "timebank_listing",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", types.text(8), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("title", types.text(200), nullable=True),
        sa.Column("category", types.text(60), nullable=False),
        sa.Column("expires_on", types.Day(), nullable=True),
        sa.Column("placed_at", types.Moment(), nullable=False),
        sa.Column("withdrawn_at", types.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_listing"),
        sa.ForeignKeyConstraint(
            ["bank_id", "member_id"],
            ["timebank_member.bank_id", "timebank_member.id"],
            name="fk_timebank_listing_member_id",
        ),
        sa.CheckConstraint("kind IN ('offer', 'request')", name="ck_timebank_listing_kind"),
        sqlite_strict=True,
    )
    op.create_index("ix_timebank_listing_member", "timebank_listing", ["bank_id", "member_id"])


def _exchange(op: Any) -> None:
    op.create_table(
        "timebank_exchange",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("state", types.text(12), nullable=False),
        sa.Column("proposed_by", types.text(8), nullable=True),
        sa.Column("agreed_minutes", types.big(), nullable=False),
        sa.Column("giver_minutes", types.big(), nullable=True),
        sa.Column("receiver_minutes", types.big(), nullable=True),
        sa.Column("category", types.text(60), nullable=True),
        sa.Column("listing_id", types.Id(), nullable=True),
        sa.Column("happens_on", types.Day(), nullable=True),
        sa.Column("rule", types.text(8), nullable=True),
        sa.Column("hold_id", types.Id(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("deadline", types.Moment(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("acts", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_exchange"),
        sa.ForeignKeyConstraint(
            ["bank_id", "listing_id"],
            ["timebank_listing.bank_id", "timebank_listing.id"],
            name="fk_timebank_exchange_listing_id",
        ),
        sa.CheckConstraint("agreed_minutes > 0", name="ck_timebank_exchange_agreed_minutes"),
        sa.CheckConstraint("rule IN ('shared', 'each', 'pot')", name="ck_timebank_exchange_rule"),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'reported', 'disputed', 'confirmed', 'declined', 'cancelled', 'expired', 'reversed')",
            name="ck_timebank_exchange_state",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_timebank_exchange_deadline", "timebank_exchange", ["bank_id", "deadline"])


def _exchange_act(op: Any) -> None:
    op.create_table(
        "timebank_exchange_act",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("exchange_id", types.Id(), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("act", types.text(12), nullable=False),
        sa.Column("side", types.text(8), nullable=True),
        sa.Column("state", types.text(12), nullable=False),
        sa.Column("minutes", types.big(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("note_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("policy_version", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_exchange_act"),
        sa.UniqueConstraint("bank_id", "exchange_id", "n", name="uq_timebank_exchange_act_n"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_exchange_act_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_exchange_act_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_exchange_act_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "exchange_id"],
            ["timebank_exchange.bank_id", "timebank_exchange.id"],
            name="fk_timebank_exchange_act_exchange_id",
        ),
        sa.CheckConstraint(
            "act IN ('propose', 'agree', 'decline', 'report', 'confirm', 'cancel', 'dispute', 'resolve', 'expire', 'reverse', 'record')",
            name="ck_timebank_exchange_act_act",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name="ck_timebank_exchange_act_actor_id"
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_exchange_act_actor_role",
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'reported', 'disputed', 'confirmed', 'declined', 'cancelled', 'expired', 'reversed')",
            name="ck_timebank_exchange_act_state",
        ),
        sqlite_strict=True,
    )


def _exchange_party(op: Any) -> None:
    op.create_table(
        "timebank_exchange_party",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("exchange_id", types.Id(), nullable=False),
        sa.Column("side", types.text(8), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint(
            "bank_id", "exchange_id", "side", "n", name="pk_timebank_exchange_party"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "exchange_id"],
            ["timebank_exchange.bank_id", "timebank_exchange.id"],
            name="fk_timebank_exchange_party_exchange_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "member_id"],
            ["timebank_member.bank_id", "timebank_member.id"],
            name="fk_timebank_exchange_party_member_id",
        ),
        sa.CheckConstraint("side IN ('giver', 'receiver')", name="ck_timebank_exchange_party_side"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_exchange_party_member",
        "timebank_exchange_party",
        ["bank_id", "member_id", "exchange_id"],
    )


def _hold(op: Any) -> None:
    op.create_table(
        "timebank_hold",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("account_id", types.AccountKey(), nullable=False),
        sa.Column("exchange_id", types.Id(), nullable=False),
        sa.Column("minutes", types.big(), nullable=False),
        sa.Column("placed_at", types.Moment(), nullable=False),
        sa.Column("deadline", types.Moment(), nullable=False),
        sa.Column("ended_at", types.Moment(), nullable=True),
        sa.Column("outcome", types.text(12), nullable=True),
        sa.Column("settled_minutes", types.big(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_hold"),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_hold_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "exchange_id"],
            ["timebank_exchange.bank_id", "timebank_exchange.id"],
            name="fk_timebank_hold_exchange_id",
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL)", name="ck_timebank_hold_ended_at"
        ),
        sa.CheckConstraint("minutes > 0", name="ck_timebank_hold_minutes"),
        sa.CheckConstraint(
            "outcome IN ('settled', 'released', 'expired')", name="ck_timebank_hold_outcome"
        ),
        sa.CheckConstraint(
            "settled_minutes >= 0 AND settled_minutes <= minutes",
            name="ck_timebank_hold_settled_minutes",
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_hold_account",
        "timebank_hold",
        ["bank_id", "account_id", "outcome", "deadline"],
    )


def _transaction(op: Any) -> None:
    op.create_table(
        "timebank_transaction",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", types.text(12), nullable=False),
        sa.Column("category", types.text(60), nullable=True),
        sa.Column("happened_on", types.Day(), nullable=False),
        sa.Column("counts_on", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=True),
        sa.Column("policy_version", types.small(), nullable=False),
        sa.Column("reverses", types.Id(), nullable=True),
        sa.Column("exchange_id", types.Id(), nullable=True),
        sa.Column("imported", types.small(), nullable=False),
        sa.Column("overrides", types.small(), nullable=False),
        sa.Column("note_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("encoding", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_transaction"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_transaction_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_transaction_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_transaction_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["timebank_bank.bank_id"], name="fk_timebank_transaction_bank_id"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "exchange_id"],
            ["timebank_exchange.bank_id", "timebank_exchange.id"],
            name="fk_timebank_transaction_exchange_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "reverses"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_transaction_reverses",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name="ck_timebank_transaction_actor_id"
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_transaction_actor_role",
        ),
        sa.CheckConstraint("counts_on >= happened_on", name="ck_timebank_transaction_counts_on"),
        sa.CheckConstraint("imported IN (0, 1)", name="ck_timebank_transaction_imported"),
        sa.CheckConstraint(
            "kind IN ('exchange', 'group', 'posting', 'donation', 'grant', 'adjustment', 'reversal', 'carry-over', 'leaving')",
            name="ck_timebank_transaction_kind",
        ),
        sa.CheckConstraint("overrides IN (0, 1)", name="ck_timebank_transaction_overrides"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_timebank_transaction_reverses",
        "timebank_transaction",
        ["bank_id", "reverses"],
        unique=True,
        sqlite_where=sa.text("reverses IS NOT NULL"),
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )


def _account_change(op: Any) -> None:
    op.create_table(
        "timebank_account_change",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("account_id", types.AccountKey(), nullable=False),
        sa.Column("field", types.text(12), nullable=False),
        sa.Column("was", types.text(60), nullable=False),
        sa.Column("becomes", types.text(60), nullable=False),
        sa.Column("effective_on", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=False),
        sa.Column("review_on", types.Day(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("note_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("policy_version", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_account_change"),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_account_change_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_account_change_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_account_change_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_account_change_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_account_change_transaction_id",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_account_change_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_account_change_actor_role",
        ),
        sa.CheckConstraint(
            "field IN ('floor', 'ceiling', 'frozen', 'status', 'override', 'rebuilt', 'identity')",
            name="ck_timebank_account_change_field",
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_account_change_account", "timebank_account_change", ["bank_id", "account_id"]
    )


def _transfer(op: Any) -> None:
    op.create_table(
        "timebank_transfer",
        sa.Column("bank_id", types.big(), nullable=False),
        sa.Column("transaction_id", types.Id(), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("source_id", types.AccountKey(), nullable=False),
        sa.Column("target_id", types.AccountKey(), nullable=False),
        sa.Column("minutes", types.big(), nullable=False),
        sa.Column("activity", types.text(12), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("source_number", types.big(), nullable=False),
        sa.Column("source_balance_minutes", types.big(), nullable=False),
        sa.Column("target_number", types.big(), nullable=False),
        sa.Column("target_balance_minutes", types.big(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "transaction_id", "n", name="pk_timebank_transfer"),
        sa.UniqueConstraint(
            "bank_id", "source_id", "source_number", name="uq_timebank_transfer_source_number"
        ),
        sa.UniqueConstraint(
            "bank_id", "target_id", "target_number", name="uq_timebank_transfer_target_number"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "source_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_transfer_source_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "target_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_transfer_target_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_transfer_transaction_id",
        ),
        sa.CheckConstraint(
            "activity IN ('service', 'gift', 'grant', 'levy', 'correction', 'carry-over', 'expiry', 'settlement', 'spending')",
            name="ck_timebank_transfer_activity",
        ),
        sa.CheckConstraint("minutes > 0", name="ck_timebank_transfer_minutes"),
        sa.CheckConstraint("n > 0", name="ck_timebank_transfer_n"),
        sa.CheckConstraint("source_id <> target_id", name="ck_timebank_transfer_sides"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_transfer_source_time",
        "timebank_transfer",
        ["bank_id", "source_id", "recorded_at", "source_number"],
    )
    op.create_index(
        "ix_timebank_transfer_target_time",
        "timebank_transfer",
        ["bank_id", "target_id", "recorded_at", "target_number"],
    )


ENTRY_VIEW = """
CREATE VIEW timebank_entry AS
SELECT bank_id, source_id AS account_id, source_number AS number, -minutes AS change_minutes,
       source_balance_minutes AS balance_minutes, transaction_id, recorded_at
FROM timebank_transfer
UNION ALL
SELECT bank_id, target_id, target_number, minutes,
       target_balance_minutes, transaction_id, recorded_at
FROM timebank_transfer
"""
