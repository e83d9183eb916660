"""The program as a test sees it: arguments in; exit code, stdout and stderr out."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from timebank.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)


def run(*arguments: str, lines: str = "") -> Answer:
    """Run one command in this process; ``lines`` are on its standard input, apart by blanks."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _standard_input(lines.replace(" ", "\n")):
        code = main(arguments)
    return Answer(code=code, out=out.getvalue(), err=err.getvalue())


@contextmanager
def _standard_input(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def done(*arguments: str, lines: str = "") -> Any:
    """Run one command with ``--json`` that must succeed; its document."""
    answer = run(*arguments, "--json", lines=lines)
    assert answer.code == 0, answer.err
    return answer.document


def named(receipt: Any, field: str) -> str:
    """The first event's id of that name in a receipt."""
    found: str = next(event[field] for event in receipt["events"] if field in event)
    return found
