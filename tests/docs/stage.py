"""A page on the stage: an empty folder, a clock that the page sets, and ids that repeat.

Shell sessions run inside this process, through the same ``main`` as the installed command.
"""

import contextlib
import getpass
import io
import logging
import os
import random
import re
import shlex
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import timebank
from tests.docs.pages import Part
from timebank.cli.main import main
from timebank.storage.identity import TimeOrderedIds

FIRST_MORNING = datetime.fromisoformat("2026-10-05T09:00:00+00:00")
_ID = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})\b")
_CLOCKED: tuple[Any, ...] = (
    timebank.standalone,
    timebank.reading.__wrapped__,  # type: ignore[attr-defined]
    timebank.unit_of_work.__wrapped__,  # type: ignore[attr-defined]
)
"""The functions whose clock is the computer's unless somebody gives another."""
_IDS: Any = TimeOrderedIds.__init__
_LOGGER = logging.getLogger("timebank")


class Terminal(io.StringIO):
    """Where somebody sits: what is asked for without showing it is typed at once."""

    def isatty(self) -> bool:
        """A person is there."""
        return True


class Keyboard:
    """Types, for each person that is asked for, a PIN of six digits: always the same."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, prompt: str = "", stream: Any = None) -> str:
        print(prompt.rstrip(), file=sys.stderr)
        who = prompt.rsplit(maxsplit=1)[-1].rstrip(":")
        if who != "again":
            self._last = f"{zlib.crc32(who.encode()) % 900_000 + 100_000}"
        return self._last


class Clock:
    """Stands still while a command runs; two minutes pass between commands."""

    def __init__(self) -> None:
        self.now = FIRST_MORNING

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> None:
        self.now += timedelta(minutes=2)


class Stage:
    """Where one page runs, part by part."""

    def __init__(self, folder: Path, urls: dict[str, str]) -> None:
        self.clock = Clock()
        self.names: dict[str, object] = {"__name__": "__page__"}
        self.printed = ""
        self.exit_code = 0
        self._folder = folder
        self._urls = urls
        self._ids: dict[str, str] = {}

    @contextlib.contextmanager
    def open(self) -> Iterator["Stage"]:
        """Set folder, clock, ids and environment, and put everything back at the end."""
        before, environment = Path.cwd(), dict(os.environ)
        defaults = [dict(function.__kwdefaults__) for function in _CLOCKED]
        random_defaults = _IDS.__defaults__
        told, level = [*_LOGGER.handlers], _LOGGER.level
        asking, stdin = getpass.getpass, sys.stdin
        for name in [name for name in os.environ if name.startswith("TIMEBANK_")]:
            del os.environ[name]
        for function in _CLOCKED:
            function.__kwdefaults__["clock"] = self.clock
        _IDS.__defaults__ = (random.Random(7).randbytes,)
        getpass.getpass, sys.stdin = Keyboard(), Terminal()
        os.chdir(self._folder)
        try:
            yield self
        finally:
            os.chdir(before)
            getpass.getpass, sys.stdin = asking, stdin
            _LOGGER.handlers[:] = told
            _LOGGER.setLevel(level)
            os.environ.clear()
            os.environ.update(environment)
            _IDS.__defaults__ = random_defaults
            for function, kept in zip(_CLOCKED, defaults, strict=True):
                function.__kwdefaults__.update(kept)

    def set_clock(self, moment: str) -> None:
        """The time that the page says it is."""
        self.clock.now = datetime.fromisoformat(moment)

    def save(self, part: Part) -> None:
        """Write a block that names a file, as the reader would."""
        Path(part.rest).write_text(part.text, encoding="utf-8")

    def python(self, part: Part, page: str) -> None:
        """Run a block in the page's namespace; what it prints is kept."""
        self.clock.tick()
        code = compile("\n" * part.line + part.text, page, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, self.names)
        self.printed = out.getvalue()

    def command(self, line: str) -> str:
        """Run one line of a shell session and give what it prints, errors included."""
        words = shlex.split(self.with_ids(line), comments=True)
        words, target = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)
        match words:
            case ["export", setting]:
                name, _, value = setting.partition("=")
                os.environ[name] = self._urls.get(value, value)
                return ""
            case ["echo", "$?"]:
                return f"{self.exit_code}\n"
            case ["ls", *rest]:
                return "".join(f"{p.name}\n" for p in sorted(Path(*rest).iterdir()) if _shown(p))
            case ["cat", file]:
                return Path(file).read_text(encoding="utf-8")
            case ["timebank", *arguments]:
                return self._timebank(arguments, target)
        raise ValueError(f"the runner of shell sessions does not know: {line}")

    def _timebank(self, arguments: list[str], target: str | None) -> str:
        self.clock.tick()
        out = io.StringIO()
        said = out if target is None else io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            self.exit_code = main([self._urls.get(word, word) for word in arguments])
        if target is None:
            return out.getvalue()
        Path(target).write_text(out.getvalue(), encoding="utf-8")
        return said.getvalue()

    def same(self, expected: str, printed: str) -> bool:
        """Whether both say the same; ids may differ, but each must stand for one other."""
        wanted, found = _plain(expected), _plain(printed)
        if _ID.sub("ID", wanted) != _ID.sub("ID", found):
            return False
        pairs = zip(_ID.findall(wanted), _ID.findall(found), strict=True)
        return all(self._ids.setdefault(theirs, ours) == ours for theirs, ours in pairs)

    def with_ids(self, line: str) -> str:
        """The command with the ids of this run, as short as they are on the page."""

        def ours(found: re.Match[str]) -> str:
            begun = {real for shown, real in self._ids.items() if shown.startswith(found.group())}
            return begun.pop()[: len(found.group())] if len(begun) == 1 else found.group()

        return re.sub(r"\b[0-9a-f]{8,32}\b", ours, line)


def _shown(path: Path) -> bool:
    """SQLite's helpers beside a database come and go."""
    return not path.name.endswith(("-wal", "-shm"))


def _plain(text: str) -> str:
    """Without blanks at the ends of lines: editors take them away."""
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
