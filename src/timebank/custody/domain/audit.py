"""What must hold of the scheme's books: named checks over plain rows. They never repair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from timebank.custody.domain.beneficiary import Beneficiary, BeneficiaryAct
from timebank.custody.domain.membership import OUTSIDE, History, Membership, freezes_of
from timebank.custody.domain.movement import Movement, Purpose
from timebank.custody.domain.pin import Pin, PinChange
from timebank.custody.domain.query import Query, QueryAnswer
from timebank.custody.domain.rules import Basis
from timebank.custody.domain.sheet import STEPS, SheetFile, SheetState
from timebank.custody.domain.site import Direction, Outcome, Passage, PassageEnd
from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import Actor
from timebank.domain.audit import CheckInfo, Finding
from timebank.domain.bank import day_of
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.member import Staff
from timebank.domain.transaction import Activity, Transaction

CREDITS: Final = "custody_credits_match_lines"
PEOPLE: Final = "custody_sheets_have_two_people"
GROUNDS: Final = "custody_hours_out_have_a_ground"
STATES: Final = "custody_states_match_changes"
PASSAGES: Final = "custody_moves_match_codes"
OFFICE: Final = "custody_nobody_inside_holds_office"
CORRECTIONS: Final = "custody_corrections_have_two_people"
PINS: Final = "custody_pins_match_acts"
QUERIES: Final = "custody_queries_answered_by_others"

CHECKS: Final = (
    CheckInfo(
        name=CREDITS,
        holds="Each minute credited to a person in custody is that of a line of a posted sheet.",
    ),
    CheckInfo(
        name=PEOPLE,
        holds="Each sheet that counts was verified and approved by two people who are not on it.",
    ),
    CheckInfo(
        name=GROUNDS,
        holds="Each hour that left somebody inside has a ground: an instruction, a gift, a price.",
    ),
    CheckInfo(
        name=STATES,
        holds="Each membership, sheet and beneficiary is where its acts left it, and blocked so.",
    ),
    CheckInfo(
        name=PASSAGES,
        holds="Each hour that left for another site, or came from one, is that of a move.",
    ),
    CheckInfo(
        name=OFFICE,
        holds="Nobody in custody holds a role of staff, or acted for hours that go in or out.",
    ),
    CheckInfo(
        name=CORRECTIONS,
        holds="Each reversal was made by two people, and a sheet's hours went with their sheet.",
    ),
    CheckInfo(
        name=PINS,
        holds="Each PIN was set by a recorded act, and its wrong tries are recorded attempts.",
    ),
    CheckInfo(
        name=QUERIES,
        holds="Each slip concerns its person; its answer is another's, and put right what it says.",
    ),
)

INSIDE_KINDS: Final = frozenset({AccountKind.CUSTODY, AccountKind.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One transfer that touches an account inside, as the journal has it."""

    transaction: TransactionId
    n: int
    source: AccountId
    target: AccountId
    source_kind: AccountKind
    target_kind: AccountKind
    source_owner: PersonId | None
    target_owner: PersonId | None
    minutes: int
    activity: Activity
    happened_on: date
    reverses: TransactionId | None
    recorded_at: datetime
    actor: PersonId | None
    approver: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything the checks read, from one snapshot; a scheme is small."""

    moved: tuple[Moved, ...]
    movements: tuple[Movement, ...]
    files: tuple[SheetFile, ...]
    memberships: tuple[Membership, ...]
    histories: Mapping[PersonId, History]
    left: frozenset[PersonId]
    accounts: Mapping[AccountId, Account]
    beneficiaries: Mapping[FactId, Beneficiary]
    beneficiary_acts: tuple[BeneficiaryAct, ...]
    passages: tuple[tuple[Passage, PassageEnd | None], ...]
    staff: tuple[Staff, ...]
    pins: tuple[Pin, ...]
    pin_changes: tuple[PinChange, ...]
    wrong_pins: Mapping[PersonId, int]
    queries: tuple[tuple[Query, QueryAnswer | None], ...]
    queried: Mapping[TransactionId, Transaction]
    today: date
    zone: str


def _finding(check: str, subject: str, expected: str, found: str, message: str) -> Finding:
    return Finding(check=check, subject=subject, expected=expected, found=found, message=message)


def check_credits(books: Books) -> Iterator[Finding]:
    """From the journal to the sheets, and from the sheets to the journal."""
    grounds = {(m.transaction, m.n): m for m in books.movements}
    files = {file.sheet.id: file for file in books.files}
    credited: Counter[tuple[FactId, int]] = Counter()
    for each in books.moved:
        if each.target_kind is not AccountKind.CUSTODY or each.reverses is not None:
            continue
        ground = grounds.get((each.transaction, each.n))
        if each.source_kind is AccountKind.CLEARING and _moves(ground, each.target_owner):
            continue
        wrong = _unfounded(each, ground, files)
        if wrong:
            yield _finding(
                CREDITS,
                f"transaction {each.transaction} transfer {each.n}",
                f"a line of a posted sheet with {each.minutes} credited minutes",
                wrong,
                "hours reached a person in custody that no sheet with two people credits",
            )
        elif ground is not None and ground.sheet is not None:
            credited[ground.sheet, ground.line or 0] += each.minutes
    for file in books.files:
        if file.sheet.transaction is None:
            continue
        for line in file.lines:
            if credited[file.sheet.id, line.n] != line.credited_minutes:
                yield _finding(
                    CREDITS,
                    f"sheet {file.sheet.id} line {line.n}",
                    f"{line.credited_minutes} minutes",
                    f"{credited[file.sheet.id, line.n]} minutes",
                    "the journal does not credit what the line says",
                )


def _moves(ground: Movement | None, owner: PersonId | None) -> bool:
    """Whether the hours came with their owner: ``check_passages`` looks at how many."""
    return ground is not None and ground.purpose is Purpose.MOVE and ground.person == owner


def check_passages(books: Books) -> Iterator[Finding]:
    """What the clearing account gave and took for each person is what the halves of moves say."""
    said: Counter[PersonId] = Counter()
    for passage, end in books.passages:
        if end is None or end.outcome is not Outcome.CANCELLED:
            way = 1 if passage.direction is Direction.IN else -1
            said[passage.person] += way * passage.minutes
    done: Counter[PersonId] = Counter()
    for each in books.moved:
        if each.reverses is None and each.source_kind is AccountKind.CLEARING:
            done[each.target_owner or PersonId("")] += each.minutes
        elif each.reverses is None and each.target_kind is AccountKind.CLEARING:
            done[each.source_owner or PersonId("")] -= each.minutes
    for person in sorted({*said, *done}):
        if said[person] != done[person]:
            yield _finding(
                PASSAGES,
                f"person {person}",
                f"{said[person]} minutes from other sites",
                f"{done[person]} minutes",
                "the clearing account moved what no half of a move says",
            )


def _unfounded(
    each: Moved, ground: Movement | None, files: Mapping[FactId, SheetFile]
) -> str | None:
    """What is wrong with the ground of a credit, if anything."""
    if ground is None or ground.purpose is not Purpose.CREDIT:
        return "no ground"
    file = files.get(ground.sheet or FactId(""))
    if file is None or file.sheet.transaction != each.transaction:
        return "a sheet that was posted otherwise" if file else "no sheet"
    line = next((line for line in file.lines if line.n == ground.line), None)
    if line is None or line.person != each.target_owner:
        return "a line of somebody else" if line else "no line"
    if line.basis is not Basis.VOLUNTARY or line.credited_minutes != each.minutes:
        return f"{line.credited_minutes} minutes, {line.basis.value}"
    return None


def check_people(books: Books) -> Iterator[Finding]:
    """Two members of staff answer for each sheet, and its state is that of its last act."""
    for file in books.files:
        subject = f"sheet {file.sheet.id}"
        last = file.acts[-1].becomes if file.acts else SheetState.DRAFT
        if last is not file.sheet.state or [a.n for a in file.acts] != [
            *range(1, len(file.acts) + 1)
        ]:
            yield _finding(
                PEOPLE,
                subject,
                f"state {last.value}",
                f"state {file.sheet.state.value}",
                "the state is not that of the last act, or an act is missing",
            )
        if file.sheet.state not in (SheetState.POSTED, SheetState.APPROVED, SheetState.REVERSED):
            continue
        verifier, approver = file.did("verify"), file.did("approve")
        wrong = _not_two(file, verifier, approver, books)
        if wrong:
            yield _finding(
                PEOPLE,
                subject,
                "two members of staff outside of the sheet",
                f"verified by {verifier}, approved by {approver}",
                wrong,
            )


def _not_two(
    file: SheetFile, verifier: Actor | None, approver: Actor | None, books: Books
) -> str | None:
    if verifier is None or approver is None:
        return "it was not both verified and approved"
    if verifier.person == approver.person:
        return "one person did both"
    wrote = {file.sheet.drafted_by, file.sheet.entered_by.person}
    attendees = {line.person for line in file.lines}
    if verifier.person in wrote | attendees or approver.person in attendees:
        return "somebody judged their own part"
    for act in file.acts:
        person, day = act.actor.person, day_of(act.recorded_at, books.zone)
        if person is not None and _was_inside(person, day, books.histories):
            return "a person in custody held an office"
    unknown = {act.act for act in file.acts} - set(STEPS)
    return f"unknown acts: {', '.join(sorted(unknown))}" if unknown else None


def check_grounds(books: Books) -> Iterator[Finding]:
    """What left an account inside, and whose; and every ground has its transfer."""
    grounds = {(m.transaction, m.n): m for m in books.movements}
    seen = set()
    for each in books.moved:
        key = (each.transaction, each.n)
        ground = grounds.get(key)
        if ground is not None:
            seen.add(key)
        if each.source_kind not in INSIDE_KINDS or each.reverses is not None:
            continue
        wrong = _groundless(each, ground, books)
        if wrong:
            yield _finding(
                GROUNDS,
                f"transaction {each.transaction} transfer {each.n}",
                "an instruction, a gift, a price, a release or a closure of this person",
                wrong,
                "hours left a person in custody in a way that the scheme does not know",
            )
    for key in sorted(set(grounds) - seen):
        if grounds[key].purpose is not Purpose.CLOSURE:
            yield _finding(
                GROUNDS, f"transaction {key[0]} transfer {key[1]}", "a transfer", "none", "a ground"
            )


def _groundless(each: Moved, ground: Movement | None, books: Books) -> str | None:
    if ground is None or ground.purpose is Purpose.CREDIT:
        return "no ground"
    if ground.person != each.source_owner:
        return "somebody else's ground"
    if each.target_kind is AccountKind.MEMBER and ground.purpose is not Purpose.RELEASE:
        known = books.beneficiaries.get(ground.beneficiary or FactId(""))
        if known is None or known.account != each.target or known.person != ground.person:
            return "no beneficiary of this person"
    if ground.purpose is Purpose.RELEASE and each.target_owner != ground.person:
        return "a release to somebody else"
    if (each.activity is Activity.SPENDING) != (ground.price is not None):
        return "no price"
    return None


def check_states(books: Books) -> Iterator[Finding]:
    """The state from its changes, the freezes from the state, and no balance below zero."""
    for own in books.memberships:
        history = books.histories.get(own.id)
        left = history.changes[-1] if history and history.changes else None
        if left is None or (left.becomes, left.effective_on) != (own.state, own.since):
            yield _finding(
                STATES,
                f"person {own.id}",
                "none" if left is None else f"{left.becomes.value} since {left.effective_on}",
                f"{own.state.value} since {own.since}",
                "the membership does not stand where its changes left it",
            )
        for kind, wanted in freezes_of(own.state, left=own.id in books.left).items():
            account = books.accounts.get(own.account(kind))
            if account is None or account.owner != own.id or account.kind is not kind:
                yield _finding(
                    STATES, f"person {own.id}", f"a {kind.value} account", "none", "an account"
                )
            elif wanted is not None and account.frozen is not wanted:
                yield _finding(
                    STATES,
                    f"account {account.id}",
                    f"frozen {wanted.value}",
                    f"frozen {account.frozen.value}",
                    f"its owner is {own.state.value}"
                    + (" and left the bank" if own.id in books.left else ""),
                )


def check_office(books: Books) -> Iterator[Finding]:
    """Roles held now by people in custody, and whoever moved hours inside while in custody."""
    for staff in books.staff:
        ended = staff.ends_on is not None and staff.ends_on < books.today
        if not ended and _was_inside(staff.person, books.today, books.histories):
            yield _finding(
                OFFICE,
                f"person {staff.person}",
                "no role of staff",
                staff.role.value,
                "a person in custody holds an office: timebank staff end",
            )
    for each in books.moved:
        day = day_of(each.recorded_at, books.zone)
        for person in (each.actor, each.approver):
            if person is not None and _was_inside(person, day, books.histories):
                yield _finding(
                    OFFICE,
                    f"transaction {each.transaction} transfer {each.n}",
                    "staff who are not in custody",
                    f"person {person}",
                    "a person in custody acted for hours inside",
                )


def _was_inside(person: PersonId, day: date, histories: Mapping[PersonId, History]) -> bool:
    history = histories.get(person)
    state = None if history is None else history.state_on(day)
    return state is not None and state not in OUTSIDE


def check_corrections(books: Books) -> Iterator[Finding]:
    """Hours inside are reversed by two people, and those of a sheet together with the sheet."""
    standing = {
        file.sheet.transaction: file.sheet
        for file in books.files
        if file.sheet.transaction and file.sheet.state is not SheetState.REVERSED
    }
    for each in books.moved:
        if each.reverses is None:
            continue
        if each.approver is None:
            yield _finding(
                CORRECTIONS,
                f"transaction {each.transaction} transfer {each.n}",
                "a second person",
                "none",
                f"it undoes {each.reverses}",
            )
        if sheet := standing.pop(each.reverses, None):
            yield _finding(
                CORRECTIONS,
                f"transaction {each.transaction}",
                f"sheet {sheet.id} reversed with its hours",
                f"state {sheet.state.value}",
                "hours of a sheet were undone past the scheme",
            )
