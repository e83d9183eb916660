"""Attendance sheets: entered from paper, verified and approved by two people, posted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from timebank.actions import members, transfers
from timebank.custody.actions._gather import (
    Case,
    acted,
    case,
    coded,
    inner,
    locked_sheet,
    store_of,
)
from timebank.custody.actions._posting import posting_of
from timebank.custody.domain.lines import Draft, earns, lines_of, standing, week_of
from timebank.custody.domain.membership import require_outside
from timebank.custody.domain.rules import Basis
from timebank.custody.domain.sheet import (
    LIVE,
    Sheet,
    SheetFile,
    SheetLine,
    SheetState,
    checked_paper,
    new_sheet,
    require_step_role,
    step,
)
from timebank.custody.errors import LineRefused
from timebank.domain.actor import Actor, require_second_person
from timebank.domain.ids import FactId, PersonId, checked_id
from timebank.domain.transaction import TransactionDraft
from timebank.domain.words import checked_word
from timebank.errors import InputError, NotFoundError, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, check_page, person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as it is written on paper: a person's id or ref, minutes, and the ground."""

    person: str
    minutes: int
    basis: str = Basis.VOLUNTARY.value


@action("custody.sheet_new")
def new(
    uow: UnitOfWork,
    *,
    paper: str,
    category: str,
    worked_on: date,
    lines: Sequence[Line],
    by: Actor,
    until: date | None = None,
    starts_minute: int | None = None,
    length_minutes: int | None = None,
    supervisor: str | None = None,
    drafted_by: str | None = None,
    key: str | None = None,
) -> Changes:
    """A sheet as a draft. ``drafted_by`` may be a person in custody: who enters it may not.

    *Refuses*, in this order: what is no line, an unknown person, a person in custody as
    the actor, who is no staff, an unknown category, what is no sheet of that activity, a paper that
    was entered before and stands (``RefTaken``), and any line that the rules refuse.
    """
    for line in lines:
        if not isinstance(line, Line):
            raise InputError(field="lines", problem=f"{line!r} is not a custody.Line")
    ids = [person_id(uow, line.person, field="person") for line in lines]
    named = [None if ref is None else person_id(uow, ref) for ref in (supervisor, drafted_by)]
    store_of(uow).memberships(ids, lock=True)  # two sheets of one person wait for each other
    found = case(uow, by=by)
    require_outside("custody.sheet_new", by, found.inside)
    require_step_role("new", found.now)
    found.now.policy.checked_category(category)
    entries = found.store.of_paper(checked_paper(paper))
    sheet = new_sheet(
        paper=paper,
        entry=len(entries) + 1,
        category=category,
        worked_on=worked_on,
        until=until,
        starts_minute=starts_minute,
        length_minutes=length_minutes,
        supervisor=named[0],
        drafted_by=named[1],
        rules=found.rules,
        conditions=found.now,
    )
    for entry in entries:
        if entry.state in LIVE:
            then = f"the sheet is {entry.state.value}: timebank custody sheet show {entry.paper}"
            raise RefTaken(kind="paper", ref=entry.paper, next_step=then)
    written = _lines(sheet, ids, lines, found)
    return Changes(added=(sheet, *written), events=(acted("drafted sheet", sheet.id),))


def _lines(
    sheet: Sheet, ids: Sequence[PersonId], lines: Sequence[Line], found: Case
) -> tuple[SheetLine, ...]:
    """The lines under the rules, beside what the same people did in those weeks."""
    monday, _ = week_of(sheet.worked_on)
    _, sunday = week_of(sheet.last_day)
    drafts = [
        Draft(
            person=person,
            minutes=line.minutes,
            basis=checked_word(Basis, line.basis, field="basis"),
        )
        for person, line in zip(ids, lines, strict=True)
    ]
    return lines_of(
        sheet,
        drafts,
        elsewhere=found.store.worked(ids, monday, sunday),
        histories=found.store.histories(ids),
        rules=found.rules,
    )


@action("custody.sheet_submit")
def submit(uow: UnitOfWork, sheet: str, *, by: Actor, key: str | None = None) -> Changes:
    """The draft is complete. *Refuses* what ``sheet.step`` refuses."""
    return _stepped(uow, sheet, "submit", by=by)


@action("custody.sheet_verify")
def verify(
    uow: UnitOfWork,
    sheet: str,
    *,
    by: Actor,
    paper: str | None = None,
    seat: str | None = None,
    key: str | None = None,
) -> Changes:
    """The first of two people says that it took place: ``paper`` is the signed paper's number.

    ``seat`` is the scheme's short name for the computer. *Refuses* what ``sheet.step`` refuses.
    """
    return _stepped(uow, sheet, "verify", by=by, paper=paper, seat=seat)


@action("custody.sheet_approve")
def approve(
    uow: UnitOfWork,
    sheet: str,
    *,
    by: Actor,
    paper: str | None = None,
    seat: str | None = None,
    key: str | None = None,
) -> Changes:
    """The second of two people says that it is to be credited. *Refuses* what ``step`` refuses."""
    return _stepped(uow, sheet, "approve", by=by, paper=paper, seat=seat)


@action("custody.sheet_return")
def return_(
    uow: UnitOfWork, sheet: str, *, reason: str, by: Actor, key: str | None = None
) -> Changes:
    """It is not right: enter the paper again once it is. *Refuses* what ``step`` refuses."""
    return _stepped(uow, sheet, "return", by=by, reason=reason)


@action("custody.sheet_post")
def post(
    uow: UnitOfWork,
    sheet: str,
    *,
    by: Actor,
    payer: str = "issuance",
    key: str | None = None,
) -> Changes:
    """Credit every line at once, and carry out what each earner said. A sheet posts once.

    Hours that are only recognised, and those of paid or imposed work, move nothing.
    The site's issuance pays, or the receiving organisation (``payer``). Hours of somebody whose
    account lets nothing out stay on it; what a lapsed beneficiary would have got goes to the pot.

    *Refuses*, in this order: an unknown sheet, what ``step`` refuses, a line of somebody who could
    not earn on that day after all, and what ``ledger.post`` refuses.
    """
    file = locked_sheet(uow, sheet)
    people = sorted({line.person for line in file.lines})
    memberships = {m.id: m for m in store_of(uow).memberships(people, lock=True)}
    found = case(uow, by=by, people=people)
    after, done = step(file, "post", found.now, inside=found.inside)
    _check_standing(file, found)
    posting = posting_of(uow, file, memberships, members.account_of(uow, payer), found)
    transaction = None
    if posting.moves:
        draft = TransactionDraft(
            transfers=tuple(move for move, _ in posting.moves),
            category=file.sheet.category,
            happened_on=file.sheet.last_day,
            key=f"custody.sheet:{file.sheet.id}",
        )
        approver = file.did("approve")
        (outcome,) = transfers.post(uow, [draft], by=by, approved_by=approver)
        transaction = outcome.receipt_or_raise().transaction_id
    grounds = (replace(g, transaction=transaction) for _, g in posting.moves if transaction)
    return Changes(
        added=(done, *grounds, *posting.shown),
        changed=(replace(after, transaction=transaction),),
        events=(acted("posted sheet", file.sheet.id),),
    )


@action("custody.sheet_reverse")
def reverse(
    uow: UnitOfWork,
    sheet: str,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor,
    key: str | None = None,
) -> Changes:
    """Undo a posted sheet by a reversal that names it, with a reason code and two people.

    Hours that two people undid before with the ledger's own command are not undone again.

    *Refuses*, in this order: an unknown sheet, what ``step`` refuses, a missing second person,
    words for a reason, and what reversing refuses.
    """
    file = locked_sheet(uow, sheet)
    found = case(uow, by=by, approved_by=approved_by)
    after, done = step(file, "reverse", found.now, inside=found.inside)
    require_second_person("custody.sheet_reverse", by, approved_by)
    code = coded(reason, found.now)
    moved = file.sheet.transaction
    if moved is not None and uow.journal.reversal_of(moved) is None:
        transfers.reverse(
            uow,
            moved,
            reason=code,
            by=by,
            approved_by=approved_by,
            key=inner(key, "reverse"),
        )
    return Changes(
        added=(replace(done, reason=code),),
        changed=(after,),
        events=(acted("reversed sheet", file.sheet.id),),
    )


def get(uow: ReadingUnit, sheet: str) -> SheetFile:
    """A sheet with its lines and acts. *Refuses* unknown ones with ``NotFoundError``."""
    found = store_of(uow).sheet(FactId(checked_id(sheet, field="sheet")))
    if found is None:
        raise NotFoundError(kind="sheet", ref=sheet)
    return found


def list(
    uow: ReadingUnit,
    *,
    state: SheetState | str | None = None,
    after: FactId | None = None,
    limit: int = 100,
) -> tuple[SheetFile, ...]:
    """Sheets in order of id, of one state if asked; a page of ``limit`` after ``after``."""
    check_page(after, limit)
    wanted = None if state is None else checked_word(SheetState, state, field="state")
    return store_of(uow).sheets(state=wanted, after=after, limit=limit)


def of_paper(uow: ReadingUnit, paper: str) -> tuple[Sheet, ...]:
    """Every entry of the paper with this number, first to last."""
    return store_of(uow).of_paper(paper)


def _stepped(
    uow: UnitOfWork,
    sheet: str,
    act: str,
    *,
    by: Actor,
    reason: str | None = None,
    paper: str | None = None,
    seat: str | None = None,
) -> Changes:
    file = locked_sheet(uow, sheet)
    found = case(uow, by=by)
    after, done = step(
        file, act, found.now, inside=found.inside, reason=reason, paper=paper, seat=seat
    )
    if reason is not None:
        done = replace(done, reason=coded(reason, found.now))
    event = acted(f"{done.becomes.value} sheet", file.sheet.id)
    return Changes(added=(done,), changed=(after,), events=(event,))


def _check_standing(file: SheetFile, found: Case) -> None:
    """Somebody may have been suspended as of a day before the work, after it was entered."""
    histories = found.store.histories([line.person for line in file.lines])
    for line in file.lines:
        if not earns(histories[line.person], file.sheet):
            raise LineRefused(
                line=line.n,
                person=line.person,
                minutes=line.raw_minutes,
                rule="standing",
                limit_minutes=0,
                because=standing(histories[line.person], file.sheet),
            )
