"""The custody scheme: people, sheets, destinations, beneficiaries, prices, attempts.

Revision 0001, the first of this wing.
"""

from typing import Any

import sqlalchemy as sa

from timebank.storage.sql import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "timebank_custody_rules",
    "timebank_custody_membership",
    "timebank_custody_state_change",
    "timebank_custody_sheet",
    "timebank_custody_sheet_line",
    "timebank_custody_sheet_act",
    "timebank_custody_beneficiary",
    "timebank_custody_beneficiary_act",
    "timebank_custody_instruction",
    "timebank_custody_price",
    "timebank_custody_movement",
    "timebank_custody_passage",
    "timebank_custody_passage_end",
    "timebank_custody_windup",
    "timebank_custody_retention",
    "timebank_custody_exceptional",
    "timebank_custody_looked",
    "timebank_custody_attempt",
    "timebank_custody_pin",
    "timebank_custody_pin_change",
    "timebank_custody_query",
    "timebank_custody_query_answer",
)


def upgrade(op: Any) -> None:
    _rules(op)
    _membership(op)
    _state_change(op)
    _sheet(op)
    _sheet_line(op)
    _sheet_act(op)
    _beneficiary(op)
    _beneficiary_act(op)
    _instruction(op)
    _price(op)
    _movement(op)
    _passage(op)
    _passage_end(op)
    _windup(op)
    _retention(op)
    _exceptional(op)
    _looked(op)
    _attempt(op)
    _pin(op)
    _pin_change(op)
    _query(op)
    _query_answer(op)


def downgrade(op: Any) -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _rules(op: Any) -> None:
    op.create_table(
        "timebank_custody_rules",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("version", types.small(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_rules_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_rules_actor_role",
        ),
        sa.CheckConstraint("version > 0", name="ck_timebank_custody_rules_version"),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_rules_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_rules_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_rules_approver_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "version", name="pk_timebank_custody_rules"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _membership(op: Any) -> None:
    op.create_table(
        "timebank_custody_membership",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("state", types.text(20), nullable=False),
        sa.Column("since", types.Day(), nullable=False),
        sa.Column("custody_id", types.AccountKey(), nullable=False),
        sa.Column("held_id", types.AccountKey(), nullable=False),
        sa.Column("community_id", types.AccountKey(), nullable=False),
        sa.CheckConstraint(
            "state IN ('applied', 'active', 'suspended', 'transferring', 'released_on_licence', 'released', 'recalled', 'unlawfully_at_large', 'deceased', 'closed')",
            name="ck_timebank_custody_membership_state",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "community_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_membership_community_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "custody_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_membership_custody_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "held_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_membership_held_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "id"],
            ["timebank_member.bank_id", "timebank_member.id"],
            name="fk_timebank_custody_membership_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_membership"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _state_change(op: Any) -> None:
    op.create_table(
        "timebank_custody_state_change",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("act", types.text(10), nullable=False),
        sa.Column("was", types.text(20), nullable=True),
        sa.Column("becomes", types.text(20), nullable=False),
        sa.Column("effective_on", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=False),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_state_change_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_state_change_actor_role",
        ),
        sa.CheckConstraint(
            "becomes IN ('applied', 'active', 'suspended', 'transferring', 'released_on_licence', 'released', 'recalled', 'unlawfully_at_large', 'deceased', 'closed')",
            name="ck_timebank_custody_state_change_becomes",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_state_change_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_state_change_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_state_change_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_state_change_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_state_change"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_state_change_person_id",
        "timebank_custody_state_change",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _sheet(op: Any) -> None:
    op.create_table(
        "timebank_custody_sheet",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("paper", types.text(40), nullable=False),
        sa.Column("entry", types.small(), nullable=False),
        sa.Column("category", types.text(60), nullable=False),
        sa.Column("worked_on", types.Day(), nullable=False),
        sa.Column("until", types.Day(), nullable=True),
        sa.Column("starts_minute", types.small(), nullable=True),
        sa.Column("length_minutes", types.small(), nullable=True),
        sa.Column("supervisor_id", types.Id(), nullable=True),
        sa.Column("drafted_by_id", types.Id(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("state", types.text(12), nullable=False),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_sheet_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_sheet_actor_role",
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'verified', 'approved', 'posted', 'returned', 'reversed')",
            name="ck_timebank_custody_sheet_state",
        ),
        sa.CheckConstraint(
            "transaction_id IS NULL OR state IN ('posted', 'reversed')",
            name="ck_timebank_custody_sheet_transaction_id",
        ),
        sa.CheckConstraint(
            "until IS NULL OR until >= worked_on", name="ck_timebank_custody_sheet_until"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "drafted_by_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_drafted_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "supervisor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_supervisor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_custody_sheet_transaction_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_sheet"),
        sa.UniqueConstraint("bank_id", "paper", "entry", name="uq_timebank_custody_sheet_paper"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_sheet_worked_on", "timebank_custody_sheet", ["bank_id", "worked_on"]
    )
    # ### end Alembic commands ###


def _sheet_line(op: Any) -> None:
    op.create_table(
        "timebank_custody_sheet_line",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("raw_minutes", types.big(), nullable=False),
        sa.Column("credited_minutes", types.big(), nullable=False),
        sa.Column("basis", types.text(20), nullable=False),
        sa.CheckConstraint(
            "basis IN ('voluntary', 'paid', 'sentence_requirement')",
            name="ck_timebank_custody_sheet_line_basis",
        ),
        sa.CheckConstraint(
            "credited_minutes >= 0 AND (basis = 'voluntary' OR credited_minutes = 0)",
            name="ck_timebank_custody_sheet_line_credited_minutes",
        ),
        sa.CheckConstraint("raw_minutes >= 0", name="ck_timebank_custody_sheet_line_raw_minutes"),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_sheet_line_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_sheet_line_sheet_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "sheet_id", "n", name="pk_timebank_custody_sheet_line"),
        sa.UniqueConstraint(
            "bank_id", "sheet_id", "person_id", name="uq_timebank_custody_sheet_line_person"
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_sheet_line_person_id",
        "timebank_custody_sheet_line",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _sheet_act(op: Any) -> None:
    op.create_table(
        "timebank_custody_sheet_act",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("act", types.text(10), nullable=False),
        sa.Column("becomes", types.text(12), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=True),
        sa.Column("paper", types.text(40), nullable=True),
        sa.Column("seat", types.text(20), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_sheet_act_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_sheet_act_actor_role",
        ),
        sa.CheckConstraint(
            "becomes IN ('draft', 'submitted', 'verified', 'approved', 'posted', 'returned', 'reversed')",
            name="ck_timebank_custody_sheet_act_becomes",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_act_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_act_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_sheet_act_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_sheet_act_sheet_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_sheet_act"),
        sa.UniqueConstraint("bank_id", "sheet_id", "n", name="uq_timebank_custody_sheet_act_n"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _beneficiary(op: Any) -> None:
    op.create_table(
        "timebank_custody_beneficiary",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("account_id", types.AccountKey(), nullable=False),
        sa.Column("standing", types.text(10), nullable=False),
        sa.Column("approved_on", types.Day(), nullable=True),
        sa.Column("review_on", types.Day(), nullable=True),
        sa.CheckConstraint(
            "standing IN ('proposed', 'approved', 'ended')",
            name="ck_timebank_custody_beneficiary_standing",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_beneficiary_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_beneficiary_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_beneficiary"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_beneficiary_account_id",
        "timebank_custody_beneficiary",
        ["bank_id", "account_id"],
    )
    op.create_index(
        "ix_timebank_custody_beneficiary_person_id",
        "timebank_custody_beneficiary",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _beneficiary_act(op: Any) -> None:
    op.create_table(
        "timebank_custody_beneficiary_act",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("beneficiary_id", types.Id(), nullable=False),
        sa.Column("act", types.text(10), nullable=False),
        sa.Column("becomes", types.text(10), nullable=False),
        sa.Column("review_on", types.Day(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_beneficiary_act_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_beneficiary_act_actor_role",
        ),
        sa.CheckConstraint(
            "becomes IN ('proposed', 'approved', 'ended')",
            name="ck_timebank_custody_beneficiary_act_becomes",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_beneficiary_act_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_beneficiary_act_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_beneficiary_act_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "beneficiary_id"],
            ["timebank_custody_beneficiary.bank_id", "timebank_custody_beneficiary.id"],
            name="fk_timebank_custody_beneficiary_act_beneficiary_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_beneficiary_act"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_beneficiary_act_beneficiary_id",
        "timebank_custody_beneficiary_act",
        ["bank_id", "beneficiary_id"],
    )
    # ### end Alembic commands ###


def _instruction(op: Any) -> None:
    op.create_table(
        "timebank_custody_instruction",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=True),
        sa.Column("given_on", types.Day(), nullable=False),
        sa.Column("paper", types.text(40), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_instruction_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_instruction_actor_role",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_instruction_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_instruction_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_instruction_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_instruction_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_instruction_sheet_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_instruction"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_instruction_person_id",
        "timebank_custody_instruction",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _price(op: Any) -> None:
    op.create_table(
        "timebank_custody_price",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("item", types.text(60), nullable=False),
        sa.Column("account_id", types.AccountKey(), nullable=False),
        sa.Column("minutes", types.big(), nullable=True),
        sa.Column("starts_on", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_price_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_price_actor_role",
        ),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes > 0", name="ck_timebank_custody_price_minutes"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_price_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_price_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_price_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_price_approver_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_price"),
        sqlite_strict=True,
    )
    op.create_index("ix_timebank_custody_price_item", "timebank_custody_price", ["bank_id", "item"])
    # ### end Alembic commands ###


def _movement(op: Any) -> None:
    op.create_table(
        "timebank_custody_movement",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", types.Id(), nullable=False),
        sa.Column("n", types.small(), nullable=False),
        sa.Column("purpose", types.text(12), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=True),
        sa.Column("line", types.small(), nullable=True),
        sa.Column("beneficiary_id", types.Id(), nullable=True),
        sa.Column("price_id", types.Id(), nullable=True),
        sa.Column("lapsed", types.small(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('credit', 'destination', 'gift', 'spending', 'release', 'closure', 'move')",
            name="ck_timebank_custody_movement_purpose",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "beneficiary_id"],
            ["timebank_custody_beneficiary.bank_id", "timebank_custody_beneficiary.id"],
            name="fk_timebank_custody_movement_beneficiary_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_movement_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "price_id"],
            ["timebank_custody_price.bank_id", "timebank_custody_price.id"],
            name="fk_timebank_custody_movement_price_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_movement_sheet_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_custody_movement_transaction_id",
        ),
        sa.PrimaryKeyConstraint(
            "bank_id", "transaction_id", "n", name="pk_timebank_custody_movement"
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_movement_person_id",
        "timebank_custody_movement",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _passage(op: Any) -> None:
    op.create_table(
        "timebank_custody_passage",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("code", types.text(40), nullable=False),
        sa.Column("direction", types.text(4), nullable=False),
        sa.Column("entry", types.small(), nullable=False),
        sa.Column("site", types.text(63), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("custody_minutes", types.big(), nullable=False),
        sa.Column("held_minutes", types.big(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_passage_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_passage_actor_role",
        ),
        sa.CheckConstraint(
            "direction IN ('out', 'in')", name="ck_timebank_custody_passage_direction"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_passage_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_passage"),
        sa.UniqueConstraint(
            "bank_id", "code", "direction", "entry", name="uq_timebank_custody_passage_code"
        ),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _passage_end(op: Any) -> None:
    op.create_table(
        "timebank_custody_passage_end",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("passage_id", types.Id(), nullable=False),
        sa.Column("outcome", types.text(10), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_passage_end_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_passage_end_actor_role",
        ),
        sa.CheckConstraint(
            "outcome IN ('arrived', 'cancelled')", name="ck_timebank_custody_passage_end_outcome"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_end_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_end_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_passage_end_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "passage_id"],
            ["timebank_custody_passage.bank_id", "timebank_custody_passage.id"],
            name="fk_timebank_custody_passage_end_passage_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_passage_end"),
        sa.UniqueConstraint(
            "bank_id", "passage_id", name="uq_timebank_custody_passage_end_passage"
        ),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _windup(op: Any) -> None:
    op.create_table(
        "timebank_custody_windup",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("minutes", types.big(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_windup_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_windup_actor_role",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_windup_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_windup_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_windup_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_custody_windup_transaction_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_windup"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _retention(op: Any) -> None:
    op.create_table(
        "timebank_custody_retention",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("record", types.text(20), nullable=False),
        sa.Column("lawful_basis", types.text(24), nullable=False),
        sa.Column("keep_until", types.Day(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_retention_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_retention_actor_role",
        ),
        sa.CheckConstraint(
            "lawful_basis IN ('consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests')",
            name="ck_timebank_custody_retention_lawful_basis",
        ),
        sa.CheckConstraint(
            "record IN ('identity', 'custody_status')", name="ck_timebank_custody_retention_record"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_retention_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_retention_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "approver_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_retention_approver_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_retention_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_retention"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_retention_person_id",
        "timebank_custody_retention",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _exceptional(op: Any) -> None:
    op.create_table(
        "timebank_custody_exceptional",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("rule", types.text(20), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("account_id", types.AccountKey(), nullable=False),
        sa.Column("minutes", types.big(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.CheckConstraint(
            "rule IN ('shared_beneficiary', 'large_gift', 'move_taken_back', 'code_taken_anew',"
            " 'gift_since_admission')",
            name="ck_timebank_custody_exceptional_rule",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_custody_exceptional_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_exceptional_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_exceptional"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _looked(op: Any) -> None:
    op.create_table(
        "timebank_custody_looked",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("exceptional_id", types.Id(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.Column("reason", types.text(60), nullable=False),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_looked_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_looked_actor_role",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_looked_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_looked_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "exceptional_id"],
            ["timebank_custody_exceptional.bank_id", "timebank_custody_exceptional.id"],
            name="fk_timebank_custody_looked_exceptional_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_looked"),
        sa.UniqueConstraint(
            "bank_id", "exceptional_id", name="uq_timebank_custody_looked_exceptional"
        ),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _attempt(op: Any) -> None:
    op.create_table(
        "timebank_custody_attempt",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("action", types.text(60), nullable=False),
        sa.Column("code", types.text(60), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_attempt_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_attempt_actor_role",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_attempt_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_attempt_actor_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_attempt"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _pin(op: Any) -> None:
    op.create_table(
        "timebank_custody_pin",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("failures", types.small(), nullable=False),
        sa.CheckConstraint(
            "(salt IS NULL) = (digest IS NULL)", name="ck_timebank_custody_pin_digest"
        ),
        sa.CheckConstraint("failures >= 0", name="ck_timebank_custody_pin_failures"),
        sa.ForeignKeyConstraint(
            ["bank_id", "id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_pin_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_pin"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _pin_change(op: Any) -> None:
    op.create_table(
        "timebank_custody_pin_change",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("act", types.text(10), nullable=False),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_pin_change_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_pin_change_actor_role",
        ),
        sa.CheckConstraint(
            "act IN ('set', 'reset', 'erase')", name="ck_timebank_custody_pin_change_act"
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_pin_change_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_pin_change_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_pin_change_person_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_pin_change"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_timebank_custody_pin_change_person_id",
        "timebank_custody_pin_change",
        ["bank_id", "person_id"],
    )
    # ### end Alembic commands ###


def _query(op: Any) -> None:
    op.create_table(
        "timebank_custody_query",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("person_id", types.Id(), nullable=False),
        sa.Column("paper", types.text(40), nullable=False),
        sa.Column("concern", types.text(12), nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_query_actor_id",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_query_actor_role",
        ),
        sa.CheckConstraint(
            "(concern = 'missing') = (sheet_id IS NULL AND transaction_id IS NULL)",
            name="ck_timebank_custody_query_line",
        ),
        sa.CheckConstraint(
            "concern IN ('minutes', 'basis', 'destination', 'not_mine', 'missing')",
            name="ck_timebank_custody_query_concern",
        ),
        sa.CheckConstraint(
            "sheet_id IS NULL OR transaction_id IS NULL",
            name="ck_timebank_custody_query_sheet_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_query_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_query_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "person_id"],
            ["timebank_custody_membership.bank_id", "timebank_custody_membership.id"],
            name="fk_timebank_custody_query_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_query_sheet_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_custody_query_transaction_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_query"),
        sa.UniqueConstraint("bank_id", "paper", name="uq_timebank_custody_query_paper"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###


def _query_answer(op: Any) -> None:
    op.create_table(
        "timebank_custody_query_answer",
        sa.Column("bank_id", types.big(), autoincrement=False, nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("query_id", types.Id(), nullable=False),
        sa.Column("outcome", types.text(10), nullable=False),
        sa.Column("sheet_id", types.Id(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("recorded_at", types.Moment(), nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id(), nullable=True),
        sa.Column("actor_for", types.Id(), nullable=True),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)",
            name="ck_timebank_custody_query_answer_actor_id",
        ),
        sa.CheckConstraint(
            "(outcome = 'put_right') = (sheet_id IS NOT NULL OR transaction_id IS NOT NULL)",
            name="ck_timebank_custody_query_answer_put_right",
        ),
        sa.CheckConstraint(
            "actor_role IN ('member', 'broker', 'coordinator', 'officer', 'system')",
            name="ck_timebank_custody_query_answer_actor_role",
        ),
        sa.CheckConstraint(
            "outcome IN ('stands', 'put_right', 'withdrawn')",
            name="ck_timebank_custody_query_answer_outcome",
        ),
        sa.CheckConstraint(
            "sheet_id IS NULL OR transaction_id IS NULL",
            name="ck_timebank_custody_query_answer_sheet_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_for"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_query_answer_actor_for",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "actor_id"],
            ["timebank_person.bank_id", "timebank_person.id"],
            name="fk_timebank_custody_query_answer_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "query_id"],
            ["timebank_custody_query.bank_id", "timebank_custody_query.id"],
            name="fk_timebank_custody_query_answer_query_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "sheet_id"],
            ["timebank_custody_sheet.bank_id", "timebank_custody_sheet.id"],
            name="fk_timebank_custody_query_answer_sheet_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "transaction_id"],
            ["timebank_transaction.bank_id", "timebank_transaction.id"],
            name="fk_timebank_custody_query_answer_transaction_id",
        ),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_custody_query_answer"),
        sa.UniqueConstraint("bank_id", "query_id", name="uq_timebank_custody_query_answer_query"),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###
