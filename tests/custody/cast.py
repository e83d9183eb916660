"""Values for the tests of the rules: memberships, sheets, lines, beneficiaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from timebank.custody.domain.beneficiary import Beneficiary, Standing
from timebank.custody.domain.destination import Instruction, Part
from timebank.custody.domain.membership import History, Membership, State, StateChange
from timebank.custody.domain.rules import Basis
from timebank.custody.domain.sheet import Sheet, SheetAct, SheetFile, SheetLine, SheetState
from timebank.domain.actor import Actor, Role
from timebank.domain.ids import FactId, PersonId
from timebank.testing.builders import NOW, TODAY, account_id, as_broker, as_coordinator, person_id

A_DAY = timedelta(days=1)


def fact(n: int) -> FactId:
    return FactId(f"{n:032x}")


def a_membership(n: int = 1, state: State = State.ACTIVE) -> Membership:
    return Membership(
        id=person_id(n),
        state=state,
        since=TODAY,
        custody=account_id(10 * n),
        held=account_id(10 * n + 1),
        community=account_id(10 * n + 2),
    )


def a_history(*moves: tuple[int, State]) -> History:
    """Moves as (days from today, state)."""
    changes = []
    for n, (days, state) in enumerate(moves):
        changes.append(
            StateChange(
                id=fact(n),
                person=person_id(1),
                act="admit",
                was=None,
                becomes=state,
                effective_on=TODAY + days * A_DAY,
                recorded_at=NOW,
                actor=as_coordinator(),
                approver=None,
                reason="other",
            )
        )
    return History(changes=tuple(changes))


ACTIVE = a_history((-100, State.ACTIVE))


def a_sheet(
    n: int = 1,
    *,
    category: str = "garden",
    on: date = TODAY,
    until: date | None = None,
    starts: int | None = None,
    length: int | None = None,
    state: SheetState = SheetState.DRAFT,
    drafted_by: PersonId | None = None,
    entered_by: Actor | None = None,
) -> Sheet:
    return Sheet(
        id=fact(100 + n),
        paper=f"S-{n}",
        entry=1,
        category=category,
        worked_on=on,
        until=until,
        starts_minute=starts,
        length_minutes=length,
        supervisor=None,
        drafted_by=drafted_by,
        entered_by=entered_by or as_broker(),
        recorded_at=NOW,
        state=state,
        transaction=None,
    )


def a_line(n: int = 1, *, person: int = 1, raw: int = 60, credited: int = 60) -> SheetLine:
    return SheetLine(
        sheet=fact(101),
        n=n,
        person=person_id(person),
        raw_minutes=raw,
        credited_minutes=credited,
        basis=Basis.VOLUNTARY,
    )


def a_file(sheet: Sheet, *acts: tuple[str, Actor]) -> SheetFile:
    done = tuple(
        SheetAct(
            id=fact(200 + n),
            sheet=sheet.id,
            n=n,
            act=act,
            becomes=SheetState.SUBMITTED,
            recorded_at=NOW + n * timedelta(minutes=1),
            actor=actor,
            approver=None,
            reason=None,
            paper=None,
            seat=None,
        )
        for n, (act, actor) in enumerate(acts, 1)
    )
    return SheetFile(sheet=sheet, lines=(a_line(),), acts=done)


def a_beneficiary(
    n: int = 1, *, standing: Standing = Standing.APPROVED, review: int | None = 30
) -> Beneficiary:
    return Beneficiary(
        id=fact(300 + n),
        person=person_id(1),
        account=account_id(70 + n),
        standing=standing,
        approved_on=TODAY - 10 * A_DAY,
        review_on=None if review is None else TODAY + review * A_DAY,
    )


def an_instruction(n: int, *parts: Part, days: int = 0, sheet: FactId | None = None) -> Instruction:
    return Instruction(
        id=fact(400 + n),
        person=person_id(1),
        sheet=sheet,
        given_on=TODAY + days * A_DAY,
        paper="D-1",
        parts=parts,
        recorded_at=datetime(2026, 1, 1, tzinfo=NOW.tzinfo),
        actor=as_coordinator(),
        approver=None,
    )


def another(role: Role, n: int) -> Actor:
    """Somebody of the staff, by number."""
    return Actor(person=person_id(n), role=role)


def inside(*people: int) -> frozenset[PersonId]:
    return frozenset(person_id(n) for n in people)


def at(sheet: Sheet, state: SheetState) -> Sheet:
    return replace(sheet, state=state)
