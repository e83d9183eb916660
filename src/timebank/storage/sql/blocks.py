"""The building blocks of our tables: what every one of them has in common."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy import text as sql_text
from sqlalchemy.types import TypeEngine

from timebank.domain.actor import Role
from timebank.storage.sql.types import Id, big, text

PREFIX: Final = "timebank_"

metadata = MetaData()


def table(name: str, *parts: Any, key: Iterable[str], within: MetaData = metadata) -> Table:
    """A table whose primary key is ``bank_id`` and then ``key``; a wing has its own metadata."""
    return Table(
        f"{PREFIX}{name}",
        within,
        Column("bank_id", big(), nullable=False, autoincrement=False),
        *parts,
        PrimaryKeyConstraint("bank_id", *key, name=f"pk_timebank_{name}"),
        sqlite_strict=True,
    )


def column(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    """A column that always has a value."""
    return Column(name, kind, nullable=False)


def maybe(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    """A column that may be empty."""
    return Column(name, kind, nullable=True)


def foreign(table: str, column: str, other: str | Table) -> ForeignKeyConstraint:
    """A reference inside the bank, to the id of another table's row.

    ``other`` is a table of the same metadata by name; a wing gives one of ours as it is.
    """
    key = ("bank_id",) if column == "bank_id" else ("bank_id", column)
    target = ("bank_id",) if column == "bank_id" else ("bank_id", "id")
    return ForeignKeyConstraint(
        key,
        [f"{PREFIX}{other}.{name}" if isinstance(other, str) else other.c[name] for name in target],
        name=f"fk_timebank_{table}_{column}",
    )


def sparse(name: str, column: str, *, unique: bool = False) -> Index:
    """An index on a column that is mostly empty, without its empty rows.

    Small; and on PostgreSQL no foreign key's look-up by id mistakes it for the primary key while
    the table has no statistics yet.
    """
    filled = sql_text(f"{column} IS NOT NULL")
    return Index(
        name,
        "bank_id",
        column,
        unique=unique,
        sqlite_where=filled,
        postgresql_where=filled,
    )


def among(table: str, column: str, kind: type[Enum]) -> CheckConstraint:
    """Only the words of an enumeration."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({words})", name=f"ck_timebank_{table}_{column}")


def actor(table: str, *, approver: bool = True, person: str | Table = "person") -> list[Any]:
    """Who acted, in which role, for whom; and who approved."""
    columns = [
        column("actor_role", text(12)),
        maybe("actor_id", Id),
        maybe("actor_for", Id),
        foreign(table, "actor_id", person),
        foreign(table, "actor_for", person),
        CheckConstraint(
            "(actor_role = 'system') = (actor_id IS NULL)", name=f"ck_timebank_{table}_actor_id"
        ),
        among(table, "actor_role", Role),
    ]
    if approver:
        columns += [
            maybe("approver_role", text(12)),
            maybe("approver_id", Id),
            foreign(table, "approver_id", person),
        ]
    return columns
