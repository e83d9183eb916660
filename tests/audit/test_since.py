"""An audit since a checkpoint finds what a whole one finds in what came later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.audit.conftest import Open, planting
from tests.audit.expected import PREFERRED, UNRELIED, Row, closest
from tests.audit.planting import BANK, Fault, faults, plant, rows_for
from tests.backends import World, backend, world
from timebank import audits, journal
from timebank.actions.audits import BEFORE
from timebank.domain.audit import NAMES, Verdict
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.storage.sql import schema
from timebank.storage.sql.unit_of_work import SqlUnit

__all__ = ["backend", "world"]

TABLES = (
    *("transaction", "transfer", "account_change", "exchange_act", "leaf", "checkpoint"),
    *("tree_node", "account", "exchange", "exchange_party", "hold"),
    *("note", "request_key", "outbox"),
)
FAULTS = {
    fault.name: fault
    for short in TABLES
    for fault in faults(schema.metadata.tables[f"{schema.PREFIX}{short}"])
}
LATER_ONLY = 18
"""How many checks look only at what came later."""


@dataclass(frozen=True)
class Midway:
    """A checkpoint in the middle of a bank's history, and what came after it."""

    kept: Checkpoint
    facts: frozenset[str]
    accounts: frozenset[str]
    exchanges: frozenset[str]
    receipts: frozenset[str]

    def is_later(self, short: str, row: Row) -> bool:
        """Whether the row came after the checkpoint, or is of something touched since."""
        match short:
            case "account":
                return row["id"] in self.accounts
            case "exchange":
                return row["id"] in self.exchanges
            case "exchange_party" | "hold":
                return row["exchange_id"] in self.exchanges
            case "outbox":
                return row["id"] in self.receipts
            case "request_key":
                return row["receipt_id"] in self.receipts
            case "note":
                return row["about_id"] in self.facts
            case "leaf":
                return bool(row["position"] >= self.kept.size)
            case "checkpoint":
                return bool(row["size"] > self.kept.size)
            case "tree_node":
                return bool((row["place"] + 1) << row["level"] > self.kept.size)
            case _:
                return row.get("transaction_id" if short == "transfer" else "id") in self.facts


def unit(connection: Connection, opened: Open) -> SqlUnit:
    return SqlUnit(connection, BANK, None, opened.clock, schema.REVISION)


def midway(connection: Connection, opened: Open) -> Midway:
    """Half the checkpoints are older."""
    uow = unit(connection, opened)
    heads = [*uow.seals.heads()]
    kept = checkpoint_of(BANK, heads[len(heads) // 2])
    queued = connection.execute(select(schema.seal_queue.c.fact_id)).scalars()
    facts = frozenset({*queued, *(leaf.fact for leaf in uow.seals.leaves(kept.size))})
    acts = connection.execute(select(schema.exchange_act.c.exchange_id, schema.exchange_act.c.id))
    outbox = schema.outbox.c
    receipts = connection.execute(select(outbox.id).where(outbox.recorded_at > kept.sealed_at))
    return Midway(
        kept=kept,
        facts=facts,
        exchanges=frozenset(act.exchange_id for act in acts if act.id in facts),
        receipts=frozenset(receipts.scalars()),
        accounts=frozenset(uow.audit.later(kept.size, kept.sealed_at).starts() or ()),
    )


def a_later_row(connection: Connection, fault: Fault, half: Midway) -> Row | None:
    short = fault.table.name.removeprefix(schema.PREFIX)
    fits, _ = closest(PREFERRED, fault.name) or (lambda row: True, "")
    rows = rows_for(connection, fault)
    return next((row for row in rows if half.is_later(short, row) and fits(row)), None)


def same_findings(opened: Open, name: str) -> None:
    """Where there is a row to plant the fault in, the two audits must agree on it."""
    fault = FAULTS[name]
    chosen = [each for each in NAMES if each != "schema_is_as_released"]
    with planting(opened) as connection:
        half = midway(connection, opened)
        row = a_later_row(connection, fault, half)
        if row is None:
            return
        plant(connection, fault, row)
        whole = audits.run(unit(connection, opened), chosen, kept=half.kept)
        since = audits.run(unit(connection, opened), chosen, since=half.kept)
    assert since.findings == whole.findings


RELIED_ON = [n for n in FAULTS if ".bank_id-" not in n and closest(UNRELIED, n) is None]
PLAIN = [name for name in RELIED_ON if name.endswith(("-changed", "-deleted"))]
SAMPLE = PLAIN[::4]


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", SAMPLE)
def test_both_audits_find_the_same_in_what_came_later(opened: Open, name: str) -> None:
    """The other columns, ways to spoil them, and PostgreSQL are in the long run."""
    same_findings(opened, name)


@pytest.mark.long
@pytest.mark.parametrize("name", RELIED_ON)
def test_both_audits_find_the_same_on_every_database(opened: Open, name: str) -> None:
    same_findings(opened, name)


def test_most_faults_have_a_later_row(opened: Open) -> None:
    with planting(opened) as connection:
        half = midway(connection, opened)
        rows = [a_later_row(connection, FAULTS[name], half) for name in RELIED_ON]
    assert sum(row is not None for row in rows) > 0.8 * len(rows)


def test_it_says_what_it_looked_at_and_what_not(world: World) -> None:
    world.give("anna", 60)
    kept = world.do(journal.seal)
    assert kept is not None
    for minutes in (5, 6, 7):
        world.give("ben", minutes)
    world.do(journal.seal)
    world.give("anna", 8)
    report = world.audit()
    later = world.see(audits.run, since=kept, max_unsealed_hours=10**6)
    assert (later.scope, later.verdict, later.findings) == ("since", Verdict.CLEAN, ())
    assert len([why for _, why in later.not_checked if why == BEFORE]) == LATER_ONLY
    subjects: dict[str, Any] = {check.name: check.subjects for check in later.checks}
    assert subjects["balances_match_transfers"] == 3, "anna, ben and the issuance"
    assert subjects["leaves_match_facts"] == 3
    assert subjects["leaves_match_facts"] < report.counted["leaves"]
    assert subjects["numbers_without_gap"] == 10, "four transfers, and two entries before them"
    assert subjects["sum_is_zero"] == report.counted["accounts"]


def test_nothing_came_since(world: World) -> None:
    world.give("anna", 60)
    kept = world.do(journal.seal)
    report = world.see(audits.run, since=kept)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
    assert world.see(audits.run, ["sum_is_zero"], since=kept).scope == "selected"


def test_an_account_touched_since_without_an_entry_is_found(opened: Open) -> None:
    """The account says that it was moved today, and there is no entry that did it."""
    with planting(opened) as connection:
        kept = opened.kept
        connection.execute(
            schema.account.update()
            .where(schema.account.c.label == "closure")
            .values(recorded_at=opened.clock(), balance_minutes=5)
        )
        report = audits.run(unit(connection, opened), since=kept)
    account = opened.world.see(lambda uow: uow.accounts.by_label("closure"))
    found = {(finding.check, finding.subject) for finding in report.findings}
    assert ("balances_match_transfers", f"account {account}") in found
