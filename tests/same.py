"""What two banks have in common: values with their ids taken for names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from timebank.errors import TimebankError

_ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-f])")


class Names:
    """A name for each id of one bank, in the order in which the ids were first seen."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def name(self, id_: str) -> str:
        """The name of an id."""
        if id_ not in self._names:
            self._names[id_] = f"<{len(self._names)}>"
            self._ids[self._names[id_]] = id_
        return self._names[id_]

    def id(self, name: str) -> str:
        """The id of a name; any other text is left as it is."""
        return self._ids.get(name, name)

    def plain(self, value: Any) -> Any:
        """The value as plain data, equal in two banks where the same happened to the same."""
        if isinstance(value, TimebankError):
            return (type(value).__name__, self.plain(value.data))
        if isinstance(value, str):
            return _ID.sub(lambda found: self.name(found.group()), value)
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, bytes):
            return len(value)
        if isinstance(value, (date, datetime)):
            return value.isoformat()
        if is_dataclass(value):
            parts = {f.name: self.plain(getattr(value, f.name)) for f in fields(value)}
            return (type(value).__name__, parts)
        if isinstance(value, Mapping):
            return {self.plain(k): self.plain(v) for k, v in value.items()}
        if isinstance(value, (tuple, list)):
            return [self.plain(part) for part in value]
        return value


def difference(one: Any, other: Any, where: str = "") -> str | None:
    """Where two plain values first differ, and how; None where they are equal."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{where}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, (list, tuple)) and type(one) is type(other) and len(one) == len(other):
        pairs = [(f"{where}[{i}]", *both) for i, both in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else f"{where}: {one!r} is not {other!r}"
    return next((found for w, a, b in pairs if (found := difference(a, b, w))), None)
