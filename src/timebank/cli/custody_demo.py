"""``timebank demo --custody``: the story told, the pages printed, the books audited."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import timebank
from timebank import custody
from timebank.cli import custody_story
from timebank.cli.custody_story import Say, Site
from timebank.cli.render import Answer, grid, show
from timebank.cli.session import Place
from timebank.custody import paper
from timebank.domain.audit import Verdict
from timebank.domain.hours import Hours
from timebank.ports import UnitOfWork

FIRST: Final = custody_story.SITES[0]
PAGES: Final = ("statement.html", "sheet.html")


def run(place: Place, folder: Path, say: Say, title: Say) -> Verdict:
    """Everything in order; the worst verdict of the three sites."""
    timebank.migrate(place.engine, wings=["custody"])
    title("A prison volunteering scheme in one go")
    say(f"Everything is in {folder}")
    sites = custody_story.tell(place, say)
    title("Where the hours are")
    rows = [_row(site) for site in sites]
    columns = ("Site", ">Sheets", ">Credited", ">Pot", ">Inside", ">Families")
    show(Answer(document={}, text=(grid(columns, rows),)), as_json=False)
    title("What somebody should look at")
    for site in sites:
        for one, _ in site.run(custody.scheme.exceptions)[:2]:
            say(f"  {site.slug}: {one.rule.value}")
    for attempt in sites[0].run(custody.scheme.attempts):
        say(f"  {sites[0].slug}: attempt at {attempt.action}, refused by {attempt.code}")
    _pages(sites[0], folder, say)
    title("A site closes")
    for source, target, hours in custody_story.close_down(sites[-1]):
        say(f"  {source} to {target}: {hours}")
    say(f"Every account of {sites[-1].slug} is at 0:00.")
    title("The audit")
    return _audited(sites, say)


def _row(site: Site) -> tuple[object, ...]:
    def read(uow: UnitOfWork) -> tuple[object, ...]:
        files = custody.sheets.list(uow, limit=1000)
        credited = sum(line.credited_minutes for file in files for line in file.lines)
        views = timebank.accounts.list(uow)
        inside = sum(v.balance.minutes for v in views if v.kind.value in ("custody", "held"))
        families = sum(v.balance.minutes for v in views if v.kind.value == "member")
        sums = (Hours(minutes=minutes) for minutes in (inside, families))
        pot = timebank.accounts.balance(uow, "pot")
        return (site.slug, len(files), Hours(minutes=credited), pot, *sums)

    found: tuple[object, ...] = site.run(read)
    return found


def _pages(site: Site, folder: Path, say: Say) -> None:
    """One person's page, and a blank sheet."""

    def page(uow: UnitOfWork) -> str:
        ref = site.inside[1]
        view = custody.people.get(uow, ref)
        first = view.changes[0].effective_on
        days = {"start": first, "end": site.today}
        found = timebank.accounts.statement(uow, view.membership.custody, **days)
        return paper.prisoner(
            found,
            person=view.membership.id,
            ref=ref,
            held_minutes=view.held.minutes,
            made_on=site.today,
        )

    blank = paper.blank_sheet(paper="R-99", activity="garden")
    for name, text in zip(PAGES, (site.run(page), blank), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    say(f"\nPages to be printed: {', '.join(str(folder / name) for name in PAGES)}")


def _audited(sites: list[Site], say: Say) -> Verdict:
    found = []
    for site in sites:
        report = site.run(lambda uow: timebank.audits.run(uow, max_unsealed_hours=10**6))
        checks = sum(check.name.startswith("custody_") for check in report.checks)
        say(f"  {site.slug}: {report.verdict.value}, {len(report.checks)} checks, {checks} of them")
        say(f"    the scheme's own; {len(report.notices)} notice(s) for human eyes")
        found.append(report.verdict)
    return next((v for v in found if v is not Verdict.CLEAN), Verdict.CLEAN)
