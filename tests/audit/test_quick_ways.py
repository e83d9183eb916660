"""Where nothing is wrong, an audit asks few questions; each quick way is taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Table, delete, select, update

from tests.audit.conftest import Open, planting
from tests.audit.planting import BANK
from timebank import audits
from timebank.domain.audit import Verdict
from timebank.ports import Leaf
from timebank.proof.checks import check_leaves
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.proof.plain import hashes, unproven
from timebank.storage.sql import schema
from timebank.storage.sql.stores import audit_rules
from timebank.storage.sql.stores.audit import SqlAuditSource
from timebank.storage.sql.unit_of_work import SqlUnit


@pytest.fixture
def unit(opened: Open) -> Iterator[SqlUnit]:
    with planting(opened) as connection:
        yield SqlUnit(connection, BANK, None, opened.clock, schema.REVISION)


@pytest.fixture
def source(unit: SqlUnit) -> SqlAuditSource:
    return unit.audit


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_of_each_table_it_is_known_that_its_rows_are_sound(
    source: SqlAuditSource, table: Table
) -> None:
    assert source._is_sound(table)


def test_it_is_known_that_tables_agree(source: SqlAuditSource) -> None:
    assert source.is_chained()
    assert source._is_tied()
    assert source._is_accounted()


def test_every_transaction_is_proven_by_its_columns_and_only_other_facts_are_read(
    unit: SqlUnit,
) -> None:
    domain = unit.banks.get().hash_domain
    pages = [*unit.seals.pages()]
    doubtful = {at for page in pages for at in unproven(page, domain)}
    told = zip(*([*page.acted, *page.grounds] for page in pages), strict=True)
    assert all(set().union(*column) - {None, 0} for column in told)
    leaves = [*unit.seals.leaves()]
    assert {x.kind for x in leaves if x.position not in doubtful} == {"transaction"}
    assert {x.kind for x in leaves if x.position in doubtful} > {"exchange_act"}
    assert "transaction" not in {x.kind for x in leaves if x.position in doubtful}
    facts = unit.seals.facts([(leaf.kind, leaf.fact) for leaf in leaves])
    for leaf in leaves:
        assert leaf_hash(leaf_data(facts[leaf.kind, leaf.fact], domain)) == leaf.hash


def test_a_leaf_of_each_page_is_worked_out_from_values_whatever_its_columns_show(
    unit: SqlUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.proof.checks.unproven", lambda page, hash_domain: [])
    domain = unit.banks.get().hash_domain
    assert [*check_leaves(unit.seals, domain)] == []
    unit.link.run(update(schema.leaf).values(hash=bytes(32)))
    [found] = check_leaves(unit.seals, domain)
    assert found.found in {leaf_hash_of(unit, leaf) for leaf in unit.seals.leaves()}


def leaf_hash_of(unit: SqlUnit, leaf: Leaf) -> str:
    named = (leaf.kind, leaf.fact)
    hash_ = leaf_hash(leaf_data(unit.seals.facts([named])[named], unit.banks.get().hash_domain))
    return f"leaf {leaf.position} {hash_.hex()}"


def test_of_a_transaction_without_transfers_columns_tell_nothing(unit: SqlUnit) -> None:
    [page] = unit.seals.pages()
    bare = next(fact for at, (_, fact) in page.facts.items() if at in hashes(page, bytes(32)))
    unit.link.run(delete(schema.transfer).where(schema.transfer.c.transaction_id == bare))
    [after] = unit.seals.pages()
    told = {after.facts[at][1] for at in hashes(after, bytes(32))}
    assert told == {page.facts[at][1] for at in hashes(page, bytes(32))} - {bare}
    [found] = check_leaves(unit.seals, unit.banks.get().hash_domain)
    assert found.subject == f"transaction {bare}"


def test_what_was_seen_once_is_looked_at_again_by_the_next_audit(opened: Open) -> None:
    with planting(opened) as connection:
        unit = SqlUnit(connection, BANK, None, opened.clock, schema.REVISION)
        chosen = ["constraints_hold"]
        assert audits.run(unit, chosen).verdict is Verdict.CLEAN_SELECTED
        connection.execute(update(schema.transfer).values(minutes=-1))
        assert audits.run(unit, chosen).verdict is Verdict.FINDINGS


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("column", "value"), [("minutes", -1), ("n", 0), ("activity", "?")])
def test_one_broken_rule_is_enough_in_whatever_order_they_stand(
    opened: Open, monkeypatch: pytest.MonkeyPatch, order: int, column: str, value: object
) -> None:
    rules = dict([*audit_rules.rules_of(schema.transfer).items()][::order])
    monkeypatch.setattr(audit_rules, "rules_of", lambda table: rules)
    with planting(opened) as connection:
        one = select(schema.transfer.c.transaction_id).limit(1).scalar_subquery()
        changed = update(schema.transfer).where(schema.transfer.c.transaction_id == one)
        connection.execute(changed.where(schema.transfer.c.n == 1).values({column: value}))
        source = SqlUnit(connection, BANK, None, opened.clock, schema.REVISION).audit
        seen = source._glance(schema.transfer)
        assert seen is not None
        assert seen["wrong"] == 1
