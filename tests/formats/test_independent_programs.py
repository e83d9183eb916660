"""Programs that we did not write add the books up again, and notice when one amount is changed.

beancount and hledger are under the GPL: they are run as programs of their own, never imported, and
are no dependency. See ``programs.py`` for where they come from.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import timebank
from tests.backends import SqlBackend
from tests.formats.journals import a_small_journal
from tests.formats.programs import NoProgram, Program, bean_check, hledger
from tests.formats.year import a_year, start
from timebank.cli.commands.journal import FORMATS
from timebank.formats import beancount
from timebank.formats import hledger as hledger_file
from timebank.testing import FrozenClock

FETCHED = {"bean-check": bean_check, "hledger": hledger}


@pytest.fixture(scope="session", params=FETCHED)
def program(request: pytest.FixtureRequest) -> Program:
    """One of the programs; in CI its absence is a failure."""
    folder = request.config.cache.mkdir("programs")
    try:
        return FETCHED[request.param](folder)
    except NoProgram as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def year(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a bank with a year of history."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("year") / "bank.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    world = a_year(SqlBackend(engine, FrozenClock(start())))
    assert world.audit().verdict.value == "clean"
    engine.dispose()
    return file


def exported(database: Path, format_: str) -> list[str]:
    """The lines of the file."""
    engine = create_engine(f"sqlite:///{database}")
    try:
        with timebank.reading(engine, bank="riverside") as uow:
            return [*FORMATS[format_](uow)]
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def files(year: Path) -> dict[str, list[str]]:
    """Format → the lines of the year's file."""
    return {format_: exported(year, format_) for format_ in ("beancount", "hledger")}


def checked(program: Program, lines: list[str], folder: Path) -> tuple[bool, str]:
    """Whether the program accepts the file, and what it says."""
    file = folder / f"books.{program.format}"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = program.check(file)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_books_of_a_year_hold(program, files, tmp_path):
    lines = files[program.format]
    assert len([line for line in lines if "levy" in line]) > 100
    assert checked(program, lines, tmp_path) == (True, "")


def test_no_word_breaks_a_file(program, tmp_path):
    write = {"beancount": beancount.lines, "hledger": hledger_file.lines}[program.format]
    assert checked(program, [*write(a_small_journal().books())], tmp_path) == (True, "")


POSTING = re.compile(r"( +\S+  -?)(\d+)( MINUTE(?!.*==).*)")


def amounts(lines: list[str]) -> list[int]:
    """Where postings stand; a transfer is two of them."""
    return [n for n, line in enumerate(lines) if POSTING.fullmatch(line)]


def one_more(line: str) -> str:
    """The posting with a minute more."""
    found = POSTING.fullmatch(line)
    assert found is not None
    return f"{found[1]}{int(found[2]) + 1}{found[3]}"


def one_side(lines: list[str]) -> None:
    """One posting says a minute more."""
    n = amounts(lines)[100]
    lines[n] = one_more(lines[n])


def both_sides(lines: list[str]) -> None:
    """A transfer says a minute more, so that its transaction still adds up to nothing."""
    for n in amounts(lines)[100:102]:
        lines[n] = one_more(lines[n])


def another_account(lines: list[str]) -> None:
    """A posting stands under another account."""
    here, there = amounts(lines)[100], amounts(lines)[102]
    name = lines[there].split()[0]
    assert name not in lines[here]
    lines[here] = lines[here].replace(lines[here].split()[0], name)


def another_month(lines: list[str]) -> None:
    """A transaction of June counts a year earlier."""
    n = next(n for n, line in enumerate(lines) if re.match(r"2025-06-\d\d \* .*exchange", line))
    lines[n] = lines[n].replace("2025-06", "2025-02")


@pytest.mark.parametrize("change", [one_side, both_sides, another_account, another_month])
def test_what_was_changed_in_the_file_is_found(
    program: Program, files: dict[str, list[str]], tmp_path: Path, change: Callable
) -> None:
    lines = [*files[program.format]]
    change(lines)
    assert len([1 for a, b in zip(lines, files[program.format], strict=True) if a != b]) in (1, 2)
    accepted, _ = checked(program, lines, tmp_path)
    assert not accepted


def test_a_balance_that_was_typed_into_the_bank_is_found(program, year, tmp_path):
    database = shutil.copyfile(year, tmp_path / "bank.sqlite")
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        guards = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (name,) in guards.all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(
            text("UPDATE timebank_account SET balance_minutes = 1 WHERE label = 'carry-over'")
        )
    engine.dispose()
    accepted, said = checked(program, exported(database, program.format), tmp_path)
    assert not accepted
    assert "reserve" in said.lower()
