"""What comes from outside: words as members of an enumeration, and things of another kind."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from timebank.errors import InputError

E = TypeVar("E", bound=Enum)


def of_another_kind(given: object, *, field: str, instead: str) -> InputError:
    """The refusal of a thing that is of another kind; ``instead`` says what to give."""
    return InputError(field=field, problem=f"this is {type(given).__name__}; {instead}")


def checked_word(kind: type[E], value: E | str, *, field: str) -> E:
    """The member of the enumeration that the word names.

    *Refuses* other words with ``InputError``, which lists those it knows.
    """
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise InputError(field=field, problem=f"{value!r} is not one of: {known}") from None
