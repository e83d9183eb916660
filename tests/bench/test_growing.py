"""A bank that is loaded raw is like any other: audits accept it whole, and it goes on."""

from sqlalchemy import create_engine

import timebank
from benchmarks import auditing
from benchmarks.bulk import a_sealed_journal
from benchmarks.growing import measured
from benchmarks.lines import MARKS
from benchmarks.places import place_on
from benchmarks.world import BANK
from timebank import audits
from timebank.domain.audit import Verdict

N = 120


def test_what_was_loaded_raw_is_sealed_as_it_should_be(engine):
    place = place_on(engine)
    a_sealed_journal(place, N, accounts=3)
    auditing.sealed(place)
    with timebank.reading(engine, bank=BANK) as uow:
        report = audits.run(uow)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
    assert report.counted["transfers"] == N
    assert report.counted["leaves"] > N


def test_a_big_bank_is_measured_beside_a_small_one(engine, tmp_path):
    small = create_engine(f"sqlite:///{tmp_path / 'small.sqlite'}")
    young = a_sealed_journal(place_on(small), N, accounts=3).world
    world = a_sealed_journal(place_on(engine), N, accounts=3).world
    for each in (young, world):
        auditing.sealed(each.place)
    lines = list(measured(young, world, N, 1, posts=10))
    assert {(line.name, line.backend) for line in lines} <= set(MARKS)
    assert len(lines) == 7
    assert all(line.ours > 0 and line.limit > 0 for line in lines)
    small.dispose()
