"""Exit codes and streams: every class of error, one clear line on stderr, stdout clean."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

import timebank
from tests.cli.program import done, named, run
from timebank import errors
from timebank.actions.audits import AuditReport
from timebank.cli import failures
from timebank.domain.audit import Finding
from timebank.errors import BrokenInvariantError, TimebankError
from timebank.storage.sql.stores.audit import SqlAuditSource


def every_error() -> Iterator[type[TimebankError]]:
    """The whole tree, without its branches that say no code of their own."""
    waiting = [TimebankError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind


def code_by_branch(kind: type[TimebankError]) -> int:
    """The contract's table, once more and by hand."""
    table = {
        errors.InputError: 2,
        errors.NotFoundError: 2,
        errors.KeyReusedError: 2,
        errors.RefusedError: 4,
        errors.ConflictError: 3,
        errors.OutcomeUnknownError: 3,
        errors.StorageError: 3,
    }
    return next((code for branch, code in table.items() if issubclass(kind, branch)), 70)


@pytest.mark.parametrize("kind", list(every_error()), ids=lambda kind: kind.__name__)
def test_every_class_of_error_has_its_code(
    kind: type[TimebankError], capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {name: _some(name) for name in (f.name for f in fields(kind))}
    assert failures.report(kind(**facts), as_json=False) == code_by_branch(kind)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("timebank: ")


def _some(name: str) -> object:
    plural = ("allowed", "possible", "differing", "faults")
    return ("a",) if name in plural else 5 if name.endswith(("minutes", "days")) else "x"


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (BrokenInvariantError("sum"), 70, "run timebank audit"),
        (ZeroDivisionError("oops"), 70, "please report it"),
        (OperationalError("SELECT 1", {}, Exception("refused")), 3, "refused"),
        (ProgrammingError("SELEC 1", {}, Exception("syntax")), 70, "please report it"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
@pytest.mark.usefixtures("riverside")
def test_what_is_not_ours_has_its_code(
    raised: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(timebank.members, "list", fail)
    answer = run("member", "list")
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert answer.err.count("\n") == (1 if words else 0)


@pytest.mark.usefixtures("riverside")
def test_an_unexpected_error_shows_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timebank.members, "list", lambda *_, **__: 1 / 0)
    monkeypatch.setenv(failures.TRACEBACK, "1")
    assert "Traceback" in run("member", "list").err


def test_wrong_usage_is_one_line() -> None:
    for arguments in (["frob"], ["member", "frob"], ["member", "join"], ["audit", "--frob"]):
        answer = run(*arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "--help" in answer.err


@pytest.mark.usefixtures("riverside")
def test_with_json_errors_are_json_too() -> None:
    answer = run("balance", "nobody", "--json")
    said = json.loads(answer.err)
    assert (answer.code, answer.out) == (2, "")
    assert list(said) == ["schema", "code", "message", "retryable", "http_status", "data"]
    assert (said["schema"], said["code"]) == ("timebank.error/1", "not_found")
    assert said["data"] == {"kind": "account", "ref": "nobody", "where": "bank"}
    assert json.loads(run("frob", "--json").err)["code"] == "usage"


def test_no_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEBANK_URL", raising=False)
    answer = run("balances")
    assert (answer.code, answer.err) == (
        2,
        "timebank: url: name the database: --url or TIMEBANK_URL\n",
    )


def test_a_url_that_cannot_be_read_shows_no_password() -> None:
    for url in ("nonsense:secret", "foo://ann:secret@there/x"):
        answer = run("balances", "--url", url)
        assert answer.code == 2
        assert "secret" not in answer.err


def test_a_missing_file_is_not_made_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "none.sqlite"
    for command in (["balances"], ["db", "check"], ["db", "current"], ["bank", "list"], ["audit"]):
        answer = run(*command, "--url", f"sqlite:///{file}")
        assert answer.code == 3
        assert "timebank db upgrade" in answer.err
        assert not file.exists()


def test_an_empty_database_is_told_the_command(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    create = ["bank", "create", "a", "--first-coordinator", "c"]
    for command in (["balances"], ["db", "check"], create):
        answer = run(*command, "--url", url)
        assert answer.code == 3
        assert "Run: timebank db upgrade" in answer.err
    assert done("db", "current", "--url", url)["revision"] is None
    assert done("db", "upgrade", "--url", url)["was"] is None
    assert run("db", "check", "--url", url).code == 0


def test_a_database_out_of_reach() -> None:
    answer = run("balances", "--url", "postgresql+psycopg://ann:secret@127.0.0.1:1/x")
    assert answer.code == 3
    assert answer.err.count("\n") == 1
    assert "secret" not in answer.err


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite"
    file.write_text("these are notes, and no database at all\n" * 100, encoding="utf-8")
    answer = run("balances", "--url", f"sqlite:///{file}")
    assert (answer.code, answer.err.count("\n")) == (3, 1)


def test_a_schema_that_was_changed(riverside: Path) -> None:
    with sqlite3.connect(riverside) as connection:
        connection.execute("DROP INDEX ix_timebank_hold_account")
    answer = run("db", "check")
    assert (answer.code, answer.out) == (3, "ix_timebank_hold_account is missing\n")


@pytest.mark.usefixtures("database")
def test_a_database_without_a_bank() -> None:
    answer = run("balances")
    assert answer.code == 2
    assert "timebank bank create" in answer.err


@pytest.mark.usefixtures("riverside")
def test_one_bank_needs_no_name_and_several_do() -> None:
    assert done("balances")["bank"] == "riverside"
    done("bank", "create", "hillside", "--first-coordinator", "dora")
    answer = run("balances")
    assert answer.code == 2
    assert "hillside, riverside" in answer.err
    assert done("balances", "--bank", "hillside")["bank"] == "hillside"
    assert run("balances", "--bank", "lakeside").code == 2


@pytest.mark.usefixtures("riverside")
def test_the_bank_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    done("bank", "create", "hillside", "--first-coordinator", "dora")
    monkeypatch.setenv("TIMEBANK_BANK", "hillside")
    assert done("balances")["bank"] == "hillside"


@pytest.mark.usefixtures("riverside")
def test_nobody_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEBANK_ACTOR")
    answer = run("member", "join", "--name", "Eve")
    assert (answer.code, "--by" in answer.err) == (2, True)
    assert run("member", "join", "--name", "Eve", "--by", "ghost").code == 2
    assert run("member", "join", "--name", "Eve", "--by", "anna").code == 4
    assert run("member", "join", "--name", "Eve", "--by", "cora", "--role", "officer").code == 4
    assert run("expire").code == 0


@pytest.mark.usefixtures("riverside")
def test_a_refused_request_writes_nothing() -> None:
    before = run("balances", "--json").out
    answer = run("transfer", "donate", "--hours", "99:00", "--by", "anna")
    assert (answer.code, answer.out) == (4, "")
    assert run("balances", "--json").out == before


@pytest.mark.usefixtures("riverside")
def test_ids_may_be_shortened_to_a_unique_prefix() -> None:
    made = done("exchange", "propose", "--giver=anna", "--receiver=ben", "--hours=1h", "--by=anna")
    exchange = named(made, "exchange")
    shown = done("exchange", "show", exchange[:8])
    assert shown["exchange"] == exchange
    assert done("exchange", "agree", exchange[:20].upper(), "--by", "ben")["action"]
    member = done("member", "show", "anna")
    assert done("member", "show", member["member"][:31])["member"] == member["member"]
    account = member["accounts"][0]["account"]
    for name in ("anna", account, account[:10], member["member"]):
        assert done("balance", name)["account"] == account
    ambiguous = run("member", "show", member["member"][:2])
    assert ambiguous.code == 2
    assert "write more of it" in ambiguous.err
    for unknown in ("ffffffff", "zz", "f" * 40, "%", ""):
        assert run("exchange", "show", unknown).code == 2
        assert run("balance", unknown).code == 2


def test_audit_finds_what_was_changed_behind_our_back(riverside: Path) -> None:
    with sqlite3.connect(riverside) as connection:
        connection.execute("UPDATE timebank_account SET balance_minutes = 5 WHERE label = 'pot'")
    answer = run("audit", "--json")
    assert (answer.code, answer.err) == (1, "")
    assert answer.document["verdict"] == "findings"
    names = [check["name"] for check in answer.document["checks"] if check["findings"]]
    assert names == ["balances_match_transfers", "sum_is_zero"]
    finding = answer.document["checks"][0]["findings"][0]
    assert list(finding) == ["subject", "expected", "found", "message"]
    assert run("audit", "--check", "holds_match_held").code == 0
    assert run("audit", "--check", "nonsense").code == 2
    assert "Finding (sum_is_zero)" in run("audit").out


@pytest.mark.usefixtures("riverside")
def test_audit_that_cannot_read_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: object) -> None:
        raise errors.DatabaseUnavailable(reason="the file is damaged")

    monkeypatch.setattr(SqlAuditSource, "exchanges", unreadable)
    answer = run("audit", "--json")
    assert answer.code == 5
    assert answer.document["verdict"] == "incomplete"
    assert {"name": "exchanges_match_acts", "reason": "unreadable"} in answer.document[
        "not_checked"
    ]
    assert run("audit", "--check", "sum_is_zero").code == 0


def test_audit_list_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEBANK_URL", raising=False)
    assert done("audit", "--list")["schema"] == "timebank.checks/1"


@pytest.mark.usefixtures("riverside")
def test_data_goes_to_stdout_and_nothing_else() -> None:
    program = [sys.executable, "-m", "timebank"]
    audit = subprocess.run([*program, "audit"], capture_output=True, text=True, check=False)
    assert (audit.returncode, audit.stderr) == (0, "")
    assert "\x1b" not in audit.stdout
    page = subprocess.run(
        [*program, "member", "list", "--limit", "1", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(page.stdout)["next"] in page.stderr


@pytest.mark.usefixtures("riverside")
def test_a_closed_pipe_is_an_interruption() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    answer = subprocess.run(
        [sys.executable, "-m", "timebank", "balances", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (answer.returncode, answer.stderr) == (130, "")


@pytest.mark.usefixtures("riverside")
def test_strict_makes_notices_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = timebank.audits.run
    notices = tuple(
        Finding(check=check, subject="account x", expected="a", found="b", message="look here")
        for check in ("sum_is_zero", "overrides_reviewed")
    )

    def run_with_notices(*given: Any, **named: Any) -> AuditReport:
        return replace(plain(*given, **named), notices=notices)

    monkeypatch.setattr(timebank.audits, "run", run_with_notices)
    lenient, strict = run("audit", "--json"), run("audit", "--strict", "--json")
    assert (lenient.code, lenient.document["verdict"]) == (0, "clean")
    assert [notice["check"] for notice in lenient.document["notices"]] == [
        "sum_is_zero",
        "overrides_reviewed",
    ]
    assert (strict.code, strict.document["verdict"]) == (1, "findings")
    assert strict.document["notices"] == []
    found = [check["name"] for check in strict.document["checks"] if check["findings"]]
    assert found == ["sum_is_zero", "overrides_reviewed"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.usefixtures("riverside")
def test_progress_is_shown_on_a_terminal_and_never_in_the_data() -> None:
    import pty

    terminal, stderr = pty.openpty()
    answer = subprocess.run(
        [sys.executable, "-m", "timebank", "audit", "--json"],
        stdout=subprocess.PIPE,
        stderr=stderr,
        check=False,
    )
    os.close(stderr)
    shown = os.read(terminal, 65536)
    os.close(terminal)
    assert json.loads(answer.stdout)["verdict"] == "clean"
    assert b"\x1b" in shown
