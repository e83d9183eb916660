"""What stands now of sheets and beneficiaries, against the acts that made it so."""

from __future__ import annotations

from collections.abc import Iterator

from timebank.custody.domain.audit import STATES, Books
from timebank.custody.domain.beneficiary import Beneficiary, BeneficiaryAct, Standing
from timebank.custody.domain.sheet import SheetState
from timebank.domain.audit import Finding
from timebank.domain.bank import day_of


def check_acts(books: Books) -> Iterator[Finding]:
    """Sheets and beneficiaries stand where their last act left them."""
    posted = {m.sheet: m.transaction for m in books.movements if m.sheet is not None}
    for file in books.files:
        sheet = file.sheet
        left = file.acts[-1].becomes if file.acts else SheetState.DRAFT
        expected = f"{left.value}, transaction {posted.get(sheet.id)}"
        found = f"{sheet.state.value}, transaction {sheet.transaction}"
        if found != expected:
            yield _finding(f"sheet {sheet.id}", expected, found)
    for id_, one in books.beneficiaries.items():
        acts = [act for act in books.beneficiary_acts if act.beneficiary == id_]
        expected = _left(acts, books.zone)
        if (found := _told(one)) != expected:
            yield _finding(f"beneficiary {id_}", expected, found)


def _left(acts: list[BeneficiaryAct], zone: str) -> str:
    """Where the acts, in order, leave a beneficiary."""
    if not acts:
        return "no act"
    approved = [act for act in acts if act.becomes is Standing.APPROVED]
    since = day_of(approved[0].recorded_at, zone) if approved else None
    return f"{acts[-1].becomes.value}, approved {since}, review {acts[-1].review_on}"


def _told(one: Beneficiary) -> str:
    return f"{one.standing.value}, approved {one.approved_on}, review {one.review_on}"


def _finding(subject: str, expected: str, found: str) -> Finding:
    return Finding(
        check=STATES,
        subject=subject,
        expected=expected,
        found=found,
        message="it does not stand where its acts left it",
    )
