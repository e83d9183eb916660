"""Files that a command writes: a place that cannot be written is wrong input, not our fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
