"""An audit while eight processes post: clean each time, and nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

import timebank
from tests.concurrency.crowd import Crowd, gathered
from tests.concurrency.town import BANK, founded
from timebank import audits, journal
from timebank.domain.audit import Verdict

WRITERS, COUNT = 8, 12


@pytest.fixture
def crowd(engine: Engine) -> Iterator[Crowd]:
    """Eight writers in a bank whose members have plenty."""
    town = founded(engine, people=12, minutes=2_000)
    with gathered(engine, town, WRITERS) as found:
        found.all("trade", count=1, seed=0)  # everybody has arrived
        yield found


def test_an_audit_while_eight_post_is_clean(engine: Engine, crowd: Crowd) -> None:
    begun = time.monotonic()
    alone = _done(crowd, seed=100)
    alone_took = time.monotonic() - begun

    audited: list[int] = []
    begun, sealed = time.monotonic(), 0
    for n in range(WRITERS):
        crowd.give(n, "trade", count=COUNT, seed=200 + n)
    while time.monotonic() - begun < alone_took / 2 or not audited:
        with timebank.standalone(engine, bank=BANK) as uow:
            made = journal.seal(uow)
        with timebank.reading(engine, bank=BANK) as reading:
            report = audits.run(reading, kept=made)
        assert report.verdict is Verdict.CLEAN, report.findings
        audited.append(report.counted["transactions"])
        sealed = 0 if made is None else made.size
    answers = [crowd.answer(n) for n in range(WRITERS)]
    took = time.monotonic() - begun
    beside = sum(sum(answer["done"].values()) for answer in answers)
    print(
        f"{engine.dialect.name}: {alone} acts in {alone_took:.1f} s alone, {beside} in {took:.1f} s"
        f" beside {len(audited)} audits and seals; slowest unit of work"
        f" {max(answer['slowest'] for answer in answers):.2f} s; {sealed} leaves"
    )
    assert beside > 0
    assert audited == sorted(audited)
    with timebank.reading(engine, bank=BANK) as reading:
        assert audits.run(reading).verdict is Verdict.CLEAN


def _done(crowd: Crowd, *, seed: int) -> int:
    for n in range(WRITERS):
        crowd.give(n, "trade", count=COUNT, seed=seed + n)
    return sum(sum(crowd.answer(n)["done"].values()) for n in range(WRITERS))
