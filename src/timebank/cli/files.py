"""Files that a command reads and writes: what cannot be read or written is wrong input, not our
fault.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from timebank.errors import InputError


@contextmanager
def writing_to(place: Path) -> Iterator[None]:
    """What is written here goes to the place that ``--out`` names. *Refuses* one that cannot be
    written, with ``InputError``.
    """
    try:
        yield
    except OSError as error:
        raise InputError(field="out", problem=f"{place}: {error.strerror}") from None


def require_new(place: Path, field: str) -> None:
    """*Refuses* a file that is there, with ``InputError``."""
    if place.exists():
        raise InputError(field=field, problem=f"{place} is there already; nothing is overwritten")


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
