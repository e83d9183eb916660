"""Audits: named checks over one snapshot, a verdict, and what was not checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from timebank.actions._gather import bank_today
from timebank.actions._passes import ALWAYS_WHOLE, KEPT, SUBJECTS, Passes, passes, streams
from timebank.domain.audit import (
    CHECKS,
    NAMES,
    Accepted,
    CheckInfo,
    Finding,
    Verdict,
    check_reviews,
)
from timebank.errors import InputError
from timebank.ports import ReadingUnit, WingAudit
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.checks import Spread

BEFORE = "before_the_checkpoint"
"""Why an audit since a checkpoint did not check something: it came earlier."""

MOST = 1_000
"""How many findings of one check a report holds: a table torn out has millions."""

T = TypeVar("T")

_NOTHING_WAITS: tuple[int, datetime | None] = (0, None)
_NO_COUNTS: Mapping[str, int] = defaultdict(int)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check that ran: how many subjects it looked at, and what it found.

    ``more`` is how many findings came after the first ``MOST``, which are all that is kept.
    """

    name: str
    subjects: int
    findings: tuple[Finding, ...]
    more: int = 0


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
    checkpoint: Checkpoint | None = None
    accepted: tuple[tuple[Finding, Accepted], ...] = ()
    notices: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found wrong, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)


def run(
    uow: ReadingUnit,
    checks: Collection[str] | None = None,
    *,
    kept: Checkpoint | None = None,
    since: Checkpoint | None = None,
    max_unsealed_hours: int = 48,
    accepted: Collection[Accepted] = (),
    progress: Progress | None = None,
    spread: Spread = map,
) -> AuditReport:
    """Run all checks, or those named. It finds; it never repairs.

    ``kept`` is a checkpoint that the auditor kept: the journal must still begin with what it
    sealed. ``since`` is one at which an audit was clean: the same holds, and of facts and what they
    touch only later ones are looked at; if anything is wrong with those, everything is looked at,
    as if the checkpoint had been given as ``kept``. Facts that wait for the sealer for longer than
    ``max_unsealed_hours`` are a finding.
    ``accepted`` findings are listed apart, as long as value and review date stand.
    ``progress`` is called with each check's name before it runs. ``spread`` says how leaves are
    recomputed: one page after the other, or by ``timebank.proof.spread.in_processes`` on all cores.

    *Refuses* an unknown check with ``InputError``. A check that cannot read is not an exception
    but makes the verdict ``incomplete``.
    """
    report = _run(uow, checks, kept, since, max_unsealed_hours, accepted, progress, spread)
    if since is None or report.verdict is not Verdict.FINDINGS:
        return report
    return _run(uow, checks, since, None, max_unsealed_hours, accepted, progress, spread)


def _run(
    uow: ReadingUnit,
    checks: Collection[str] | None,
    kept: Checkpoint | None,
    since: Checkpoint | None,
    max_unsealed_hours: int,
    accepted: Collection[Accepted],
    progress: Progress | None,
    spread: Spread,
) -> AuditReport:
    whole = uow.audit
    source = whole if since is None else whole.later(since.size, since.sealed_at)
    beside = uow.wing_audits
    names = (*NAMES, *(check.name for audit in beside for check in audit.checks))
    skipped = _skipped(names, checks, kept or since)
    looks = streams(uow, source, since, spread) | passes(
        uow, source, kept or since, max_unsealed_hours
    )
    for audit in beside:
        looks |= audit.passes(uow)
    found, more = _found(uow, names, looks, skipped, progress or (lambda name: None))
    excused = _excused(uow, found, accepted)
    counted = _read(uow, whole.counted, _NO_COUNTS)
    looked_at = counted if since is None else _read(uow, source.counted, _NO_COUNTS)
    subjects = Counter(looked_at)
    for audit in beside:
        subjects.update(_read(uow, partial(audit.subjects, uow), _NO_COUNTS))
    results = tuple(
        CheckResult(
            name=name,
            subjects=_subjects(name, subjects),
            findings=tuple(found[name]),
            more=more[name],
        )
        for name in names
        if name not in skipped or (found[name] and skipped[name] == "unreadable")
    )
    unsealed, oldest = _read(uow, uow.audit.unsealed, _NOTHING_WAITS)
    head = _read(uow, uow.seals.head, None)
    house = _read(uow, uow.banks.house, None)
    return AuditReport(
        bank=uow.slug,
        schema_revision=uow.schema_revision,
        scope=_scope(checks, since),
        last_recorded_at=None if house is None else house.last_recorded_at,
        verdict=_verdict(results, skipped, whole=checks is None),
        checks=results,
        counted=counted,
        unsealed=unsealed,
        oldest_unsealed=oldest,
        not_checked=tuple(_not_checked(names, skipped, since)),
        checkpoint=None if head is None else checkpoint_of(uow.slug, head),
        accepted=excused,
        notices=_read(uow, lambda: _notices(uow, beside), ()),
    )


def _skipped(
    names: Sequence[str], checks: Collection[str] | None, kept: Checkpoint | None
) -> dict[str, str]:
    """The checks that will not run, and why. *Refuses* names of none."""
    wanted = set(names if checks is None else checks)
    if unknown := sorted(wanted - set(names)):
        raise InputError(field="checks", problem=f"{unknown[0]!r} is not one of {', '.join(names)}")
    skipped = {name: "not_asked" for name in names if name not in wanted}
    if kept is None and KEPT in wanted:
        skipped[KEPT] = "no_checkpoint"
    return skipped


def checks(uow: ReadingUnit | None = None) -> tuple[CheckInfo, ...]:
    """Every check with what must hold, in the order in which they are reported.

    With a unit also those that the wings of its database add.
    """
    beside = () if uow is None else uow.wing_audits
    return (*CHECKS, *(check for audit in beside for check in audit.checks))


def _scope(checks: Collection[str] | None, since: Checkpoint | None) -> str:
    if checks is not None:
        return "selected"
    return "all" if since is None else "since"


def _not_checked(
    names: Sequence[str], skipped: Mapping[str, str], since: Checkpoint | None
) -> Iterator[tuple[str, str]]:
    """What did not run; and what ran, but only on what came since a checkpoint."""
    for name in names:
        if name in skipped:
            yield name, skipped[name]
        elif since is not None and name in NAMES and name not in ALWAYS_WHOLE:
            yield name, BEFORE


def _found(
    uow: ReadingUnit,
    every: Sequence[str],
    looks: Passes,
    skipped: dict[str, str],
    progress: Progress,
) -> tuple[dict[str, list[Finding]], Counter[str]]:
    """The first findings by check, and how many more there were.

    A check that cannot read what it needs is added to those skipped.
    """
    found: dict[str, list[Finding]] = {name: [] for name in every}
    more: Counter[str] = Counter()
    for names, findings in looks.items():
        wanted = [name for name in names if name not in skipped]
        if not wanted:
            continue
        progress(wanted[0])
        try:
            with uow.audit.attempt():
                for finding in findings():
                    kept = found[finding.check]
                    if len(kept) < MOST:
                        kept.append(finding)
                    else:
                        more[finding.check] += 1
        except uow.audit.unreadable:
            skipped |= dict.fromkeys(wanted, "unreadable")
    return found, more


def _read(uow: ReadingUnit, read: Callable[[], T], otherwise: T) -> T:
    """What stands beside the checks; where it cannot be read, a check could not either."""
    try:
        with uow.audit.attempt():
            return read()
    except uow.audit.unreadable:
        return otherwise


def _excused(
    uow: ReadingUnit, found: dict[str, list[Finding]], accepted: Collection[Accepted]
) -> tuple[tuple[Finding, Accepted], ...]:
    """The findings that somebody answers for, taken out of those found."""
    today = bank_today(uow) if accepted else date.max
    excused = []
    for findings in found.values():
        for finding in [*findings]:
            by = next((a for a in accepted if a.covers(finding, today)), None)
            if by is not None:
                findings.remove(finding)
                excused.append((finding, by))
    return tuple(excused)


def _notices(uow: ReadingUnit, beside: Iterable[WingAudit]) -> tuple[Finding, ...]:
    today = bank_today(uow)
    due = check_reviews(uow.audit.reviews_due(today))
    return (*due, *(notice for audit in beside for notice in audit.notices(uow)))


def _subjects(name: str, counted: Mapping[str, int]) -> int:
    """How many things the check looked at."""
    return counted[SUBJECTS.get(name, "accounts" if name in NAMES else name)]


def _verdict(
    results: tuple[CheckResult, ...], skipped: Mapping[str, str], *, whole: bool
) -> Verdict:
    """Findings outrank incomplete; incomplete is never clean."""
    if any(result.findings or result.more for result in results):
        return Verdict.FINDINGS
    if "unreadable" in skipped.values():
        return Verdict.INCOMPLETE
    return Verdict.CLEAN if whole else Verdict.CLEAN_SELECTED
