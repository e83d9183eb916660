"""Forgetting on the command line: the certificate, the bytes on disk, and a restore."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import done, run

TERMS = ("--reason", "left the bank", "--approved-by", "olga")
SECRETS = (b"Zoe Winter", b"by the mill", b"Zoe's roses", b"for her mother")


@pytest.fixture
def left(riverside: Path) -> Path:
    """Zoe gave Anna half an hour, and left."""
    done("member", "join", "--name", "Zoe Winter", "--ref", "zoe", "--contact", "by the mill")
    done("transfer", "grant", "--target", "zoe", "--hours", "1:00", "--reason", "welcome")
    roses = ("--title", "Zoe's roses", "--category", "garden")
    done("listing", "offer", *roses, "--by", "zoe", "--key", "roses")
    gift = ("--source", "zoe", "--target", "anna", "--hours", "0:30")
    done("transfer", "donate", *gift, "--note", "for her mother", "--by", "zoe")
    done("member", "leave", "zoe", "--hours-to", "pot")
    return riverside


def on_disk(database: Path) -> bytes:
    """The file and whatever stands beside it."""
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))


def test_not_a_byte_of_the_person_is_left_in_the_file(left: Path) -> None:
    assert [secret for secret in SECRETS if secret not in on_disk(left)] == []
    answer = run("member", "forget", "zoe", *TERMS)
    assert answer.code == 0, answer.err
    assert "name, ref and contact, 1 title(s), 1 note(s)." in answer.out
    assert [secret for secret in SECRETS if secret in on_disk(left)] == []
    assert done("audit")["verdict"] == "clean"


def test_the_other_side_keeps_a_statement_with_a_pseudonym(left: Path) -> None:
    id_ = done("member", "show", "zoe")["member"]
    days = ("--from", "2020-01-01", "--to", "2999-12-31")
    before = done("statement", "anna", *days)
    done("member", "forget", "zoe", *TERMS)
    after = done("statement", "anna", *days)
    (line,) = after["lines"]
    assert line.pop("counterparty_name").endswith(f"(former-{id_[-6:]})")
    assert before["lines"][0].pop("counterparty_name") == "Zoe Winter"
    assert after == before


def test_a_dry_run_keeps_everything(left: Path) -> None:
    document = done("member", "forget", "zoe", *TERMS, "--dry-run")
    assert (document["dry_run"], document["erasures"][0]["notes"]) == (True, 1)
    assert done("member", "show", "zoe")["name"] == "Zoe Winter"
    assert "Nothing was kept" in run("member", "forget", "zoe", *TERMS, "--dry-run").out


def test_after_a_restore_the_same_people_are_forgotten_again(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, certificates = str(tmp_path / "backup.sqlite"), tmp_path / "forgotten.json"
    done("db", "backup", backup)
    certificates.write_text(run("member", "forget", "zoe", *TERMS).out * 2)
    again = ("member", "forget", "--again", str(certificates), "--approved-by", "olga")
    assert done(*again)["erasures"] == []

    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{tmp_path / 'restored.sqlite'}")
    done("db", "restore", backup)
    assert done("member", "show", "zoe")["name"] == "Zoe Winter"
    (erasure,) = done(*again)["erasures"]
    assert erasure["reason"] == "left the bank"
    assert run("member", "show", "zoe").code == 2
    assert done(*again)["erasures"] == []


def test_it_is_in_the_log(left: Path) -> None:
    done("member", "forget", "zoe", *TERMS)
    (entry,) = done("log", "--from", "2020-01-01", "--to", "2999-12-31", "--kind", "erasure")[
        "entries"
    ]
    assert (entry["act"], entry["approver"]["role"]) == ("identity", "officer")


def test_wrong_usage_erases_nothing(left: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    head = {"schema": "timebank.erasures/1", "bank": "riverside", "dry_run": False}
    zoe = {"member": done("member", "show", "zoe")["member"], "reason": "other"}
    wrong = {
        "": "no certificates",
        "{}": "no certificates",
        "[]": "no certificates",
        json.dumps(head): "no certificates",
        json.dumps(head | {"bank": "hillside", "erasures": []}): "of riverside",
        json.dumps(head | {"dry_run": True, "erasures": [zoe]}): "of riverside",
        json.dumps(head | {"erasures": [zoe | {"member": "f" * 32}]}): "No member",
        json.dumps(head | {"erasures": [zoe | {"member": 7}]}): "member",
        json.dumps(head | {"erasures": [1]}): "no certificates",
    }
    for text, said in wrong.items():
        odd.write_text(text)
        answer = run("member", "forget", "--again", str(odd), "--approved-by", "olga")
        assert (answer.code, said in answer.err) == (2, True), answer.err
    for usage in (
        (),
        ("zoe", "--again", str(odd)),
        ("zoe",),
        ("--again", str(tmp_path / "none.json")),
    ):
        assert run("member", "forget", *usage, "--approved-by", "olga").code == 2
    assert run("member", "forget", "zoe", "--reason", "other").code == 4, "nobody approves"
    assert run("member", "forget", "anna", *TERMS).code == 4, "anna has not left"
    assert done("member", "show", "zoe")["name"] == "Zoe Winter"


def test_several_certificates_are_applied_under_one_key(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("member", "leave", "dan")
    backup, certificates = str(tmp_path / "backup.sqlite"), tmp_path / "forgotten.json"
    done("db", "backup", backup)
    said = [run("member", "forget", who, *TERMS).out for who in ("zoe", "dan")]
    certificates.write_text("".join(said))
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{tmp_path / 'restored.sqlite'}")
    done("db", "restore", backup)
    again = ("--again", str(certificates), "--approved-by", "olga", "--key", "monday")
    assert len(done("member", "forget", *again)["erasures"]) == 2


def test_staff_who_serve_no_more_are_forgotten_and_again_after_a_restore(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    term = ("--role", "broker", "--from", "2020-01-01")
    done("staff", "add", "dee-7731", "--name", "Dee Summer", *term)
    assert run("member", "forget", "dee-7731", *TERMS).code == 4, "she serves"
    done("staff", "end", "dee-7731", "--role", "broker", "--until", "2020-12-31")
    backup, certificates = str(tmp_path / "backup.sqlite"), tmp_path / "forgotten.json"
    done("db", "backup", backup)
    done("member", "access", "dee-7731", "--out", str(tmp_path / "dee"))
    held = json.loads((tmp_path / "dee" / "access.json").read_text())
    assert (held["person"]["name"], held["roles"][0]["role"]) == ("Dee Summer", "broker")
    certificates.write_text(run("member", "forget", "dee-7731", *TERMS).out)
    assert [word for word in (b"Dee Summer", b"dee-7731") if word in on_disk(left)] == []
    assert done("audit")["verdict"] == "clean"
    again = ("member", "forget", "--again", str(certificates), "--approved-by", "olga")
    assert done(*again)["erasures"] == []
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{tmp_path / 'restored.sqlite'}")
    done("db", "restore", backup)
    assert len(done(*again)["erasures"]) == 1
    assert b"Dee Summer" not in on_disk(tmp_path / "restored.sqlite")
