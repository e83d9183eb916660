"""Bundles on the command line: a stick between a prison's one computer and the office."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cli.program import Answer, done, run
from tests.cli.test_evidence import edited
from tests.cli.test_forget import SECRETS, TERMS, on_disk

FULL = ("--from", "2020-01-01", "--to", "2999-12-31")


@dataclass(frozen=True, kw_only=True)
class Road:
    """The site's database, which the environment names, the office's, and the stick."""

    site: Path
    office: str
    stick: Path

    def export(self, name: str, *options: str) -> dict[str, Any]:
        """Write a bundle on the stick."""
        document: dict[str, Any] = done(
            "bundle", "export", "--out", str(self.stick / name), *options
        )
        return document

    def bring(self, name: str, *options: str) -> Answer:
        """Import a bundle from the stick at the office."""
        file = str(self.stick / name)
        return run("bundle", "import", file, *options, "--url", self.office, "--json")

    def taken(self, name: str, *options: str) -> Path:
        """Import one that is in order; the acknowledgement in a file for the site."""
        answer = self.bring(name, *options)
        assert (answer.code, answer.err) == (0, "")
        file = self.stick / "office.txt"
        file.write_text(answer.document["acknowledgement"] + "\n", encoding="utf-8")
        return file

    def at_office(self, *arguments: str) -> Answer:
        """Run a command on the office's database."""
        return run(*arguments, "--url", self.office, "--json")


@pytest.fixture
def road(riverside: Path, sqlite_template: Path, tmp_path: Path) -> Road:
    office, stick = tmp_path / "office", tmp_path / "stick"
    office.mkdir()
    stick.mkdir()
    file = shutil.copyfile(sqlite_template, office / "office.sqlite")
    return Road(site=riverside, office=f"sqlite:///{file}", stick=stick)


def gave(hours: str) -> None:
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", hours)


def balances(document: dict[str, Any]) -> dict[str, int]:
    """Account → balance: without names the accounts come in another order."""
    return {account["account"]: account["balance_minutes"] for account in document["accounts"]}


def test_week_after_week_the_office_has_what_the_site_has(road: Road) -> None:
    gave("1:30")
    first = road.export("1.bundle")
    assert (first["from_size"], first["people"], first["key"]) == (0, False, None)
    acknowledged = road.taken("1.bundle")
    gave("0:45")
    second = road.export("2.bundle", "--since", str(acknowledged))
    assert second["from_size"] == first["to_size"]
    road.taken("2.bundle")
    here, there = done("balances"), road.at_office("balances").document
    assert balances(here) == balances(there)
    assert road.at_office("audit").document["verdict"] == "clean"
    assert road.at_office("checkpoint").document == done("checkpoint")


def test_the_size_from_paper_does_as_well(road: Road) -> None:
    size = road.export("1.bundle")["to_size"]
    road.taken("1.bundle")
    gave("0:45")
    road.export("2.bundle", "--from-size", str(size))
    road.taken("2.bundle")


def test_a_bundle_that_comes_again_says_so(road: Road) -> None:
    road.export("1.bundle")
    road.taken("1.bundle")
    again = road.bring("1.bundle")
    assert (again.code, again.document["outcome"], again.document["verdict"]) == (
        0,
        "already",
        None,
    )
    said = run("bundle", "import", str(road.stick / "1.bundle"), "--url", road.office)
    assert said.out.startswith("Nothing new: riverside was there already.\n")


def test_a_gap_is_exit_4_and_names_what_is_missing(road: Road) -> None:
    first = road.export("1.bundle")
    gave("1:00")
    road.export("2.bundle", "--from-size", str(first["to_size"]))
    answer = road.bring("2.bundle")
    assert answer.code == 4
    assert json.loads(answer.err)["code"] == "bundle_gap"
    assert "--from-size 0" in answer.err
    assert road.at_office("bank", "list").document["banks"] == []


@pytest.mark.parametrize("spoil", ["torn", "edited", "not text", "empty", "no bundle"])
def test_a_damaged_bundle_is_exit_2_and_names_the_section(road: Road, spoil: str) -> None:
    road.export("1.bundle")
    file = road.stick / "1.bundle"
    content = file.read_bytes()
    middle = len(content) // 2
    spoilt = {
        "torn": content[:middle],
        "edited": content[:middle] + b"x" + content[middle + 1 :],
        "not text": content[:middle] + b"\xff" + content[middle + 1 :],
        "empty": b"",
        "no bundle": b"account,balance\n",
    }[spoil]
    file.write_bytes(spoilt)
    answer = road.bring("1.bundle")
    assert answer.code == 2
    error = json.loads(answer.err)
    assert error["code"] == "bundle_damaged"
    assert error["message"].startswith("Section ")
    assert road.at_office("bank", "list").document["banks"] == []
    file.write_bytes(content)
    road.taken("1.bundle")


@pytest.mark.parametrize("content", [b"", b"of last week\n", b"\x89PNG\r\n", b'{"a":1}\n', b"[]"])
def test_a_file_that_is_no_bundle_is_exit_2_and_said_to_be_none(road: Road, content: bytes) -> None:
    (road.stick / "photo").write_bytes(content)
    answer = road.bring("photo")
    assert (answer.code, "photo is no bundle" in json.loads(answer.err)["message"]) == (2, True)


def test_a_bundle_to_which_somebody_added_carriage_returns_says_the_same(road: Road) -> None:
    road.export("1.bundle")
    file = road.stick / "1.bundle"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    road.taken("1.bundle")
    twice = file.read_bytes().replace(b"\r\n", b"\r\r\n")
    file.write_bytes(twice)
    assert (road.bring("1.bundle").code, json.loads(road.bring("1.bundle").err)["code"]) == (
        *(2, "bundle_damaged"),
    )


def test_a_missing_file_is_exit_2(road: Road) -> None:
    assert road.bring("9.bundle").code == 2
    assert run("bundle", "export", "--out", str(road.stick / "no" / "1.bundle")).code == 2
    both = ("--since", "a.txt", "--from-size", "3")
    assert run("bundle", "export", "--out", str(road.stick / "1.bundle"), *both).code == 2


@pytest.mark.parametrize("option", ["--out", "--with-people"])
def test_no_file_is_written_over(road: Road, option: str) -> None:
    kept = road.stick / "kept"
    kept.write_text("of last week\n", encoding="utf-8")
    names = {"--out": str(road.stick / "1.bundle"), "--with-people": str(road.stick / "1.people")}
    given = [word for pair in {**names, option: str(kept)}.items() for word in pair]
    answer = run("bundle", "export", *given)
    assert (answer.code, "nothing is overwritten" in answer.err) == (2, True)
    assert [file.name for file in road.stick.iterdir()] == ["kept"]
    assert kept.read_text(encoding="utf-8") == "of last week\n"


@pytest.mark.parametrize("people", ["1.bundle", "sub/../1.bundle", "1.bundle.part"])
def test_the_bundle_and_its_people_are_two_files(road: Road, people: str) -> None:
    (road.stick / "sub").mkdir()
    given = ("--out", str(road.stick / "1.bundle"), "--with-people", str(road.stick / people))
    answer = run("bundle", "export", *given)
    assert (answer.code, "a file of their own" in answer.err) == (2, True)
    assert [file.name for file in road.stick.iterdir()] == ["sub"]


def test_where_the_bundle_cannot_be_written_its_people_are_not_left(road: Road) -> None:
    out = road.stick / "no" / "1.bundle"
    people = road.stick / "1.people"
    assert run("bundle", "export", "--out", str(out), "--with-people", str(people)).code == 2
    assert [*road.stick.iterdir()] == []


def test_the_acknowledgement_is_not_written_over_the_bundle(road: Road) -> None:
    road.export("1.bundle")
    bundle = road.stick / "1.bundle"
    stands = bundle.read_bytes()
    assert road.bring("1.bundle", "--out", str(bundle)).code == 2
    assert bundle.read_bytes() == stands
    for _ in range(2):
        road.taken("1.bundle", "--out", str(road.stick / "office.txt"))


def test_a_site_from_a_backup_that_went_on_is_exit_1_and_listed(road: Road) -> None:
    road.export("0.bundle")
    backup = shutil.copyfile(road.site, road.stick / "backup.sqlite")
    gave("1:00")
    road.export("1.bundle")
    acknowledged = road.taken("1.bundle")
    stands = road.at_office("export").out
    shutil.copyfile(backup, road.site)
    assert run("bundle", "export", "--out", "x", "--since", str(acknowledged)).code == 4
    for hours in ("0:15", "0:30"):
        gave(hours)
    answer = run("bundle", "export", "--out", "x", "--since", str(acknowledged))
    assert answer.code == 4
    assert "--from-size 0" in answer.err
    road.export("2.bundle")
    conflict = road.bring("2.bundle")
    assert conflict.code == 1
    assert conflict.document["outcome"] == "conflict"
    assert {d["copy"] is None for d in conflict.document["differences"]} == {True, False}
    said = run("bundle", "import", str(road.stick / "2.bundle"), "--url", road.office)
    assert "leaf" in said.out
    assert said.code == 1
    assert road.at_office("export").out == stands


def test_an_unclean_copy_is_exit_1(road: Road) -> None:
    edited(road.site, "UPDATE timebank_account SET balance_minutes = 5 WHERE label = 'pot'")
    road.export("1.bundle")
    answer = road.bring("1.bundle")
    assert (answer.code, answer.document["verdict"]) == (1, "findings")
    said = run("bundle", "import", str(road.stick / "1.bundle"), "--url", road.office)
    assert said.code == 0, "what was found is said when it came, and by every audit"
    assert road.at_office("audit").code == 1


@pytest.mark.parametrize(
    "command",
    [
        ("member", "join", "--name", "Eve", "--by", "cora"),
        ("transfer", "grant", "--target", "anna", "--hours", "1:00", "--reason", "welcome"),
        ("bank", "today", "2026-10-01"),
        ("period", "close", "--until", "2020-01-31"),
        ("expire",),
    ],
)
def test_nobody_writes_in_the_copy(road: Road, command: tuple[str, ...]) -> None:
    road.export("1.bundle")
    road.taken("1.bundle")
    stands = road.at_office("export").out
    answer = road.at_office(*command)
    assert answer.code == 4, answer.err
    assert json.loads(answer.err)["code"] == "bank_is_copy"
    assert run("bundle", "export", "--out", "x", "--url", road.office).code == 4
    assert road.at_office("export").out == stands


# Signatures


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """The site's key pair, and the public key of somebody else."""
    ours, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pem, raw = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    plain = serialization.NoEncryption()
    content = {
        "private": ours.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
        "public": ours.public_key().public_bytes(pem, raw),
        "foreign": other.public_key().public_bytes(pem, raw),
    }
    for name, text in content.items():
        (tmp_path / f"{name}.pem").write_bytes(text)
    return {name: str(tmp_path / f"{name}.pem") for name in content}


def test_a_signed_bundle_is_taken_with_the_right_key_only(road: Road, keys: dict[str, str]) -> None:
    assert road.export("1.bundle", "--sign", keys["private"])["key"] is not None
    answer = road.bring("1.bundle", "--public-key", keys["foreign"])
    assert (answer.code, "not signed by this key" in answer.err) == (2, True)
    assert road.at_office("bank", "list").document["banks"] == []
    road.taken("1.bundle", "--public-key", keys["public"])


def test_a_bundle_without_or_with_another_signature_is_refused(
    road: Road, keys: dict[str, str]
) -> None:
    road.export("1.bundle")
    assert road.bring("1.bundle", "--public-key", keys["public"]).code == 2
    road.export("2.bundle", "--sign", keys["private"])
    file = road.stick / "2.bundle"
    *lines, end = file.read_text(encoding="utf-8").splitlines()
    for signature in ("AAAA", "not base64", "A" * 86 + "=="):
        forged = json.dumps(json.loads(end) | {"signature": signature})
        file.write_text("\n".join([*lines, forged]), encoding="utf-8")
        answer = road.bring("2.bundle", "--public-key", keys["public"])
        assert (answer.code, "signature is wrong" in answer.err) == (2, True)
    road.taken("2.bundle")


# Names, and what became of them


def test_names_travel_in_a_file_of_their_own_and_only_if_asked(road: Road) -> None:
    people = road.stick / "1.people"
    people.with_name("1.people.part").touch(mode=0o644)  # of one that was interrupted
    assert road.export("1.bundle", "--with-people", str(people))["people"]
    assert people.stat().st_mode & 0o077 == 0
    content = (road.stick / "1.bundle").read_text(encoding="utf-8")
    assert [name for name in ("Anna", "anna", "cora", "Olga") if name in content] == []
    road.taken("1.bundle", "--with-people", str(people))
    listed = road.at_office("member", "list").document["members"]
    assert {member["name"] for member in listed} == {"Anna", "Ben", "Dan"}


def test_erasure_travels_and_not_a_byte_is_left_at_the_office(road: Road) -> None:
    done("member", "join", "--name", "Zoe Winter", "--ref", "zoe", "--contact", "by the mill")
    done("transfer", "grant", "--target", "zoe", "--hours", "1:00", "--reason", "welcome")
    roses = ("--title", "Zoe's roses", "--category", "garden")
    done("listing", "offer", *roses, "--by", "zoe")
    gift = ("--source", "zoe", "--target", "anna", "--hours", "0:30")
    done("transfer", "donate", *gift, "--note", "for her mother", "--by", "zoe")
    people = str(road.stick / "people")
    road.export("1.bundle", "--with-people", people)
    acknowledged = road.taken("1.bundle", "--with-people", people)
    office = Path(road.office.removeprefix("sqlite:///"))
    assert [secret for secret in SECRETS if secret not in on_disk(office)] == []
    done("member", "leave", "zoe", "--hours-to", "pot")
    done("member", "forget", "zoe", *TERMS)
    road.export("2.bundle", "--since", str(acknowledged))
    road.taken("2.bundle")
    assert [secret for secret in SECRETS if secret in on_disk(office)] == []
    assert b"Anna" in on_disk(office)
    assert road.at_office("audit").document["verdict"] == "clean"


# Killed in the middle

DIES = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
left = int(sys.argv.pop(1))
def cross(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", cross)
event.listen(Engine, "commit", cross)
from timebank.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def killed_at(road: Road, statement: int) -> int:
    """Import the first bundle in a process that dies before that statement; how it ended."""
    arguments = ("bundle", "import", str(road.stick / "1.bundle"), "--url", road.office)
    command = (sys.executable, "-c", DIES, str(statement), *arguments)
    return subprocess.run(command, capture_output=True, env={**os.environ}, check=False).returncode


def test_killed_anywhere_it_goes_on_where_it_stood(road: Road) -> None:
    gave("1:30")
    road.export("1.bundle")
    statement, ended = 3, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        ended = killed_at(road, statement)
        banks = road.at_office("bank", "list").document["banks"]
        if banks:
            assert road.at_office("audit").document["verdict"] == "clean"
        statement += 14
    assert statement > 30
    assert ended == 0
    assert road.at_office("export").out == run("export").out
    assert road.bring("1.bundle").document["outcome"] == "already"
