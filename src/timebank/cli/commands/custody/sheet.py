"""``timebank custody sheet``: attendance sheets from paper to posting."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from timebank import custody
from timebank.cli import names, options
from timebank.cli.command import Desk, group, reading
from timebank.cli.commands.custody import _papers
from timebank.cli.commands.custody._desk import acting, bank_days, sheet_id
from timebank.cli.commands.custody._signing import this_seat
from timebank.cli.documents import named, page, plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.custody.domain.sheet import SheetFile, SheetState
from timebank.domain.hours import Hours
from timebank.domain.receipt import Receipt
from timebank.errors import InputError
from timebank.ports import ReadingUnit

Which = Annotated[
    str, typer.Argument(metavar="SHEET", help="Its paper number, or the beginning of its id.")
]
Signed = Annotated[
    str,
    typer.Option(
        "--paper", metavar="NUMBER", help="The signed paper's number: the sheet's, or S-17/2."
    ),
]
Seat = Annotated[
    str,
    typer.Option(
        "--seat",
        metavar="NAME",
        help="The scheme's short name for this computer, else one made up for it.",
        envvar="TIMEBANK_SEAT",
        default_factory=this_seat,
        show_default=False,
    ),
]
_LINE: Final = re.compile(r"(?P<person>[^=]+)=(?P<hours>[^/]+)(/(?P<basis>[a-z_]+))?")


def register(app: typer.Typer) -> None:
    """Add the group ``sheet``."""
    sheet = group(app, "sheet", "Attendance sheets: entered, verified, approved, posted.")
    start = "timebank custody sheet"
    for name, command, example in (
        ("new", new, "new S-17 --activity garden --on 2026-10-05 --line r7=1:30 --by bea"),
        ("import", import_, "import sheets.csv --total 12:30 --by bea"),
        ("submit", submit, "submit S-17 --by bea"),
        ("verify", verify, "verify S-17 --paper S-17 --by olga"),
        ("approve", approve, "approve S-17 --paper S-17 --by otto"),
        ("post", post, "post S-17 --by cora"),
        ("return", return_, "return S-17 --reason correction --by olga"),
        ("reverse", reverse, 'reverse S-17 --reason "entered twice" --by cora --approved-by olga'),
    ):
        signs = name in ("verify", "approve")  # never in the name of whoever sat here before
        action = f"custody.sheet_{name}"
        acting(sheet, name, action=action, example=f"{start} {example}", signs=signs)(command)
    reading(sheet, "show", example=f"{start} show S-17")(show)
    reading(sheet, "list", example=f"{start} list --state submitted")(list_)


def line(text: str) -> custody.Line:
    """``REF=1:30`` or ``REF=1:30/paid``. *Refuses* other text with ``InputError``."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise InputError(field="line", problem=f"{text!r} cannot be read; write REF=1:30")
    return custody.Line(
        person=found["person"],
        minutes=Hours.parse(found["hours"]).minutes,
        basis=found["basis"] or "voluntary",
    )


def minute_of_day(text: str) -> int:
    """``09:30`` as minutes since midnight. *Refuses* other text with ``InputError``."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if found is None:
        raise InputError(field="starts", problem=f"{text!r} is no time of day; write 09:30")
    return 60 * int(found[1]) + int(found[2])


def new(
    desk: Desk,
    paper: Annotated[str, typer.Argument(metavar="NUMBER", help="The number on the paper.")],
    activity: Annotated[str, typer.Option("--activity", help="One of the bank's categories.")],
    on: Annotated[date, typer.Option("--on", metavar="DAY", parser=options.day, help="The day.")],
    lines: Annotated[
        list[str], typer.Option("--line", metavar="REF=HOURS[/BASIS]", help="One per person.")
    ],
    until: Annotated[
        date | None,
        typer.Option("--until", metavar="DAY", parser=options.day, help="Of a total: last day."),
    ] = None,
    starts: Annotated[
        str | None, typer.Option("--starts", metavar="TIME", help="When it began, as 09:30.")
    ] = None,
    length: Annotated[
        str | None, typer.Option("--length", metavar="HOURS", help="How long it was.")
    ] = None,
    supervisor: Annotated[
        str | None, typer.Option("--supervisor", metavar="REF", help="Who was in charge.")
    ] = None,
    drafted_by: Annotated[
        str | None, typer.Option("--drafted-by", metavar="REF", help="Who wrote the paper.")
    ] = None,
) -> Receipt:
    """Enter a paper as a draft. Whoever wrote it may be in custody; whoever enters it may not."""
    return custody.sheets.new(
        desk.uow,
        paper=paper,
        category=activity,
        worked_on=on,
        until=until,
        lines=[line(each) for each in lines],
        starts_minute=None if starts is None else minute_of_day(starts),
        length_minutes=None if length is None else Hours.parse(length).minutes,
        supervisor=None if supervisor is None else names.person(desk.uow, supervisor),
        drafted_by=None if drafted_by is None else names.person(desk.uow, drafted_by),
        by=desk.by,
        key=desk.key,
    )


def import_(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: one row per line of a sheet.")],
    total: Annotated[
        str, typer.Option("--total", metavar="HOURS", help="The sum announced with the papers.")
    ],
    again: Annotated[
        Path | None,
        typer.Option("--again", metavar="FILE", help="The same papers, keyed by somebody else."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be entered.")
    ] = False,
) -> tuple[Receipt, ...] | Answer:
    """Enter a batch of papers as drafts: all of them, or none.

    The announced total must be that of the file; --again compares it with a second keying.
    """
    drafts = _papers.read(file, again, total=Hours.parse(total))
    found = _papers.enter(desk, drafts)
    return _papers.rehearsed(desk, drafts, found) if dry_run else found


def submit(desk: Desk, sheet: Which) -> Receipt:
    """The draft is complete."""
    id_ = sheet_id(desk.uow, sheet)
    return custody.sheets.submit(desk.uow, id_, by=desk.by, key=desk.key)


def verify(desk: Desk, sheet: Which, paper: Signed, seat: Seat) -> Receipt:
    """The first of two people says that it took place, with their PIN."""
    id_ = sheet_id(desk.uow, sheet)
    return custody.sheets.verify(desk.uow, id_, paper=paper, seat=seat, by=desk.by, key=desk.key)


def approve(desk: Desk, sheet: Which, paper: Signed, seat: Seat) -> Receipt:
    """The second of two people says that it is to be credited, with their PIN."""
    id_ = sheet_id(desk.uow, sheet)
    return custody.sheets.approve(desk.uow, id_, paper=paper, seat=seat, by=desk.by, key=desk.key)


def post(
    desk: Desk,
    sheet: Which,
    payer: Annotated[
        str, typer.Option("--payer", metavar="REF|LABEL", help="Who pays, else the issuance.")
    ] = "issuance",
) -> Receipt:
    """Credit every line at once, and carry out what each earner said."""
    id_ = sheet_id(desk.uow, sheet)
    return custody.sheets.post(desk.uow, id_, payer=payer, by=desk.by, key=desk.key)


def return_(desk: Desk, sheet: Which, reason: options.ReasonCode) -> Receipt:
    """It is not right: the paper is entered again once it is."""
    id_ = sheet_id(desk.uow, sheet)
    return custody.sheets.return_(desk.uow, id_, reason=reason, by=desk.by, key=desk.key)


def reverse(
    desk: Desk,
    sheet: Which,
    reason: options.ReasonCode,
    approved_by: options.ApprovedBy = None,
) -> Receipt:
    """Undo a posted sheet by a reversal that names it, by two people."""
    return custody.sheets.reverse(
        desk.uow,
        sheet_id(desk.uow, sheet),
        reason=reason,
        by=desk.by,
        approved_by=desk.second_person(approved_by),
        key=desk.key,
    )


def show(uow: ReadingUnit, sheet: Which) -> Answer:
    """Show a sheet with its lines, and who did what to it."""
    file = custody.sheets.get(uow, sheet_id(uow, sheet))
    labels = _labels(uow, (file,))
    rows = [
        (
            labels.short(one.person),
            Hours(minutes=one.raw_minutes),
            Hours(minutes=one.credited_minutes),
            one.basis.value,
        )
        for one in file.lines
    ]
    day = bank_days(uow)
    acts = [
        (one.act, labels.actor(one.actor), day(one.recorded_at), one.paper, one.seat, one.reason)
        for one in file.acts
    ]
    text = (
        grid(("", ""), [(name, value) for name, value in _facts(file, labels).items()]),
        "",
        grid(("Person", ">Raw", ">Credited", "Basis"), rows),
        "",
        grid(("Act", "By", "On", "Paper", "Seat", "Reason"), acts),
    )
    document = {"schema": "timebank.custody-sheet/1", "bank": uow.slug, **_document(file)}
    return Answer(document=document, text=text)


def list_(
    uow: ReadingUnit,
    state: Annotated[SheetState | None, typer.Option("--state", help="Only in this state.")] = None,
    after: options.After = None,
    limit: options.Limit = 100,
) -> Answer:
    """List sheets in order of id."""
    last = None if after is None else custody.sheets.get(uow, sheet_id(uow, after)).sheet.id
    found = custody.sheets.list(uow, state=state, after=last, limit=limit)
    rows = [
        (
            file.sheet.paper,
            file.sheet.worked_on,
            file.sheet.category,
            len(file.lines),
            Hours(minutes=sum(one.credited_minutes for one in file.lines)),
            file.sheet.state.value,
            file.sheet.id,
        )
        for file in found
    ]
    return page(
        "timebank.custody-sheets/1",
        uow.slug,
        "sheets",
        [_document(file) for file in found],
        text=grid(("Paper", "Day", "Activity", ">Lines", ">Credited", "State", "Id"), rows),
        last=found[-1].sheet.id if len(found) == limit else None,
    )


def _document(file: SheetFile) -> dict[str, object]:
    return {
        **named("sheet", file.sheet),
        "lines": [{n: v for n, v in plain(one).items() if n != "sheet"} for one in file.lines],
        "acts": [
            {n: v for n, v in named("act_id", one).items() if n != "sheet"} for one in file.acts
        ],
    }


def _facts(file: SheetFile, labels: Labels) -> dict[str, object]:
    sheet = file.sheet
    return {
        "paper": sheet.paper,
        "id": sheet.id,
        "state": sheet.state.value,
        "activity": sheet.category,
        "day": sheet.worked_on if sheet.until is None else f"{sheet.worked_on} to {sheet.until}",
        "entered by": labels.actor(sheet.entered_by),
        "transaction": sheet.transaction,
    }


def _labels(uow: ReadingUnit, files: tuple[SheetFile, ...]) -> Labels:
    people = {one.person for file in files for one in file.lines}
    actors = [a.actor for file in files for a in file.acts] + [f.sheet.entered_by for f in files]
    return Labels(uow).learn(people=people, actors=actors)
