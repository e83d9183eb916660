"""``timebank audit``: named checks over one snapshot, a verdict, and what was not checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

import timebank
from timebank.actions.audits import BEFORE, AuditReport, CheckResult
from timebank.cli import options
from timebank.cli.command import place
from timebank.cli.documents import plain
from timebank.cli.failures import FINDINGS, INCOMPLETE
from timebank.cli.render import Answer, console_for, grid
from timebank.cli.session import Place
from timebank.cli.signing import read
from timebank.domain.audit import NAMES, Accepted, Finding, Verdict
from timebank.proof.checkpoint import Checkpoint, parse
from timebank.proof.spread import in_processes

EXIT_CODES: Final = {
    Verdict.CLEAN: 0,
    Verdict.CLEAN_SELECTED: 0,
    Verdict.FINDINGS: FINDINGS,
    Verdict.INCOMPLETE: INCOMPLETE,
}

_ANSWERED: Final = ("approver", "reason", "review_on")

COUNTED: Final = ("accounts", "transactions", "transfers")


def register(app: typer.Typer) -> None:
    """Add ``audit``."""
    place(app, "audit", example="timebank audit --check sum_is_zero --json")(audit)


def audit(
    where: Place,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="NAME", help="Only this check; may be repeated."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the checks and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Notices count as findings.")] = False,
    kept: Annotated[
        Path | None,
        typer.Option("--kept", metavar="FILE", help="A checkpoint kept outside: still true?"),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", help="The same, and look at what came later only."),
    ] = None,
    max_unsealed: Annotated[
        int, typer.Option("--max-unsealed", metavar="HOURS", min=0, help="For a dead sealer.")
    ] = 48,
    accepted: options.AcceptedFile = None,
    bank: options.Bank = None,
) -> Answer:
    """Run all checks, or those named. It finds; it never repairs.

    --since looks only at the facts after the checkpoint and at what they touch; if anything is
    wrong there, it goes on and checks everything. It is for every night, and an audit of
    everything (--kept) for every month.

    Exit code 0: clean. 1: findings. 5: something could not be read.
    """
    if list_:
        return _checks()
    with where.reading(bank) as uow, progress_bar(len(check or NAMES)) as progress:
        report = timebank.audits.run(
            uow,
            check or None,
            kept=_checkpoint(kept, "kept"),
            since=_checkpoint(since, "since"),
            max_unsealed_hours=max_unsealed,
            accepted=accepted_in(accepted),
            progress=progress,
            spread=in_processes,
        )
    if strict and report.notices:
        report = _strict(report)
    return Answer(
        document=document(report), text=tuple(_text(report)), exit_code=EXIT_CODES[report.verdict]
    )


def _checkpoint(file: Path | None, field: str) -> Checkpoint | None:
    return None if file is None else parse(read(file, field).decode(errors="replace"))


def document(report: AuditReport) -> dict[str, Any]:
    """``timebank.audit/1``."""
    last, oldest, sealed = report.last_recorded_at, report.oldest_unsealed, report.checkpoint
    return {
        "schema": "timebank.audit/1",
        "bank": report.bank,
        "timebank_version": timebank.__version__,
        "schema_revision": report.schema_revision,
        "as_of": {
            "sealed": None if sealed is None else sealed.sealed_at.isoformat(),
            "last_recorded_at": None if last is None else last.isoformat(),
        },
        "scope": report.scope,
        "verdict": report.verdict.value,
        "checks": [_check_document(check) for check in report.checks],
        "notices": [plain(notice) for notice in report.notices],
        "accepted": [
            {**plain(finding), **{k: v for k, v in plain(by).items() if k in _ANSWERED}}
            for finding, by in report.accepted
        ],
        "counted": {n: report.counted[n] for n in COUNTED},
        "unsealed": {
            "count": report.unsealed,
            "oldest": None if oldest is None else oldest.isoformat(),
        },
        "checkpoint": None if sealed is None else sealed.line,
        "not_checked": [{"name": name, "reason": why} for name, why in report.not_checked],
    }


def accepted_in(file: Path | None) -> tuple[Accepted, ...]:
    """The findings that somebody answers for, from a file if there is one."""
    from timebank.schemas import read_accepted

    return () if file is None else read_accepted(file)


def _check_document(check: CheckResult) -> dict[str, Any]:
    findings = [
        {"subject": f.subject, "expected": f.expected, "found": f.found, "message": f.message}
        for f in check.findings
    ]
    return {
        "name": check.name,
        "subjects": check.subjects,
        "findings": findings,
        "more_findings": check.more,
    }


def _text(report: AuditReport) -> Iterator[Any]:
    yield f"Audit of {report.bank}: {report.verdict.value.replace('_', ' ')}."
    rows = [
        (c.name, str(c.subjects), str(len(c.findings) + c.more or "none")) for c in report.checks
    ]
    rows += [
        (name, "", f"not checked: {why}")
        for name, why in report.not_checked
        if why not in ("not_asked", BEFORE)
    ]
    yield grid(("Check", ">Subjects", "Findings"), rows)
    yield from (line("Finding", finding) for finding in report.findings)
    yield from (f"{c.name}: {c.more} more findings." for c in report.checks if c.more)
    yield from (line("Notice", notice) for notice in report.notices)
    for finding, by in report.accepted:
        said = f"by {by.approver} until {by.review_on}: {by.reason}"
        yield f"{line('Accepted', finding)} Accepted {said}."
    if partly := ", ".join(name for name, why in report.not_checked if why == BEFORE):
        yield f"Only what came after the checkpoint: {partly}."
    counted = ", ".join(f"{n} {report.counted[n]}" for n in COUNTED)
    yield f"Counted: {counted}. Unsealed: {report.unsealed}."


def line(word: str, found: Finding) -> str:
    """One finding for people."""
    return (
        f"{word} ({found.check}): {found.subject}: {found.message}; "
        f"expected {found.expected}, found {found.found}."
    )


def _strict(report: AuditReport) -> AuditReport:
    """The report with every notice among the findings of its check."""
    by_name = {check.name: check for check in report.checks}
    for notice in report.notices:
        check = by_name.get(notice.check, CheckResult(name=notice.check, subjects=0, findings=()))
        by_name[notice.check] = replace(check, findings=(*check.findings, notice))
    checks = tuple(by_name.values())
    return replace(report, checks=checks, notices=(), verdict=Verdict.FINDINGS)


def _checks() -> Answer:
    found = timebank.audits.checks()
    document = {"schema": "timebank.checks/1", "checks": [plain(check) for check in found]}
    return Answer(
        document=document,
        text=(grid(("Check", "What must hold"), [(c.name, c.holds) for c in found]),),
    )


@contextmanager
def progress_bar(checks: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal's stderr; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.progress import Progress

    with Progress(console=console_for(sys.stderr), transient=True) as bar:
        task = bar.add_task("audit", total=checks)

        def step(name: str) -> None:
            bar.update(task, description=name, advance=1)

        yield step
