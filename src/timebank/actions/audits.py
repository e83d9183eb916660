"""Audits: named checks over one snapshot, a verdict, and what was not checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import TypeVar

from timebank.actions._gather import LABELS
from timebank.domain.audit import (
    CHECKS,
    NAMES,
    Accepted,
    CheckInfo,
    Finding,
    Verdict,
    check_accounted,
    check_entries,
    check_exchanges,
    check_holds,
    check_keys,
    check_limits,
    check_reversals,
    check_reviews,
    check_sealed_in_time,
    check_sum,
)
from timebank.domain.audit_accounts import check_owners, check_standing
from timebank.domain.audit_exchanges import check_files, check_stray_holds
from timebank.domain.audit_rows import (
    check_bank,
    check_chain,
    check_codes,
    check_notes,
    check_receipts,
    check_roles,
    check_rules,
    check_schema,
    check_transfers,
)
from timebank.domain.bank import day_of
from timebank.domain.policy import Policy
from timebank.errors import InputError
from timebank.ports import AuditSource, ReadingUnit, WingAudit
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.checks import check_kept, check_leaves, check_tree

_KEPT = "extends_kept_checkpoint"
_ENTRIES = ("balances_match_transfers", "numbers_without_gap", "running_balances_add_up")
_LEAVES = ("leaves_match_facts",)
_TREE = ("tree_matches_leaves", "checkpoints_match_tree")
_ALWAYS_WHOLE = frozenset(
    {
        "sum_is_zero",
        "holds_match_held",
        "limits_or_overrides",
        "accounts_match_changes",
        "members_own_accounts",
        "bank_matches_founding",
        "schema_is_as_released",
        "sealed_in_time",
        _KEPT,
    }
)
"""What stands now, in few rows: an audit since a checkpoint looks at all of it, as wings do."""
BEFORE = "before_the_checkpoint"
"""Why an audit since a checkpoint did not check something: it came earlier."""

T = TypeVar("T")

_NOTHING_WAITS: tuple[int, datetime | None] = (0, None)
_NO_COUNTS: Mapping[str, int] = defaultdict(int)

Progress = Callable[[str], None]
Passes = dict[tuple[str, ...], Callable[[], Iterable[Finding]]]
"""The checks that one pass over the books serves → the pass."""


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
) -> AuditReport:
    """Run all checks, or those named. It finds; it never repairs.

    ``kept`` is a checkpoint that the auditor kept: the journal must still begin with what it
    sealed. ``since`` is one at which an audit was clean: the same holds, and of facts and what they
    touch only later ones are looked at; if anything is wrong with those, everything is looked at,
    as if the checkpoint had been given as ``kept``. Facts that wait for the sealer for longer than
    ``max_unsealed_hours`` are a finding.
    ``accepted`` findings are listed apart, as long as value and review date stand.
    ``progress`` is called with each check's name before it runs.

    *Refuses* an unknown check with ``InputError``. A check that cannot read is not an exception
    but makes the verdict ``incomplete``.
    """
    report = _run(uow, checks, kept, since, max_unsealed_hours, accepted, progress)
    if since is None or report.verdict is not Verdict.FINDINGS:
        return report
    return _run(uow, checks, since, None, max_unsealed_hours, accepted, progress)


def _run(
    uow: ReadingUnit,
    checks: Collection[str] | None,
    kept: Checkpoint | None,
    since: Checkpoint | None,
    max_unsealed_hours: int,
    accepted: Collection[Accepted],
    progress: Progress | None,
) -> AuditReport:
    source = uow.audit if since is None else uow.audit.later(since.size, since.sealed_at)
    beside = uow.wing_audits
    names = (*NAMES, *(check.name for audit in beside for check in audit.checks))
    skipped = _skipped(names, checks, kept or since)
    passes = _streams(uow, source, since) | _passes(uow, source, kept or since, max_unsealed_hours)
    for audit in beside:
        passes |= audit.passes(uow)
    found = _found(uow, names, passes, skipped, progress or (lambda name: None))
    excused = _excused(uow, found, accepted)
    counted = _read(uow, uow.audit.counted, _NO_COUNTS)
    looked_at = counted if since is None else _read(uow, source.counted, _NO_COUNTS)
    subjects = Counter(looked_at)
    for audit in beside:
        subjects.update(_read(uow, partial(audit.subjects, uow), _NO_COUNTS))
    results = tuple(
        CheckResult(name=name, subjects=_subjects(name, subjects), findings=tuple(found[name]))
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
    if kept is None and _KEPT in wanted:
        skipped[_KEPT] = "no_checkpoint"
    return skipped


def checks(uow: ReadingUnit | None = None) -> tuple[CheckInfo, ...]:
    """Every check with what must hold, in the order in which they are reported.

    With a unit also those that the wings of its database add.
    """
    beside = () if uow is None else uow.wing_audits
    return (*CHECKS, *(check for audit in beside for check in audit.checks))


def _passes(
    uow: ReadingUnit, source: AuditSource, kept: Checkpoint | None, max_unsealed_hours: int
) -> Passes:
    """The checks that the database answers with little more than what is wrong."""
    seals = uow.seals
    return {
        ("sum_is_zero",): lambda: check_sum(source.total_minutes(), uow.slug),
        ("holds_match_held",): lambda: check_holds(source.held()),
        ("limits_or_overrides",): lambda: check_limits(source.out_of_band()),
        ("reversals_mirror_originals",): lambda: check_reversals(source.reversals()),
        ("exchanges_match_acts",): lambda: check_exchanges(source.exchanges()),
        ("keys_match_receipts",): lambda: check_keys(source.orphaned_keys()),
        ("transfers_match_transactions",): lambda: check_transfers(source.stray_transfers()),
        ("accounts_match_changes",): lambda: check_standing(
            source.owned(), source.account_changes(), _policies(uow), LABELS
        ),
        ("members_own_accounts",): lambda: check_owners(source.owners()),
        ("exchanges_follow_acts",): lambda: check_files(source.exchange_files(), _policies(uow)),
        ("holds_match_exchanges",): lambda: check_stray_holds(source.stray_holds()),
        ("receipts_are_whole",): lambda: check_receipts(source.torn_receipts()),
        ("notes_match_digests",): lambda: check_notes(source.noted(), source.stray_notes()),
        ("facts_hold_codes_only",): lambda: check_codes(
            source.coded_words(), _policies(uow).values()
        ),
        ("actors_hold_roles",): lambda: check_roles(source.unappointed()),
        ("bank_matches_founding",): lambda: check_bank(
            uow.banks.get(),
            uow.slug,
            min((v.recorded_at for v in uow.banks.policies() if v.version == 1), default=None),
        ),
        ("constraints_hold",): lambda: check_rules(source.broken_rules()),
        ("schema_is_as_released",): lambda: check_schema(
            source.schema_differences(), uow.schema_revision
        ),
        ("facts_queued_or_sealed",): lambda: check_accounted(source.unaccounted()),
        ("sealed_in_time",): lambda: check_sealed_in_time(
            uow.slug, source.unsealed()[1], uow.now(), max_unsealed_hours
        ),
        (_KEPT,): lambda: () if kept is None else check_kept(seals, uow.slug, kept),
    }


def _streams(uow: ReadingUnit, source: AuditSource, since: Checkpoint | None) -> Passes:
    """The passes that look at things row by row."""
    seals, start = uow.seals, 0 if since is None else since.size

    def entries() -> Iterable[Finding]:
        if source.is_chained():
            return ()
        return check_entries(source.accounts(), source.entries(), source.starts())

    return {
        _ENTRIES: entries,
        _LEAVES: lambda: check_leaves(seals, uow.banks.get().hash_domain, start),
        _TREE: lambda: chain(
            check_tree(seals, seals.heads(), since),
            check_chain(source.chain(), source.tree_size()),
        ),
    }


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
        elif since is not None and name in NAMES and name not in _ALWAYS_WHOLE:
            yield name, BEFORE


def _policies(uow: ReadingUnit) -> dict[int, Policy]:
    return {version.version: version.policy for version in uow.banks.policies()}


def _found(
    uow: ReadingUnit,
    every: Sequence[str],
    passes: Passes,
    skipped: dict[str, str],
    progress: Progress,
) -> dict[str, list[Finding]]:
    """Findings by check. A check that cannot read what it needs is added to those skipped."""
    found: dict[str, list[Finding]] = {name: [] for name in every}
    for names, findings in passes.items():
        wanted = [name for name in names if name not in skipped]
        if not wanted:
            continue
        progress(wanted[0])
        try:
            with uow.audit.attempt():
                for finding in findings():
                    found[finding.check].append(finding)
        except uow.audit.unreadable:
            skipped |= dict.fromkeys(wanted, "unreadable")
    return found


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
    today = day_of(uow.now(), uow.banks.get().zone) if accepted else date.max
    excused = []
    for findings in found.values():
        for finding in [*findings]:
            by = next((a for a in accepted if a.covers(finding, today)), None)
            if by is not None:
                findings.remove(finding)
                excused.append((finding, by))
    return tuple(excused)


def _notices(uow: ReadingUnit, beside: Iterable[WingAudit]) -> tuple[Finding, ...]:
    today = day_of(uow.now(), uow.banks.get().zone)
    due = check_reviews(uow.audit.reviews_due(today))
    return (*due, *(notice for audit in beside for notice in audit.notices(uow)))


_SUBJECTS = {
    "balances_match_transfers": "balances",
    "numbers_without_gap": "entries",
    "running_balances_add_up": "entries",
    "reversals_mirror_originals": "reversals",
    "exchanges_match_acts": "exchanges",
    "keys_match_receipts": "keys",
    "receipts_are_whole": "receipts",
    "transfers_match_transactions": "transfers",
    "exchanges_follow_acts": "exchanges",
    "holds_match_exchanges": "holds",
    "notes_match_digests": "facts",
    "facts_hold_codes_only": "facts",
    "actors_hold_roles": "facts",
    "constraints_hold": "tables",
    "schema_is_as_released": "tables",
    "facts_queued_or_sealed": "facts",
    "sealed_in_time": "facts",
    "leaves_match_facts": "leaves",
    "tree_matches_leaves": "leaves",
    "checkpoints_match_tree": "checkpoints",
    _KEPT: "checkpoints",
}
"""What a check counts where it is not accounts."""


def _subjects(name: str, counted: Mapping[str, int]) -> int:
    """How many things the check looked at."""
    return counted[_SUBJECTS.get(name, "accounts" if name in NAMES else name)]


def _verdict(
    results: tuple[CheckResult, ...], skipped: Mapping[str, str], *, whole: bool
) -> Verdict:
    """Findings outrank incomplete; incomplete is never clean."""
    if any(result.findings for result in results):
        return Verdict.FINDINGS
    if "unreadable" in skipped.values():
        return Verdict.INCOMPLETE
    return Verdict.CLEAN if whole else Verdict.CLEAN_SELECTED
