"""Values as rows and rows as values: one pair of functions, since fields are named like columns.

A field that names something else (a person, a sheet) is its ``…_id`` column; who acted and who
approved are the columns that every fact of the ledger has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_type_hints

from timebank.custody.domain.destination import parts_from, parts_text
from timebank.custody.rules_text import rules_from, rules_text
from timebank.domain.actor import Actor
from timebank.wings import WingValue, rows

V = TypeVar("V", bound=WingValue)

_NAMES: Final = (
    *(
        "person",
        "sheet",
        "beneficiary",
        "price",
        "account",
        "transaction",
        "exceptional",
        "passage",
        "query",
    ),
    *("custody", "held", "community", "supervisor", "drafted_by"),
)
"""Fields that name something by its id."""

_TEXTS: Final[dict[str, tuple[str, Callable[[Any], str], Callable[[str], Any]]]] = {
    "parts": ("parts", parts_text, parts_from),
    "rules": ("body", rules_text, rules_from),
    "subjects": ("subjects", " ".join, lambda text: tuple(text.split())),
}
"""Field → its column, and how it is told as text and read again."""

_ACTORS: Final = ("actor", "entered_by")


def to_row(value: WingValue) -> dict[str, Any]:
    """The columns of a value."""
    row: dict[str, Any] = {}
    kind: Any = type(value)
    for name in _fields(kind):
        found = getattr(value, name)
        if name in _ACTORS:
            row |= rows.actor_to(found)
        elif name == "approver":
            row |= rows.approver_to(found)
        elif name in _TEXTS:
            column, tell, _ = _TEXTS[name]
            row[column] = tell(found)
        else:
            plain = found.value if isinstance(found, Enum) else found
            row[_column(name)] = int(plain) if isinstance(plain, bool) else plain
    return row


def from_row(kind: type[V], row: Any) -> V:
    """The value that ``to_row`` told."""
    made: Any = kind
    return kind(**{name: _value(name, hint, row) for name, hint in _fields(made).items()})


def _value(name: str, hint: Any, row: Any) -> Any:
    if hint is Actor:
        return rows.actor_from(row)
    if name == "approver":
        return rows.approver_from(row)
    if name in _TEXTS:
        column, _, read = _TEXTS[name]
        return read(getattr(row, column))
    found = getattr(row, _column(name))
    plain = next((t for t in (hint, *get_args(hint)) if isinstance(t, type)), None)
    if found is None or plain in (None, NoneType):
        return found
    return plain(found) if plain is bool or issubclass(plain, Enum) else found


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Field → its type, in order."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _column(name: str) -> str:
    return f"{name}_id" if name in _NAMES else name
