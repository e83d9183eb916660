"""P-35: a site's books reach the office in bundles on a stick, with everything of the scheme."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

import timebank
from tests.backends import SqlBackend, engine_of
from tests.cli.program import run
from tests.contract.bundling import Carried, Office, export, resealed
from tests.custody.scheme import Scheme, a_scheme
from tests.custody.test_sites import half_held, slip
from tests.postgres import create_database, drop_database
from tests.support import refusal
from timebank import accounts, members
from timebank.custody import people, pins, sheets, sites
from timebank.errors import BundleDamaged
from timebank.ports import ReadingUnit


@pytest.fixture
def north(sqlite_scheme: Scheme) -> Scheme:
    """One site, on its one computer."""
    return sqlite_scheme


@pytest.fixture
def leyhill(office_file: Path, tmp_path: Path) -> Iterator[Scheme]:
    """Another site, on a computer of its own."""
    file = shutil.copyfile(office_file, tmp_path / "leyhill.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    yield a_scheme(SqlBackend(engine), "leyhill")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlBackend]:
    """The office's database, empty, with the custody wing."""
    server = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = create_database(server, request.getfixturevalue("office_template"))
    else:
        template = request.getfixturevalue("office_file")
        url = f"sqlite:///{shutil.copyfile(template, tmp_path / 'office.sqlite')}"
    engine = create_engine(url)
    yield SqlBackend(engine)
    engine.dispose()
    if server is not None:
        drop_database(server, url)


def copy_of(site: Scheme, office: SqlBackend) -> Office:
    """Where the office keeps the site's copy."""
    return Office(backend=office, bank=site.bank)


def told(office: SqlBackend, site: Scheme) -> list[str]:
    """The papers and states of the site's sheets, as its copy has them."""
    with office.reading(site.bank) as uow:
        return _papers(uow)


def of_journal(site: Scheme) -> list[str]:
    """Everything that the site's journal file holds."""
    return site.see(lambda uow: [*timebank.journal.export(uow)])


def of_site(site: Scheme) -> list[str]:
    """The same, as the site has them."""
    return site.see(_papers)


def _papers(uow: ReadingUnit) -> list[str]:
    return [f"{one.sheet.paper} {one.sheet.state.value}" for one in sheets.list(uow)]


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
    assert told(office, north) == []
    assert copy.take(second).written
    for again in (second, first, second):
        assert not copy.take(again).written
    assert copy.lines() == of_journal(north)
    assert told(office, north) == of_site(north)
    assert copy.findings() == []
    with office.reading(north.bank) as uow:
        assert accounts.balance(uow, "pot").minutes == north.pot() > 0


def added(of: str, /, *, word: str = "", drop: tuple[str, ...] = (), **values: object):
    """An edit: after the first row of that kind one more like it, with other values."""
    once = iter([True])

    def edit(line):
        yield line
        if line["type"] == of and next(once, False):
            kept = {name: value for name, value in line["row"].items() if name not in drop}
            yield {"type": word or of, "row": {**kept, **values}}

    return edit


SHEET_LINE = "custody.sheet_line"
UNPROVEN = {
    "a line under a sheet that is sealed": lambda north: added(
        SHEET_LINE, n=9, person_id=north.people["tom"]
    ),
    "an attempt without a leaf": lambda north: added(
        "custody.sheet_act",
        word="custody.attempt",
        drop=(
            *("sheet_id", "n", "act", "becomes", "reason", "paper", "seat"),
            *("approver_role", "approver_id"),
        ),
        id="f" * 32,
        action="sheets.post",
        code="refused",
        subjects="[]",
    ),
    "a sheet without a leaf": lambda north: added("custody.sheet", id="f" * 32, paper="S-9"),
}


@pytest.mark.parametrize("forgery", UNPROVEN)
def test_p35_what_no_leaf_proves_of_the_scheme_is_not_taken(
    north: Scheme, office: SqlBackend, forgery: str
) -> None:
    copy = copy_of(north, office)
    north.posted("S-1", ("ray", 90), ("sam", 60))
    first = export(north)
    copy.take(first)
    stands = copy.lines()
    north.posted("S-2", ("ray", 60))
    second = export(north, size_of(first))
    with pytest.raises(BundleDamaged, match="was not sealed"):
        copy.take(resealed(second.lines, UNPROVEN[forgery](north)))
    assert copy.lines() == stands
    assert copy.take(second).written


MISFITS: dict[str, dict[str, Any]] = {
    "text for a number": {"raw_minutes": "many"},
    "nothing for a number": {"raw_minutes": None},
    "a number that is too large": {"raw_minutes": 10**30},
    "a number that its column has no room for": {"n": 10**9},
    "another column": {"hours": 3},
    "a person twice": {"n": 9},
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_p35_rows_of_the_scheme_that_do_not_fit_make_a_damaged_bundle(
    north: Scheme, office: SqlBackend, misfit: str
) -> None:
    north.posted("S-1", ("ray", 90), ("sam", 60))
    lines = resealed(export(north).lines, added(SHEET_LINE, **MISFITS[misfit]))
    assert copy_of(north, office).refuses(lines) == "bundle_damaged file"
    assert refusal(copy_of(north, office).lines) == "not_found"


def size_of(carried: Carried) -> int:
    size: int = json.loads(carried.lines[0])["to"]["size"]
    return size


def test_p35_every_week_of_a_sheets_life_reaches_the_copy(
    north: Scheme, office: SqlBackend
) -> None:
    """Things of the wing change from bundle to bundle: a sheet from draft to posted."""
    copy, paper = copy_of(north, office), "S-1"
    sheet = north.sheet(paper, ("ray", 90))
    steps = (
        partial(sheets.submit, by=north.staff("bea")),
        partial(sheets.verify, by=north.staff("olga"), paper="S-1/1"),
        partial(sheets.approve, by=north.staff("otto"), paper="S-1/2"),
        partial(sheets.post, by=north.staff("cora")),
    )
    taken = copy.take(export(north))
    for step in steps:
        north.do(step, sheet)
        taken = copy.take(export(north, taken.checkpoint))
        assert told(office, north) == of_site(north)
        assert copy.findings() == []
    assert told(office, north) == ["S-1 posted"]


def test_p35_a_sheet_that_lies_in_two_sections_comes_whole(
    north: Scheme, office: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.formats.bundle.AT_ONCE", 2)
    copy = copy_of(north, office)
    north.posted("S-1", ("ray", 90), ("sam", 60), ("tom", 30))
    copy.take(export(north))
    north.posted("S-2", ("ray", 60), ("sam", 60), ("tom", 60))
    copy.take(export(north))
    assert copy.lines() == of_journal(north)
    assert copy.findings() == []


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
    assert told(office, north) == ["S-1 draft"]


def test_p35_the_copys_audit_has_the_checks_of_the_scheme(
    north: Scheme, office: SqlBackend
) -> None:
    north.posted("S-1", ("ray", 90))
    copy_of(north, office).take(export(north))
    _edited(office, "UPDATE timebank_custody_sheet_act SET approver_id = actor_id")
    _edited(office, "UPDATE timebank_custody_sheet_line SET credited_minutes = 15")
    assert "custody_credits_match_lines" in copy_of(north, office).findings()


def _edited(office: SqlBackend, statement: str) -> None:
    """Somebody at a console, guards or not."""
    with office.engine.begin() as connection:
        if office.name == "sqlite":
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.execute(text(triggers)).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(statement))


def test_p24_the_office_joins_the_halves_of_a_move(
    north: Scheme, leyhill: Scheme, office: SqlBackend
) -> None:
    url = office.engine.url.render_as_string(hide_password=False)
    half_held(north)
    north.two(sites.move_out, "ray", to="leyhill")
    for site in (north, leyhill):
        copy_of(site, office).take(export(site))
    waits = run("custody", "move", "match", "--url", url, "--json")
    assert (waits.code, waits.document["on_the_way_minutes"]) == (0, 90)
    (notice,) = waits.document["notices"]
    assert notice["message"] == "bring the next bundle of leyhill"
    leyhill.two(sites.move_in, slip(north), person="sam", site=north.bank)
    north.two(sites.move_arrived, slip(north))
    for site in (north, leyhill):
        copy_of(site, office).take(export(site))
        assert copy_of(site, office).findings() == []
    whole = run("custody", "move", "match", "--url", url, "--json")
    assert (whole.code, whole.document["findings"], whole.document["notices"]) == (0, [], [])
    cleared = {one["bank"]: one["clearing_minutes"] for one in whole.document["sites"]}
    assert cleared == {"leyhill": -90, north.bank: 90}


def test_p24_a_slip_used_at_two_sites_is_found_at_the_office(
    north: Scheme, leyhill: Scheme, office: SqlBackend
) -> None:
    url = office.engine.url.render_as_string(hide_password=False)
    half_held(north)
    north.two(sites.move_out, "ray", to="leyhill")
    leyhill.two(sites.move_in, slip(north), person="sam", site=north.bank)
    north.two(sites.move_cancel, slip(north))
    for site in (north, leyhill):
        copy_of(site, office).take(export(site))
    found = run("custody", "move", "match", "--url", url)
    assert found.code == 1
    assert "it was taken back, too" in found.out


def test_p35_no_pin_leaves_the_site(north: Scheme, office: SqlBackend) -> None:
    north.do(pins.set, "olga", pin="802614", by=north.cora)
    with engine_of(north).connect() as connection:
        kept = connection.execute(text("SELECT salt, digest FROM timebank_custody_pin")).one()
    carried = export(north, people=True)
    written = "".join([*carried.lines, *(carried.people or ()), *of_journal(north)])
    assert [secret for secret in kept if bytes(secret).hex() in written] == []
    copy_of(north, office).take(carried)
    assert copy_of(north, office).findings() == []


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
    assert copy.findings() == []
