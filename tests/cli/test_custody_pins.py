"""Signing at a keyboard that several share: PINs at a prompt or on standard input, never shown."""

from __future__ import annotations

import getpass
import io
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import done, run
from timebank.cli.commands.custody import _signing
from timebank.cli.main import main

PINS = {"cora": "271828", "olga": "314159", "otto": "141421"}
SHEET = ("custody", "sheet")


@pytest.fixture(scope="module")
def site_template(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A file to copy from in which the site stands, and the day it was made."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("pins") / "site.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEBANK_URL", f"sqlite:///{file}")
        patch.setenv("TIMEBANK_ACTOR", "cora")
        return file, a_site()


@pytest.fixture
def site(site_template: tuple[Path, str], database: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A site whose staff have PINs, with a sheet that waits to be verified; the day it is."""
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    file, day = site_template
    shutil.copyfile(file, database)
    return day


def a_site() -> str:
    """The site, made by the program itself."""
    done("db", "upgrade", "--wing", "custody")
    done("bank", "create", "site", "--policy", "custody", "--first-coordinator", "cora")
    for ref in ("olga", "otto"):
        done("staff", "add", ref, "--role", "officer")
    set_pin("cora", lines=PINS["cora"])
    for ref in ("olga", "otto"):
        set_pin(ref, lines=f"{PINS['cora']} {PINS[ref]}")
    done("custody", "person", "apply", "--name", "R. Inside", "--ref", "r7")
    done("custody", "person", "admit", "r7")
    since: str = done("custody", "person", "show", "r7")["since"]
    done(*SHEET, "new", "S-1", "--activity", "garden", "--on", since, "--line", "r7=1:00")
    done(*SHEET, "submit", "S-1")
    return since


def set_pin(ref: str, by: str = "cora", *, lines: str) -> Any:
    return done("custody", "pin", "set", ref, "--by", by, lines=lines)


def verify(*, by: str = "olga", lines: str = "", paper: str = "S-1") -> Any:
    return run(*SHEET, "verify", "S-1", "--paper", paper, "--by", by, lines=lines)


def failures(ref: str) -> int:
    """How many wrong ones in a row the list has."""
    people = {one["person"]: one["failures"] for one in done("custody", "pin", "list")["pins"]}
    staff = {one["ref"]: one["person"] for one in done("staff", "list")["staff"]}
    found: int = people[staff[ref]]
    return found


def test_each_signs_with_their_own(site: str) -> None:
    assert verify(lines=PINS["olga"]).code == 0
    approve = (*SHEET, "approve", "S-1", "--paper", "S-1", "--by", "otto")
    assert run(*approve, lines=PINS["olga"]).code == 4
    assert run(*approve, lines=PINS["otto"]).code == 0
    assert done(*SHEET, "show", "S-1")["state"] == "approved"
    assert site


def test_a_wrong_one_is_counted_kept_and_locks_although_nothing_was_done(site: str) -> None:
    for _ in range(5):
        assert verify(lines="161803").code == 4
    assert failures("olga") == 5
    locked = verify(lines=PINS["olga"])
    assert (locked.code, "is locked" in locked.err) == (4, True)
    codes = [one["code"] for one in done("custody", "attempts")["attempts"]]
    assert codes == ["custody_wrong_pin"] * 5 + ["custody_pin_locked"]
    assert done(*SHEET, "show", "S-1")["state"] == "submitted"
    done("custody", "pin", "reset", "olga", "--by", "cora", lines=PINS["cora"])
    assert verify(lines=PINS["olga"]).code == 0
    assert site


def test_what_takes_two_people_takes_both_pins(site: str) -> None:
    done("account", "open", "--kind", "activity", "--label", "library")
    price = ("custody", "price", "set", "library", "--account", "library", "--hours", "0:15")
    two = (*price, "--by", "cora", "--approved-by", "olga")
    for lines, code in (
        ("", 2),
        (PINS["cora"], 2),
        (f"{PINS['cora']} {PINS['cora']}", 4),
        (f"{PINS['olga']} {PINS['olga']}", 4),
        (f"{PINS['cora']} {PINS['olga']}", 0),
    ):
        assert run(*two, lines=lines).code == code
    alone = run(*price, "--by", "cora", "--approved-by", "cora", lines=PINS["cora"])
    assert (alone.code, "second person" in alone.err) == (4, True)
    missing = run(*price, "--by", "cora")
    assert (missing.code, "second person" in missing.err) == (4, True)
    unnamed = run(*price, "--approved-by", "olga")
    assert (unnamed.code, "say who acts" in unnamed.err) == (2, True)
    assert site


def test_a_pin_is_set_by_a_coordinator_and_changed_by_its_owner(site: str) -> None:
    assert run("custody", "pin", "set", "otto", "--by", "olga", lines="314159 161803").code == 4
    attempts = done("custody", "attempts")["attempts"]
    assert [(a["action"], a["code"]) for a in attempts] == [("custody.pin_set", "not_permitted")]
    set_pin("olga", by="olga", lines=f"{PINS['olga']} 161803")
    assert verify(lines=PINS["olga"]).code == 4
    assert verify(lines="161803").code == 0
    done("custody", "pin", "erase", "otto", "--by", "cora", lines=PINS["cora"])
    assert len(done("custody", "pin", "list")["pins"]) == 2
    assert run("custody", "pin", "reset", "olga", lines=PINS["cora"]).code == 2
    assert site


def test_rules_without_pins_take_pins_once_somebody_has_one(site: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("pins = false\n", encoding="utf-8")
    two = ("custody", "rules", "set", str(file), "--by", "cora", "--approved-by", "olga")
    assert run(*two).code == 2
    assert run(*two, lines=f"{PINS['cora']} {PINS['olga']}").code == 0
    assert verify().code == 0
    assert site


def test_no_option_and_no_variable_takes_a_pin(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIMEBANK_PIN", "TIMEBANK_OFFICER_PIN", "PIN"):
        monkeypatch.setenv(name, PINS["olga"])
    assert verify().code == 2
    told = run(*SHEET, "verify", "S-1", "--paper", "S-1", "--by", "olga", "--pin", PINS["olga"])
    assert told.code == 2
    for command in (("sheet", "verify"), ("pin", "set"), ("give",)):
        assert "--pin" not in run("custody", *command, "--help").out
    assert site


# --- at a terminal --------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *answers: str | type[BaseException]) -> Any:
    """What is typed, in order; the prompts that were shown."""
    waiting, prompts = [*answers], []

    def ask(prompt: str, stream: Any = None) -> str:
        prompts.append((prompt, stream is sys.stderr))
        answer = waiting.pop(0)
        if not isinstance(answer, str):
            if issubclass(answer, Warning):
                warnings.warn("Can not control echo on the terminal.", answer, stacklevel=1)
            raise answer
        return answer

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", ask)
    return prompts


def test_at_a_terminal_it_is_typed_unseen_and_a_new_one_twice(
    site: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = at_a_terminal(monkeypatch, PINS["cora"], "161803", "161803", "161803")
    assert main(["custody", "pin", "set", "olga", "--by", "cora"]) == 0
    verified = ["custody", "sheet", "verify", "S-1", "--paper", "S-1", "--by", "olga"]
    assert main(verified) == 0
    assert [prompt for prompt, unseen in prompts if unseen] == [
        "PIN of cora: ",
        "New PIN of olga: ",
        "The same again: ",
        "PIN of olga: ",
    ]
    assert "161803" not in "".join(capsys.readouterr())
    assert site


def test_two_new_ones_that_differ_change_nothing(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_terminal(monkeypatch, PINS["cora"], "161803", "161804", PINS["olga"])
    assert main(["custody", "pin", "set", "olga", "--by", "cora"]) == 2
    assert main(["custody", "sheet", "verify", "S-1", "--paper", "S-1", "--by", "olga"]) == 0
    assert site


@pytest.mark.parametrize("why", [EOFError, getpass.GetPassWarning])
def test_a_terminal_that_would_show_it_is_refused(
    site: str, monkeypatch: pytest.MonkeyPatch, why: type[BaseException]
) -> None:
    at_a_terminal(monkeypatch, why)
    assert main(["custody", "sheet", "verify", "S-1", "--paper", "S-1", "--by", "olga"]) == 2
    assert site


# --- seats ----------------------------------------------------------------------------------------


def test_a_computer_has_a_stable_name_that_does_not_tell_its_own(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: "Wing-B-Office")
    name = _signing.this_seat()
    assert (name, "wing" in name.lower()) == (_signing.this_seat(), False)
    assert verify(lines=PINS["olga"]).code == 0
    monkeypatch.setenv("TIMEBANK_SEAT", "desk-2")
    approve = ("approve", "S-1", "--paper", "S-1", "--by", "otto")
    assert run(*SHEET, *approve, lines=PINS["otto"]).code == 0
    acts = done(*SHEET, "show", "S-1")["acts"]
    assert [act["seat"] for act in acts] == [None, name, "desk-2"]
    assert done("audit", "--max-unsealed", "100")["notices"] == []
    assert site


def test_one_person_with_two_pins_at_one_desk_is_a_notice(site: str) -> None:
    assert verify(lines=PINS["olga"]).code == 0
    approve = ("approve", "S-1", "--paper", "S-1", "--by", "otto")
    assert run(*SHEET, *approve, lines=PINS["otto"]).code == 0
    audit = done("audit", "--max-unsealed", "100")
    assert [n["check"] for n in audit["notices"]] == ["custody_quick_approvals"]
    assert audit["verdict"] == "clean"
    assert site
