"""One connection with one bank's id and an optional schema: how every statement is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, Row
from sqlalchemy.exc import SQLAlchemyError

from timebank.domain.ids import BankId
from timebank.errors import InputError
from timebank.storage.sql.faults import translated

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

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite: then nothing needs row locks."""
        return self.connection.dialect.name == "sqlite"

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
            raise self._failure(error) from error

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
            raise self._failure(error) from error

    def attempt(self, work: Callable[[], bool]) -> bool:
        """Do something inside a savepoint; what it wrote stays only where it says True."""
        self._require_open()
        try:
            with self.connection.begin_nested() as savepoint:
                kept = work()
                if not kept:
                    savepoint.rollback()
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        return kept

    def require_writing(self) -> None:
        """*Refuses* to lock or write through a unit that only reads."""
        if not self._writes:
            raise InputError(field="uow", problem="it only reads; open a unit of work to write")

    def _require_open(self) -> None:
        """What comes after the block would stand outside of its savepoint."""
        if self.ended:
            raise InputError(field="uow", problem="its block has ended; open another unit of work")

    def _failure(self, error: SQLAlchemyError) -> Exception:
        """Ours for the first error; later ones only say that the transaction has failed."""
        self.failed = self.failed or translated(error)
        return self.failed
