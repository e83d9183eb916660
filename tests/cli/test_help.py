"""Help: every command has some, with an example that the program understands."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.cli.program import run
from timebank.cli import options
from timebank.cli.main import program
from timebank.errors import InputError


def every_command(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all commands that do something."""
    group = group or program()
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(every_command())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_of_the_command(path: tuple[str, ...]) -> None:
    answer = run(*path, "--help")
    assert (answer.code, answer.err) == (0, "")
    example = re.search(r"Example:\n +(timebank .*)", answer.out)
    assert example is not None
    assert shlex.split(example[1])[1 : 1 + len(path)] == list(path)
    for option in re.findall(r" (--[a-z-]+)", example[1]):
        assert re.search(rf"{option}\b", answer.out.replace(example[1], "")), option


def test_the_contract_is_all_there() -> None:
    wanted = """
        db upgrade|db check|db current|db sql|bank create|bank list|bank policy|bank today|
        staff add|staff list|staff end|member join|member update|member approve|member suspend|
        member resume|member list|member show|member leave|listing offer|listing request|
        listing list|listing search|listing withdraw|exchange record|exchange propose|
        exchange agree|exchange report|exchange confirm|exchange decline|exchange cancel|
        exchange dispute|exchange resolve|exchange reverse|exchange show|exchange list|
        exchange group|transfer donate|transfer grant|transfer adjust|transfer reverse|
        transfer show|transfer list|import|balance|balances|statement|period close|period list|
        expire|audit|demo|log|db backup|db restore|db pack|
        db rebuild"""
    there = {" ".join(path) for path in COMMANDS}
    assert {name.strip() for name in wanted.split("|")} <= there


def test_no_arguments_show_the_help_and_are_wrong_usage() -> None:
    for arguments in ([], ["exchange"]):
        answer = run(*arguments)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith("Usage: timebank")


def test_version() -> None:
    answer = run("--version")
    assert (answer.code, answer.out) == (0, "timebank 0.1.0\n")


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ((date(2026, 10, 3), date(2026, 10, 3), None, None), date(2026, 10, 3), date(2026, 10, 3)),
        ((None, None, "2026-02", None), date(2026, 2, 1), date(2026, 2, 28)),
        ((None, None, "2026-12", None), date(2026, 12, 1), date(2026, 12, 31)),
        ((None, None, None, 2026), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_days_are_both_included(given: Any, first: date, last: date) -> None:
    assert options.day_range(*given) == (first, last)


@pytest.mark.parametrize(
    "given",
    [
        (None, None, None, None),
        (date(2026, 1, 1), None, None, None),
        (date(2026, 1, 2), date(2026, 1, 1), None, None),
        (date(2026, 1, 1), date(2026, 1, 2), "2026-01", None),
        (None, None, "2026-01", 2026),
        (None, None, "2026-13", None),
    ],
)
def test_days_that_make_no_sense_are_refused(given: Any) -> None:
    with pytest.raises(InputError):
        options.day_range(*given)


def test_without_its_libraries_the_program_says_how_to_get_them():
    without = "import sys; sys.modules['typer'] = None; from timebank.__main__ import main"
    program = f"{without}; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == "timebank: the command line needs: pip install 'timebank[cli]'\n"
