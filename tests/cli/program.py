"""The program as a test sees it: arguments in; exit code, stdout and stderr out."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
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


def run(*arguments: str) -> Answer:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Answer(code=code, out=out.getvalue(), err=err.getvalue())


def done(*arguments: str) -> Any:
    """Run one command with ``--json`` that must succeed; its document."""
    answer = run(*arguments, "--json")
    assert answer.code == 0, answer.err
    return answer.document


def named(receipt: Any, field: str) -> str:
    """The first event's id of that name in a receipt."""
    found: str = next(event[field] for event in receipt["events"] if field in event)
    return found
