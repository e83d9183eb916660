"""Where a command works: the database, the bank in it, and who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import timebank
from timebank.domain.actor import Actor
from timebank.errors import DatabaseUnavailable, InputError, SchemaError, SecondPersonNeeded
from timebank.ports import ReadingUnit, UnitOfWork

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

T = TypeVar("T")


class _NotKept(Exception):
    """A dry run is over: the unit of work is to be undone."""

    def __init__(self, result: Any) -> None:
        super().__init__("dry run")
        self.result = result


_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgresql+asyncpg": "postgresql+psycopg",
    "sqlite+aiosqlite": "sqlite",
}
"""An app's URL names the same database, by a driver that waits."""


@dataclass(kw_only=True)
class Place:
    """A database, reached when it is first needed."""

    url: str | None
    schema: str | None

    @cached_property
    def engine(self) -> Engine:
        """The engine. *Refuses* a missing or unreadable URL and a missing driver."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        try:
            return timebank.prepare_sqlite(create_engine(self._parsed_url()))
        except (ArgumentError, NoSuchModuleError) as error:
            raise InputError(field="url", problem=str(error)) from None
        except ModuleNotFoundError as error:
            raise InputError(
                field="url",
                problem=f"the driver {error.name} is missing; pip install 'timebank[postgres]'",
            ) from None

    def _parsed_url(self) -> URL:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        if not self.url:
            raise InputError(field="url", problem="name the database: --url or TIMEBANK_URL")
        try:
            parsed = make_url(self.url)
        except ArgumentError:
            raise InputError(
                field="url", problem="cannot be read; write sqlite:///timebank.sqlite"
            ) from None
        return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))

    def close(self) -> None:
        """Let go of every connection."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def require_database(self) -> None:
        """*Refuses* a SQLite file that is not there: looking at it never makes one."""
        file = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and file and not _sqlite_exists(file):
            raise DatabaseUnavailable(
                reason=f"there is no file {file}",
                next_step="Make it with: timebank db upgrade",
            )

    def require_schema(self) -> None:
        """*Refuses* a database that is missing or not at this release's schema."""
        self.require_database()
        found = timebank.current_revision(self.engine, schema=self.schema)
        expected = timebank.head_revision()
        if found != expected:
            raise SchemaError(found=found or "empty", expected=expected)

    def chosen_bank(self, bank: str | None) -> str:
        """The bank's slug: the one named, or the only one.

        *Refuses* unknown banks, and none where the database has several or none.
        """
        self.require_schema()
        slugs = timebank.bank_slugs(self.engine, schema=self.schema)
        known = ", ".join(slugs) if slugs else "none; timebank bank create makes one"
        if bank is not None and bank not in slugs:
            raise InputError(field="bank", problem=f"{bank!r} is not one of: {known}")
        if bank is None and len(slugs) != 1:
            raise InputError(field="bank", problem=f"say which with --bank; there is: {known}")
        return bank or slugs[0]

    @contextmanager
    def reading(self, bank: str | None) -> Iterator[ReadingUnit]:
        """One snapshot of the bank."""
        slug = self.chosen_bank(bank)
        with timebank.reading(self.engine, bank=slug, schema=self.schema) as uow:
            yield uow

    def write(self, bank: str | None, act: Callable[[UnitOfWork], T]) -> T:
        """Do it in one commit, repeated within bounds where somebody else was faster."""
        return self.run(self.chosen_bank(bank), act)

    def rehearse(self, bank: str | None, act: Callable[[UnitOfWork], T]) -> T:
        """What ``write`` would answer; nothing of it is kept."""

        def tried(uow: UnitOfWork) -> T:
            raise _NotKept(act(uow))

        try:
            return self.write(bank, tried)
        except _NotKept as over:
            found: T = over.result
            return found

    def run(self, slug: str, act: Callable[[UnitOfWork], T]) -> T:
        """``write`` in the bank of this slug, which need not be there yet."""
        return timebank.standalone(self.engine, bank=slug, schema=self.schema).run(act)


def _sqlite_exists(file: str) -> bool:
    return file == ":memory:" or file.startswith("file:") or Path(file).exists()


@contextmanager
def opened(url: str | None, schema: str | None) -> Iterator[Place]:
    """The place that the options name, closed at the end."""
    place = Place(url=url, schema=schema)
    try:
        yield place
    finally:
        place.close()


def actor(
    uow: ReadingUnit,
    ref: str | None,
    *,
    role: str | None = None,
    on_behalf_of: str | None = None,
) -> Actor:
    """The registered person as an actor. *Refuses* nobody, and what ``staff.actor`` refuses."""
    if not ref:
        raise InputError(field="by", problem="say who acts: --by REF or TIMEBANK_ACTOR")
    found = timebank.staff.actor(uow, ref, role=role, on_behalf_of=on_behalf_of)
    if on_behalf_of is not None and found.on_behalf_of is None:
        raise InputError(field="on_behalf_of", problem="only staff act for somebody else")
    return found


def approver(uow: ReadingUnit, ref: str | None) -> Actor | None:
    """The second person, if one is named."""
    return None if ref is None else actor(uow, ref)


def second_person(uow: ReadingUnit, ref: str | None) -> Actor:
    """The second person of an action that cannot go without. *Refuses* nobody, as the rules do."""
    if ref is None:
        raise SecondPersonNeeded(action="this command")
    return actor(uow, ref)
