"""The program: all commands together, and errors turned into a line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, Final

import typer

import timebank
from timebank.cli import failures
from timebank.cli.command import new_app

COMMANDS: Final = (
    "demo",
    "db",
    "bank",
    "staff",
    "member",
    "account",
    "listing",
    "exchange",
    "transfer",
    "importing",
    "balance",
    "statement",
    "expire",
    "period",
    "log",
    "audit",
    "sealing",
    "journal",
    "bundle",
    "custody",
)
"""The modules of ``commands`` in the order of the help; each has ``register(app)``."""

HELP: Final = """A double-entry ledger for time banks.

The database comes from --url or TIMEBANK_URL, the bank from --bank or TIMEBANK_BANK.

\b
Example:
  export TIMEBANK_URL=sqlite:///timebank.sqlite
  timebank db upgrade
  timebank bank create riverside --first-coordinator cora
"""


@cache
def program() -> Any:
    """The program with every command: made once, however often a process runs it."""
    app = new_app(HELP)
    app.callback()(_top)
    for name in COMMANDS:
        importlib.import_module(f"timebank.cli.commands.{name}").register(app)
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _use_utf8()
        answered = program().main(given, prog_name="timebank", standalone_mode=False)
        return answered if isinstance(answered, int) else 0
    except SystemExit:  # typer's answer to a closed pipe
        return failures.INTERRUPTED
    except typer.Abort:
        return failures.INTERRUPTED
    except BaseException as error:  # the last stop: nothing may leave as a traceback
        if isinstance(error, BrokenPipeError):
            _hush()
        return failures.report(error, as_json="--json" in given)


def _version(asked: bool) -> None:
    if asked:
        print(f"timebank {timebank.__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", is_eager=True, callback=_version
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


def _use_utf8() -> None:
    """The same bytes on every computer, whatever its locale."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not stream.isatty():
            stream.reconfigure(encoding="utf-8")


def _hush() -> None:
    """Nobody reads any more: let nothing complain at exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
