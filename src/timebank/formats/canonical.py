"""Domain values as canonical JSON and back: one line each, the same bytes for the same value.

A dataclass becomes an object of its fields, keys sorted; enumerations become their word, times ISO
8601 with offset, days ISO dates, bytes hexadecimal, tuples lists. Reading takes the class and
follows its annotations, so that nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from timebank.errors import InputError

T = TypeVar("T")


def plain(value: Any) -> Any:
    """The value in JSON's types."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    return value


def restored(kind: type[T], value: Any) -> T:
    """The value of this class that ``plain`` gave.

    *Refuses* what has another form with ``InputError``.
    """
    try:
        found: T = _restored(kind, value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(field=kind.__name__, problem=f"it has another form: {error}") from error
    return found


def _restored(kind: Any, value: Any) -> Any:
    if isinstance(kind, NewType):
        return _restored(kind.__supertype__, value)
    if get_origin(kind) in (Union, UnionType):
        return _optional(kind, value)
    if get_origin(kind) is tuple:
        return tuple(_restored(get_args(kind)[0], part) for part in value)
    if isinstance(kind, type) and is_dataclass(kind):
        if isinstance(value, kind):
            return value
        hints = _hints(kind)
        return kind(**{name: _restored(hints[name], part) for name, part in value.items()})
    return _simple(kind, value)


def _optional(kind: Any, value: Any) -> Any:
    """A value that may be None; we have no other unions."""
    if value is None:
        return None
    (inner,) = (arm for arm in get_args(kind) if arm is not NoneType)
    return _restored(inner, value)


def _simple(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if kind is bytes:
        return bytes.fromhex(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
