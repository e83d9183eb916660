"""The log: what it prints, and what it takes for kinds and days."""

from pathlib import Path

from tests.cli.program import done, run

YEARS = ("--from", "2020-01-01", "--to", "2999-12-31")


def an_adjustment() -> None:
    adjusted = ("--source=anna", "--target=ben", "--hours=0:10", "--reason", "correction")
    done("transfer", "adjust", *adjusted, "--approved-by", "olga")


def test_an_adjustment_is_answered_for_by_two(riverside: Path) -> None:
    an_adjustment()
    document = done("log", *YEARS, "--kind", "reversal")
    assert list(document) == ["schema", "bank", "from", "to", "entries"]
    (entry,) = document["entries"]
    assert (entry["act"], entry["minutes"], entry["reason"]) == ("adjustment", 10, "correction")
    assert (entry["actor"]["role"], entry["approver"]["role"]) == ("coordinator", "officer")
    assert entry["kinds"] == ["reversal", "approval"]
    assert done("log", *YEARS, "--staff", "olga")["entries"] == [entry]


def test_people_read_names_and_hours(riverside: Path) -> None:
    an_adjustment()
    text = run("log", *YEARS).out
    for word in ("adjustment", "anna, ben", "0:10", "coordinator cora", "officer olga", "policy"):
        assert word in text


def test_where_there_is_nothing_it_says_so(riverside: Path) -> None:
    answer = run("log", *YEARS, "--kind", "erasure")
    assert (answer.code, "Nothing needed answering for." in answer.out) == (0, True)


def test_it_wants_days_and_a_kind_it_knows(riverside: Path) -> None:
    assert run("log").code == 2
    assert run("log", *YEARS, "--kind", "gossip").code == 2
    assert run("log", *YEARS, "--staff", "nobody").code == 2
