"""A process whose children are killed in the middle of confirming an exchange.

Started as ``python -m tests.crash.mortal URL BANK``. Each line is a job in JSON: the exchange, who
confirms, and the boundary at which a child kills itself (none: it lives). Boundary 2n-1 lies just
before its n-th statement, 2n just after; COMMIT counts as the last statement. The answer is one
line: how the child ended, and how many boundaries it passed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine, event

import timebank
from timebank import Actor, Role, exchanges


class Boundaries:
    """Counts the boundaries and ends the process at the one that was named."""

    def __init__(self, deadly: int | None) -> None:
        self.passed = 0
        self.deadly = deadly

    def cross(self, *_arguments: Any) -> None:
        """One more."""
        self.passed += 1
        if self.passed == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def confirm(url: str, bank: str, job: dict[str, Any]) -> int:
    """Confirm the exchange under its key; how many boundaries were passed."""
    engine = create_engine(url)
    with timebank.reading(engine, bank=bank):  # look the schema up before the counting begins
        pass
    boundaries = Boundaries(job["deadly"])
    event.listen(engine, "before_cursor_execute", boundaries.cross)
    event.listen(engine, "after_cursor_execute", boundaries.cross)
    dialect: Any = engine.dialect
    dialect.do_commit = _around(dialect.do_commit, boundaries)
    by = Actor(person=job["by"], role=Role.MEMBER)
    with timebank.standalone(engine, bank=bank) as uow:
        exchanges.confirm(uow, job["exchange"], by=by, key=job["key"])
    return boundaries.passed


def _around(commit: Callable[[Any], None], boundaries: Boundaries) -> Callable[[Any], None]:
    def do_commit(driver: Any) -> None:
        boundaries.cross()
        commit(driver)
        boundaries.cross()

    return do_commit


def in_a_child(url: str, bank: str, job: dict[str, Any]) -> dict[str, Any]:
    """Fork, confirm there, and say how it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writer, str(confirm(url, bank, job)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        passed = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"ended": os.waitstatus_to_exitcode(status), "passed": int(passed or 0)}


def main(url: str, bank: str) -> None:
    """Answer each job."""
    for line in sys.stdin:
        print(json.dumps(in_a_child(url, bank, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
