"""One scan says whether entries add up; reading them one by one says the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select, update

from tests.audit.conftest import Open, planting
from tests.audit.planting import BANK
from timebank.domain.audit import check_entries
from timebank.domain.ids import bank_id_of
from timebank.storage.sql import schema
from timebank.storage.sql.unit_of_work import SqlUnit

SIDES = ("source", "target")
NUMBERS = [f"{side}_{what}" for side in SIDES for what in ("number", "balance_minutes")]
COLUMNS = [
    *((schema.transfer, column) for column in ("minutes", *NUMBERS)),
    *((schema.account, column) for column in ("balance_minutes", "number")),
]

edits = st.lists(
    st.tuples(st.sampled_from(COLUMNS), st.integers(0, 40), st.sampled_from([-60, -1, 1, 60])),
    min_size=1,
    max_size=5,
)


def rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(table).where(table.c.bank_id == bank_id_of(BANK))
    ordered = query.order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(ordered)]


def change(connection: Connection, table: Table, row: dict[str, Any], **values: Any) -> None:
    here = [column == row[column.name] for column in table.primary_key.columns]
    connection.execute(update(table).where(*here).values(values))


def agreed(connection: Connection, opened: Open) -> bool:
    """What both ways say, which has to be the same."""
    source = SqlUnit(connection, BANK, None, opened.clock, schema.REVISION).audit
    found = [*check_entries(source.accounts(), source.entries())]
    assert source.is_chained() == (not found), found
    return not found


def test_the_books_as_they_are_close(opened: Open) -> None:
    with planting(opened) as connection:
        assert agreed(connection, opened)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(edits=edits)
def test_both_ways_agree_whatever_is_changed(opened: Open, edits: list[Any]) -> None:
    """Several values at once, so that one may hide another."""
    with planting(opened) as connection:
        if opened.engine.dialect.name != "sqlite":
            for side in SIDES:
                name = f"uq_timebank_transfer_{side}_number"
                drop = f"ALTER TABLE timebank_transfer DROP CONSTRAINT {name}"
                connection.exec_driver_sql(drop)
        for (table, column), at, delta in edits:
            rows = rows_of(connection, table)
            row = rows[at % len(rows)]
            is_kept_unique = opened.engine.dialect.name == "sqlite" and column.endswith("_number")
            far = 1_000 if is_kept_unique else 1
            change(connection, table, row, **{column: row[column] + far * delta})
        agreed(connection, opened)


def test_an_account_with_another_time_than_its_last_entry_does_not_close(opened: Open) -> None:
    with planting(opened) as connection:
        moved = next(r for r in rows_of(connection, schema.account) if r["recorded_at"])
        later = moved["recorded_at"] + timedelta(seconds=1)
        change(connection, schema.account, moved, recorded_at=later)
        assert not agreed(connection, opened)


@pytest.mark.parametrize("side", SIDES)
def test_an_entry_of_an_account_that_is_not_there_does_not_close(opened: Open, side: str) -> None:
    with planting(opened) as connection:
        row = rows_of(connection, schema.transfer)[0]
        change(connection, schema.transfer, row, **{f"{side}_id": "00000000000000aa"})
        assert not agreed(connection, opened)
