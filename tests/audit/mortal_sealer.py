"""A sealer that kills itself at one boundary between its statements.

Started as ``python -m tests.audit.mortal_sealer URL BANK BOUNDARY …``: a child for each boundary,
one after the other; 0 lets it live. A line tells of each: how it ended, and what it passed. The
technique is that of ``tests.crash.mortal``.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from sqlalchemy import create_engine, event

import timebank
from tests.crash.mortal import Boundaries, _around
from timebank import journal


def children(url: str, bank: str, boundaries: list[int]) -> list[tuple[int, int]]:
    """How each child ended that was to die there, and how many boundaries it passed."""
    found = []
    for deadly in boundaries:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.write(writer, str(_seal(url, bank, deadly or None)).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            passed = pipe.read()
        _, status = os.waitpid(child, 0)
        found.append((os.waitstatus_to_exitcode(status), int(passed or 0)))
    return found


def _seal(url: str, bank: str, deadly: int | None) -> int:
    engine = create_engine(url)
    with timebank.reading(engine, bank=bank):  # look the schema up before the counting begins
        pass
    boundaries = Boundaries(deadly)
    event.listen(engine, "before_cursor_execute", boundaries.cross)
    event.listen(engine, "after_cursor_execute", boundaries.cross)
    dialect: Any = engine.dialect
    dialect.do_commit = _around(dialect.do_commit, boundaries)
    with timebank.standalone(engine, bank=bank) as uow:
        journal.seal(uow, limit=7)
    return boundaries.passed


def main(url: str, bank: str, *boundaries: str) -> None:
    """One line for each boundary: how the child ended, what it passed."""
    for code, passed in children(url, bank, [int(b) for b in boundaries]):
        print(code, passed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
