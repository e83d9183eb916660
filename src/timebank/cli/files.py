"""Files that a command reads and writes: what cannot be read or written is wrong input, not our
fault.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from timebank.errors import InputError


@contextmanager
def writing_to(place: Path, field: str = "out") -> Iterator[None]:
    """What is written here goes to the place that the option names. *Refuses* one that cannot be
    written, with ``InputError``.
    """
    try:
        yield
    except OSError as error:
        raise InputError(field=field, problem=f"{place}: {error.strerror}") from None


def require_new(place: Path, field: str) -> None:
    """*Refuses* a file that is there, with ``InputError``."""
    if place.exists():
        raise _not_new(place, field)


def require_two(out: Path, with_people: Path) -> None:
    """*Refuses* one file for both, be it only until it is whole, with ``InputError``."""
    ours, theirs = ({it.resolve(), part_of(it).resolve()} for it in (out, with_people))
    if ours & theirs:
        raise InputError(
            field="with_people", problem="it is that of --out: names are in a file of their own"
        )


@contextmanager
def new(place: Path, field: str, *, mode: int = 0o666) -> Iterator[TextIO]:
    """A file that was not there before, and is gone again where the block fails; or a pipe or a
    device, as it is. *Refuses* a file that is there, and a place that cannot be written, with
    ``InputError``.
    """
    with writing_to(place, field):
        opened, made = _opened(place, field, mode)
    try:
        with open(opened, "w", encoding="utf-8", newline="\n") as target:
            yield target
    except BaseException:
        if made:
            place.unlink(missing_ok=True)
        raise


def _opened(place: Path, field: str, mode: int) -> tuple[int, bool]:
    """What is written to, and whether it is a file that was made for it."""
    try:
        return os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), True
    except FileExistsError:
        opened = os.open(place, os.O_WRONLY)
    if stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _not_new(place, field)
    return opened, False


def _not_new(place: Path, field: str) -> InputError:
    return InputError(field=field, problem=f"{place} is there already; nothing is overwritten")


def part_of(place: Path) -> Path:
    """Where a file is written until it is whole."""
    return place.with_name(f"{place.name}.part")


@contextmanager
def whole(place: Path, *, mode: int = 0o666) -> Iterator[TextIO]:
    """A file that is there at the end of the block, or not at all. *Refuses* a place that cannot
    be written, with ``InputError``.
    """
    part = part_of(place)
    with writing_to(place):
        part.unlink(missing_ok=True)
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with open(opened, "w", encoding="utf-8", newline="\n") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def lines_of(file: Path, *, errors: str = "strict") -> Iterator[Iterator[str]]:
    """The lines of a file; ``errors`` says what becomes of bytes that are no text. *Refuses* one
    that cannot be read, with ``InputError``.
    """
    try:
        with file.open(encoding="utf-8", errors=errors, newline="\n") as opened:
            yield opened
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(field="file", problem=f"{file} cannot be read: {error}") from None


def slug_in(file: Path, *, errors: str = "strict") -> str | None:
    """The bank that the file's first line names, where it names one."""
    with lines_of(file, errors=errors) as lines:
        try:
            return str(json.loads(next(lines, ""))["bank"]["slug"])
        except (ValueError, LookupError, TypeError):
            return None
