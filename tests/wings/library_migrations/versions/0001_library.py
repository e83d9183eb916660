"""The tool library: tools and their loans.

Revision 0001, the first.
"""

from typing import Any

import sqlalchemy as sa

from timebank.storage.sql import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PERSON = ["timebank_person.bank_id", "timebank_person.id"]
ROLES = "('member', 'broker', 'coordinator', 'officer', 'system')"


def upgrade(op: Any) -> None:
    op.create_table(
        "timebank_library_tool",
        sa.Column("bank_id", types.big(), nullable=False, autoincrement=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("name", types.text(60), nullable=False),
        sa.Column("lent", types.small(), nullable=False),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_library_tool"),
        sqlite_strict=True,
    )
    op.create_table(
        "timebank_library_loan",
        sa.Column("bank_id", types.big(), nullable=False, autoincrement=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("tool_id", types.Id, nullable=False),
        sa.Column("account_id", types.AccountKey, nullable=False),
        sa.Column("recorded_at", types.Moment, nullable=False),
        sa.Column("actor_role", types.text(12), nullable=False),
        sa.Column("actor_id", types.Id, nullable=True),
        sa.Column("actor_for", types.Id, nullable=True),
        sa.Column("approver_role", types.text(12), nullable=True),
        sa.Column("approver_id", types.Id, nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["bank_id", name], PERSON, name=f"fk_timebank_library_loan_{name}"
            )
            for name in ("actor_id", "actor_for", "approver_id")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "tool_id"],
            ["timebank_library_tool.bank_id", "timebank_library_tool.id"],
            name="fk_timebank_library_loan_tool_id",
        ),
        sa.ForeignKeyConstraint(
            ["bank_id", "account_id"],
            ["timebank_account.bank_id", "timebank_account.id"],
            name="fk_timebank_library_loan_account_id",
        ),
        sa.CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name="ck_timebank_library_loan_actor_id"
        ),
        sa.CheckConstraint(f"actor_role IN {ROLES}", name="ck_timebank_library_loan_actor_role"),
        sa.PrimaryKeyConstraint("bank_id", "id", name="pk_timebank_library_loan"),
        sqlite_strict=True,
    )
