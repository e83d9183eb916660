"""One connection with one bank's id and an optional schema: how every statement is run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, Row
from sqlalchemy.exc import SQLAlchemyError

from timebank.domain.ids import BankId
from timebank.errors import InputError
from timebank.storage.sql import driver
from timebank.storage.sql.faults import translated
from timebank.storage.sql.prepared import Prepared, Values, listed

STREAM_ROWS: Final = 5_000


class Link:
    """Runs statements on the host's connection; database errors come out as ours."""

    def __init__(
        self, connection: Connection, bank: BankId, schema: str | None, *, writes: bool = True
    ) -> None:
        self.connection = connection
        self.bank = bank
        self.schema = schema
        self.failed: Exception | None = None
        self.ended = False
        self._writes = writes
        self._options = {"schema_translate_map": {None: schema}} if schema else {}
        self._is_watched = driver.is_watched(connection)
        self.is_sqlite: Final = connection.dialect.name == "sqlite"
        """Whether the database is SQLite: then nothing needs row locks."""

    def run(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Execute one statement. *Refuses* once the unit of work has ended."""
        self._require_open()
        try:
            return self.connection.execute(statement, parameters, execution_options=self._options)
        except SQLAlchemyError as error:
            raise self.failure(error) from error

    def rows(
        self, prepared: Prepared, *, ids: Collection[Any] | None = None, **values: Any
    ) -> list[Any]:
        """Every row of a statement that is asked often, of one that looks for ``ids`` too."""
        if ids is None:
            return self._driven(prepared, values)[0]
        size, places = listed(ids, is_sqlite=self.is_sqlite)
        return self._driven(prepared, values | places, size)[0]

    def write(self, prepared: Prepared, values: Values | Sequence[Values]) -> int:
        """Execute a statement that is used often, once for each of several values; how many rows
        it wrote.
        """
        return self._driven(prepared, values)[1]

    def _driven(
        self, prepared: Prepared, values: Values | Sequence[Values], size: int = 0
    ) -> tuple[list[Any], int]:
        self._require_open()
        text = prepared.text(self.connection.dialect, self.schema, size)
        given: Any = (
            text.given(values)
            if isinstance(values, Mapping)
            else [text.given(each) for each in values]
        )
        try:
            found, count = driver.execute(
                self.connection, text.sql, given, finds=text.finds, watched=self._is_watched
            )
        except SQLAlchemyError as error:
            raise self.failure(error) from error
        return text.rows(found), count

    def one(self, statement: Executable, **values: Any) -> Row[Any] | None:
        """The first row, or None."""
        return self.run(statement, values).first()

    def all(self, statement: Executable, **values: Any) -> Sequence[Row[Any]]:
        """Every row at once: for results of bounded size."""
        return self.run(statement, values).all()

    def stream(self, statement: Executable) -> Iterator[Row[Any]]:
        """Rows of any number in bounded memory."""
        self._require_open()
        options = {**self._options, "stream_results": True, "yield_per": STREAM_ROWS}
        try:
            yield from self.connection.execute(statement, execution_options=options)
        except SQLAlchemyError as error:
            raise self.failure(error) from error

    def attempt(self, work: Callable[[], bool]) -> bool:
        """Do something inside a savepoint; what it wrote stays only where it says True."""
        self._require_open()
        try:
            with self.connection.begin_nested() as savepoint:
                kept = work()
                if not kept:
                    savepoint.rollback()
        except SQLAlchemyError as error:
            raise self.failure(error) from error
        return kept

    def require_writing(self) -> None:
        """*Refuses* to lock or write through a unit that only reads."""
        if not self._writes:
            raise InputError(field="uow", problem="it only reads; open a unit of work to write")

    def _require_open(self) -> None:
        """What comes after the block would stand outside of its savepoint."""
        if self.ended:
            raise InputError(field="uow", problem="its block has ended; open another unit of work")

    def failure(self, error: SQLAlchemyError) -> Exception:
        """Ours for the first error; later ones only say that the transaction has failed."""
        self.failed = self.failed or translated(error)
        return self.failed
