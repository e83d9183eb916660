"""The scheme's rules as text: JSON in the database, the same names in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from timebank.custody.domain.retention import Basis as LawfulBasis
from timebank.custody.domain.rules import DestinationClass, Rounding, Rules
from timebank.errors import InputError


def rules_text(rules: Rules) -> str:
    """The rules, keys in order: the same rules give the same text."""
    return json.dumps(as_plain(rules), ensure_ascii=False, sort_keys=True)


def as_plain(rules: Rules) -> dict[str, Any]:
    """The rules as JSON types, by field."""
    return {
        **{f.name: getattr(rules, f.name) for f in fields(rules)},
        "rounding": rules.rounding.value,
        "classes": {name: found.value for name, found in sorted(rules.classes.items())},
        **{n: sorted(getattr(rules, n)) for n in ("goods", "goods_allowed", "confidential")},
    }


def rules_from(text: str) -> Rules:
    """The rules that ``rules_text`` told."""
    found = json.loads(text)
    return from_plain(found)


def from_plain(given: Mapping[str, Any]) -> Rules:
    """Rules from plain names and values; what is left out is as shipped.

    *Refuses* names that are none and values of another kind, with ``InputError``.
    """
    known = {field.name: field for field in fields(Rules)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise InputError(field=name, problem=f"is not one of: {', '.join(known)}")
        values[name] = _read(name, value)
    return Rules(**values)


def _read(name: str, value: Any) -> Any:
    try:
        if name == "rounding":
            return Rounding(value)
        if name == "classes":
            return {str(key): DestinationClass(found) for key, found in value.items()}
        if name in ("goods", "goods_allowed", "confidential"):
            if isinstance(value, str) or not all(isinstance(each, str) for each in value):
                raise TypeError
            return frozenset(value)
        if name == "lawful_basis":
            return LawfulBasis(value).value
        wanted = bool if name in ("held_allowed", "pins") else int
        if type(value) is not wanted:
            raise TypeError
    except (ValueError, TypeError, AttributeError):
        raise InputError(field=name, problem=f"{value!r} does not fit") from None
    return value
