"""What an audit concludes, of a bank in memory into which anybody may reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.backends import BANK, MemoryBackend, World, a_world
from timebank import Hours, accounts, audits, journal
from timebank.actions.audits import BEFORE, MOST, AuditReport
from timebank.domain.audit import NAMES, Accepted, CheckInfo, Finding, Verdict
from timebank.errors import InputError
from timebank.ports import WingAudit
from timebank.storage.memory.answers import Audit
from timebank.storage.memory.units import MemoryReading

FOREVER = 10**6
"""Hours that facts may wait for the sealer."""


@pytest.fixture
def world() -> World:
    return a_world(MemoryBackend())


def audit(world: World, *args: Any, **kwargs: Any) -> AuditReport:
    return world.see(audits.run, *args, max_unsealed_hours=FOREVER, **kwargs)


def edit(world: World, name: str, **values: Any) -> None:
    """Somebody reaches behind the library."""
    assert isinstance(world.backend, MemoryBackend)
    shelf = world.backend.database.shelf(BANK)
    id_ = world.accounts[name]
    shelf.accounts[id_] = replace(shelf.accounts[id_], **values)


def test_a_bank_in_order_is_clean(world: World) -> None:
    world.give("anna", 60)
    report = audit(world)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
    assert report.not_checked == (("extends_kept_checkpoint", "no_checkpoint"),)
    assert {check.name for check in report.checks} < {*NAMES}
    assert audits.checks()[0].name == NAMES[0]


def test_an_edited_balance_is_found_and_may_be_answered_for(world: World) -> None:
    edit(world, "anna", balance_minutes=7)
    report = audit(world)
    assert report.verdict is Verdict.FINDINGS
    (finding,) = (f for f in report.findings if f.check == "balances_match_transfers")
    accepted = [by_cora(each) for each in report.findings]
    excused = audit(world, accepted=accepted)
    assert (excused.verdict, len(excused.accepted)) == (Verdict.CLEAN, len(accepted))
    assert finding in [found for found, _ in excused.accepted]
    world.backend.clock.advance(timedelta(days=2))
    assert audit(world, accepted=accepted).verdict is Verdict.FINDINGS, "the day has passed"


def by_cora(finding: Finding) -> Accepted:
    return Accepted(
        check=finding.check,
        subject=finding.subject,
        found=finding.found,
        approver="cora",
        reason="known",
        review_on=date(2026, 3, 11),
    )


def test_some_checks_alone(world: World) -> None:
    edit(world, "anna", balance_minutes=7)
    report = audit(world, ["holds_match_held"])
    assert (report.scope, report.verdict) == ("selected", Verdict.CLEAN_SELECTED)
    assert ("sum_is_zero", "not_asked") in report.not_checked
    with pytest.raises(InputError, match="'no_such_check' is not one of"):
        audit(world, ["no_such_check"])


def test_a_checkpoint_that_was_kept_still_holds(world: World) -> None:
    kept = world.do(journal.seal)
    world.give("anna", 60)
    assert audit(world, kept=kept).not_checked == ()
    assert kept is not None
    other = replace(kept, root=bytes(32))
    (finding,) = audit(world, kept=other).findings
    assert finding.check == "extends_kept_checkpoint"


def test_what_came_later_in_order_is_enough(world: World) -> None:
    kept = world.do(journal.seal)
    world.give("anna", 60)
    report = audit(world, since=kept)
    assert (report.scope, report.verdict) == ("since", Verdict.CLEAN)
    assert BEFORE in dict(report.not_checked).values()


def test_what_came_later_in_disorder_calls_for_a_look_at_everything(world: World) -> None:
    world.give("ben", 60)
    kept = world.do(journal.seal)
    edit(world, "ben", balance_minutes=61)
    edit(world, "anna", balance_minutes=-1)
    assert audit(world, since=kept).verdict is Verdict.CLEAN, "the sum is right, nothing is new"
    world.give("carla", 60)
    edit(world, "carla", balance_minutes=59)
    report = audit(world, since=kept)
    assert report.scope == "all"
    assert report.findings == audit(world, kept=kept).findings
    subjects = {f.subject for f in report.findings if f.check == "balances_match_transfers"}
    assert subjects == {f"account {world.accounts[name]}" for name in ("anna", "ben", "carla")}


def test_what_cannot_be_read_is_never_clean(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(self: Audit) -> Iterator[object]:
        raise KeyError("gone")

    monkeypatch.setattr(Audit, "exchanges", torn)
    monkeypatch.setattr(Audit, "counted", torn)
    report = audit(world)
    assert report.verdict is Verdict.INCOMPLETE
    assert ("exchanges_match_acts", "unreadable") in report.not_checked
    assert report.counted["accounts"] == 0
    kept = world.do(journal.seal)
    assert audit(world, since=kept).verdict is Verdict.INCOMPLETE


def test_a_limit_past_its_review_is_a_notice(world: World) -> None:
    review_on = date(2026, 3, 20)
    world.do(
        accounts.set_limits,
        world.accounts["anna"],
        floor=Hours(minutes=-60),
        ceiling=None,
        reason="other",
        review_on=review_on,
        by=world.cora,
        approved_by=world.colin,
    )
    assert audit(world).notices == ()
    world.backend.clock.advance(timedelta(days=30))
    report = audit(world)
    assert [notice.check for notice in report.notices] == ["reviews_in_time"]
    assert report.verdict is Verdict.CLEAN


def test_a_flood_of_findings_is_counted_and_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flood(self: Audit) -> Iterator[tuple[str, str]]:
        yield from ((f"h{n}", "x") for n in range(MOST + 7))

    monkeypatch.setattr(Audit, "stray_holds", flood)
    report = audit(world)
    (check,) = (check for check in report.checks if check.name == "holds_match_exchanges")
    assert (len(check.findings), check.more) == (MOST, 7)
    accepted = [by_cora(finding) for finding in report.findings]
    assert audit(world, accepted=accepted).verdict is Verdict.FINDINGS, "seven are not named"


def test_a_wing_adds_its_checks_and_what_they_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Finding(
        check="sheets_are_signed",
        subject="sheet 7",
        expected="two",
        found="one",
        message="unsigned",
    )
    wing = WingAudit(
        checks=(CheckInfo(name="sheets_are_signed", holds="Each sheet has two signatures."),),
        passes=lambda uow: {("sheets_are_signed",): lambda: [wrong]},
        subjects=lambda uow: {"sheets_are_signed": 9},
        notices=lambda uow: [wrong],
    )
    monkeypatch.setattr(MemoryReading, "wing_audits", (wing,))
    report = audit(world)
    assert (report.findings, report.notices) == ((wrong,), (wrong,))
    (check,) = (check for check in report.checks if check.name == "sheets_are_signed")
    assert check.subjects == 9
    assert audit(world, ["sheets_are_signed"]).verdict is Verdict.FINDINGS
    assert world.see(audits.checks)[-1].name == "sheets_are_signed"
