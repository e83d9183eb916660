"""The tables keep every rung of the ladder open (engines.md, 'Schema rules'): SQLite to Citus."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DefaultClause,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from timebank.storage.sql import schema

Rule = Callable[[Table], Iterator[str]]
NAMED = re.compile(r"^(pk|uq|fk|ck|ix)_timebank_[a-z_]+$")


def parts(table: Table) -> list[Any]:
    """Every constraint and index."""
    return [*table.constraints, *table.indexes]


def keys(table: Table) -> Iterator[tuple[str, list[str]]]:
    """Every key and index of the table: its name and its columns in order."""
    for part in parts(table):
        if not isinstance(part, CheckConstraint):
            yield str(part.name), [column.name for column in part.columns]


def foreign_keys(table: Table) -> Iterable[ForeignKeyConstraint]:
    return [part for part in table.constraints if isinstance(part, ForeignKeyConstraint)]


def every_key_begins_with_the_bank(table: Table) -> Iterator[str]:
    yield from (name for name, columns in keys(table) if columns[:1] != ["bank_id"])


def foreign_keys_point_at_the_same_bank(table: Table) -> Iterator[str]:
    for key in foreign_keys(table):
        if key.elements[0].target_fullname.split(".")[-1] != "bank_id":
            yield str(key.name)


def nothing_counts_by_itself(table: Table) -> Iterator[str]:
    """No identity, serial or sequence: a lone integer key would silently become a serial."""
    for column in table.columns:
        if column.identity is not None or isinstance(column.default, Sequence):
            yield column.name
    if table.autoincrement_column is not None:
        yield table.autoincrement_column.name


def nothing_is_deferrable(table: Table) -> Iterator[str]:
    for part in table.constraints:
        if part.deferrable is not None or part.initially is not None:
            yield str(part.name)


def foreign_keys_change_nothing(table: Table) -> Iterator[str]:
    for key in foreign_keys(table):
        if key.ondelete is not None or key.onupdate is not None:
            yield str(key.name)


def the_database_fills_nothing_in(table: Table) -> Iterator[str]:
    yield from (c.name for c in table.columns if c.server_default or c.server_onupdate)


def every_part_has_a_name_of_ours(table: Table) -> Iterator[str]:
    if not table.name.startswith("timebank_"):
        yield table.name
    for part in parts(table):
        if not NAMED.match(str(part.name or "")):
            yield str(part.name)


def sqlite_checks_types(table: Table) -> Iterator[str]:
    if not table.dialect_options["sqlite"]["strict"]:
        yield table.name


def minutes(*options: Any, **more: Any) -> Column[int]:
    return Column("minutes", BigInteger, *options, **more)


def key(*columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name="pk_timebank_planted")


def parent(*columns: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key on ``bank_id, minutes`` to these columns of the parent."""
    return ForeignKeyConstraint(
        ["bank_id", "minutes"],
        [f"timebank_parent.{name}" for name in columns],
        name="fk_timebank_planted_minutes",
        **options,
    )


def bank_key() -> PrimaryKeyConstraint:
    return key("bank_id", "minutes")


Parts = Callable[[], tuple[Any, ...]]
BREACHES: dict[Rule, list[Parts]] = {
    every_key_begins_with_the_bank: [
        lambda: (minutes(), key("minutes", "bank_id")),
        lambda: (minutes(), bank_key(), UniqueConstraint("minutes", name="uq_timebank_planted_m")),
        lambda: (minutes(), bank_key(), Index("ix_timebank_planted_m", "minutes", "bank_id")),
        lambda: (
            minutes(),
            bank_key(),
            ForeignKeyConstraint(["minutes"], ["timebank_parent.id"], name="fk_timebank_planted_m"),
        ),
    ],
    foreign_keys_point_at_the_same_bank: [
        lambda: (minutes(), bank_key(), parent("id", "bank_id")),
    ],
    nothing_counts_by_itself: [
        lambda: (minutes(Identity()), bank_key()),
        lambda: (minutes(Sequence("counter")), bank_key()),
        lambda: (minutes(), key("bank_id")),
    ],
    nothing_is_deferrable: [
        lambda: (minutes(), bank_key(), parent("bank_id", "id", deferrable=True)),
        lambda: (minutes(), bank_key(), parent("bank_id", "id", initially="DEFERRED")),
    ],
    foreign_keys_change_nothing: [
        lambda: (minutes(), bank_key(), parent("bank_id", "id", ondelete="SET NULL")),
        lambda: (minutes(), bank_key(), parent("bank_id", "id", ondelete="CASCADE")),
        lambda: (minutes(), bank_key(), parent("bank_id", "id", onupdate="CASCADE")),
    ],
    the_database_fills_nothing_in: [
        lambda: (minutes(server_default=func.now()), bank_key()),
        lambda: (minutes(server_onupdate=DefaultClause("0")), bank_key()),
    ],
    every_part_has_a_name_of_ours: [
        lambda: (minutes(), PrimaryKeyConstraint("bank_id", "minutes")),
        lambda: (minutes(), bank_key(), CheckConstraint("minutes > 0")),
        lambda: (minutes(), bank_key(), CheckConstraint("minutes > 0", name="ck_minutes")),
        lambda: (minutes(), bank_key(), Index("minutes_index", "bank_id", "minutes")),
    ],
    sqlite_checks_types: [lambda: (minutes(), bank_key())],
}


def planted(*contents: Any) -> Table:
    """A table with these parts, beside a parent that foreign keys may name."""
    metadata = MetaData()
    Table(
        "timebank_parent",
        metadata,
        Column("bank_id", BigInteger, primary_key=True),
        Column("id", Text, primary_key=True),
    )
    return Table("timebank_planted", metadata, Column("bank_id", BigInteger), *contents)


@pytest.mark.parametrize("rule", BREACHES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_our_tables_keep_the_rule(rule: Rule, table: Table) -> None:
    assert list(rule(table)) == []


@pytest.mark.parametrize(
    ("rule", "breach"),
    [
        pytest.param(rule, breach, id=f"{rule.__name__}-{n}")
        for rule, rows in BREACHES.items()
        for n, breach in enumerate(rows, 1)
    ],
)
def test_the_rule_catches_a_breach(rule: Rule, breach: Parts) -> None:
    assert list(rule(planted(*breach()))) != []


def test_a_table_that_breaks_no_rule_is_passed_by_all() -> None:
    table = Table(
        "timebank_sound",
        MetaData(),
        Column("bank_id", BigInteger, autoincrement=False),
        PrimaryKeyConstraint("bank_id", name="pk_timebank_sound"),
        sqlite_strict=True,
    )
    assert [found for rule in BREACHES for found in rule(table)] == []


def test_every_table_is_a_fact_or_kept_or_named_here_as_changing_freely() -> None:
    freely = {"timebank_listing", "timebank_seal_queue"}
    guarded = [table.name for table in (*schema.FACTS, *schema.KEPT)]
    assert len(guarded) == len(set(guarded))
    assert set(schema.metadata.tables) == {*guarded, *freely}
