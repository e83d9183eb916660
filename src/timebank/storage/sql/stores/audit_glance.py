"""One pass over a table that asks whether there is anything wrong in it at all.

Several checks ask the same pass, and read rows only where it does not say that all is well. It
says nothing of later rows alone, nor where it cannot read: then each check looks for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, Table, case, func, not_, select
from sqlalchemy.exc import SQLAlchemyError

from timebank.domain.audit_rows import codes_of
from timebank.errors import InputError, StorageError
from timebank.storage.sql import schema
from timebank.storage.sql.link import Link
from timebank.storage.sql.recording import SEALED, SHAPES
from timebank.storage.sql.rows import people
from timebank.storage.sql.stores.audit_marks import Arithmetic, Hashes
from timebank.storage.sql.stores.audit_rules import is_large, references_of, soundness
from timebank.storage.sql.stores.audit_scope import Later, Scoped

T = TypeVar("T")
Glance = Mapping[str, int]
"""What a pass counted and added up, by name."""

KINDS: Final = {SHAPES[kind][0]: word for kind, word in SEALED.items()}
"""Table of facts → the queue's word for them."""

_UNREADABLE: Final = (
    StorageError,
    SQLAlchemyError,
    InputError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
)


class Question(NamedTuple):
    """What is worked out for each row, and how that is added up."""

    each: Mapping[str, ColumnElement[Any]]
    total: Callable[[Any], ColumnElement[Any]]


class SqlAuditGlance(Scoped):
    """The part of ``AuditSource`` by which the others know where they need not look."""

    def __init__(self, link: Link, later: Later | None = None) -> None:
        super().__init__(link, later)
        self._seen: dict[str, Glance | None] = {}
        is_postgresql = link.connection.dialect.name == "postgresql"
        self._hashes = Hashes() if is_postgresql else None
        self._places = self._hashes or Arithmetic()

    @property
    def unreadable(self) -> tuple[type[Exception], ...]:
        """What a stream raises when a table cannot be read, or a row says nothing we know."""
        return _UNREADABLE

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint: PostgreSQL reads nothing more after an error outside of one."""
        try:
            with self.link.connection.begin_nested() as savepoint:
                yield
                savepoint.rollback()
        except SQLAlchemyError as error:
            raise self.link.failure(error) from error

    def require_answered(self) -> None:
        """*Refuses* to go on where the database itself failed meanwhile, with its error."""
        if self.link.failed is not None:
            raise self.link.failed

    def _is_sound(self, table: Table) -> bool:
        """Whether it is known that no row of the table is wrong by itself."""
        found = self._glance(table)
        return found is not None and found["wrong"] == 0

    def _is_empty(self, table: Table, column: str) -> bool:
        """Whether it is known that no row says anything in this column."""
        found = self._glance(table)
        return found is not None and found.get(column) == 0

    def _known(self, ask: Callable[[], T]) -> T | None:
        """The answer, or None where the question cannot be asked: nobody has to know of that."""
        failed = self.link.failed
        try:
            with self.attempt():
                return ask()
        except _UNREADABLE:
            self.link.failed = failed
            return None

    def _number(self, query: Select[Any]) -> int:
        return int(self.link.run(query).scalar_one() or 0)

    def _glance(self, table: Table) -> Glance | None:
        """What one pass over the whole table says; None where it says nothing."""
        if self._later is not None:
            return None
        if table.name not in self._seen:
            self._seen[table.name] = self._known(lambda: self._asked(table))
        return self._seen[table.name]

    def _asked(self, table: Table) -> Glance:
        questions = self._questions(table)
        each = [part.label(name) for q in questions.values() for name, part in q.each.items()]
        rows = select(*each).select_from(table).where(self._scanned(table))
        if self.link.is_sqlite:  # it would work out each part wherever the sums name it
            rows = rows.limit(-1)
        seen = rows.subquery().c
        totals = (question.total(seen).label(name) for name, question in questions.items())
        found = self.link.run(select(func.count().label("rows"), *totals)).one()
        return {name: int(value or 0) for name, value in found._mapping.items()}

    def _questions(self, table: Table) -> dict[str, Question]:
        unsound = not_(soundness(table, self.link.bank, self._codes))
        counted: dict[str, ColumnElement[Any]] = {"wrong": case((unsound, 1))}
        counted |= {c.name: c for c, key in references_of(table) if is_large(key)}
        counted |= {c.name: c for c in table.c if c.name == "note_digest"}
        if table is schema.transfer:
            counted["first"] = case((table.c.n == 1, 1))
        found = {name: _count(name, column) for name, column in counted.items()}
        if table is schema.transfer:
            found["steps"] = self._steps()
        if self._hashes is not None:
            found |= _numbers(table, self._hashes)
        return found

    def _steps(self) -> Question:
        """From each entry's place before to its place after; both sides of each transfer."""
        transfer, line, number = schema.transfer.c, self._places.line, self._places.number
        each = {}
        for side, sign in (("source", 1), ("target", -1)):
            account, at = transfer[f"{side}_id"], transfer[f"{side}_number"]
            balance = transfer[f"{side}_balance_minutes"]
            each[f"{side}_to"] = line(account, at, balance)
            each[f"{side}_from"] = line(account, at - 1, balance + sign * transfer.minutes)
        return Question(
            each,
            lambda seen: func.sum(
                number(seen.source_to)
                - number(seen.source_from)
                + number(seen.target_to)
                - number(seen.target_from)
            ),
        )

    @cached_property
    def _codes(self) -> dict[str, set[str]]:
        """The codes of the bank's policies, by column."""
        rows = self.link.all(self._of_bank(schema.policy))
        return codes_of([people.version_from(row).policy for row in rows])


def _numbers(table: Table, hashes: Hashes) -> dict[str, Question]:
    """Sums of the numbers of facts, and of what a transaction and its first transfer share."""
    found = {}
    if word := KINDS.get(table):
        found["facts"] = _sum("facts", hashes.fact(word, table.c.id))
    if table in (schema.leaf, schema.seal_queue):
        found["facts"] = _sum("facts", hashes.fact(table.c.kind, table.c.fact_id))
    if table is schema.transaction:
        found["recorded"] = _sum("recorded", hashes.recorded(table.c.id, table.c.recorded_at))
    if table is schema.transfer:
        recorded = hashes.recorded(table.c.transaction_id, table.c.recorded_at)
        found["recorded"] = _sum("recorded", case((table.c.n == 1, recorded)))
    return found


def _count(name: str, column: ColumnElement[Any]) -> Question:
    return Question({name: column}, lambda seen: func.count(seen[name]))


def _sum(name: str, column: ColumnElement[Any]) -> Question:
    return Question({name: column}, lambda seen: func.sum(seen[name]))
