"""P-33: whatever is changed in the scheme's tables behind the guards, the audit names the row.

The faults are read off the tables: a new column fails here until a check finds what happens to
it, or until ``UNRELIED`` says why nobody has to.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy import NullPool, create_engine

from tests.audit.conftest import Open, planting
from tests.audit.expected import closest
from tests.audit.planting import audit, faults, plant, rows_for, sample, unguard
from tests.backends import SqlBackend
from tests.custody.scheme import Scheme, found_scheme
from tests.custody.test_audit import lived
from tests.custody.test_scheme import rule
from tests.postgres import create_database, drop_database
from timebank import journal
from timebank.custody import (
    Part,
    Place,
    beneficiaries,
    destinations,
    people,
    queries,
    sheets,
    sites,
)
from timebank.custody.domain import audit as checks
from timebank.custody.wing import WING
from timebank.domain.audit import Verdict
from timebank.storage.sql.blocks import PREFIX

SEALED: Final = "leaves_match_facts"
RULES: Final = "constraints_hold"

FAULTS = {f.name: f for table in WING.tables for f in faults(table)}

EXPECTED: Final[Mapping[str, str]] = {
    "custody_membership.state": checks.STATES,
    "custody_membership.since": checks.STATES,
    "custody_membership.state-garbled": RULES,
    "custody_sheet.state": checks.STATES,
    "custody_sheet.state-garbled": RULES,
    "custody_sheet.transaction_id": checks.STATES,
    "custody_beneficiary.standing": checks.STATES,
    "custody_beneficiary.standing-garbled": RULES,
    "custody_beneficiary.approved_on": checks.STATES,
    "custody_beneficiary.review_on": checks.STATES,
    "custody_pin.id": checks.PINS,
    "custody_pin.failures": checks.PINS,
    "custody_pin.salt": RULES,
    "custody_pin.digest": RULES,
}
"""What stands now and is in no leaf → the check that compares it with the facts."""

_SECRET: Final = "a PIN opens nothing in the books: who lost one is given another, by an act"

UNRELIED: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "custody_pin.bank_id",
        "custody_pin.salt-changed",
        "custody_pin.digest-changed",
        "custody_pin-deleted",
    ),
    _SECRET,
)
"""Columns that carry nothing anyone relies on, each with the reason."""

_NOBODY: Final = "nobody who may do this acts for another"
_NO_SYSTEM: Final = "the system never does this by itself"
_ACTS: Final = tuple(
    table.name.removeprefix(PREFIX) for table in WING.tables if "actor_id" in table.c
)
_TWO: Final = ("rules", "instruction", "price", "passage", "passage_end", "windup")

NOWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys((f"{t}.actor_for-{w}" for t in _ACTS for w in ("changed", "emptied")), _NOBODY),
    **dict.fromkeys((f"{table}.actor_id-filled" for table in _ACTS), _NO_SYSTEM),
    **dict.fromkeys(
        (f"custody_{t}.approver_{what}-filled" for t in _TWO for what in ("role", "id")),
        "it always needs approval",
    ),
    **dict.fromkeys(
        (
            f"custody_retention.approver_{what}"
            for what in (
                *("role-changed", "role-emptied", "role-garbled"),
                *("id-changed", "id-emptied"),
            )
        ),
        "it needs no approval",
    ),
    **dict.fromkeys(
        ("custody_pin.salt-filled", "custody_pin.digest-filled"), "nobody's PIN was erased"
    ),
    "custody_windup.transaction_id-filled": "there was something left to move",
}
"""Faults for which no bank has a row, each with the reason."""

RELIED_ON = [name for name in FAULTS if closest(UNRELIED, name) is None]


def kinds(name: str) -> set[str]:
    """The check that names a fault, and the table that it is in."""
    known = closest(EXPECTED, name) or SEALED
    return set() if name in NOWHERE else {known, FAULTS[name].table.name}


SAMPLE = sample(RELIED_ON, kinds, every=7)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """A scheme in which everything took place, sealed, its guards out of the way."""
    if request.param == "sqlite":
        template = request.getfixturevalue("scheme_file")
        url = f"sqlite:///{shutil.copyfile(template, tmp_path_factory.mktemp('open') / 'it.db')}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = create_database(server, request.getfixturevalue("scheme_template"))
    engine = create_engine(url, poolclass=NullPool)
    scheme = found_scheme(SqlBackend(engine))
    ended(scheme)
    kept = scheme.do(journal.seal)
    assert kept is not None
    unguard(engine, WING)
    yield Open(engine, scheme, scheme.backend.clock, kept)
    engine.dispose()
    if request.param == "postgresql":
        drop_database(request.getfixturevalue("postgres_server"), url)


def ended(scheme: Scheme) -> None:
    """A scheme from its first day to its end, with a row in every table."""
    scheme.beneficiary("sam", "gran")
    lived(scheme)
    scheme.do(people.suspend, "ray", reason="safeguarding", by=scheme.cora)
    scheme.do(people.resume, "ray", reason="other", by=scheme.cora)
    late = scheme.approved("S-9", ("ray", 30))
    scheme.two(
        destinations.set,
        "ray",
        parts=[Part(place=Place.POT)],
        given_on=scheme.today,
        paper="D-9",
        sheet=late,
    )
    scheme.do(sheets.post, late, by=scheme.cora)
    scheme.posted(
        "S-10",
        ("ray", 30),
        starts_minute=570,
        length_minutes=60,
        supervisor="bea",
        drafted_by="sam",
    )
    ending = scheme.beneficiary("ray", "aunt")
    scheme.do(beneficiaries.end, ending, reason="safeguarding", by=scheme.cora)
    rarely(scheme)
    scheme.two(people.release, "ray", reason="other")
    scheme.two(sites.windup)


def rarely(scheme: Scheme) -> None:
    """What fills the columns that most rows leave empty, or leaves empty what most fill."""
    rule(scheme, confidential=frozenset({"company"}))
    scheme.days(10)
    week = {"category": "company", "on": scheme.today - timedelta(days=6), "until": scheme.today}
    scheme.posted("S-11", ("ray", 120), **week)
    none = scheme.sheet("S-12", ("ray", 30))
    scheme.do(sheets.submit, none, by=scheme.staff("bea"))
    scheme.do(sheets.verify, none, by=scheme.olga, paper="S-12", seat="desk-1")
    scheme.do(sheets.return_, none, by=scheme.staff("otto"), reason="other")
    scheme.do(beneficiaries.propose, "ray", account="gran", by=scheme.cora)
    put_right(scheme)
    scheme.two(destinations.set_price, "library", account="library", hours=None)


def put_right(scheme: Scheme) -> None:
    """Two slips: on hours without a sheet, put right by a sheet; on what was missing, by hours."""
    bea, otto = scheme.staff("bea"), scheme.staff("otto")
    slip = partial(scheme.made, queries.open, "ray", by=bea)
    right = partial(scheme.do, queries.answer, outcome="put_right")
    one = slip(paper="Q-8", concern="minutes", transaction=spent(scheme))
    other = slip(paper="Q-9", concern="missing")
    right(one, sheet=scheme.posted("S-13", ("ray", 60)), by=bea)
    right(other, transaction=spent(scheme), by=otto)


def spent(scheme: Scheme) -> str:
    """The transaction of some hours of Ray's."""
    scheme.do(destinations.spend, "ray", item="library", by=scheme.cora)
    *_, last = scheme.see(lambda uow: uow.journal.list(account=None, after=None, limit=100))
    return str(last.id)


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", RELIED_ON)
def test_p33_a_planted_fault_is_named(opened: Open, name: str) -> None:
    """By its check alone; in a whole audit the sample, and all of them in the long run."""
    is_named(opened, name, whole=name in SAMPLE)


@pytest.mark.parametrize("opened", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", SAMPLE)
def test_p33_a_planted_fault_is_named_on_postgresql(opened: Open, name: str) -> None:
    """The other faults are in the long run."""
    is_named(opened, name)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in RELIED_ON if name not in SAMPLE])
def test_p33_every_other_planted_fault_is_named_in_a_whole_audit(opened: Open, name: str) -> None:
    is_named(opened, name)


def is_named(opened: Open, name: str, *, whole: bool = True) -> None:
    """The audit has findings, and one of the right check names the row."""
    fault, check = FAULTS[name], closest(EXPECTED, name) or SEALED
    with planting(opened) as connection:
        row = next(iter(rows_for(connection, fault)), None)
        if row is None:
            assert name in NOWHERE, f"no row has it: let the scheme have one, or say why not {name}"
            return
        assert name not in NOWHERE
        names = names_of(fault.table, row, plant(connection, fault, row))
        only = None if whole else check
        report = audit(connection, opened.clock, kept=opened.kept, only=only)
    assert report.verdict is Verdict.FINDINGS
    said = [f"{f.subject} {f.message}" for f in report.findings if f.check == check]
    assert any(each in text for each in names for text in said), (names, report.findings)


def names_of(table: Any, *rows: Mapping[str, Any]) -> set[str]:
    """What a finding may call the row: as it was, or as it is now."""
    shape = next(shape for shape in WING.shapes if shape.table is table)
    return {str(row[shape.sealed_by.name]) for row in rows}


def test_p33_the_scheme_is_clean_before_anything_is_planted(opened: Open) -> None:
    with planting(opened) as connection:
        report = audit(connection, opened.clock, kept=opened.kept)
        full = [table for table in WING.tables if rows_for(connection, next(faults(table)))]
    assert report.findings == ()
    assert full == [*WING.tables]


def test_p33_how_many_faults_are_planted_and_named() -> None:
    left_out = len(FAULTS) - len(RELIED_ON)
    print(f"{len(FAULTS)} faults, {len(RELIED_ON)} to be named, {left_out} in UNRELIED,")
    print(f"{len(NOWHERE)} of those to be named in no row of the scheme")
    assert {*NOWHERE} <= {*RELIED_ON}
    assert {*UNRELIED} <= {*FAULTS, *(name.rpartition("-")[0] for name in FAULTS)}
