"""P-35: a site's books reach the office in bundles on a stick, with everything of the scheme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine

import timebank
from tests.backends import SqlBackend
from tests.contract.bundling import Carried, Office, export
from tests.custody.scheme import Scheme
from tests.postgres import create_database, drop_database
from tests.support import refusal
from timebank import accounts, members
from timebank.custody import people, sheets, sites


@pytest.fixture
def north(sqlite_scheme: Scheme) -> Scheme:
    """One site, on its one computer."""
    return sqlite_scheme


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlBackend]:
    """The office's database, empty, with the custody wing."""
    url, server = f"sqlite:///{tmp_path / 'office.sqlite'}", None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = create_database(server)
    engine = create_engine(url)
    timebank.migrate(engine, wings=["custody"])
    yield SqlBackend(engine)
    engine.dispose()
    if server is not None:
        drop_database(server, url)


def copy_of(site: Scheme, office: SqlBackend) -> Office:
    """Where the office keeps the site's copy."""
    return Office(backend=office, bank=site.bank)


def of_journal(site: Scheme) -> list[str]:
    """Everything that the site's journal file holds."""
    return site.see(lambda uow: [*timebank.journal.export(uow)])


def test_p35_a_sites_books_come_in_bundles_each_once_or_not_at_all(
    north: Scheme, office: SqlBackend
) -> None:
    copy = copy_of(north, office)
    first = export(north)
    north.posted("S-1", ("ray", 90), ("sam", 60))
    north.sheet("S-2", ("tom", 30))
    second = export(north, size_of(first))
    torn = Carried(lines=second.lines[: len(second.lines) // 2])
    edited = Carried(lines=[line.replace('"minutes":', '"minutes":1') for line in second.lines])
    assert copy.refuses(second) == "bundle_gap"
    assert copy.take(first).written
    for damaged in (torn, edited):
        assert copy.refuses(damaged) == "bundle_damaged file"
    assert copy.take(second).written
    for again in (second, first, second):
        assert not copy.take(again).written
    assert copy.lines() == of_journal(north)
    with office.reading(north.bank) as uow:
        assert accounts.balance(uow, "pot").minutes == north.pot() > 0


def size_of(carried: Carried) -> int:
    size: int = json.loads(carried.lines[0])["to"]["size"]
    return size


def test_p35_nothing_of_the_scheme_is_written_in_the_copy(
    north: Scheme, office: SqlBackend
) -> None:
    sheet = north.sheet("S-1", ("ray", 90))
    copy_of(north, office).take(export(north))
    here = replace(north, backend=office)
    submit = partial(here.do, sheets.submit, sheet, by=north.staff("bea"))
    suspend = partial(here.do, people.suspend, "ray", reason="other", by=north.cora)
    for act in (submit, suspend, partial(here.two, sites.windup)):
        assert refusal(act) == "bank_is_copy"


def test_p30_what_is_erased_at_the_site_is_erased_at_the_office(
    north: Scheme, office: SqlBackend
) -> None:
    copy = copy_of(north, office)
    first = export(north, people=True)
    copy.take(first)
    assert "Gran Outside" in "".join(copy.people())
    north.do(members.leave, "gran", hours_to="pot", by=north.cora)
    north.two(members.forget, "gran", reason="left the bank")
    copy.take(export(north, size_of(first)))
    names = "".join(copy.people())
    assert "Gran" not in names
    assert "Aunt Outside" in names
