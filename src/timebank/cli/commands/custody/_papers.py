"""Papers keyed into files: each fault with its file, line and paper, and what was entered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from timebank import custody
from timebank.cli.command import Desk, receipts
from timebank.cli.render import Answer, grid
from timebank.custody import sheet_file
from timebank.custody.errors import LineRefused
from timebank.custody.sheet_file import SheetDraft
from timebank.domain.hours import Hours
from timebank.domain.receipt import Receipt
from timebank.errors import Fault, FileFaults, InputError, NotFoundError, RefusedError

Refusal = InputError | NotFoundError | RefusedError


def read(file: Path, again: Path | None, *, total: Hours) -> tuple[SheetDraft, ...]:
    """The papers of a file, the same as those keyed ``again`` by somebody else.

    *Refuses* what ``sheet_file.read`` and ``compare`` refuse, and names which of two files.
    """
    if again is None:
        return sheet_file.read(_text(file), total=total)
    drafts = _one_of_two(file, total=total)
    sheet_file.compare(drafts, _one_of_two(again, total=total))
    return drafts


def enter(desk: Desk, drafts: Sequence[SheetDraft]) -> tuple[Receipt, ...]:
    """Each paper as a draft.

    *Refuses* every line that cannot be entered, with its line and paper: where the rules said no
    to one, with the first of these.
    """
    found: list[Receipt] = []
    refused: list[tuple[Fault, Refusal]] = []
    for draft in drafts:
        try:
            found.append(_new(desk, draft))
        except (InputError, NotFoundError, RefusedError) as error:
            refused += _each(desk, draft, error)
    if not refused:
        return tuple(found)
    first = next((error for _, error in refused if isinstance(error, RefusedError)), None)
    if first is None:
        raise FileFaults(faults=tuple(fault for fault, _ in refused))
    first.add_note("\n  ".join(["nothing was entered:", *(str(fault) for fault, _ in refused)]))
    raise first


def rehearsed(desk: Desk, drafts: Sequence[SheetDraft], found: tuple[Receipt, ...]) -> Answer:
    """What would be entered, and that it was not."""
    rows = [
        (draft.paper, draft.worked_on, draft.category, len(draft.lines), Hours(minutes=minutes))
        for draft in drafts
        for minutes in [sum(line.minutes for line in draft.lines)]
    ]
    columns = ("Paper", "Day", "Activity", ">Lines", ">Raw")
    text = ("Nothing was entered: this was a dry run of:", grid(columns, rows))
    return replace(receipts(desk.uow, found), text=text)


def _new(desk: Desk, draft: SheetDraft) -> Receipt:
    key = None if desk.key is None else f"{desk.key}:{draft.paper}"
    return custody.sheets.new(desk.uow, **draft.asked(), by=desk.by, key=key)


def _each(desk: Desk, draft: SheetDraft, error: Refusal) -> Iterator[tuple[Fault, Refusal]]:
    """What is wrong with a paper, line by line: all of it is undone with the whole batch."""
    if not isinstance(error, LineRefused):
        yield _fault(draft, draft.line, str(error)), error
        return
    line = draft.at[error.line - 1]
    told = LineRefused(**{**error.data, "line": line})
    yield _fault(draft, line, str(told)), told
    rest = draft.without(error.line - 1)
    if rest.lines:
        try:
            _new(desk, rest)
        except (InputError, NotFoundError, RefusedError) as next_:
            yield from _each(desk, rest, next_)


def _fault(draft: SheetDraft, line: int, problem: str) -> Fault:
    return Fault(line=line, column="", problem=f"paper {draft.paper}: {problem}")


def _one_of_two(file: Path, *, total: Hours) -> tuple[SheetDraft, ...]:
    try:
        return sheet_file.read(_text(file), total=total)
    except FileFaults as error:
        faults = (replace(f, problem=f"in {file.name}, {f.problem}") for f in error.faults)
        raise FileFaults(faults=tuple(faults)) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(field="file", problem=f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        problem = f"{file} is no text in UTF-8; save it as CSV in UTF-8"
        raise InputError(field="file", problem=problem) from None
