"""Backups: taken while the bank is in use, audited, and restored into an empty place only."""

import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

import timebank
from tests.cli.program import done, run
from tests.cli.test_evidence import edited, kept
from tests.concurrency.crowd import gathered
from tests.concurrency.town import founded


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on the database is a file that is not there yet."""
    file = folder / "elsewhere.sqlite"
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{file}")
    return file


def an_exchange() -> None:
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", "1:30")


def everything(*options: str) -> list[Any]:
    """What two places that hold the same answer alike."""
    questions = ("balances --names", "member list", "transfer list", "exchange list", "checkpoint")
    return [done(*question.split(), *options) for question in questions]


@pytest.fixture
def sealed(riverside: Path) -> Path:
    an_exchange()
    done("seal")
    return riverside


def transactions() -> int:
    found: int = done("audit", "--check", "sum_is_zero")["counted"]["transactions"]
    return found


def test_a_backup_under_load_restores_to_a_clean_audit(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four processes trade while the copy is made."""
    town = founded(engine, people=8, minutes=600)
    monkeypatch.setenv("TIMEBANK_URL", address(engine))
    file = str(tmp_path / "copy.sqlite")
    with gathered(engine, town, 4) as crowd:
        for n in range(4):
            crowd.give(n, "trade", count=60, seed=n)
        while transactions() < 2 * len(town.members):
            continue
        before = transactions()
        copied = done("db", "backup", file)["banks"][0]["counted"]["transactions"]
        after = transactions()
        for n in range(4):
            crowd.answer(n)
    assert before < after
    assert before <= copied <= after
    elsewhere(tmp_path, monkeypatch)
    restored = done("db", "restore", file)
    assert restored["banks"][0]["counted"]["transactions"] == copied
    assert done("audit")["verdict"] == "clean"


def test_the_copy_is_one_file_for_its_owner_alone(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "riverside.sqlite"
    document = done("db", "backup", str(file))
    assert (document["schema"], document["file"]) == ("timebank.backup/1", str(file))
    assert document["banks"][0]["verdict"] == "clean"
    assert [path.name for path in folder.iterdir()] == ["riverside.sqlite"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("audit", "--url", f"sqlite:///file:{file}?mode=ro&uri=true").code == 0


def test_a_backup_overwrites_nothing(sealed: Path, tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_text("precious")
    assert run("db", "backup", str(file)).code == 2
    assert file.read_text() == "precious"
    assert run("db", "backup", str(tmp_path / "no" / "such" / "folder")).code == 2


def test_what_a_killed_backup_left_behind_is_no_hindrance(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "b.sqlite.part").write_text("half")
    done("db", "backup", str(tmp_path / "b.sqlite"))
    assert not (tmp_path / "b.sqlite.part").exists()


def test_a_copy_with_findings_is_named_so(sealed: Path, tmp_path: Path) -> None:
    edited(sealed, "UPDATE timebank_account SET balance_minutes = 600 WHERE label = 'pot'")
    file = tmp_path / "b.sqlite"
    answer = run("db", "backup", str(file))
    assert (answer.code, file.exists()) == (1, False)
    assert "sum_is_zero" in answer.out
    assert f"Kept as {file}.findings." in answer.out
    assert (tmp_path / "b.sqlite.findings").exists()


def test_nothing_is_restored_from_a_copy_with_findings(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.sqlite"
    done("db", "backup", str(file))
    edited(file, "UPDATE timebank_transaction SET category = 'garden'")
    elsewhere(tmp_path, monkeypatch)
    answer = run("db", "restore", str(file))
    assert (answer.code, "leaves_match_facts" in answer.out) == (1, True)
    assert done("bank", "list")["banks"] == []


def test_all_comes_back_as_it_was_keys_included(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted = ("transfer", "grant", "--target", "anna", "--hours", "1:00", "--reason", "welcome")
    first = done(*granted, "--key", "form-1")
    before = everything()
    done("db", "backup", str(tmp_path / "b.sqlite"))
    elsewhere(tmp_path, monkeypatch)
    done("db", "restore", str(tmp_path / "b.sqlite"))
    assert everything() == before
    again = done(*granted, "--key", "form-1")
    assert (again["replayed"], again["id"]) == (True, first["id"])
    an_exchange()
    assert done("seal")["size"] > before[-1]["size"]
    assert run("audit").code == 0


def test_from_postgresql_and_back_with_every_bank(
    postgres_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_URL", address(postgres_engine))
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    banks = ("hillside", "riverside")
    for bank in banks:
        monkeypatch.setenv("TIMEBANK_BANK", bank)
        done("bank", "create", bank, "--first-coordinator", "cora")
        for ref in ("anna", "ben"):
            done("member", "join", "--name", ref.title(), "--ref", ref)
        an_exchange()
        listed = done("exchange", "list")["exchanges"][0]["exchange"]
        done("exchange", "reverse", listed, "--reason", "entered twice")
        done("seal")
        an_exchange()
    file = str(tmp_path / "both.sqlite")
    copied = done("db", "backup", file)
    assert [(one["bank"], one["verdict"]) for one in copied["banks"]] == [
        (bank, "clean") for bank in banks
    ]
    answers = {bank: everything("--bank", bank) for bank in banks}
    assert {bank: everything("--bank", bank, "--url", f"sqlite:///{file}") for bank in banks} == (
        answers
    )
    assert run("db", "restore", file).code == 4
    there = ("--schema", "again")
    done("db", "restore", file, *there)
    for bank in banks:
        assert everything("--bank", bank, *there) == answers[bank]
        assert run("audit", "--bank", bank, *there).code == 0


def test_only_into_an_empty_place(sealed: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite"
    done("db", "backup", str(file))
    answer = run("db", "restore", str(file))
    assert (answer.code, "exists already" in answer.err) == (4, True)
    assert run("db", "restore", str(tmp_path / "missing")).code == 2
    for content in (b"words", b""):
        (tmp_path / "other").write_bytes(content)
        assert run("db", "restore", str(tmp_path / "other")).code == 3


def test_a_restore_into_migrated_tables_without_a_bank(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("db", "backup", str(tmp_path / "b.sqlite"))
    elsewhere(tmp_path, monkeypatch)
    done("db", "upgrade")
    done("db", "restore", str(tmp_path / "b.sqlite"))
    assert run("audit").code == 0


def test_a_restore_older_than_the_auditors_checkpoint_is_a_finding(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "monday.sqlite")
    done("db", "backup", file)
    monday = kept(tmp_path)
    an_exchange()
    done("seal")
    (tmp_path / "tuesday").mkdir()
    tuesday = kept(tmp_path / "tuesday")
    elsewhere(tmp_path, monkeypatch)
    done("db", "restore", file)
    assert run("audit").code == 0
    assert run("audit", "--since", monday).code == 0
    answer = run("audit", "--since", tuesday, "--json")
    found = {c["name"] for c in answer.document["checks"] if c["findings"]}
    assert (answer.code, found) == (1, {"extends_kept_checkpoint"})


def test_a_backup_of_no_bank_is_empty(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert done("db", "backup", str(tmp_path / "b.sqlite"))["banks"] == []
    elsewhere(tmp_path, monkeypatch)
    assert done("db", "restore", str(tmp_path / "b.sqlite"))["banks"] == []


def test_a_packed_file_can_be_read_from_a_read_only_medium(sealed: Path, tmp_path: Path) -> None:
    """Bytes 18 and 19 of the file say whether a reader has to write a log's index beside it."""
    assert sealed.read_bytes()[18:20] == b"\x02\x02"
    assert done("db", "pack") == {"schema": "timebank.db-pack/1", "file": str(sealed)}
    assert sealed.read_bytes()[18:20] == b"\x01\x01"
    medium = tmp_path / "stick"
    medium.mkdir()
    shutil.copyfile(sealed, medium / "bank.sqlite")
    assert run("audit", "--url", f"sqlite:///file:{medium}/bank.sqlite?mode=ro&uri=true").code == 0
    assert [path.name for path in medium.iterdir()] == ["bank.sqlite"]
    done("db", "upgrade")
    assert sealed.read_bytes()[18:20] == b"\x02\x02"


def test_a_file_in_use_is_not_packed(sealed: Path) -> None:
    engine = create_engine(f"sqlite:///{sealed}")
    with timebank.reading(engine, bank="riverside") as uow:
        uow.banks.get()
        assert run("db", "pack").code == 3
    engine.dispose()
    assert run("db", "pack").code == 0
    with sqlite3.connect(sealed) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_only_a_sqlite_file_is_packed(
    postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_URL", address(postgres_engine))
    assert run("db", "pack").code == 2
