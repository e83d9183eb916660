"""``timebank import``: a file of exchanges or members, all of it or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer

from timebank.actions import imports
from timebank.actions.imports import ImportReport
from timebank.cli import options
from timebank.cli.command import place
from timebank.cli.render import Answer, console_for
from timebank.cli.session import Place, actor, approver, second_person
from timebank.domain.hours import Hours
from timebank.errors import InputError
from timebank.formats import csv_import, timeoverflow
from timebank.formats.csv_import import ImportFile
from timebank.ports import UnitOfWork

FORMATS: Final[dict[str, tuple[csv_import.Format[Any], ...]]] = {
    csv_import.EXCHANGES.name: (csv_import.EXCHANGES,),
    csv_import.MEMBERS.name: (csv_import.MEMBERS,),
    "timeoverflow": timeoverflow.REPORTS,
}
"""Format → what its files may be; the header says which."""

_STOPPED: Final = "interrupted; nothing was posted."
_STOPPED_LATE: Final = "interrupted at the commit; import it again, nothing is posted twice."

File = Annotated[str, typer.Argument(metavar="FILE", help="A CSV file; - reads stdin.")]
FormatName = Annotated[
    str,
    typer.Option("--format", metavar="timebank|members|timeoverflow", help="What the rows are."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Read FIELD from COLUMN; with nothing after the = it is left out.",
    ),
]
CreateMembers = Annotated[bool, typer.Option("--create-members", help="Let unknown refs join.")]
AddCategories = Annotated[
    bool, typer.Option("--add-categories", help="Add unknown categories to the policy.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything, report, keep nothing.")]
History = Annotated[
    bool, typer.Option("--history", help="Service of the past, marked as imported.")
]
CarryOver = Annotated[bool, typer.Option("--carry-over", help="Opening balances; no exchange.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """How the file is to be taken."""

    create_members: bool
    add_categories: bool
    history: bool
    carry_over: bool
    review_on: date | None
    reason: str | None


def register(app: typer.Typer) -> None:
    """Add ``import``."""
    place(app, "import", example="timebank import march.csv --create-members --by cora")(import_)


def import_(
    where: Place,
    file: File,
    format_: FormatName = "timebank",
    columns: Columns = None,
    create_members: CreateMembers = False,
    add_categories: AddCategories = False,
    dry_run: DryRun = False,
    history: History = False,
    carry_over: CarryOver = False,
    approved_by: options.ApprovedBy = None,
    reason: options.Reason = None,
    review_by: options.ReviewBy = None,
    bank: options.Bank = None,
    by: options.By = None,
    by_role: options.ByRole = None,
) -> Answer:
    """Import a CSV file: all rows or none; a row that is known by its key is not posted again.

    Columns of timebank: key, happened_on, giver, receiver, minutes; category, reason if you like.
    Columns of members: ref, name; kind, joined_on, contact, opening_minutes if you like.
    Timeoverflow: its report of users, or that of transfers.
    All faulty lines of the file are reported at once, each with its first fault.
    """
    wish = _Wish(
        create_members=create_members,
        add_categories=add_categories,
        history=history,
        carry_over=carry_over,
        review_on=review_by,
        reason=reason,
    )
    found = _read(file, format_, columns or [])
    _check(found.form.name, wish)
    with _progress(len(found.rows)) as progress:

        def act(uow: UnitOfWork) -> ImportReport:
            who = actor(uow, by, role=by_role)
            return _import(uow, found, wish, who, approved_by, progress)

        report = where.rehearse(bank, act) if dry_run else _done(where, bank, act)
    return Answer(
        document=_document(report, where.chosen_bank(bank), file, format_, dry_run=dry_run),
        text=(_words(report, dry_run=dry_run),),
        notes=_unread(found),
    )


def _unread(found: ImportFile[Any]) -> tuple[str, ...]:
    """A column that was misnamed would be lost without a word."""
    if not found.unread:
        return ()
    known = ", ".join(column.name for column in found.form.columns)
    return (f"Columns that were not read: {', '.join(found.unread)}. (There are: {known}.)",)


def _check(rows: str, wish: _Wish) -> None:
    """*Refuses* options that do not go together, with ``InputError``."""
    if wish.history and wish.carry_over:
        raise InputError(field="history", problem="either --history or --carry-over")
    if rows == csv_import.MEMBERS.name and (
        wish.history or wish.carry_over or wish.create_members or wish.add_categories
    ):
        raise InputError(
            field="format", problem="with members go only --approved-by, --reason, --review-by"
        )


def _read(file: str, format_: str, columns: Sequence[str]) -> ImportFile[Any]:
    if format_ not in FORMATS:
        raise InputError(field="format", problem=f"{format_!r} is not one of {', '.join(FORMATS)}")
    forms = FORMATS[format_]
    mapping = csv_import.parse_mapping(columns, *forms)
    with _stream(file) as stream:
        return csv_import.read_one_of(stream, forms, mapping)


@contextmanager
def _stream(file: str) -> Iterator[BinaryIO]:
    """The file's bytes. *Refuses* one that cannot be read, with ``InputError``."""
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise InputError(field="file", problem=f"{file}: {error.strerror}") from None


def _import(
    uow: UnitOfWork,
    found: ImportFile[Any],
    wish: _Wish,
    who: Any,
    approved_by: str | None,
    progress: Callable[[int], None] | None,
) -> ImportReport:
    common: dict[str, Any] = {
        "by": who,
        "faults": found.faults,
        "reason": wish.reason,
        "review_on": wish.review_on,
        "progress": progress,
    }
    if found.form.name == csv_import.MEMBERS.name:
        return imports.members(uow, found.rows, approved_by=approver(uow, approved_by), **common)
    if wish.carry_over:
        return imports.carry_over(
            uow,
            found.rows,
            create_members=wish.create_members,
            approved_by=second_person(uow, approved_by),
            **common,
        )
    return imports.exchanges(
        uow,
        found.rows,
        create_members=wish.create_members,
        add_categories=wish.add_categories,
        history=wish.history,
        approved_by=approver(uow, approved_by),
        **common,
    )


def _done(
    where: Place, bank: str | None, act: Callable[[UnitOfWork], ImportReport]
) -> ImportReport:
    """Do it and keep it; say what holds where somebody stops it."""
    committing = False

    def whole(uow: UnitOfWork) -> ImportReport:
        nonlocal committing
        report = act(uow)
        committing = True
        return report

    try:
        return where.write(bank, whole)
    except KeyboardInterrupt:
        print(f"timebank: {_STOPPED_LATE if committing else _STOPPED}", file=sys.stderr)
        raise


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console_for(sys.stderr), transient=True) as bar:
        task = bar.add_task("Importing", total=total)
        yield lambda rows: bar.advance(task, rows)


def _document(
    report: ImportReport, bank: str, file: str, format_: str, *, dry_run: bool
) -> dict[str, Any]:
    return {
        "schema": "timebank.import/1",
        "bank": bank,
        "file": file,
        "format": format_,
        "dry_run": dry_run,
        "rows": report.rows,
        "accepted": report.accepted,
        "replayed": report.replayed,
        "accepted_minutes": report.accepted_minutes,
        "joined": list(report.joined),
        "added_categories": list(report.added_categories),
        "overridden": list(report.overridden),
    }


def _words(report: ImportReport, *, dry_run: bool) -> str:
    lines = ["Nothing was kept: this was a dry run of:"] if dry_run else []
    moved = Hours(minutes=report.accepted_minutes)
    lines.append(
        f"{report.rows} rows: {report.accepted} accepted, "
        f"{report.replayed} known before; {moved} hours were posted."
    )
    if report.joined:
        lines.append(f"{len(report.joined)} members joined.")
    if report.added_categories:
        lines.append(f"Categories added: {', '.join(report.added_categories)}.")
    if report.overridden:
        lines.append(
            f"{len(report.overridden)} accounts were let out of their limits: "
            f"{', '.join(report.overridden)}."
        )
    return "\n".join(lines)
