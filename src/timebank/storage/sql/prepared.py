"""Statements that every request asks: built and compiled once, and given to the driver itself.

SQLAlchemy writes the text and converts the values; what is left out is its own work on each
execution, which costs more than SQLite's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Executable, Select, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

FEW: Final = 8
"""Values of which each has a place of its own, whatever the database."""

Values = Mapping[str, Any]
Processor = Callable[[Any], Any]


class Members:
    """The list of values that a statement looks for, ``ids`` by name."""

    def __init__(self, size: int) -> None:
        self._size = size

    def hold(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the column is one of them: in as many places as needed, or in one array."""
        if not self._size:
            return column == func.any(bindparam("ids", type_=ARRAY(column.type)))
        return column.in_([bindparam(_nth(n), type_=column.type) for n in range(self._size)])


class _Place(NamedTuple):
    name: str
    convert: Processor | None
    default: Any


class Text:
    """A statement as one driver takes it: its text, how values go in and how rows come out."""

    def __init__(
        self, statement: Executable, names: Sequence[str] | None, dialect: Dialect, map_: Any
    ) -> None:
        compiled = cast(
            "SQLCompiler",
            statement.compile(  # type: ignore[attr-defined]  # all that we give can be compiled
                dialect=dialect,
                column_keys=names,
                schema_translate_map=map_,
                render_schema_translate=map_ is not None,
            ),
        )
        self.sql = str(compiled)
        self._by_position = bool(compiled.positional)
        order = compiled.positiontup if self._by_position else compiled.params
        self._places = [_place(compiled, name, dialect) for name in order or ()]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self.finds = bool(columns)
        # mypy wants literal names; these are the columns of the statement
        self._row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._back = [
            (i, convert)
            for i, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def given(self, values: Values) -> Any:
        """The values as the driver takes them."""
        if not self._by_position:
            return {
                name: value if convert is None else convert(value)
                for name, convert, default in self._places
                for value in (values.get(name, default),)
            }
        return tuple(
            [
                value if convert is None else convert(value)
                for name, convert, default in self._places
                for value in (values.get(name, default),)
            ]
        )

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """What the driver found, with the statement's columns by name."""
        make, back = self._row._make, self._back
        rows = []
        for row in found:
            plain = list(row)
            for i, convert in back:
                plain[i] = convert(plain[i])
            rows.append(make(plain))
        return rows


class Prepared:
    """A statement of ours, the same for every request but for its values.

    ``names`` are the columns that an INSERT fills. A statement that looks for a list of values is
    built by a function of the ``Members`` that hold it.
    """

    def __init__(
        self,
        statement: Executable | Callable[[Members], Executable],
        names: Sequence[str] | None = None,
    ) -> None:
        self._statement = statement
        self._names = names

    def text(self, dialect: Dialect, schema: str | None, size: int) -> Text:
        """The statement for a driver, a schema, and a list with so many places."""
        texts = vars(dialect).setdefault(_TEXTS, WeakKeyDictionary()).setdefault(self, {})
        found: Text | None = texts.get((schema, size))
        if found is None:
            statement = self._statement
            if not isinstance(statement, Executable):
                statement = statement(Members(size))
            map_ = {None: schema} if schema else None
            found = texts[schema, size] = Text(statement, self._names, dialect, map_)
        return found


_TEXTS: Final = "timebank_texts"
"""Where a driver's texts are kept: with its dialect, so that both go when an engine does."""


def listed(ids: Collection[Any], *, is_sqlite: bool) -> tuple[int, dict[str, Any]]:
    """How many places a list takes, and what stands in them; none where it is one array.

    The number is a power of two, so that few texts serve all lists; the last value fills the places
    that are left. PostgreSQL takes a long list as an array, which costs the driver more than a few
    values.
    """
    values = list(ids)
    if not is_sqlite and len(values) > FEW:
        return 0, {"ids": values}
    size = 1 << (len(values) - 1).bit_length()
    values += values[-1:] * (size - len(values))
    return size, {_nth(n): value for n, value in enumerate(values)}


def _nth(n: int) -> str:
    return f"ids_{n}"


def _place(compiled: SQLCompiler, name: str, dialect: Dialect) -> _Place:
    kind = compiled.binds[name].type.dialect_impl(dialect)
    return _Place(name, kind.bind_processor(dialect), compiled.params[name])
