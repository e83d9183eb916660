"""Units of work on a host's connection: writing in a savepoint, reading in a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from timebank.domain.bank import checked_time, require_own
from timebank.domain.changes import Changes
from timebank.domain.ids import bank_id_of
from timebank.domain.words import of_another_kind
from timebank.errors import BrokenInvariantError, InputError, TimebankError
from timebank.ports import RequestKey, StoredReceipt, WingAudit, WingErasure, WingLog
from timebank.storage.identity import TimeOrderedIds
from timebank.storage.sql import recording, sqlite, wings
from timebank.storage.sql._migrate import require_schema
from timebank.storage.sql.faults import at_commit, at_connect, is_retryable, translated
from timebank.storage.sql.link import Link
from timebank.storage.sql.stores.accounts import SqlAccountStore
from timebank.storage.sql.stores.archive import SqlArchive
from timebank.storage.sql.stores.audit import SqlAuditSource
from timebank.storage.sql.stores.banks import SqlBankStore
from timebank.storage.sql.stores.exchanges import SqlExchangeStore
from timebank.storage.sql.stores.journal import SqlJournal
from timebank.storage.sql.stores.listings import SqlListingStore
from timebank.storage.sql.stores.people import SqlPersonStore
from timebank.storage.sql.stores.requests import SqlOutbox, SqlRequestStore
from timebank.storage.sql.stores.seals import SqlSealStore
from timebank.storage.sql.telling import tell, tell_error

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, SessionTransaction
    from tenacity import RetryCallState

Clock = Callable[[], datetime]
T = TypeVar("T")

ATTEMPTS: Final = 8
"""How often ``standalone(...).run`` tries a unit of work that met somebody faster."""


def system_clock() -> datetime:
    """The computer's clock in UTC."""
    return datetime.now(UTC)


def _zoned(clock: Clock) -> datetime:
    """What the clock says. *Refuses* one without a zone, with ``NaiveTime``."""
    return checked_time(clock(), field="clock")


class SqlUnit:
    """One bank on one connection: the stores, the clock, and the one way to write."""

    def __init__(
        self,
        connection: Connection,
        slug: str,
        schema: str | None,
        clock: Clock,
        revision: str,
        *,
        writes: bool = True,
    ) -> None:
        link = Link(connection, bank_id_of(slug), schema, writes=writes)
        self.slug = slug
        self.schema_revision = revision
        self.now = partial(_zoned, clock)
        self.fresh = TimeOrderedIds(self.now)
        self.banks = SqlBankStore(link, slug)
        self.people = SqlPersonStore(link)
        self.accounts = SqlAccountStore(link)
        self.journal = SqlJournal(link)
        self.exchanges = SqlExchangeStore(link)
        self.listings = SqlListingStore(link)
        self.requests = SqlRequestStore(link)
        self.outbox = SqlOutbox(link)
        self.seals = SqlSealStore(link)
        self.archive = SqlArchive(link)
        self.connection = connection
        self.link = link
        self._broken: BaseException | None = None

    @property
    def audit(self) -> SqlAuditSource:
        """A source that has looked at nothing yet: what it sees once it does not ask again."""
        return SqlAuditSource(self.link)

    @property
    def wing_audits(self) -> tuple[WingAudit, ...]:
        """What the wings of this database add to an audit."""
        return tuple(wing.audit for wing in self._wings() if wing.audit is not None)

    @property
    def wing_erasures(self) -> tuple[WingErasure, ...]:
        """What the wings of this database take out with a person."""
        return tuple(wing.erasure for wing in self._wings() if wing.erasure is not None)

    @property
    def wing_logs(self) -> tuple[WingLog, ...]:
        """What the wings of this database add to the log."""
        return tuple(wing.log for wing in self._wings() if wing.log is not None)

    def _wings(self) -> tuple[wings.Wing, ...]:
        try:
            return wings.installed(self.connection, self.link.schema)
        except SQLAlchemyError as error:
            raise self.link.failure(error) from error

    def record(
        self, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey]
    ) -> bool:
        """Write everything, keys first; False and nothing written if a key was taken.

        A failure in the middle breaks the unit: whatever the caller does with the error, the
        savepoint is rolled back at its end.
        """
        self.link.require_writing()
        if (bank := self.banks.find()) is not None:
            require_own(bank)
        if self._broken is not None:
            raise BrokenInvariantError("this unit of work failed before; begin a new one")
        try:
            recorded = recording.record(self.link, changes, receipt, keys)
        except BaseException as error:
            self._broken = error
            raise
        if not recorded:
            tell("timebank.key_taken", self.slug, receipt.action)
            return False
        happened = ",".join(type(event).__name__ for event in receipt.events)
        tell("timebank.recorded", self.slug, receipt.action, receipt.id, happened)
        return True

    def beside(self, slug: str) -> SqlUnit:
        """Another bank in the same transaction."""
        return SqlUnit(self.connection, slug, self.link.schema, self.now, self.schema_revision)

    def require_whole(self) -> None:
        """Raise what broke this unit, if anything did, whoever caught it before.

        *Refuses* a bank that nobody created, not even here: what was read of it was nothing.
        """
        if broken := self._broken or self.link.failed:
            raise broken
        self.banks.get()


@contextmanager
def unit_of_work(
    session: Session, *, bank: str, schema: str | None = None, clock: Clock = system_clock
) -> Iterator[SqlUnit]:
    """Write to a bank inside the transaction of a host's ``Session``.

    Ours is a savepoint and nothing more: the host commits, and its rollback takes ours along. An
    exception that leaves the block rolls the savepoint back and nothing else. The host's pending
    objects are flushed first, so that their errors surface here.

    *Refuses:* what is no ``Session`` (``InputError``), a database at another schema
    (``SchemaError``), settings that would break a promise (``BackendSettingError``), a database
    held by another writer for too long (``ConflictError``), a bank that nobody has created by the
    end of the block (``NotFoundError``).
    """
    _require_session(session)
    with _translating(at_connect):
        connection = session.connection()
    with _translating(), sqlite.spoiled_if_ended(connection):
        _begin_writing(connection, schema)
        revision = require_schema(connection, schema)
        savepoint = session.begin_nested()
        session.connection()  # only now does the session send SAVEPOINT
    unit = SqlUnit(connection, bank, schema, clock, revision)
    try:
        yield unit
        _require_not_ended(session, savepoint)
        unit.require_whole()
    except BaseException as error:
        if savepoint.is_active or session.get_nested_transaction() is savepoint:
            sqlite.spoil_if_ended(connection)
            with _or_given_up(connection):
                savepoint.rollback()
        tell_error(bank, error)
        raise
    finally:
        unit.link.ended = True
    with _translating():
        savepoint.commit()


def _require_session(session: object) -> None:
    from sqlalchemy.orm import Session, scoped_session

    if isinstance(session, (Session, scoped_session)):
        return
    raise of_another_kind(
        session,
        field="session",
        instead="give a Session of SQLAlchemy, or await timebank.aio.run with an"
        " AsyncSession; a script with an Engine takes timebank.standalone",
    )


def _require_not_ended(session: Session, savepoint: SessionTransaction) -> None:
    """A flush of the host's that failed leaves the savepoint in its place; SQLAlchemy names it."""
    if not savepoint.is_active and session.get_nested_transaction() is not savepoint:
        raise InputError(
            field="session",
            problem="it was committed or rolled back inside the block; do that after the block."
            " What it committed there is kept",
        )


def _require_engine(engine: object) -> None:
    if not isinstance(engine, Engine):
        instead = "give an Engine, as sqlalchemy.create_engine makes it"
        raise of_another_kind(engine, field="engine", instead=instead)


class Standalone:
    """A unit of work with a transaction of its own, for scripts: ``with`` or ``run``."""

    def __init__(self, engine: Engine, bank: str, schema: str | None, clock: Clock) -> None:
        self._engine = engine
        self._bank = bank
        self._schema = schema
        self._clock = clock

    def __enter__(self) -> SqlUnit:
        with _translating(at_connect):
            self._connection = self._engine.connect()
        try:
            with _translating():
                _begin_writing(self._connection, self._schema)
                revision = require_schema(self._connection, self._schema)
            self._unit = SqlUnit(self._connection, self._bank, self._schema, self._clock, revision)
        except BaseException:
            self._connection.close()
            raise
        return self._unit

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._connection:
            if error is not None:
                self._unit.link.ended = True
                with _or_given_up(self._connection):
                    self._connection.rollback()
                tell_error(self._bank, error)
                return
            try:
                self._unit.require_whole()
            finally:
                self._unit.link.ended = True
            with _translating(at_commit):
                self._connection.commit()

    def run(self, work: Callable[[SqlUnit], T]) -> T:
        """Call ``work`` with a unit of work and commit; repeat it, within bounds and with jitter,
        where somebody else was faster.

        ``OutcomeUnknownError`` is not repeated here: only the caller knows whether a key protects
        the work.
        """
        from tenacity import (
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            wait_random_exponential,
        )

        attempts = Retrying(
            retry=retry_if_exception(is_retryable),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            before_sleep=self._tell_repeated,
            reraise=True,
        )
        result: T = attempts(self._once, work)
        return result

    def _tell_repeated(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        code = error.code if isinstance(error, TimebankError) else None
        tell("timebank.repeated", self._bank, code, state.attempt_number)

    def _once(self, work: Callable[[SqlUnit], T]) -> T:
        with Standalone(self._engine, self._bank, self._schema, self._clock) as unit:
            return work(unit)


def standalone(
    engine: Engine, *, bank: str, schema: str | None = None, clock: Clock = system_clock
) -> Standalone:
    """A unit of work that begins and commits by itself, for scripts and the command line.

    As a ``with`` block it does not retry; ``standalone(...).run(fn)`` does, within bounds.

    *Refuses* what ``unit_of_work`` refuses; a connection lost while committing is an
    ``OutcomeUnknownError``: repeat with the same key, and only with one.
    """
    _require_engine(engine)
    return Standalone(engine, bank, schema, clock)


@contextmanager
def reading(
    engine: Engine, *, bank: str, schema: str | None = None, clock: Clock = system_clock
) -> Iterator[SqlUnit]:
    """Read a bank in one snapshot; writers are not blocked, a role with SELECT alone is enough.

    Accepted by audits, balances, statements and every ``get`` and ``list``; it refuses to write.

    *Refuses* a database at another schema (``SchemaError``) and a bank that nobody created
    (``NotFoundError``).
    """
    _require_engine(engine)
    with _translating(at_connect):
        connection = engine.connect()
    with connection, _snapshot(connection):
        with _translating():
            revision = require_schema(connection, schema)
        unit = SqlUnit(connection, bank, schema, clock, revision, writes=False)
        try:
            unit.banks.get()
            yield unit
        finally:
            unit.link.ended = True


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """One state of the database to read from; the connection goes back as it came, or is given up:
    what was read does not depend on a server that is gone by then.
    """
    try:
        with _translating():
            _begin_reading(connection)
        yield
    finally:
        with _or_given_up(connection):
            if connection.dialect.name == "sqlite" and not connection.invalidated:
                sqlite.end_reading(connection)
            connection.rollback()


@contextmanager
def _or_given_up(connection: Connection) -> Iterator[None]:
    """A connection that was lost has nothing to undo, and what went wrong before is heard."""
    try:
        yield
    except SQLAlchemyError:
        connection.invalidate()


def _begin_writing(connection: Connection, schema: str | None) -> None:
    if connection.dialect.name == "sqlite":
        if schema is not None:
            raise sqlite.has_no_schemas(schema)
        sqlite.begin_writing(connection)
    elif not connection.in_transaction():
        connection.begin()


def _begin_reading(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        sqlite.begin_reading(connection)
    else:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.begin()


@contextmanager
def _translating(
    ours: Callable[[SQLAlchemyError], Exception] = translated,
) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise ours(error) from error
