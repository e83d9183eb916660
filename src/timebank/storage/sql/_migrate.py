"""Migrations inside a library: on the caller's connection, without Alembic's global state.

Alembic is imported where it is used: a program that only posts never loads it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from timebank.domain.words import of_another_kind
from timebank.errors import DatabaseUnavailable, InputError, SchemaError
from timebank.storage.sql import guards, live, sqlite
from timebank.storage.sql import wings as wings_known
from timebank.storage.sql.faults import translated
from timebank.storage.sql.schema import PREFIX, REVISION, VERSION_TABLE, metadata
from timebank.storage.sql.telling import tell
from timebank.storage.sql.wings import Wing

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

T = TypeVar("T")

_verified: WeakKeyDictionary[Engine, dict[str | None, str]] = WeakKeyDictionary()
_COURTESY_LOCK: Final = 0x74696D65
"""Two migrators wait for each other; nothing else ever takes this lock."""


def migrations_dir() -> Path:
    """Where the revisions are: beside the package in a wheel, two levels up in a checkout."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "_migrations", package.parents[1] / "migrations"):
        if (folder / "versions").is_dir():
            return folder
    raise DatabaseUnavailable(
        reason="the migrations are missing from this installation",
        next_step="Install timebank again.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """A line of revisions: where they are, how far they go, and where a database keeps its own."""

    folder: Path
    head: str
    version_table: str
    metadata: MetaData
    fence: guards.Fence | None = None


def _ours() -> _History:
    return _History(
        folder=migrations_dir(), head=REVISION, version_table=VERSION_TABLE, metadata=metadata
    )


def _of_wing(wing: Wing) -> _History:
    return _History(
        folder=wing.migrations(),
        head=wing.revision,
        version_table=wing.version_table,
        metadata=wing.tables[0].metadata,
        fence=wing.fence,
    )


def migrate(
    database: Engine | Connection,
    revision: str = "head",
    *,
    schema: str | None = None,
    wings: Collection[str] = (),
) -> None:
    """Bring the tables to the revision (the newest), in a transaction of its own or the caller's.

    With a ``Connection`` everything happens inside the transaction that is open there; the caller
    commits. Tables have the prefix ``timebank_`` and a version table of their own; nothing else
    is touched. On PostgreSQL ``schema`` names where they live; it is created if need be.
    ``wings`` names those whose tables are to stand beside; those that stand there already are
    taken along to their own newest revision.

    A database that the next release has migrated is left as it is: this one works on it.

    An earlier revision (``base``: none of our tables) is a way back, open only while there is no
    bank, since every fact belongs to one, and no wing.

    *Refuses:* what is neither an ``Engine`` nor a ``Connection``, a wing that is not installed, a
    way back that would lose facts (``InputError``),
    ``schema`` on SQLite (``BackendSettingError``), a revision this release does not know
    (``SchemaError``), a database out of reach (``DatabaseUnavailable``, ``ConflictError``).
    """
    try:
        if isinstance(database, Connection):
            _run(database, revision, schema, wings)
            return
        _require_engine(database)
        with database.connect() as connection, _ready(connection):
            _run(connection, revision, schema, wings)
            connection.commit()
    except SQLAlchemyError as error:
        raise translated(error) from error


def _require_engine(database: object) -> None:
    if not isinstance(database, Engine):
        raise of_another_kind(
            database,
            field="database",
            instead="give an Engine or a Connection of SQLAlchemy; on an async one:"
            " await connection.run_sync(timebank.migrate)",
        )


def _ready(connection: Connection) -> AbstractContextManager[None]:
    is_sqlite = connection.dialect.name == "sqlite"
    return sqlite.migrating(connection) if is_sqlite else nullcontext()


def _run(connection: Connection, revision: str, schema: str | None, asked: Collection[str]) -> None:
    new = _named(asked)
    with _in_schema(connection, schema):
        standing = wings_known.installed(connection, schema)
        if standing and revision not in ("head", head_revision()):
            raise InputError(
                field="revision", problem=f"{standing[0].name} stands on these tables: no way back"
            )
        was = _revision_of(connection, schema)
        if revision == "head" and _is_next(was):
            return
        now = _step(connection, revision, _ours())
        _verified.pop(connection.engine, None)
        if was != now:
            tell("timebank.migrated", was, now)
        if now != head_revision():
            return
        for wing in dict.fromkeys((*standing, *new)):
            _step(connection, "head", _of_wing(wing))
        live.check_foreign_keys(connection)
        if wrong := _differences(connection, schema):
            raise SchemaError(found="; ".join(wrong), expected=f"revision {head_revision()}")


def _step(connection: Connection, revision: str, history: _History) -> str | None:
    """One line of revisions, and at its head its guards; the answer is where it is now."""
    from alembic.operations import Operations
    from alembic.util import CommandError

    context = _context(connection, revision, history)
    try:
        with context.begin_transaction():
            context.run_migrations(op=Operations(context))
    except CommandError as error:
        raise SchemaError(
            found=context.get_current_revision() or "missing",
            expected=history.head if revision == "head" else revision,
            command="pip install --upgrade timebank",
        ) from error
    now: str | None = context.get_current_revision()
    if now == history.head:
        guards.install(connection, history.fence)
    return now


@contextmanager
def _in_schema(connection: Connection, schema: str | None) -> Iterator[None]:
    """The schema at the front of the search path until the transaction ends."""
    if schema is None:
        yield
        return
    if connection.dialect.name == "sqlite":
        raise sqlite.has_no_schemas(schema)
    quoted = connection.dialect.identifier_preparer.quote(schema)
    before = connection.execute(text("SHOW search_path")).scalar_one()
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))
    connection.execute(text(f"SET LOCAL search_path TO {quoted}"))
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):  # a transaction that broke takes the setting along
            connection.execute(text(f"SET LOCAL search_path TO {before}"))


def _context(connection: Connection, revision: str, history: _History) -> MigrationContext:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(history.folder))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _COURTESY_LOCK})

    def plan(current: Any, _context: MigrationContext) -> Any:
        if _is_way_back(script, revision, current):
            _require_no_facts(connection, revision)
            return script._downgrade_revs(revision, current)
        return script._upgrade_revs(revision, current)

    return MigrationContext.configure(
        connection,
        opts={
            "fn": plan,
            "script": script,
            "version_table": history.version_table,
            "target_metadata": history.metadata,
            "transactional_ddl": True,
            "transaction_per_migration": False,
        },
    )


def _is_way_back(script: ScriptDirectory, wanted: str, current: Any) -> bool:
    if not current or wanted == "head":
        return False
    behind = {found.revision for found in script.iterate_revisions(current, "base")}
    return wanted == "base" or wanted in behind - {*current}


def _require_no_facts(connection: Connection, wanted: str) -> None:
    bank = connection.exec_driver_sql("SELECT min(slug) FROM timebank_bank").scalar()
    if bank is not None:
        raise InputError(
            field="revision",
            problem=f"the way back to {wanted!r} would lose the facts of {bank}; the release before"
            " this one works on this schema: install it and leave the tables as they are",
        )


def head_revision() -> str:
    """The revision this release needs."""
    return REVISION


def current_revision(database: Engine | Connection, *, schema: str | None = None) -> str | None:
    """The revision the database is at; None where our tables are missing."""
    return _reading(database, lambda connection: _revision_of(connection, schema))


def _revision_of(connection: Connection, schema: str | None) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE, schema=schema):
        return None
    where = "" if schema is None else f"{connection.dialect.identifier_preparer.quote(schema)}."
    found = connection.exec_driver_sql(f"SELECT version_num FROM {where}{VERSION_TABLE}")
    revision = found.scalar()
    return None if revision is None else str(revision)


def check_schema(database: Engine | Connection, *, schema: str | None = None) -> tuple[str, ...]:
    """What differs between the live schema and that of this release; nothing where all is well."""
    return _reading(database, lambda connection: _differences(connection, schema))


def _differences(connection: Connection, schema: str | None) -> tuple[str, ...]:
    revision = _revision_of(connection, schema)
    if revision != head_revision() and not _is_next(revision):
        return (f"revision {revision} instead of {head_revision()}",)
    found = _differences_from(_ours(), connection, schema)
    for wing in wings_known.installed(connection, schema):
        at = wings_known.revision_of(connection, wing, schema)
        if at == wing.revision:
            found += _differences_from(_of_wing(wing), connection, schema)
        else:
            found += (f"{wing.name} at revision {at} instead of {wing.revision}",)
    return found


def _differences_from(
    history: _History, connection: Connection, schema: str | None
) -> tuple[str, ...]:
    lost = guards.missing(connection, schema, history.fence)
    return (
        *live.table_differences(history.metadata, connection, schema),
        *(f"guard {name} is missing or changed" for name in lost),
    )


def _reading(database: Engine | Connection, read: Callable[[Connection], T]) -> T:
    try:
        if isinstance(database, Connection):
            return read(database)
        with database.connect() as connection:
            return read(connection)
    except SQLAlchemyError as error:
        raise translated(error) from error


def require_schema(connection: Connection, schema: str | None) -> str:
    """The revision. *Refuses* a schema that this release does not work on, with ``SchemaError``.

    Looked up once per engine: a schema does not go back while a program runs.
    """
    verified = _verified.setdefault(connection.engine, {})
    if schema not in verified:
        found = _revision_of(connection, schema)
        if found != head_revision() and not _is_next(found):
            raise SchemaError(found=found or "missing", expected=head_revision())
        verified[schema] = str(found)
    return verified[schema]


def _is_next(found: str | None) -> bool:
    """Whether it is the revision of the next release, which only adds: we work on that one too."""
    return found is not None and found.isdecimal() and int(found) == int(head_revision()) + 1


def migration_script(
    dialect: str, *, schema: str | None = None, wings: Collection[str] = ()
) -> str:
    """The SQL that brings an empty database to this release, for an administrator to run.

    *Refuses* ``schema`` on SQLite (``BackendSettingError``), a wing that is not installed
    (``InputError``).
    """
    if schema is not None and dialect == "sqlite":
        raise sqlite.has_no_schemas(schema)
    buffer = io.StringIO()
    if schema is not None:
        buffer.write(f'CREATE SCHEMA IF NOT EXISTS "{schema}";\nSET search_path TO "{schema}";\n\n')
    for history in (_ours(), *map(_of_wing, _named(wings))):
        _write_script(buffer, dialect, history)
    return buffer.getvalue()


def _named(names: Collection[str]) -> list[Wing]:
    return [wings_known.named(name) for name in names]


def _write_script(buffer: io.StringIO, dialect: str, history: _History) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(history.folder))
    context = MigrationContext.configure(
        dialect_name=dialect,
        opts={
            "fn": lambda current, _context: script._upgrade_revs("head", current),
            "script": script,
            "version_table": history.version_table,
            "target_metadata": history.metadata,
            "as_sql": True,
            "output_buffer": buffer,
            "transactional_ddl": True,
            "transaction_per_migration": False,
            "starting_rev": None,
        },
    )
    with context.begin_transaction():
        context.run_migrations(op=Operations(context))
        if dialect == "postgresql" and history.fence is None:
            buffer.writelines(f"{ddl};\n\n" for ddl in guards.FUNCTIONS.values())
        buffer.writelines(f"{ddl};\n\n" for ddl in guards.guards(dialect, history.fence).values())


def include_name(name: str | None, type_: str, _parents: object) -> bool:
    """For a host's ``context.configure(include_name=…)``: autogenerate overlooks our tables."""
    return not (type_ == "table" and name is not None and name.startswith(PREFIX))


def bank_slugs(database: Engine | Connection, *, schema: str | None = None) -> tuple[str, ...]:
    """The slugs of all banks in the database, sorted.

    *Refuses* a database at another schema with ``SchemaError``.
    """

    def read(connection: Connection) -> tuple[str, ...]:
        require_schema(connection, schema)
        where = "" if schema is None else f"{connection.dialect.identifier_preparer.quote(schema)}."
        rows = connection.exec_driver_sql(f"SELECT slug FROM {where}timebank_bank ORDER BY slug")
        return tuple(slug for (slug,) in rows)

    return _reading(database, read)


def wing_names(database: Engine | Connection, *, schema: str | None = None) -> tuple[str, ...]:
    """The names of the wings that the database has, sorted."""
    return _reading(
        database,
        lambda connection: tuple(w.name for w in wings_known.installed(connection, schema)),
    )
