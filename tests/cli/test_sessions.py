"""Recorded sessions: what the program says, word by word, for every group of commands.

``RECORD_SESSIONS=1 pytest tests/cli/test_sessions.py`` writes them anew; read the difference.
Ids, times and days are masked in order of appearance, and a command may name a masked id. What
stands after `` < `` is on standard input, a line each.
"""

import os
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.program import run

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.txt"))
PROMPT = "$ timebank "


class Mask:
    """Ids, times and days by the names under which a session knows them."""

    def __init__(self) -> None:
        today = datetime.now(UTC).astimezone(ZoneInfo("Europe/London")).date()
        self._known = {
            today.isoformat(): "<today>",
            (today - timedelta(days=1)).isoformat(): "<yesterday>",
        }

    def unmask(self, text: str) -> str:
        """The text with the real ids and days."""
        for real, name in self._known.items():
            text = text.replace(name, real)
        return text

    def mask(self, text: str) -> str:
        """The text as it is recorded."""
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "<time>", text)
        text = re.sub(r"\b[0-9a-f]{32}\b", lambda m: self._name(m[0], "id"), text)
        text = re.sub(r"\b[0-9a-f]{16}\b", lambda m: self._name(m[0], "account"), text)
        for real, name in self._known.items():
            text = text.replace(real, name)
        return re.sub(r" {3,}", "   ", re.sub("─+", "─", text))

    def _name(self, real: str, kind: str) -> str:
        known = sum(name.startswith(f"<{kind}-") for name in self._known.values())
        return self._known.setdefault(real, f"<{kind}-{known + 1}>")


def replay(commands: list[str]) -> str:
    """The session as it goes today."""
    mask, lines = Mask(), []
    for command in commands:
        given, _, typed = command.partition(" < ")
        answer = run(*shlex.split(mask.unmask(given)), lines=typed)
        lines.append(PROMPT + command)
        lines += [mask.mask(line) for line in answer.out.splitlines()]
        lines += [f"! {mask.mask(line)}" for line in answer.err.splitlines()]
        lines += [f"exit {answer.code}"] if answer.code else []
        lines.append("")
    return "\n".join(lines)


@pytest.mark.usefixtures("riverside")
@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_session_goes_as_recorded(session: Path) -> None:
    recorded = session.read_text(encoding="utf-8")
    commands = [
        line.removeprefix(PROMPT) for line in recorded.splitlines() if line.startswith(PROMPT)
    ]
    found = replay(commands)
    if os.environ.get("RECORD_SESSIONS"):
        session.write_text(found, encoding="utf-8")
        recorded = found
    assert found == recorded


def test_there_is_a_session_for_every_group() -> None:
    groups = "db bank staff member account listing exchange transfer expire period audit"
    assert {path.stem for path in SESSIONS} >= set(groups.split())
