"""A site and the office that keeps a copy of its bank: what carries bundles between them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.backends import BANK, Backend, MemoryBackend, SqlBackend, World
from tests.postgres import create_database, drop_database
from tests.support import refusal
from timebank import audits, bundles, journal
from timebank.domain.audit import Verdict
from timebank.formats import bundle
from timebank.proof.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A bundle on a stick, with the file of people that was asked for beside it."""

    lines: list[str]
    people: list[str] | None = None


def export(
    site: World, since: Checkpoint | int = 0, *, people: bool = False, **more: Any
) -> Carried:
    """Seal, and write a bundle."""
    site.do(journal.seal)
    with site.backend.reading(site.bank) as uow:
        named = [*bundles.export_people(uow)] if people else None
        lines = [*bundles.export(uow, since=since, people=named, **more)]
    return Carried(lines=lines, people=named)


def resealed(lines: Sequence[str], edit: Callable[[bundle.Row], Iterable[bundle.Row]]) -> list[str]:
    """The bundle after an edit of its rows, with every checksum made right: a forger can count."""
    rows = (json.loads(line) for line in lines)
    kept = (row for row in rows if row["type"] not in ("section", "end"))
    return [*bundle.written(new for row in kept for new in edit(row))]


@dataclass(slots=True, kw_only=True)
class Office:
    """The other database."""

    backend: Backend
    bank: str

    def take(self, carried: Carried | Sequence[str], **more: Any) -> bundles.Taken:
        """Import a bundle in one commit."""
        if not isinstance(carried, Carried):
            carried = Carried(lines=[*carried])
        with self.backend.unit(self.bank) as uow:
            return bundles.load(uow, carried.lines, carried.people, **more)

    def refuses(self, carried: Carried | Sequence[str]) -> str:
        """The name of the error by which a bundle is refused."""
        return refusal(partial(self.take, carried))

    def lines(self) -> list[str]:
        """Everything of the copy but names, as a journal file."""
        with self.backend.reading(self.bank) as uow:
            return [*journal.export(uow)]

    def people(self) -> list[str]:
        """The names that the copy holds."""
        with self.backend.reading(self.bank) as uow:
            return [*bundles.export_people(uow)]

    def findings(self) -> list[str]:
        """What an audit of the copy finds."""
        with self.backend.reading(self.bank) as uow:
            report = audits.run(uow, max_unsealed_hours=10**6)
        assert report.verdict in (Verdict.CLEAN, Verdict.FINDINGS)
        return [finding.check for finding in report.findings]


@pytest.fixture
def office(world: World, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An empty database elsewhere: for a site on SQLite one of PostgreSQL, and the other way."""
    if world.backend.name == "memory":
        yield Office(backend=MemoryBackend(), bank=BANK)
        return
    if world.backend.name == "postgresql":
        model = request.getfixturevalue("sqlite_template")
        engine = create_engine(f"sqlite:///{shutil.copyfile(model, tmp_path / 'office.sqlite')}")
        yield Office(backend=SqlBackend(engine), bank=BANK)
        engine.dispose()
        return
    server = request.getfixturevalue("postgres_server")
    url = create_database(server, template=request.getfixturevalue("postgres_template"))
    engine = create_engine(url)
    yield Office(backend=SqlBackend(engine), bank=BANK)
    engine.dispose()
    drop_database(server, url)


def of_site(site: World) -> list[str]:
    """Everything of the bank but names, as a journal file."""
    return site.see(lambda uow: [*journal.export(uow)])
