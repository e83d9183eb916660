"""Words from outside as members of an enumeration."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from timebank.errors import InputError

E = TypeVar("E", bound=Enum)


def checked_word(kind: type[E], value: E | str, *, field: str) -> E:
    """The member of the enumeration that the word names.

    *Refuses* other words with ``InputError``, which lists those it knows.
    """
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise InputError(field=field, problem=f"{value!r} is not one of: {known}") from None
