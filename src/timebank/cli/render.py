"""How answers look: tables and sentences for people, JSON and CSV for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PIPE_WIDTH: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table for people. A column whose name starts with ``>`` is set to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers: the document for ``--json``, and the same for people.

    The document is empty where the command has printed its data already.

    ``notes`` are words beside the answer; they go to stderr. ``exit_code`` as in the contract.
    """

    document: Mapping[str, Any]
    text: tuple[Grid | str, ...]
    notes: tuple[str, ...] = ()
    exit_code: int = 0


def grid(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Grid:
    """A table of anything that has a text; None is an empty cell."""
    cells = tuple(tuple("" if c is None else str(c) for c in row) for row in rows)
    return Grid(columns=tuple(columns), rows=cells)


def show(answer: Answer, *, as_json: bool) -> None:
    """Print the answer to stdout and its notes to stderr."""
    if as_json and answer.document:
        print(to_json(answer.document))
    elif not as_json:
        for part in answer.text:
            if isinstance(part, Grid):
                print(_drawn(part))
            else:
                print(part)
    for note in answer.notes:
        print(note, file=sys.stderr)
    sys.stdout.flush()


def to_json(document: Mapping[str, Any]) -> str:
    """One document, keys in the order in which they were given."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def console_for(stream: Any) -> Console:
    """A console that adds nothing of its own; as wide as need be where nobody is looking."""
    from rich.console import Console

    manners: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}
    if stream.isatty():
        return Console(file=stream, **manners)
    return Console(file=stream, width=_PIPE_WIDTH, color_system=None, **manners)


def _drawn(found: Grid) -> str:
    """The table without blanks at the ends of lines."""
    console = console_for(sys.stdout)
    with console.capture() as captured:
        console.print(_table(found))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _table(found: Grid) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=any(found.columns)
    )
    for name in found.columns:
        right = name.startswith(">")
        table.add_column(
            Text(name.removeprefix(">")), justify="right" if right else "left", overflow="fold"
        )
    for row in found.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
