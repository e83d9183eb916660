"""``timebank statement``: text, CSV, JSON and pages; they add up."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from tests.cli.program import done, run

ROWS = (
    "k1,2026-03-01,anna,ben,90,garden,\n"
    "k2,2026-03-20,ben,anna,30,,\n"
    "k3,2026-03-31,anna,dan,45,,\n"
    "k4,2026-04-01,dan,anna,15,,\n"
)
MARCH = ("--month", "2026-03")


@pytest.fixture(autouse=True)
def _march(riverside, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(f"key,happened_on,giver,receiver,minutes,category,reason\n{ROWS}")
    done("import", str(file))


def test_the_document_has_fixed_keys_and_adds_up():
    document = run("statement", "anna", *MARCH, "--json").document
    assert list(document)[:14] == [
        "schema",
        "bank",
        "zone",
        "account",
        "kind",
        "ref",
        "from",
        "to",
        "unit",
        "opening_minutes",
        "in_minutes",
        "out_minutes",
        "closing_minutes",
        "lines",
    ]
    assert (document["schema"], document["from"], document["to"]) == (
        "timebank.statement/1",
        "2026-03-01",
        "2026-03-31",
    )
    sums = [document[f"{name}_minutes"] for name in ("opening", "in", "out", "closing")]
    assert sums == [0, 135, 30, 105]
    assert [line["change_minutes"] for line in document["lines"]] == [90, -30, 45]
    assert [line["balance_minutes"] for line in document["lines"]] == [90, 60, 105]
    assert document["lines"][0]["recorded_at"].endswith("+00:00")
    assert run("statement", "anna", *MARCH, "--json").document == document


def test_the_next_month_opens_where_this_one_closed():
    april = run(
        "statement", "anna", "--from", "2026-04-01", "--to", "2026-04-01", "--json"
    ).document
    assert (april["opening_minutes"], april["closing_minutes"]) == (105, 90)
    whole = run("statement", "anna", "--year", "2026", "--json").document
    assert (whole["from"], whole["to"], whole["closing_minutes"]) == (
        "2026-01-01",
        "2026-12-31",
        90,
    )


def test_a_month_that_is_none_is_told_how_to_be_written():
    answer = run("statement", "anna", "--month", "11/2026")
    assert (answer.code, answer.err) == (
        2,
        "timebank: month: '11/2026' cannot be read; write 2026-10\n",
    )


def test_text_for_people():
    answer = run("statement", "anna", *MARCH)
    assert answer.code == 0
    lines = [re.split(r" {2,}", line) for line in answer.out.splitlines()]
    assert lines[0] == ["riverside: statement of Anna, 2026-03-01 to 2026-03-31"]
    assert ["2026-03-01", "Help given to Ben", "1:30", "1:30"] in lines
    assert ["2026-03-20", "Help received from Ben", "0:30", "1:00"] in lines
    assert lines[-1] == ["2026-03-31", "Closing balance", "2:15", "0:30", "1:45"]


def test_csv_adds_up_and_runs_nothing():
    done("member", "update", "ben", "--name", "=cmd|' /C calc'!A0")
    rows = list(csv.DictReader(io.StringIO(run("statement", "anna", *MARCH, "--csv").out)))
    assert [row["kind"] for row in rows] == ["opening", *["exchange"] * 3, "closing"]
    changes = sum(int(row["change_minutes"] or 0) for row in rows)
    assert int(rows[0]["balance_minutes"]) + changes == int(rows[-1]["balance_minutes"]) == 105
    assert rows[1]["counterparty"] == "'=cmd|' /C calc'!A0"


class Page(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data.strip())


def test_a_page_is_whole_and_escapes_names(tmp_path):
    evil = "<script>alert(1)</script> & Sons"
    done("member", "update", "ben", "--name", evil)
    file = tmp_path / "pages" / "anna.html"
    assert run("statement", "anna", *MARCH, "--html", "--out", str(file)).code == 0
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert f"Help given to {evil}" in page.texts
    assert "Hours have no cash value." in page.texts
    assert not re.search(r"(src|href|url)\s*[=(]|@import|https?:", text)
    for word in ("Opening balance", "Closing balance", "2:15", "0:30", "1:45", "31 Mar 2026"):
        assert word in page.texts
    printed = run("statement", "anna", *MARCH, "--html").out
    assert printed.rstrip("\n") == text.rstrip("\n")


def test_others_may_be_called_by_their_role():
    answer = run("statement", "anna", *MARCH, "--no-names")
    assert "Help given to another member" in answer.out
    assert "Ben" not in answer.out


def test_a_page_for_everybody(tmp_path):
    folder = tmp_path / "all"
    answer = done("statement", "--all", "--html", "--out", str(folder), *MARCH)
    assert len(answer["files"]) == 3
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["anna", "ben", "dan"]
    for path in folder.iterdir():
        assert "</html>" in path.read_text(encoding="utf-8")


def test_the_banks_own_accounts_have_statements_too():
    document = run("statement", "pot", *MARCH, "--json").document
    assert (document["ref"], document["lines"]) == ("pot", [])
    assert "No hours moved on these days." in run("statement", "pot", *MARCH, "--html").out
    assert "ask for" not in run("statement", "pot", *MARCH, "--html").out


@pytest.mark.parametrize(
    "wrong",
    [
        [*MARCH],
        ["anna"],
        ["anna", "--from", "2026-03-02", "--to", "2026-03-01"],
        ["anna", *MARCH, "--year", "2026"],
        ["anna", *MARCH, "--csv", "--html"],
        ["nobody", *MARCH],
        ["0123456789abcdef", *MARCH],
        ["--all", *MARCH],
        ["--all", *MARCH, "--html"],
        ["anna", "--all", *MARCH, "--html", "--out", "x"],
        ["anna", *MARCH, "--out", "/dev/null/x"],
    ],
)
def test_wrong_usage(wrong):
    answer = run("statement", *wrong)
    assert answer.code == 2
    assert answer.err.startswith("timebank: ")
