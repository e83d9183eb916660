"""Files for other programs: written whole, in the format that was asked for, and naming nobody."""

import csv
import os
import stat
from threading import Thread

import pytest

import timebank
from tests.cli.program import done, run
from timebank.cli.commands.journal import FORMATS, PEOPLE

FIRST = {
    "beancount": "; Written by timebank. Check it with: bean-check FILE",
    "hledger": "; Written by timebank. Check it with: hledger -f FILE check --strict",
    "csv": "transaction,kind,happened_on,counts_on,recorded_at,account,number,",
}
NAMES = ("Anna", "anna", "Ben", "Dan", "Olga", "cora", "misread")


@pytest.fixture
def used(riverside):
    """The bank with an exchange and a correction that somebody explained in free words."""
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", "1:30")
    done(
        *("transfer", "adjust", "--source", "ben", "--target", "anna", "--hours", "0:10"),
        *("--reason", "Dan's sheet was misread", "--approved-by", "olga"),
    )
    return riverside


@pytest.mark.parametrize("format_", FIRST)
def test_a_file_holds_the_journal_and_no_names(used, tmp_path, format_):
    file = tmp_path / "books"
    answer = done("export", "--format", format_, "--out", str(file))
    text = file.read_text(encoding="utf-8")
    assert text.startswith(FIRST[format_])
    assert answer["lines"] == text.count("\n")
    assert run("export", "--format", format_).out == text
    assert [name for name in NAMES if name in text] == []
    listed = done("transfer", "list")["transactions"]
    assert len(listed) == 2
    for transaction in listed:
        assert transaction["transaction"] in text


@pytest.mark.parametrize("option", ["--out", "--with-people"])
def test_no_file_is_written_over(used, tmp_path, option):
    kept = tmp_path / "kept"
    kept.write_text("of last week\n", encoding="utf-8")
    files = {"--out": str(tmp_path / "new"), option: str(kept)}
    refused = run("export", *(word for pair in files.items() for word in pair))
    assert (refused.code, "nothing is overwritten" in refused.err) == (2, True)
    assert [file.name for file in tmp_path.iterdir() if file.name in ("new", "kept")] == ["kept"]
    assert kept.read_text(encoding="utf-8") == "of last week\n"


@pytest.mark.parametrize("people", ["books", "sub/../books"])
def test_the_journal_and_its_people_are_two_files(used, tmp_path, monkeypatch, people):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    there = {*tmp_path.iterdir()}
    refused = run("export", "--out", str(tmp_path / "books"), "--with-people", people)
    assert (refused.code, "a file of their own" in refused.err) == (2, True)
    assert {*tmp_path.iterdir()} == there


@pytest.mark.skipif(os.name == "nt", reason="there is no such file")
def test_people_do_not_go_where_the_journal_goes_without_a_file(used):
    refused = run("export", "--with-people", "/dev/stdout")
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.parametrize("missing", ["--out", "--with-people"])
def test_both_files_are_written_or_none(used, tmp_path, missing):
    folder = tmp_path / "files"
    folder.mkdir()
    names = {"--out": folder / "books", "--with-people": folder / "people"}
    names[missing] = folder / "no" / "file"
    refused = run("export", *(str(word) for pair in names.items() for word in pair))
    assert (refused.code, "No such file" in refused.err) == (2, True)
    assert [*folder.iterdir()] == []


def test_a_file_that_comes_meanwhile_is_not_written_over(used, tmp_path, monkeypatch):
    out, people = tmp_path / "books", tmp_path / "people"

    def slowly(uow):
        out.write_text("of somebody else\n", encoding="utf-8")
        yield from timebank.journal.export_people(uow)

    monkeypatch.setitem(PEOPLE, "jsonl", slowly)
    refused = run("export", "--out", str(out), "--with-people", str(people))
    assert (refused.code, "nothing is overwritten" in refused.err) == (2, True)
    assert out.read_text(encoding="utf-8") == "of somebody else\n"
    assert not people.exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes")
def test_a_pipe_and_a_device_are_written_to(used, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    done("export", "--out", os.devnull, "--with-people", str(pipe))
    reader.join(timeout=60)
    assert "Anna" in read[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_every_format_but_the_one_for_load_is_tried_here():
    assert [*FORMATS] == ["jsonl", *FIRST, "timeoverflow"]


def test_two_files_for_timeoverflow_and_names_in_one_of_them(used, tmp_path):
    out, people = tmp_path / "transfers.csv", tmp_path / "users.csv"
    done("export", "--format", "timeoverflow", "--out", str(out), "--with-people", str(people))
    transfers, users = (file.read_text(encoding="utf-8") for file in (out, people))
    assert run("export", "--format", "timeoverflow").out == transfers
    assert [line.split(",")[:5] for line in transfers.splitlines()] == [
        ["2", "Member", "1", "Member", "5400"],
        ["2", "Member", "1", "Member", "600"],
    ]
    assert [name for name in NAMES if name in transfers] == []
    assert [line.split(",")[0] for line in users.splitlines()] == ["1", "2", "3"]
    assert "Anna" in users
    assert people.stat().st_mode & 0o077 == 0


def test_the_table_has_a_line_for_each_side(used):
    rows = [*csv.DictReader(run("export", "--format", "csv").out.splitlines())]
    assert [int(row["change_minutes"]) for row in rows] == [-90, 90, -10, 10]
    assert [int(row["balance_minutes"]) for row in rows] == [-90, 90, -100, 100]
    assert rows[0]["counterparty"] == rows[1]["account"]


@pytest.mark.parametrize("format_", FIRST)
def test_people_go_with_the_format_that_is_loaded(used, tmp_path, format_):
    people = tmp_path / "people.jsonl"
    answer = run("export", "--format", format_, "--with-people", str(people))
    assert (answer.code, answer.out) == (2, "")
    assert not people.exists()


def test_an_unknown_format_is_refused(used):
    answer = run("export", "--format", "ledger")
    assert answer.code == 2
    assert "jsonl, beancount, hledger, csv, timeoverflow" in answer.err
