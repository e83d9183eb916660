"""``timebank demo``: the main job in one go, on SQLite, in a folder of its own."""

from __future__ import annotations

import csv
import io
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final

import typer

import timebank
from timebank.actions import imports
from timebank.cli import custody_demo, demo_story, failures
from timebank.cli.commands.statement import page_of
from timebank.cli.demo_story import BANK, BROKER, COORDINATOR, Neighbour, Story
from timebank.cli.render import Answer, Grid, grid, show
from timebank.cli.session import Place, opened
from timebank.domain.account import PERSONAL
from timebank.domain.audit import Verdict
from timebank.domain.bank import day_of
from timebank.domain.hours import Hours
from timebank.errors import InputError
from timebank.formats import csv_import, statement_page
from timebank.ports import UnitOfWork

DATABASE: Final = "demo.sqlite"
PAGE: Final = "statement.html"
HALF_YEAR: Final = 182
_COLUMNS: Final = 4


def register(app: typer.Typer) -> None:
    """Add ``demo``."""
    example = "\n\n\b\nExample:\n  timebank demo --dir my-demo"
    app.command("demo", help=f"{demo.__doc__}{example}")(demo)


def demo(
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Where it goes; else a new temporary folder."),
    ] = None,
    prison: Annotated[
        bool, typer.Option("--custody", help="A prison volunteering scheme of three sites.")
    ] = False,
) -> None:
    """Run a small time bank: a half year, live exchanges, a statement, an audit. No server."""
    place_for = _directory(directory)
    url = f"sqlite:///{place_for / DATABASE}"
    if prison:
        _custody(url, place_for)
        return
    with opened(url, None) as place:
        today = _founded(place)
        _title("A time bank in one go")
        _say(f"Everything is in {place_for}")
        _filled(place, place_for, today)
        _title("Live: five exchanges")
        people = demo_story.neighbours(place)
        demo_story.tell(_story(place, today), people)
        who = people[0]
        _statement(place, who, place_for, today)
        _trial_balance(place)
        _sealed(place)
        verdict = _audit(place)
    _next_steps(place_for, url, who)
    if verdict is not Verdict.CLEAN:
        raise typer.Exit(failures.FINDINGS)


def _custody(url: str, place_for: Path) -> None:
    """The scheme of three sites; what to try next."""
    with opened(url, None) as place:
        verdict = custody_demo.run(place, place_for, _say, _title)
    _title("What to try next")
    program = _program()
    _say(f"  export TIMEBANK_URL={shlex.quote(url)} TIMEBANK_ACTOR={COORDINATOR}")
    for command in ("person list", "sheet list", "exceptions list", "attempts", "todo"):
        _say(f"  {program} custody {command} --bank {custody_demo.FIRST}")
    if verdict is not Verdict.CLEAN:
        raise typer.Exit(failures.FINDINGS)


def _directory(wanted: Path | None) -> Path:
    """The folder, made if need be. *Refuses* one in which a demo has been, with ``InputError``."""
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="timebank-demo-"))
    place_for = wanted.resolve()
    if (place_for / DATABASE).exists():
        raise InputError(field="dir", problem=f"{place_for} has a demo already; name a new folder")
    try:
        place_for.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(field="dir", problem=f"{place_for}: {error.strerror}") from None
    return place_for


def _founded(place: Place) -> date:
    """The database, the bank and its staff; the answer is today in the bank's zone."""
    timebank.migrate(place.engine)

    def found(uow: UnitOfWork) -> date:
        timebank.banks.create(uow, name="Riverside Time Bank", first_coordinator=COORDINATOR)
        coordinator = timebank.staff.actor(uow, COORDINATOR)
        timebank.staff.add(uow, BROKER, role="broker", by=coordinator)
        return day_of(uow.now(), timebank.banks.get(uow).zone)

    return place.run(BANK, found)


def _filled(place: Place, place_for: Path, today: date) -> None:
    """Sixty-one members and their half year, imported from files that stay in the folder."""
    members, half_year = (
        _dated(place_for, name, today) for name in ("members.csv", "half_year.csv")
    )
    with members.open("rb") as stream:
        people = csv_import.read(stream, csv_import.MEMBERS)
    with half_year.open("rb") as stream:
        rows = csv_import.read(stream, csv_import.EXCHANGES)

    def fill(uow: UnitOfWork) -> imports.ImportReport:
        broker = demo_story.staff_of(uow)[1]
        imports.members(uow, people.rows, faults=people.faults, by=broker)
        return imports.exchanges(uow, rows.rows, faults=rows.faults, by=broker)

    done = place.run(BANK, fill)
    moved = Hours(minutes=done.accepted_minutes)
    active = {ref for row in rows.rows for ref in (row.giver, row.receiver)}
    _say(f"{len(people.rows)} members joined; {len(active)} of them took part in")
    _say(f"{done.accepted} exchanges of {moved} hours, {rows.rows[0].happened_on} to yesterday,")
    _say("imported from half_year.csv: synthetic, but in the measure of real time banks.")


def _dated(place_for: Path, name: str, today: date) -> Path:
    """A shipped file with days in place of ``…days_ago``, written to the folder."""
    shipped = (files("timebank.cli") / "demo_data" / name).read_text(encoding="utf-8")
    rows = csv.reader(io.StringIO(shipped))
    header = next(rows)
    place = next(i for i, column in enumerate(header) if column.endswith("days_ago"))
    header[place] = "joined_on" if header[place].startswith("joined") else "happened_on"
    path = place_for / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            day = today - timedelta(days=int(row[place]))
            writer.writerow([*row[:place], day, *row[place + 1 :]])
    return path


def _story(place: Place, today: date) -> Story:
    with place.reading(BANK) as uow:
        coordinator, broker = demo_story.staff_of(uow)
    return Story(place=place, say=_say, today=today, coordinator=coordinator, broker=broker)


def _statement(place: Place, who: Neighbour, place_for: Path, today: date) -> None:
    """One member's statement, here and as a page to be printed."""
    days = (today - timedelta(days=HALF_YEAR), today)
    with place.reading(BANK) as uow:
        page = page_of(uow, who.ref, days)
    _title("A member's statement")
    _say(statement_page.as_text(page.statement, page.heading, page.name_of).rstrip())
    html = statement_page.as_html(page.statement, page.heading, page.name_of)
    (place_for / PAGE).write_text(html, encoding="utf-8")
    _say(f"\nAs a page to be printed: {place_for / PAGE}")


def _trial_balance(place: Place) -> None:
    """Every account that has any hours, and the sum of all."""
    with place.reading(BANK) as uow:
        accounts = timebank.accounts.list(uow)
        people = uow.people.many({a.owner for a in accounts if a.owner is not None})
    refs = {person.id: person.ref for person in people.values()}
    shown = sorted(
        ((refs.get(a.owner) if a.owner else a.label) or a.id, str(a.balance))
        for a in accounts
        if a.balance
    )
    _title("The trial balance")
    show(Answer(document={}, text=(_in_columns(shown),)), as_json=False)
    zero = sum(a.kind in PERSONAL and not a.balance for a in accounts)
    total = Hours(minutes=sum(a.balance.minutes for a in accounts))
    _say(f"{zero} members stand at 0:00. The sum of all {len(accounts)} accounts is {total}.")


def _in_columns(pairs: Sequence[tuple[str, str]]) -> Grid:
    """Ref and balance side by side, down the columns."""
    depth = -(-len(pairs) // _COLUMNS)
    columns = [pairs[i : i + depth] for i in range(0, len(pairs), depth)]
    rows = (
        [cell for pair in row for cell in pair] for row in zip_longest(*columns, fillvalue=("", ""))
    )
    return grid(("Ref", ">Hours") * len(columns), rows)


def _sealed(place: Place) -> None:
    """A checkpoint: kept outside, it shows whether the past was rewritten."""
    _title("A checkpoint for the log book")
    made = place.run(BANK, timebank.journal.seal)
    _say(made.line if made else "nothing was sealed")


def _audit(place: Place) -> Verdict:
    with place.reading(BANK) as uow:
        report = timebank.audits.run(uow)
    _title("The audit")
    for check in report.checks:
        _say(f"  {'ok' if not check.findings else 'FOUND':5}  {check.name}")
    for finding in report.findings:
        _say(f"  {finding.subject}: {finding.message}")
    counted = ", ".join(f"{report.counted[n]} {n}" for n in ("accounts", "transactions"))
    _say(f"Verdict: {report.verdict.value} ({counted}).")
    return report.verdict


def _next_steps(place_for: Path, url: str, who: Neighbour) -> None:
    _title("What to try next")
    for line in _commands(place_for, url, who):
        _say(f"  {line}")


def _commands(place_for: Path, url: str, who: Neighbour) -> Iterator[str]:
    """Lines to copy and paste; they work as they stand."""
    program = _program()
    yield f"export TIMEBANK_URL={shlex.quote(url)} TIMEBANK_ACTOR={COORDINATOR}"
    yield f"{program} balances"
    yield f"{program} member show {who.ref}"
    yield f"{program} exchange list --member {who.ref}"
    yield f"{program} import {shlex.quote(str(place_for / 'half_year.csv'))}"
    yield f"{program} checkpoint"
    yield f"{program} audit"


def _program() -> str:
    installed = shutil.which("timebank")
    return "timebank" if installed else f"{shlex.quote(sys.executable)} -m timebank"


def _title(text: str) -> None:
    _say(f"\n{text}\n{'=' * len(text)}")


def _say(text: str) -> None:
    print(text)
