"""Peers are asked as they should be, and left out by name where they are not to be had."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.peers import ULID, Given
from benchmarks.places import place_on
from tests.bench.test_benchmarks_run import check_line

OBEDIENT = """
import json, sys
where = json.loads(sys.stdin.readline())
assert where["accounts"] == 100
print("ready", flush=True)
for line in sys.stdin:
    calls, batch = json.loads(line)
    print("done", flush=True)
"""
BROKEN = "raise SystemExit('it has a fault')"
STAND_IN = """
CREATE TABLE pgledger_transfers (id serial, source text, target text, amount numeric);
CREATE TYPE transfer_request AS (source text, target text, amount numeric);
CREATE FUNCTION pgledger_create_account(name text, currency text, OUT id text)
    LANGUAGE sql AS $$ SELECT name $$;
CREATE FUNCTION pgledger_create_transfers(transfer_request[]) RETURNS SETOF pgledger_transfers
    LANGUAGE sql AS $$
        INSERT INTO pgledger_transfers (source, target, amount)
        SELECT * FROM unnest($1) RETURNING *
    $$;
"""
"""The shape of pgledger; nothing of it."""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Every peer's program is this one, in our own environment."""

    def set_to(source: str) -> None:
        for name in peers.PROGRAMS:
            Path(tmp_path, f"serve_{name}.py").write_text(source)

    monkeypatch.setattr(peers, "SERVED", tmp_path)
    monkeypatch.setattr(peers, "_environment", lambda _name: Path(sys.executable))
    return set_to


def names(engine, given: Given = Given()) -> list[str]:  # noqa: B008  # it never changes
    lines = list(peers.peers(place_on(engine), 2, 1, given))
    for line in lines:
        check_line(json.loads(line.json()))
    return [line.name for line in lines]


def test_peers_are_measured_by_single_transfers_and_by_batches(engine, program, capsys):
    program(OBEDIENT)
    found = {
        "sqlite": ["peers_piecash_one", "peers_piecash_batch"],
        "postgresql": ["peers_hordak_one", "peers_hordak_batch"],
    }
    assert names(engine) == found[engine.dialect.name]
    left_out = capsys.readouterr().err
    assert ("pgledger: left out, no --pgledger PATH" in left_out) == (
        engine.dialect.name == "postgresql"
    )


def test_a_peer_that_fails_is_left_out_with_what_it_said(sqlite_engine, program, capsys):
    program(BROKEN)
    assert names(sqlite_engine) == []
    assert "piecash: left out, it failed: ['it has a fault']" in capsys.readouterr().err


def test_a_peer_that_cannot_be_installed_is_left_out(sqlite_engine, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers, "ENVIRONMENTS", tmp_path)
    absent = peers.Program(("timebank-no-such-peer @ file:///nowhere",), "sqlite")
    monkeypatch.setattr(peers, "PROGRAMS", {"piecash": absent})
    assert names(sqlite_engine) == []
    assert "piecash: left out, it could not be installed" in capsys.readouterr().err


def test_pgledger_is_measured_by_its_functions(postgres_engine, program, tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "PROGRAMS", {})
    monkeypatch.setattr(peers, "CALLS", 2)
    helpers = tmp_path / "vendor" / "scoville-pgsql-ulid"
    helpers.mkdir(parents=True)
    for name in ULID:
        (helpers / name).write_text("SELECT 1")
    (tmp_path / "pgledger.sql").write_text(STAND_IN)
    whats = ("one", "batch", "bytes", "hot")
    given = Given(pgledger=tmp_path)
    assert names(postgres_engine, given) == [f"peers_pgledger_{what}" for what in whats]


def test_a_folder_without_pgledger_is_named(postgres_engine, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers, "PROGRAMS", {})
    assert names(postgres_engine, Given(pgledger=tmp_path)) == []
    assert f"pgledger: left out, there is no {tmp_path}" in capsys.readouterr().err
