"""Shell sessions on a page: commands after ``$``, and what they print.

``python -m tests.docs.sessions PAGE...`` runs pages and writes what was printed into them.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.docs.pages import PAGES, Part, parts
from tests.docs.stage import Stage
from tests.postgres import create_database, start_server

POSTGRES_URL: Final = "postgresql://timebank@localhost/timebank"
"""What the pages write; a run has a server of its own instead."""

Step = tuple[list[str], str]
"""The lines of a command as they stand, and what is printed after them."""


def steps(part: Part) -> Iterator[Step]:
    """The commands of a session, each with the output below it."""
    command: list[str] = []
    printed: list[str] = []
    for line in part.text.splitlines():
        going_on = bool(command) and not printed and command[-1].endswith("\\")
        if line.startswith("$ ") and command:
            yield command, "\n".join(printed)
            command, printed = [line], []
        elif line.startswith("$ ") or going_on:
            command.append(line)
        else:
            printed.append(line)
    if command:
        yield command, "\n".join(printed)


def run_step(stage: Stage, step: Step) -> str:
    """What the command prints now."""
    lines = [line.removeprefix("$ ").removesuffix("\\").strip() for line in step[0]]
    return stage.command(" ".join(lines)).strip("\n")


def play(stage: Stage, page: str, name: str) -> Iterator[tuple[Part, str, str]]:
    """Run every part of a page; give each output on the page beside the one of this run."""
    for part in parts(page):
        match part.kind, part.rest:
            case "clock", moment:
                stage.set_clock(moment)
            case "console", _:
                for step in steps(part):
                    yield part, step[1], run_step(stage, step)
            case "python", "":
                stage.python(part, name)
            case "text", "output":
                yield part, part.text.strip("\n"), stage.printed.strip("\n")
            case _, file if "." in file:
                stage.save(part)


def rewritten(page: str, name: str, folder: Path, urls: dict[str, str]) -> str:
    """The page as this run has it: what was printed, and its ids in the commands."""
    with Stage(folder, urls).open() as stage:
        fresh: dict[int, list[str]] = {}
        for part, shown, printed in play(stage, page, name):
            stage.same(shown, printed)
            fresh.setdefault(part.start, []).append(_trimmed(printed))
        for part in reversed(parts(page)):
            if part.start in fresh:
                text = _written(stage, part, fresh[part.start])
                page = page[: part.start] + text + page[part.end :]
    return page


def _written(stage: Stage, part: Part, outputs: list[str]) -> str:
    if part.kind == "text":
        return outputs[0] + "\n"
    lines = []
    for (command, _), output in zip(steps(part), outputs, strict=True):
        lines += [stage.with_ids(line) for line in command]
        lines += [output] if output else []
    return "\n".join(lines) + "\n"


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def main(names: list[str]) -> None:
    """Rewrite the pages of these names."""
    for name in names:
        page = PAGES[name].read_text(encoding="utf-8")
        urls = {}
        if any(part.kind == "database" for part in parts(page)):
            urls[POSTGRES_URL] = create_database(start_server())
        with tempfile.TemporaryDirectory() as folder:
            text = rewritten(page, name, Path(folder), urls)
        PAGES[name].write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
