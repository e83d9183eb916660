"""Files for other programs: written whole, in the format that was asked for, and naming nobody."""

import csv

import pytest

from tests.cli.program import done, run
from timebank.cli.commands.journal import FORMATS

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
