"""Audits: named checks over one snapshot, a verdict, and what was not checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.audit import (
    CHECKS,
    NAMES,
    CheckInfo,
    Finding,
    Verdict,
    check_entries,
    check_exchanges,
    check_holds,
    check_limits,
    check_reversals,
    check_sum,
)
from timebank.errors import InputError
from timebank.ports import ReadingUnit

ENTRY_CHECKS = frozenset(
    {"balances_match_transfers", "numbers_without_gap", "running_balances_add_up"}
)
"""Checks that share one pass over all entries."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check that ran: how many subjects it looked at, and what it found."""

    name: str
    subjects: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The verdict and everything it rests on. ``not_checked`` names a check and why not."""

    bank: str
    schema_revision: str
    scope: str
    last_recorded_at: datetime | None
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    counted: Mapping[str, int]
    unsealed: int
    oldest_unsealed: datetime | None
    not_checked: tuple[tuple[str, str], ...]
    notices: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found wrong, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)


def run(
    uow: ReadingUnit,
    checks: Collection[str] | None = None,
    *,
    progress: Progress | None = None,
) -> AuditReport:
    """Run all checks, or those named. It finds; it never repairs.

    ``progress`` is called with each check's name before it runs.

    *Refuses* an unknown check with ``InputError``. A check that cannot read is not an exception
    but makes the verdict ``incomplete``.
    """
    wanted = set(NAMES if checks is None else checks)
    if unknown := sorted(wanted - set(NAMES)):
        raise InputError(field="checks", problem=f"{unknown[0]!r} is not one of {', '.join(NAMES)}")
    counted = uow.audit.counted()
    found, unreadable = _found(uow, wanted, progress or (lambda name: None))
    results = tuple(
        CheckResult(name=name, subjects=_subjects(name, counted), findings=tuple(found[name]))
        for name in NAMES
        if name in wanted and name not in unreadable
    )
    unsealed, oldest = uow.audit.unsealed()
    return AuditReport(
        bank=uow.slug,
        schema_revision=uow.schema_revision,
        scope="all" if checks is None else "selected",
        last_recorded_at=uow.banks.house().last_recorded_at,
        verdict=_verdict(results, unreadable, whole=checks is None),
        checks=results,
        counted=counted,
        unsealed=unsealed,
        oldest_unsealed=oldest,
        not_checked=tuple(
            (name, "unreadable" if name in unreadable else "not_asked")
            for name in NAMES
            if name in unreadable or name not in wanted
        ),
    )


def checks() -> tuple[CheckInfo, ...]:
    """Every check with what must hold, in the order in which they are reported."""
    return CHECKS


def _found(
    uow: ReadingUnit, wanted: set[str], progress: Progress
) -> tuple[dict[str, list[Finding]], set[str]]:
    """Findings by check, and the checks that could not read what they need."""
    source = uow.audit
    passes: tuple[tuple[frozenset[str], Callable[[], Iterable[Finding]]], ...] = (
        (ENTRY_CHECKS, lambda: check_entries(source.accounts(), source.entries())),
        (_one("sum_is_zero"), lambda: check_sum(source.total_minutes(), uow.slug)),
        (_one("holds_match_held"), lambda: check_holds(source.held())),
        (_one("limits_or_overrides"), lambda: check_limits(source.out_of_band())),
        (_one("reversals_mirror_originals"), lambda: check_reversals(source.reversals())),
        (_one("exchanges_match_acts"), lambda: check_exchanges(source.exchanges())),
    )
    found: dict[str, list[Finding]] = {name: [] for name in NAMES}
    unreadable: set[str] = set()
    for names, findings in passes:
        if not names & wanted:
            continue
        progress(min(names & wanted))
        try:
            for finding in _only(findings(), wanted):
                found[finding.check].append(finding)
        except uow.audit.unreadable:
            unreadable |= names & wanted
    return found, unreadable


def _one(name: str) -> frozenset[str]:
    return frozenset({name})


def _only(findings: Iterable[Finding], wanted: set[str]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.check in wanted)


def _subjects(name: str, counted: Mapping[str, int]) -> int:
    """How many things the check looked at."""
    entries = {"numbers_without_gap", "running_balances_add_up"}
    by_name = {
        "reversals_mirror_originals": "reversals",
        "exchanges_match_acts": "exchanges",
        **dict.fromkeys(entries, "entries"),
    }
    return counted[by_name.get(name, "accounts")]


def _verdict(results: tuple[CheckResult, ...], unreadable: set[str], *, whole: bool) -> Verdict:
    """Findings outrank incomplete; incomplete is never clean."""
    if any(result.findings for result in results):
        return Verdict.FINDINGS
    if unreadable:
        return Verdict.INCOMPLETE
    return Verdict.CLEAN if whole else Verdict.CLEAN_SELECTED
