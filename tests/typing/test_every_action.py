"""Every public call goes through ``aio.run`` or ``aio.stream``, says the type checker."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import timebank
from scripts.make_reference import public_functions
from tests.docs.pages import ROOT

HEAD = """
from typing import Any
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
import timebank
from timebank import aio

async def every(session: AsyncSession, engine: AsyncEngine, a: Any, k: dict[str, Any]) -> None:
"""


def calls() -> Iterator[str]:
    """A line for each function of a public module that takes a unit of work."""
    for name in timebank.__all__:
        module = getattr(timebank, name)
        if not isinstance(module, ModuleType):
            continue
        for called, function in public_functions(module).items():
            if next(iter(inspect.signature(function).parameters), None) != "uow":
                continue
            action = f"timebank.{name}.{called}"
            if str(inspect.get_annotations(function).get("return")).startswith("Iterator"):
                yield f"    aio.stream(engine, 'b', {action}, *a, **k)"
            else:
                yield f"    await aio.run(session, 'b', {action}, *a, **k)"


def test_every_action_is_accepted_by_the_type_checker(tmp_path: Path) -> None:
    lines = [*calls()]
    assert len(lines) > 60
    program = tmp_path / "every.py"
    program.write_text(HEAD + "\n".join(lines) + "\n")
    command = (sys.executable, "-m", "mypy", program)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("Success: no issues found in 1 source file\n", "")
