"""What cannot be read is incomplete, never clean; and findings outrank it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, update

from tests.audit.conftest import Open, Sealed, planting
from tests.audit.planting import audit
from tests.cli.program import run
from timebank import journal
from timebank.domain.audit import Verdict
from timebank.storage.sql import schema

READ = [table for table in schema.metadata.tables.values() if table is not schema.bank]
"""Without the bank's own row nobody knows of a bank that could be audited."""


@pytest.mark.parametrize("table", READ, ids=lambda table: table.name)
@pytest.mark.parametrize("way", ["DROP TABLE {} CASCADE", "ALTER TABLE {} RENAME TO elsewhere"])
def test_without_a_table_an_audit_is_incomplete(opened: Open, table: Table, way: str) -> None:
    with planting(opened) as connection:
        cascade = opened.engine.dialect.name == "postgresql"
        ddl = way if cascade else way.replace(" CASCADE", "")
        connection.exec_driver_sql(ddl.format(table.name))
        report = audit(connection, opened.clock, kept=opened.kept)
        assert report.verdict is Verdict.INCOMPLETE
        assert "unreadable" in {why for _, why in report.not_checked}
        assert report.findings == ()


def test_findings_outrank_what_cannot_be_read(opened: Open) -> None:
    with planting(opened) as connection:
        connection.exec_driver_sql("ALTER TABLE timebank_listing RENAME TO elsewhere")
        connection.execute(update(schema.account).values(number=schema.account.c.number + 1))
        report = audit(connection, opened.clock)
    assert report.verdict is Verdict.FINDINGS
    assert "unreadable" in {why for _, why in report.not_checked}


def test_what_a_check_found_before_it_could_not_go_on_is_kept(opened: Open) -> None:
    """A row in the middle of a stream says nothing we know."""
    with planting(opened) as connection:
        accounts = schema.account
        ids = [*connection.execute(accounts.select().order_by(accounts.c.id)).scalars("id")]
        first, last = (accounts.c.id == id_ for id_ in (ids[0], ids[-1]))
        connection.execute(update(accounts).where(first).values(number=77))
        connection.execute(update(accounts).where(last).values(kind="?"))
        report = audit(connection, opened.clock)
    assert ids[0] in {f.subject.removeprefix("account ") for f in report.findings}
    assert ("balances_match_transfers", "unreadable") in report.not_checked


@pytest.fixture
def told(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A sealed bank that the program is told of."""
    engine, world, _ = sealed
    world.do(journal.seal)  # the program goes by the true clock: nothing may wait since then
    monkeypatch.setenv("TIMEBANK_URL", engine.url.render_as_string(hide_password=False))
    return engine


@pytest.mark.parametrize("table", ["timebank_hold", "timebank_transfer", "timebank_leaf"])
def test_the_program_ends_with_5(told: Engine, table: str) -> None:
    with told.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO elsewhere")
    answer = run("audit", "--json")
    assert (answer.code, answer.document["verdict"]) == (5, "incomplete"), answer.err


@pytest.mark.parametrize("sealed", ["sqlite"], indirect=True)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_truncated_file_is_never_clean(
    sealed: Sealed, tmp_path: Path, tenths: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.world.do(journal.seal)
    with sealed.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    sealed.engine.dispose()
    file = Path(shutil.copyfile(str(sealed.engine.url.database), tmp_path / "torn.sqlite"))
    whole = file.stat().st_size
    with file.open("r+b") as content:
        content.truncate(whole * tenths // 10)
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{file}")
    answer = run("audit", "--json")
    assert answer.code in (3, 5)
    if answer.code == 3:
        assert "damaged" in json.loads(answer.err)["message"]
    else:
        assert answer.document["verdict"] == "incomplete"
