"""``timebank db backup | restore | pack``: whole databases, audited before it says done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import Engine

import timebank
from timebank.actions.audits import AuditReport
from timebank.cli import options
from timebank.cli.command import place
from timebank.cli.commands.audit import (
    COUNTED,
    EXIT_CODES,
    accepted_in,
    document,
    line,
    progress_bar,
)
from timebank.cli.failures import FINDINGS, INCOMPLETE
from timebank.cli.files import require_new
from timebank.cli.render import Answer
from timebank.cli.session import Place
from timebank.domain.audit import NAMES, Accepted
from timebank.errors import InputError, RefTaken, TimebankError
from timebank.storage.sql import copying
from timebank.storage.sql.unit_of_work import SqlUnit

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, a SQLite file.")]

_ANY_AGE: Final = 10**6
"""How many hours facts may have waited for the sealer: a copy is as old as it is."""
_ENDING: Final = {0: "", FINDINGS: ".findings", INCOMPLETE: ".incomplete"}
"""Exit code → what is added to the name of a copy that is kept."""
_BESIDE: Final = ("", "-journal", "-wal", "-shm")
"""The file and SQLite's helpers next to it."""


def register(db: typer.Typer) -> None:
    """Add the commands to the group ``db``."""
    place(db, "backup", example="timebank db backup 2026-10-31.sqlite")(backup)
    restored = "timebank db restore 2026-10-31.sqlite --url sqlite:///new.sqlite"
    place(db, "restore", example=restored)(restore)
    place(db, "pack", example="timebank db pack --url sqlite:///riverside.sqlite")(pack)


def backup(where: Place, file: File, accepted: options.AcceptedFile = None) -> Answer:
    """Copy every bank into a new file, as they stand in one moment, and audit the copy.

    The database stays in use meanwhile. The file is a SQLite database, whatever it was copied
    from; it holds personal data and can be read by its owner alone.

    Exit code 0: the copy is clean. 1 or 5: it is not, and is kept as FILE.findings or
    FILE.incomplete.
    """
    where.require_schema()
    require_new(file, "file")
    slugs = timebank.bank_slugs(where.engine, schema=where.schema)
    with _fresh(file.with_name(f"{file.name}.part")) as part:
        _fill(part, where, slugs)
        with _open(copying.read_only(part)) as copy, _banks(copy, slugs) as banks:
            reports = _audited(banks, accepted_in(accepted))
        code = _exit_code(reports)
        kept = file.with_name(f"{file.name}{_ENDING[code]}")
        part.replace(kept)
    said = f"Kept as {kept}." if code else f"Backup in {file}."
    return _answer("timebank.backup/1", file=kept, reports=reports, said=said, code=code)


class _NotKept(Exception):
    """The copy has findings: what was written of it is rolled back."""


def restore(where: Place, file: File, accepted: options.AcceptedFile = None) -> Answer:
    """Copy every bank of a backup into an empty place, and audit it there before it is kept.

    The place is an empty or a new database, SQLite or PostgreSQL, without a bank in it.

    Exit code 0: restored and clean. 1 or 5: it is not clean, and nothing was kept.
    """
    if not file.is_file():
        raise InputError(field="file", problem=f"there is no file {file}")
    with _open(copying.read_only(file)) as held:
        slugs = _slugs_in(held, file)
        _require_empty(where)
        timebank.migrate(where.engine, schema=where.schema, wings=timebank.wing_names(held))
        with (
            suppress(_NotKept),
            _copied(held, None, where.engine, where.schema, slugs) as banks,
        ):
            reports = _audited(banks, accepted_in(accepted))
            code = _exit_code(reports)
            if code:
                raise _NotKept
    said = f"Nothing of {file} was kept." if code else f"Restored from {file}."
    return _answer("timebank.restored/1", file=file, reports=reports, said=said, code=code)


def pack(where: Place) -> Answer:
    """Close a SQLite file for a read-only medium: all in one file, without a write-ahead log.

    Refused while somebody else has it open. timebank db upgrade turns the log on again.
    """
    where.require_schema()
    file = where.engine.url.database
    if where.engine.dialect.name != "sqlite" or not file:
        raise InputError(field="url", problem="only a SQLite file can be packed")
    copying.pack(where.engine)
    return Answer(
        document={"schema": "timebank.db-pack/1", "file": file},
        text=(f"{file} is packed: it can be read from a read-only medium.",),
    )


@contextmanager
def _fresh(file: Path) -> Iterator[Path]:
    """A new, empty file that only its owner may read; gone at the end, unless it was renamed."""
    _remove(file)
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise InputError(field="file", problem=f"{file}: {error.strerror}") from None
    try:
        yield file
    finally:
        _remove(file)


def _remove(file: Path) -> None:
    for ending in _BESIDE:
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


@contextmanager
def _open(engine: Engine) -> Iterator[Engine]:
    """The engine, let go of at the end."""
    try:
        yield engine
    finally:
        engine.dispose()


def _fill(file: Path, where: Place, slugs: Sequence[str]) -> None:
    """The whole database in the file, packed."""
    if where.engine.dialect.name == "sqlite":
        copying.copy_file(where.engine, file)
    with _open(copying.writable(file)) as copy:
        if where.engine.dialect.name != "sqlite":
            timebank.migrate(copy, wings=timebank.wing_names(where.engine, schema=where.schema))
            with _copied(where.engine, where.schema, copy, None, slugs):
                pass
        copying.pack(copy)


@contextmanager
def _copied(
    source: Engine, schema: str | None, target: Engine, into: str | None, slugs: Sequence[str]
) -> Iterator[list[SqlUnit]]:
    """The banks, every row, in the target: in one transaction, committed at the end of the block.

    They are read in one snapshot.
    """
    if not slugs:
        yield []
        return
    with (
        timebank.reading(source, bank=slugs[0], schema=schema) as read,
        timebank.standalone(target, bank=slugs[0], schema=into) as written,
    ):
        banks = [written.beside(slug) for slug in slugs]
        for bank in banks:
            copying.copy_bank(read.beside(bank.slug), bank)
        yield banks


@contextmanager
def _banks(engine: Engine, slugs: Sequence[str]) -> Iterator[list[SqlUnit]]:
    """The banks, to be read in one snapshot."""
    if not slugs:
        yield []
        return
    with timebank.reading(engine, bank=slugs[0]) as first:
        yield [first.beside(slug) for slug in slugs]


def _slugs_in(held: Engine, file: Path) -> tuple[str, ...]:
    try:
        return timebank.bank_slugs(held)
    except TimebankError as error:
        error.add_note(f"in {file}")
        raise


def _require_empty(where: Place) -> None:
    """*Refuses* a place that has a bank, with ``RefTaken``."""
    if timebank.current_revision(where.engine, schema=where.schema) is not None:
        for slug in timebank.bank_slugs(where.engine, schema=where.schema):
            raise RefTaken(kind="bank", ref=slug)


def _audited(banks: Sequence[SqlUnit], accepted: Iterable[Accepted]) -> list[AuditReport]:
    """Every check on every bank, whatever the age of what is not sealed."""
    answered = tuple(accepted)
    with progress_bar(len(NAMES) * len(banks)) as progress:
        return [
            timebank.audits.run(
                bank, max_unsealed_hours=_ANY_AGE, accepted=answered, progress=progress
            )
            for bank in banks
        ]


def _exit_code(reports: Iterable[AuditReport]) -> int:
    """Findings outrank incomplete."""
    codes = {EXIT_CODES[report.verdict] for report in reports}
    return next((code for code in (FINDINGS, INCOMPLETE) if code in codes), 0)


def _answer(
    schema: str, *, file: Path, reports: Sequence[AuditReport], said: str, code: int
) -> Answer:
    found = {"schema": schema, "file": str(file), "banks": [document(one) for one in reports]}
    text = [part for report in reports for part in _text(report)]
    return Answer(document=found, text=(*text, said), exit_code=code)


def _text(report: AuditReport) -> Iterator[str]:
    counted = ", ".join(f"{name} {report.counted[name]}" for name in COUNTED)
    yield f"{report.bank}: {report.verdict.value}; {counted}."
    yield from (line("Finding", finding) for finding in report.findings)
