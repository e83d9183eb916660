"""A past that was rewritten and agrees with itself: only a checkpoint kept outside tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import timebank
from tests.audit.conftest import Sealed, copied
from tests.audit.forger import rewrite
from tests.backends import BANK, World
from timebank import audits, journal
from timebank.domain.audit import Finding, Verdict
from timebank.proof.checkpoint import Checkpoint

KEPT = "extends_kept_checkpoint"


def findings(world: World, kept: Checkpoint | None) -> tuple[Finding, ...]:
    return world.see(audits.run, kept=kept).findings


def test_a_consistent_forgery_is_found_against_the_kept_checkpoint(sealed: Sealed) -> None:
    engine, world, kept = sealed
    before = world.balance("gill")
    granted = _first_grant(world)
    rewrite(engine, granted, 60)
    assert world.balance("gill") == before + 60
    assert findings(world, None) == ()
    assert world.see(audits.run).verdict is Verdict.CLEAN
    found = findings(world, kept)
    assert [(f.check, f.subject) for f in found] == [(KEPT, f"checkpoint {kept.size}")]
    assert "rewritten" in found[0].message


def test_it_is_still_found_when_the_forged_bank_has_gone_on(
    sealed: Sealed,
) -> None:
    engine, world, kept = sealed
    rewrite(engine, _first_grant(world), 60)
    world.give("hugo", 5)
    world.do(journal.seal)
    assert findings(world, None) == ()
    assert [f.check for f in findings(world, kept)] == [KEPT]


def test_a_checkpoint_with_another_time_is_found(sealed: Sealed) -> None:
    _, world, kept = sealed
    later = replace(kept, sealed_at=kept.sealed_at.replace(microsecond=1))
    assert [f.check for f in findings(world, later)] == [KEPT]
    assert findings(world, kept) == ()


def test_an_older_copy_is_found(
    sealed: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine, world, old = sealed
    with copied(engine, tmp_path, request) as copy:
        kept = world.do(journal.seal)
        assert kept is not None
        assert kept.size > old.size
        assert findings(world, kept) == ()
        with timebank.reading(copy, bank=BANK, clock=world.backend.clock) as uow:
            assert audits.run(uow).verdict is Verdict.CLEAN
            assert audits.run(uow, kept=old).verdict is Verdict.CLEAN
            report = audits.run(uow, kept=kept)
    assert [f.check for f in report.findings] == [KEPT]
    assert "older copy" in report.findings[0].message


def _first_grant(world: World) -> str:
    account = world.accounts["gill"]
    first = world.see(lambda uow: uow.journal.list(account=account, after=None, limit=1))[0]
    assert first.kind.value == "grant" or first.reason == "welcome"
    return str(first.id)
