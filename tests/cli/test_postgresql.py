"""The same commands on PostgreSQL, in a schema of their own."""

import pytest
from sqlalchemy import Engine

from tests.cli.program import done, named, run


def test_a_bank_in_a_schema(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TIMEBANK_URL", url)
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    there = ("--schema", "hours")
    answer = run("bank", "list", *there)
    assert (answer.code, "timebank db upgrade" in answer.err) == (3, True)
    assert done("db", "upgrade", *there)["was"] is None
    assert done("db", "check", *there)["differences"] == []
    done("bank", "create", "riverside", "--first-coordinator", "cora", *there)
    for ref in ("anna", "ben"):
        done("member", "join", "--name", ref.title(), "--ref", ref, *there)
    proposed = done(
        "exchange", "propose", "--giver=anna", "--receiver=ben", "--hours=1h", "--by=anna", *there
    )
    exchange = named(proposed, "exchange")
    done("exchange", "agree", exchange, "--by", "ben", *there)
    done("exchange", "report", exchange, "--hours", "1h", "--by", "anna", *there)
    assert done("exchange", "confirm", exchange[:20], "--by", "ben", *there)["entries"]
    assert done("balance", "anna", *there)["balance_minutes"] == 60
    assert done("audit", *there)["verdict"] == "clean"
    assert done("bank", "list")["banks"] == []
