"""One value is changed behind the guards: the audit says which check found it, and in which row.

The faults are read off the tables: a new column fails here until a check finds what happens to
it, or until ``UNRELIED`` says why nobody has to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.audit.conftest import Open, planting
from tests.audit.expected import (
    EXPECTED,
    NAMED_AS,
    NAMED_BY,
    NOWHERE,
    PREFERRED,
    UNRELIED,
    Row,
    closest,
)
from tests.audit.planting import BANK, Fault, audit, faults, plant, rows_for, sample
from timebank import journal
from timebank.domain.audit import Verdict
from timebank.errors import NotFoundError
from timebank.storage.sql import schema
from timebank.storage.sql.unit_of_work import SqlUnit

FAULTS = {fault.name: fault for table in schema.metadata.tables.values() for fault in faults(table)}


GONE = ("bank.bank_id-changed", "bank-deleted")
RELIED_ON = [n for n in FAULTS if n not in GONE and closest(UNRELIED, n) is None]


def kinds(name: str) -> set[str]:
    """The check that finds the fault and the table that has it, where a row of the bank does."""
    return set() if name in NOWHERE else {str(closest(EXPECTED, name)), FAULTS[name].table.name}


SAMPLE = sample(RELIED_ON, kinds, every=5)


def chosen(connection: Connection, fault: Fault) -> Row | None:
    """The first row in which the fault can be planted and will be looked for."""
    fits, _ = closest(PREFERRED, fault.name) or (lambda row: True, "")
    return next((row for row in rows_for(connection, fault) if fits(row)), None)


def names_of(fault: Fault, *rows: Row) -> set[str]:
    """What a finding may call the row: as it was, or as it is now."""
    short = fault.table.name.removeprefix(schema.PREFIX)
    if form := closest(NAMED_AS, fault.name):
        return {form.format(**row) for row in rows}
    return {str(row[column]) for row in rows for column in NAMED_BY.get(short, ("id",))} - {"None"}


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", RELIED_ON)
def test_a_planted_fault_is_named(opened: Open, name: str) -> None:
    """By its check alone; in a whole audit a sample, and all of them in the long run."""
    is_named(opened, name, whole=name in SAMPLE)


@pytest.mark.parametrize("opened", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_planted_fault_is_named_on_postgresql(opened: Open, name: str) -> None:
    """The other faults are in the long run."""
    is_named(opened, name)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in RELIED_ON if name not in SAMPLE])
def test_every_other_planted_fault_is_named_in_a_whole_audit(opened: Open, name: str) -> None:
    is_named(opened, name)


def is_named(opened: Open, name: str, *, whole: bool = True) -> None:
    """The audit has findings, and one of the right check names the row."""
    fault, check = FAULTS[name], closest(EXPECTED, name)
    with planting(opened) as connection:
        row = chosen(connection, fault)
        if row is None:
            assert name in NOWHERE, f"no row has it: let the bank have one, or say why not ({name})"
            return
        assert name not in NOWHERE
        names = names_of(fault, row, plant(connection, fault, row))
        only = None if whole else check
        report = audit(connection, opened.clock, kept=opened.kept, only=only)
    assert report.verdict is Verdict.FINDINGS
    assert check in {finding.check for finding in report.findings}
    said = [f"{f.subject} {f.message}" for f in report.findings if f.check == check]
    assert any(name in text for name in names for text in said), (names, said)


def test_the_sample_has_every_check_and_every_table() -> None:
    found = {kind for name in RELIED_ON for kind in kinds(name)}
    assert {kind for name in SAMPLE for kind in kinds(name)} == found
    assert {*EXPECTED.values()} <= found


@pytest.mark.parametrize("name", GONE)
def test_a_bank_that_is_gone_is_not_audited(opened: Open, name: str) -> None:
    with planting(opened) as connection:
        row = chosen(connection, FAULTS[name])
        assert row is not None
        plant(connection, FAULTS[name], row)
        with pytest.raises(NotFoundError):
            audit(connection, opened.clock)


def test_the_bank_is_clean_before_anything_is_planted(opened: Open) -> None:
    with planting(opened) as connection:
        assert audit(connection, opened.clock, kept=opened.kept).findings == ()


@pytest.mark.parametrize("table", [EXPECTED, UNRELIED, PREFERRED, NOWHERE, NAMED_BY, NAMED_AS])
def test_what_is_expected_is_about_columns_that_there_are(table: Mapping[str, Any]) -> None:
    columns = {name.rpartition("-")[0] for name in FAULTS}
    tables = {name.partition(".")[0] for name in columns}
    assert {*table} <= {*FAULTS, *columns, *tables}


def test_what_is_said_to_carry_nothing_is_about_the_books_of_no_fact() -> None:
    facts = {table.name.removeprefix(schema.PREFIX) for table in schema.FACTS}
    assert {name.partition(".")[0] for name in UNRELIED}.isdisjoint(facts)


def test_how_many_faults_are_planted_and_named() -> None:
    left_out = len(FAULTS) - len(RELIED_ON)
    print(f"{len(FAULTS)} faults, {len(RELIED_ON)} to be named, {left_out} in UNRELIED or GONE,")
    print(f"{len(NOWHERE)} of those to be named in no row of the bank")
    assert {*NOWHERE} < {*RELIED_ON}


@pytest.mark.parametrize(
    "name",
    ["transaction.kind-garbled", "transaction.actor_role-garbled", "transfer.activity-garbled"],
)
def test_what_can_be_told_but_not_read_is_sealed_and_named(opened: Open, name: str) -> None:
    """Evidence of what stood in the columns; the audit says that it may not stand there."""
    fault = FAULTS[name]
    with planting(opened) as connection:
        waiting = {*connection.execute(select(schema.seal_queue.c.fact_id)).scalars()}
        row = next(r for r in rows_for(connection, fault) if waiting & ids_of(r))
        (fact,) = waiting & ids_of(row)
        plant(connection, fault, row)
        before = audit(connection, opened.clock, kept=opened.kept)
        journal.seal(SqlUnit(connection, BANK, None, opened.clock, schema.REVISION))
        assert connection.execute(select(schema.seal_queue.c.fact_id)).first() is None
        after = audit(connection, opened.clock, kept=opened.kept)
    for report in (before, after):
        found = {f.check for f in report.findings if fact in f"{f.subject} {f.message}"}
        assert "constraints_hold" in found


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in RELIED_ON if n not in NOWHERE])
def test_the_fault_is_found_in_every_row_that_counts(opened: Open, name: str) -> None:
    """Wherever it may be planted; facts that wait for the sealer are not evidence yet."""
    fault = FAULTS[name]
    fits, _ = closest(PREFERRED, name) or (lambda row: True, "")
    with planting(opened) as connection:
        waiting = {*connection.execute(select(schema.seal_queue.c.fact_id)).scalars()}
        rows = [r for r in rows_for(connection, fault) if fits(r) and waiting.isdisjoint(ids_of(r))]
    for row in rows:
        with planting(opened) as connection:
            plant(connection, fault, row)
            report = audit(connection, opened.clock, kept=opened.kept)
        assert report.verdict is Verdict.FINDINGS, row


def ids_of(row: Row) -> set[Any]:
    """What the queue would call the fact."""
    return {row.get("id"), row.get("transaction_id") if "source_id" in row else None}
