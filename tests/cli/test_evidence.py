"""Sealing, checkpoints, proofs, export and load, and what an auditor brings along."""

import json
import sqlite3
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cli.program import done, run


@pytest.fixture
def sealed(riverside: Path) -> Path:
    """The bank with one exchange, sealed."""
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", "1:30")
    done("seal")
    return riverside


def kept(folder: Path) -> str:
    """A checkpoint in a file, as an auditor keeps it."""
    file = folder / "kept.txt"
    assert run("checkpoint", "--out", str(file)).code == 0
    return str(file)


def edited(database: Path, statement: str) -> None:
    """Somebody types into the file, guards or not."""
    with sqlite3.connect(database) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_sealing_again_without_news_gives_the_same_checkpoint(sealed):
    first = done("checkpoint")
    assert done("seal") == first
    assert first["size"] > 0
    assert first["line"].startswith("timebank-checkpoint/1 riverside ")


def test_a_bank_that_was_never_sealed_has_no_checkpoint(riverside):
    assert run("checkpoint").code == 4


def test_a_proof_holds_with_the_two_files_alone(sealed, tmp_path, monkeypatch):
    proof, checkpoint = str(tmp_path / "anna.proof"), kept(tmp_path)
    assert done("prove", "anna", "--out", proof)["lines"] == 1
    sealed.unlink()
    monkeypatch.delenv("TIMEBANK_URL")
    answer = run("verify", proof, "--checkpoint", checkpoint, "--json")
    assert answer.code == 0
    assert answer.document["holds"]
    assert {part["record"] for part in answer.document["shown"]} == {
        "header",
        "transfer",
        "target",
    }


@pytest.mark.parametrize("field", ["salt", "record"])
def test_a_proof_that_was_edited_does_not_hold(sealed, tmp_path, field):
    proof = tmp_path / "anna.proof"
    done("prove", "anna", "--out", str(proof))
    content = json.loads(proof.read_text())
    part = content["lines"][0]["opened"][-1]
    part[field] = ("1" if part[field][0] == "0" else "0") + part[field][1:]
    proof.write_text(json.dumps(content))
    answer = run("verify", str(proof), "--checkpoint", kept(tmp_path))
    assert answer.code == 1


def test_a_signed_checkpoint_is_checked_against_the_public_key(sealed, tmp_path):
    key = Ed25519PrivateKey.generate()
    files = {}
    for name, one in (("anna", key), ("other", Ed25519PrivateKey.generate())):
        files[name] = tmp_path / f"{name}.pub"
        files[name].write_bytes(
            one.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
    private = tmp_path / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    proof, signed = str(tmp_path / "anna.proof"), tmp_path / "signed.txt"
    done("prove", "anna", "--out", proof)
    done("checkpoint", "--sign", str(private), "--out", str(signed))
    content = json.loads(Path(proof).read_text()) | {"checkpoint": signed.read_text().strip()}
    Path(proof).write_text(json.dumps(content))
    verify = ("verify", proof, "--checkpoint", str(signed), "--public-key")
    assert run(*verify, str(files["anna"])).code == 0
    assert run(*verify, str(files["other"])).code == 2


def test_an_audit_finds_a_past_that_was_rewritten(sealed, tmp_path):
    checkpoint = kept(tmp_path)
    assert done("audit", "--kept", checkpoint)["not_checked"] == []
    later = done("audit", "--since", checkpoint)
    assert (later["scope"], later["verdict"]) == ("since", "clean")
    assert {one["reason"] for one in later["not_checked"]} == {"before_the_checkpoint"}
    assert "Only what came after the checkpoint: " in run("audit", "--since", checkpoint).out
    edited(sealed, "UPDATE timebank_transaction SET category = 'garden'")
    answer = run("audit", "--kept", checkpoint, "--json")
    assert answer.code == 1
    found = {c["name"] for c in answer.document["checks"] if c["findings"]}
    assert found == {"leaves_match_facts", "exchanges_follow_acts", "schema_is_as_released"}


def test_a_finding_that_somebody_answers_for_is_listed_apart_until_it_changes(sealed, tmp_path):
    edited(sealed, "UPDATE timebank_account SET balance_minutes = 600 WHERE label = 'pot'")
    findings = [
        (check["name"], finding)
        for check in run("audit", "--json").document["checks"]
        for finding in check["findings"]
    ]
    file = tmp_path / "accepted.toml"
    file.write_text(
        "".join(
            f"[[accepted]]\ncheck = {name!r}\nsubject = {f['subject']!r}\nfound = {f['found']!r}\n"
            "approver = 'olga'\nreason = 'typed in by hand'\nreview_on = 2999-01-01\n"
            for name, f in findings
        )
    )
    answer = run("audit", "--accepted", str(file), "--json")
    assert answer.code == 0
    assert {a["approver"] for a in answer.document["accepted"]} == {"olga"}
    edited(sealed, "UPDATE timebank_account SET balance_minutes = 601 WHERE label = 'pot'")
    assert run("audit", "--accepted", str(file)).code == 1


def test_a_dead_sealer_is_not_clean(riverside):
    assert run("audit").code == 0
    assert run("audit", "--max-unsealed", "0", "--check", "sealed_in_time").code == 1


def test_a_bank_comes_out_of_its_file_as_it_went_in(sealed, tmp_path, monkeypatch):
    journal, people = str(tmp_path / "bank.jsonl"), str(tmp_path / "people.jsonl")
    assert run("export", "--out", journal, "--with-people", people).code == 0
    before = done("checkpoint"), done("balances", "--names")
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert run("db", "upgrade").code == 0
    assert done("load", journal, "--with-people", people)["bank"] == "riverside"
    assert (done("checkpoint"), done("balances", "--names")) == before
    assert run("audit").code == 0
    assert run("load", journal).code == 4


def test_without_the_people_file_an_export_names_nobody(sealed):
    answer = run("export")
    assert answer.code == 0
    for name in ("Anna", "anna", "Olga", "cora"):
        assert name not in answer.out


@pytest.mark.parametrize("damage", ["torn", "edited"])
def test_a_damaged_file_is_refused_whole(sealed, tmp_path, monkeypatch, damage):
    lines = run("export").out.splitlines()
    if damage == "torn":
        lines = lines[:-3]
    else:
        lines[5] = lines[5].replace('"', "'", 0) + " "
    file = tmp_path / "bank.jsonl"
    file.write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    run("db", "upgrade")
    assert run("load", str(file)).code == 2
    assert done("bank", "list")["banks"] == []


def test_a_checkpoint_that_was_kept_is_not_overwritten(sealed, tmp_path):
    file = tmp_path / "kept.txt"
    done("checkpoint", "--out", str(file))
    before = file.read_text()
    answer = run("checkpoint", "--out", str(file))
    assert (answer.code, "File exists" in answer.err) == (2, True)
    assert file.read_text() == before


def test_a_proof_that_is_not_there_is_wrong_usage_and_no_fraud(sealed, tmp_path):
    answer = run("verify", str(tmp_path / "none.proof"), "--checkpoint", kept(tmp_path))
    assert (answer.code, "No such file" in answer.err) == (2, True)


def test_the_file_of_people_is_for_its_owner_alone(sealed, tmp_path):
    journal, people = tmp_path / "journal.jsonl", tmp_path / "people.jsonl"
    done("export", "--out", str(journal), "--with-people", str(people))
    assert stat.S_IMODE(people.stat().st_mode) == 0o600
