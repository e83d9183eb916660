"""The wing's tables keep the house's schema rules, and its migration makes exactly them."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

import timebank
from tests.architecture.test_schema_rules import BREACHES, Rule
from timebank.custody import WING, tables


@pytest.mark.parametrize("rule", BREACHES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("table", WING.tables, ids=lambda table: table.name)
def test_the_wings_tables_keep_the_rule(rule: Rule, table: Any) -> None:
    assert list(rule(table)) == []


def test_every_table_of_the_wing_is_that_of_one_shape() -> None:
    assert {*tables.metadata.tables.values()} == {*WING.tables}
    assert len({*WING.tables}) == len(WING.shapes)


def test_the_migration_makes_exactly_these_tables(engine: Engine) -> None:
    timebank.migrate(engine, wings=["custody"])
    assert timebank.check_schema(engine) == ()
    with engine.connect() as connection:

        def ours(name: str | None, type_: str, _parents: object) -> bool:
            return type_ != "table" or name in tables.metadata.tables

        options = {"include_name": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, tables.metadata)
    assert [d for d in differences if not _between_metadata(d)] == []


def _between_metadata(difference: Any) -> bool:
    """Foreign keys into the ledger's own tables are told by another metadata."""
    return difference[0] in ("add_fk", "remove_fk")
