"""The commands of the scheme: batches of papers, and what a refusal leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import done, run
from timebank.cli.commands.custody import _desk
from timebank.custody import sites

CSV = """paper,activity,worked_on,person,minutes
S-1,garden,{day},r7,52
S-1,garden,{day},s2,70
S-2,learning,{day},r7,30
"""


S2 = "271828"


def no_pins(folder: Path) -> None:
    """Two people say that this scheme signs without PINs: as long as nobody has one."""
    file = folder / "no-pins.toml"
    file.write_text("pins = false\n", encoding="utf-8")
    done("staff", "add", "olga", "--role", "officer")
    done("custody", "rules", "set", str(file), "--by", "cora", "--approved-by", "olga")


@pytest.fixture
def site(database: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A site with two people inside; cora acts. The day it is."""
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    done("db", "upgrade", "--wing", "custody")
    done("bank", "create", "site", "--policy", "custody", "--first-coordinator", "cora")
    for ref in ("r7", "s2"):
        done("custody", "person", "apply", "--name", f"{ref} Inside", "--ref", ref)
        done("custody", "person", "admit", ref)
    since: str = done("custody", "person", "show", "r7")["since"]
    return since


def test_a_batch_is_entered_as_a_whole_under_its_announced_total(site: str, tmp_path: Path) -> None:
    file = tmp_path / "sheets.csv"
    file.write_text(CSV.format(day=site), encoding="utf-8")
    wrong = run("custody", "sheet", "import", str(file), "--total", "2:31")
    assert (wrong.code, "2:32" in wrong.err) == (2, True)
    rehearsed = run("custody", "sheet", "import", str(file), "--total", "2:32", "--dry-run")
    assert rehearsed.code == 0
    assert "Nothing was entered: this was a dry run of:" in rehearsed.out
    assert ("S-1" in rehearsed.out, "drafted" in rehearsed.out) == (True, False)
    assert done("custody", "sheet", "list")["sheets"] == []
    again = ("--again", str(file))
    assert (
        len(done("custody", "sheet", "import", str(file), "--total", "2:32", *again)["receipts"])
        == 2
    )
    listed = done("custody", "sheet", "list", "--state", "draft")["sheets"]
    assert [len(sheet["lines"]) for sheet in listed] == [2, 1]
    assert run("custody", "sheet", "import", str(file), "--total", "2:32").code == 4
    assert len(done("custody", "sheet", "list")["sheets"]) == 2


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (CSV.replace(",", ";").encode(), "parted by semicolons; save the file with commas"),
        (CSV.replace(",", "\t").encode(), "parted by tabs; save the file with commas"),
        (CSV.replace("garden", "j\u00fcrgen").encode("latin-1"), "is no text in UTF-8; save it as"),
        (CSV.encode() + b'"' + b"x" * 200_000, "is no row: is a quote missing?"),
    ],
)
def test_a_file_that_is_no_such_file_says_what_to_do(
    site: str, tmp_path: Path, written: bytes, said: str
) -> None:
    file = tmp_path / "sheets.csv"
    file.write_bytes(written.replace(b"{day}", site.encode()))
    refused = run("custody", "sheet", "import", str(file), "--total", "2:32")
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_a_refusal_says_what_staff_call_whom_it_is_about(site: str) -> None:
    refused = run("custody", "person", "admit", "r7")
    id_ = done("custody", "person", "show", "r7")["person"]
    assert f"({id_} is r7)" in refused.err
    new = ("custody", "sheet", "new", "S-9", "--activity", "garden", "--on", site)
    done(*new, "--line", "r7=1:00")
    assert "is S-9)" in run("custody", "sheet", "post", "S-9").err


def test_nobody_acts_in_a_dry_run_of_winding_up(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEBANK_ACTOR")
    assert site
    refused = run("custody", "windup", "--dry-run")
    assert (refused.code, "not released or closed (r7, s2)" in refused.err) == (4, True)
    assert run("custody", "windup").code == 2


def test_whoever_leaves_gets_their_own_code_even_if_another_came_after_by_the_clock(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_pins(tmp_path)
    two = ("--to", "leyhill", "--by", "cora", "--approved-by", "olga")
    first = done("custody", "move", "out", "r7", *two)
    passages = sites.passages
    monkeypatch.setattr(sites, "passages", lambda uow: passages(uow)[::-1])
    second = done("custody", "move", "out", "s2", *two)
    assert second["person"] == done("custody", "person", "show", "s2")["person"]
    assert second["code"] != first["code"]
    assert site


def test_lists_say_the_day_of_the_bank(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_pins(tmp_path)
    assert run("custody", "person", "admit", "r7").code == 4
    done(
        "custody", "sheet", "new", "S-9", "--activity", "garden", "--on", site, "--line", "s2=1:00"
    )
    done("custody", "sheet", "submit", "S-9")
    done(
        "custody", "query", "open", "s2", "--paper", "Q-1", "--concern", "minutes", "--sheet", "S-9"
    )
    two = ("--by", "cora", "--approved-by", "olga")
    done("custody", "move", "out", "r7", "--to", "leyhill", *two)
    monkeypatch.setattr(_desk, "day_of", lambda when, zone: f"{zone} {when:%Y}")
    for listed in (["attempts"], ["move", "list"], ["query", "list"], ["sheet", "show", "S-9"]):
        assert f"Europe/London {site[:4]}" in run("custody", *listed).out, listed


@pytest.mark.parametrize(
    ("starts", "said"),
    [("23:59", "the session has not ended yet"), ("25:00", "'25:00'"), ("nine", "'nine'")],
)
def test_a_session_that_has_not_ended_is_not_entered(site: str, starts: str, said: str) -> None:
    new = ("custody", "sheet", "new", "S-9", "--activity", "garden", "--on", site)
    refused = run(*new, "--line", "r7=0:01", "--starts", starts, "--length", "0:01")
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert done("custody", "sheet", "list")["sheets"] == []


def test_one_line_that_is_refused_enters_nothing(site: str, tmp_path: Path) -> None:
    file = tmp_path / "sheets.csv"
    file.write_text(CSV.format(day=site).replace("r7,30", "r7,470"), encoding="utf-8")
    refused = run("custody", "sheet", "import", str(file), "--total", "9:52", "--json")
    assert refused.code == 4
    assert done("custody", "sheet", "list")["sheets"] == []
    (kept,) = done("custody", "attempts")["attempts"]
    assert (kept["action"], kept["code"]) == ("custody.sheet_import", "custody_line_refused")


def test_every_line_that_cannot_be_entered_is_named(site: str, tmp_path: Path) -> None:
    file, day = tmp_path / "sheets.csv", site
    rows = [
        *(f"S-1,fud,{day},r7,30", f"S-2,garden,{day},r7,500", f"S-2,garden,{day},s2,501"),
        *(f"S-2,garden,{day},nobody,1", f"S-3,garden,{day},r7,502", f"S-4,garden,{day},nobody,1"),
    ]
    head = "paper,activity,worked_on,person,minutes"

    def said(*kept: str) -> tuple[int, str]:
        file.write_text("\n".join([head, *kept]), encoding="utf-8")
        total = sum(int(row.rpartition(",")[2]) for row in kept)
        hours = f"{total // 60}:{total % 60:02d}"
        refused = run("custody", "sheet", "import", str(file), "--total", hours)
        return refused.code, refused.err

    code, unreadable = said(rows[0], rows[5])
    assert (code, "line 2: paper S-1: category: 'fud'" in unreadable) == (2, True)
    assert "line 3: paper S-4: No" in unreadable
    code, refused = said(*rows[:3], *rows[4:])
    told = [f"line {line}: paper {paper}:" for line, paper in ((2, "S-1"), (3, "S-2"), (4, "S-2"))]
    assert [each in refused for each in told] == [True] * 3, refused
    assert (code, "line 5: paper S-3" in refused, "line 6: paper S-4" in refused) == (4, True, True)
    assert "Line 3 (" in refused
    assert done("custody", "sheet", "list")["sheets"] == []


def test_a_fault_in_the_second_of_two_files_says_which(site: str, tmp_path: Path) -> None:
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    first.write_text(CSV.format(day=site), encoding="utf-8")
    second.write_text(CSV.format(day=site).replace("s2,70", "s2,x"), encoding="utf-8")
    both = ("custody", "sheet", "import", str(first), "--total", "2:32", "--again", str(second))
    assert "line 3, minutes: in two.csv, paper S-1: 'x' cannot be read" in run(*both).err


def test_p18_an_attempt_to_verify_ones_own_hours_is_listed(site: str, tmp_path: Path) -> None:
    done("staff", "add", "s2", "--role", "officer")
    new = (
        "custody",
        "sheet",
        "new",
        "S-9",
        "--activity",
        "garden",
        "--on",
        site,
        "--line",
        "r7=1:00",
    )
    done(*new)
    done("custody", "sheet", "submit", "S-9")
    told = (
        "custody",
        "sheet",
        "verify",
        "S-9",
        "--paper",
        "S-9",
        "--by",
        "s2",
        "--role",
        "officer",
    )
    assert run(*told, lines=S2).err.count("has no PIN") == 1
    no_pins(tmp_path)
    refused = run(*told)
    assert (refused.code, "not in custody themselves" in refused.err) == (4, True)
    kept = done("custody", "attempts")["attempts"]
    assert {one["action"] for one in kept} == {"custody.sheet_verify"}
    assert [one["code"] for one in kept] == ["custody_no_pin", "custody_in_custody"]
    assert done("custody", "sheet", "show", "S-9")["state"] == "submitted"


@pytest.mark.parametrize("act", ["verify", "approve"])
def test_whoever_signs_is_named_each_time_and_never_by_the_environment(site: str, act: str) -> None:
    new = ("custody", "sheet", "new", "S-9", "--activity", "garden", "--on", site)
    done(*new, "--line", "r7=1:00")
    refused = run("custody", "sheet", act, "S-9", "--paper", "S-9")
    assert (refused.code, "say who acts" in refused.err) == (2, True)


def test_rules_come_from_a_file(site: str, tmp_path: Path) -> None:
    done("staff", "add", "olga", "--role", "officer")
    file = tmp_path / "rules.toml"
    two = ("--by", "cora", "--approved-by", "olga")
    for text, code in (
        ('confidential = ["company"]\nweekly_minutes = 1200\n[classes]\ncare = "pot_only"\n', 0),
        ("weekly = 3\n", 2),
        ('weekly_minutes = "3"\n', 2),
        ("weekly_minutes = 3\n", 2),
        ("weekly_minutes =\n", 2),
        ('goods = ["what nobody knows"]\n', 2),
        ('confidential = "company"\n', 2),
        ('lawful_basis = "curiosity"\n', 2),
    ):
        file.write_text(text, encoding="utf-8")
        assert run("custody", "rules", "set", str(file), *two).code == code, text
    shown = done("custody", "rules", "show")["rules"]
    assert (shown["weekly_minutes"], shown["classes"]) == (1200, {"care": "pot_only"})
    assert site
