"""``db rebuild``: what it says beforehand, and the way back for a number that is too high."""

from pathlib import Path

import pytest

from tests.cli.program import done, run
from tests.cli.test_evidence import edited

BY_TWO = ("--reason", "correction", "--approved-by", "olga")


@pytest.fixture
def wrong(riverside: Path) -> Path:
    """The bank with one exchange, and figures of anna's account that are not those of the facts."""
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", "1:30")
    edited(riverside, "UPDATE timebank_account SET balance_minutes = 600, number = 0 WHERE number")
    return riverside


def test_a_dry_run_names_every_figure_and_writes_nothing(wrong: Path) -> None:
    document = done("db", "rebuild", *BY_TWO, "--dry-run")
    assert list(document) == ["schema", "bank", "figures"]
    figures = {(one["figure"], one["was"], one["becomes"]) for one in document["figures"]}
    assert figures == {
        ("balance_minutes", "600", "90"),
        ("balance_minutes", "600", "-90"),
        ("number", "0", "1"),
    }
    assert "Nothing was written." in run("db", "rebuild", *BY_TWO, "--dry-run").out
    assert done("balance", "anna")["balance_minutes"] == 600


def test_a_rebuild_is_logged_by_two_names(wrong: Path) -> None:
    answer = run("db", "rebuild", *BY_TWO)
    assert "rebuilt is balance_minutes 90 now (was balance_minutes 600)." in answer.out
    assert done("db", "upgrade")["was"] == "0001", "puts the guards up again"
    assert run("audit").code == 0
    logged = done("log", "--from", "2020-01-01", "--to", "2999-12-31", "--kind", "approval")
    assert {entry["act"] for entry in logged["entries"]} == {"rebuilt"}
    assert run("db", "rebuild", *BY_TWO, "--dry-run").out == (
        "Every figure is what the facts say.\n"
    )


def test_a_second_person_is_needed(wrong: Path) -> None:
    assert run("db", "rebuild", "--reason", "correction").code == 4
    assert run("db", "rebuild", "--reason", "correction", "--approved-by", "cora").code == 4


def test_a_number_that_is_too_high_is_refused_with_what_to_do(riverside: Path) -> None:
    edited(riverside, "UPDATE timebank_account SET number = 3 WHERE label = 'pot'")
    answer = run("db", "rebuild", *BY_TWO)
    assert (answer.code, "a number never goes back" in answer.err) == (4, True)
    assert "restore a clean backup" in answer.err
