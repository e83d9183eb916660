"""Wings: what stands on the ledger and keeps tables of its own beside ours.

The ledger knows no wing by name. A wing tells of itself under the entry point ``timebank.wings``;
a database has it once ``migrate`` was asked for it, and from then on takes it along.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Connection, Engine, Table, inspect

from timebank.domain.changes import WingValue
from timebank.errors import InputError, SchemaError
from timebank.ports import ReadingUnit, WingAudit, WingErasure, WingLog
from timebank.storage.sql.blocks import PREFIX
from timebank.storage.sql.guards import Fence
from timebank.storage.sql.link import Link
from timebank.storage.sql.types import AccountKey, Day, Id, Moment

GROUP: Final = "timebank.wings"
"""The entry points under which installed packages name their wings."""


_TYPES: Final[dict[type, type]] = {Id: str, AccountKey: str, Moment: datetime, Day: date}
_TOLD: Final = frozenset({str, int, bytes, datetime, date})
"""What a column may hold, in Python: what has one canonical form in a leaf."""


def type_of(column: Column[Any]) -> type:
    """What a value of the column is in Python."""
    found: type = _TYPES.get(type(column.type)) or column.type.python_type
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one class of a wing's values is written: its table and its row.

    A ``fact`` is never updated and never deleted; a thing is never deleted, and its ``fixed``
    columns never change. What is no fact is found by its ``id``. Facts and what is fixed of things
    are sealed under their ``id``; rows without one under the first column of their key, all that
    have it together: one action makes them. A ``secret`` thing stays where it is: it is neither
    sealed nor in a journal file or a bundle.
    """

    kind: type[WingValue]
    table: Table
    to_row: Callable[[Any], dict[str, Any]]
    fact: bool
    fixed: tuple[str, ...] = ()
    secret: bool = False

    @property
    def sealed_by(self) -> Column[Any]:
        """The column under which the rows are sealed."""
        first = next(c for c in self.table.primary_key if c.name != "bank_id")
        found: Column[Any] = self.table.c.get("id", first)
        return found

    @property
    def sealed(self) -> tuple[str, ...]:
        """The columns that are sealed: of a fact all, of a thing those that never change."""
        return self.columns if self.fact else ("id", *self.fixed)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row, but for the bank."""
        return tuple(str(column.name) for column in self.table.c if column.name != "bank_id")

    def moving(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a row that an update writes."""
        return {n: v for n, v in row.items() if n == "id" or n not in self.fixed}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wing:
    """A wing: its name, its newest migration and where they are, and the shapes of its values.

    ``shapes`` come in an order that foreign keys accept. Every table is that of one shape; all are
    named ``timebank_<name>_…``. ``erasure`` says what changes when the ledger forgets a person,
    ``log`` who did what in the wing that needed answering for.
    """

    name: str
    revision: str
    migrations: Callable[[], Path]
    shapes: tuple[Shape, ...]
    audit: WingAudit | None = None
    erasure: WingErasure | None = None
    log: WingLog | None = None

    def __post_init__(self) -> None:
        """*Refuses* columns that cannot be sealed, with ``InputError``."""
        for kind, shape in self.kinds.items():
            if not isinstance(shape.sealed_by.type, Id):
                problem = f"the key of {kind} begins with no id, and it has no column id"
                raise InputError(field="wing", problem=problem)
            for column in shape.table.c:
                if type_of(column) not in _TOLD:
                    problem = f"{kind}: what {column.name} holds cannot be sealed"
                    raise InputError(field="wing", problem=problem)

    @property
    def kinds(self) -> dict[str, Shape]:
        """The shapes by the word that the sealer and the journal file have for them; without those
        that are secret.
        """
        return {self.word_of(shape): shape for shape in self.shapes if not shape.secret}

    def word_of(self, shape: Shape) -> str:
        """The word of a shape: the wing's name and its table's."""
        return f"{self.name}.{shape.table.name.removeprefix(f'{PREFIX}{self.name}_')}"

    @property
    def version_table(self) -> str:
        """Where the database keeps the wing's revision."""
        return f"{PREFIX}{self.name}_alembic_version"

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables of the wing, parents first."""
        return tuple(shape.table for shape in self.shapes)

    @property
    def fence(self) -> Fence:
        """What the database is to guard."""
        return Fence(
            facts=tuple(s.table for s in self.shapes if s.fact),
            kept=tuple(s.table for s in self.shapes if not s.fact),
            identity={s.table: ("bank_id", "id", *s.fixed) for s in self.shapes if not s.fact},
        )


_REGISTERED: Final[dict[str, Wing]] = {}
_VERIFIED: Final[WeakKeyDictionary[Engine, set[tuple[str, str | None]]]] = WeakKeyDictionary()


def register(wing: Wing) -> Wing:
    """Make a wing known to this program: what an entry point does for an installed package."""
    _REGISTERED[wing.name] = wing
    return wing


def known() -> Mapping[str, Wing]:
    """Every wing of this program by name, in order of name."""
    _discover()
    return dict(sorted(_REGISTERED.items()))


@cache
def _discover() -> None:
    for point in entry_points(group=GROUP):
        register(point.load())


def named(name: str) -> Wing:
    """The wing of this name. *Refuses* others with ``InputError``."""
    wings = known()
    if name not in wings:
        listed = ", ".join(wings) or "none"
        raise InputError(field="wing", problem=f"{name!r} is not one of: {listed}")
    return wings[name]


def shapes_of(kinds: Collection[type]) -> Iterator[tuple[Wing, Shape]]:
    """The shapes of wings' values among these classes, in the wings' own order."""
    if any(issubclass(kind, WingValue) for kind in kinds):
        for wing in known().values():
            yield from ((wing, shape) for shape in wing.shapes if shape.kind in kinds)


def installed(connection: Connection, schema: str | None) -> tuple[Wing, ...]:
    """The wings that this database has, in order of name."""
    live = inspect(connection)
    return tuple(w for w in known().values() if live.has_table(w.version_table, schema=schema))


def revision_of(connection: Connection, wing: Wing, schema: str | None) -> str | None:
    """The revision that the database is at; None where the wing's tables are missing."""
    if not inspect(connection).has_table(wing.version_table, schema=schema):
        return None
    where = "" if schema is None else f"{connection.dialect.identifier_preparer.quote(schema)}."
    found = connection.exec_driver_sql(f"SELECT version_num FROM {where}{wing.version_table}")
    return found.scalar()


def linked(uow: ReadingUnit, wing: Wing) -> Link:
    """The connection of a unit, for the wing's own stores.

    *Refuses* a unit that is in no database (``InputError``), and a database that has not this
    revision of the wing (``SchemaError``). Looked up once per engine.
    """
    link = link_of(uow, wing.name)
    require(link, wing)
    return link


def link_of(uow: ReadingUnit, name: str) -> Link:
    """The connection of a unit, whatever revision of the wing of that name its database has: its
    audit, log and erasure are asked only where it is.

    *Refuses* a unit that is in no database (``InputError``).
    """
    link = getattr(uow, "link", None)
    if not isinstance(link, Link):
        raise InputError(field="uow", problem=f"{name} keeps its facts in a database only")
    return link


def require(link: Link, wing: Wing) -> None:
    """*Refuses* a database that has not this revision of the wing (``SchemaError``)."""
    verified = _VERIFIED.setdefault(link.connection.engine, set())
    if (wing.name, link.schema) not in verified:
        found = revision_of(link.connection, wing, link.schema)
        if found != wing.revision:
            raise SchemaError(
                found=f"without {wing.name}" if found is None else f"{wing.name} {found}",
                expected=f"{wing.name} {wing.revision}",
                command=f"timebank db upgrade --wing {wing.name}",
            )
        verified.add((wing.name, link.schema))
