"""``timebank export`` and ``load``: the whole journal as lines, out and in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

import timebank
from timebank.cli import options
from timebank.cli.command import place, reading
from timebank.cli.files import lines_of, new, require_two, slug_in
from timebank.cli.render import Answer
from timebank.cli.session import Place
from timebank.errors import InputError
from timebank.ports import ReadingUnit, UnitOfWork

FORMATS: Final[dict[str, Callable[[ReadingUnit], Iterable[str]]]] = {
    "jsonl": timebank.journal.export,
    "beancount": timebank.journal.export_beancount,
    "hledger": timebank.journal.export_hledger,
    "csv": timebank.journal.export_csv,
    "timeoverflow": timebank.journal.export_timeoverflow,
}
"""Format → the lines of the file."""

PEOPLE: Final[dict[str, Callable[[ReadingUnit], Iterable[str]]]] = {
    "jsonl": timebank.journal.export_people,
    "timeoverflow": timebank.journal.export_timeoverflow_people,
}
"""Format → the lines of the file that names people, where there is one."""

_STDOUT: Final = Path("/dev/stdout")

WithPeople = Annotated[
    Path | None,
    typer.Option("--with-people", metavar="FILE", help="Names and notes, in a file of their own."),
]


def register(app: typer.Typer) -> None:
    """Add ``export`` and ``load``."""
    reading(app, "export", example="timebank export --out riverside.jsonl")(export)
    loaded = "timebank load riverside.jsonl --with-people people.jsonl"
    place(app, "load", example=loaded)(load)


def export(
    uow: ReadingUnit,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=f"One of: {', '.join(FORMATS)}.")
    ] = "jsonl",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A new file, instead of stdout.")
    ] = None,
    with_people: WithPeople = None,
) -> Answer:
    """Write the whole journal. Without --with-people it holds no names.

    jsonl is the one that load reads; beancount and hledger check the others, csv is for people,
    timeoverflow for its importers of transfers and (--with-people) of users.
    """
    if format_ not in FORMATS:
        raise InputError(field="format", problem=f"{format_!r} is not one of {', '.join(FORMATS)}")
    if with_people is not None and format_ not in PEOPLE:
        raise InputError(field="with_people", problem=f"a {format_} file goes without names")
    if with_people is not None:
        require_two(out or _STDOUT, with_people)
    with ExitStack() as files:  # all of them are there in the end, or none
        if with_people is not None:
            people = files.enter_context(new(with_people, "with_people", mode=0o600))
            _written(PEOPLE[format_](uow), people)
        journal = files.enter_context(new(out, "out")) if out else sys.stdout
        count = _written(FORMATS[format_](uow), journal)
    if out is None:
        return Answer(document={}, text=())
    document = {"schema": "timebank.exported/1", "bank": uow.slug, "lines": count}
    return Answer(document=document, text=(f"{count} lines of {uow.slug} in {out}.",))


def load(
    where: Place,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl")],
    bank: options.Bank = None,
    with_people: WithPeople = None,
) -> Answer:
    """Read a journal file into a database that lacks its bank: as it was, to the last root."""
    where.require_schema()
    slug = bank or _slug_in(file)

    def act(uow: UnitOfWork) -> int:
        with ExitStack() as files:
            journal = files.enter_context(lines_of(file))
            people = files.enter_context(lines_of(with_people)) if with_people else None
            return timebank.journal.load(uow, journal, people)

    count = where.run(slug, act)
    document = {"schema": "timebank.loaded/1", "bank": slug, "lines": count}
    text = f"{count} lines of {slug} loaded; now run: timebank audit --bank {slug}"
    return Answer(document=document, text=(text,))


def _written(lines: Iterable[str], target: TextIO) -> int:
    """Write the lines and count them."""
    return sum(target.write(f"{line}\n") > 0 for line in lines)


def _slug_in(file: Path) -> str:
    """The bank that the file's first line names."""
    slug = slug_in(file)
    if slug is None:
        raise InputError(field="file", problem="its first line names no bank")
    return slug
