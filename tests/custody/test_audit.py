"""P-33: each credited minute has a line with two named staff, and every planted fault is found."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.backends import SqlBackend
from tests.custody.scheme import Scheme, found_scheme
from tests.custody.test_scheme import earned, full, keep, membership, pot
from tests.support import refusal
from timebank import Hours, TransactionDraft, Transfer, accounts, staff, transfers
from timebank.custody import Part, Place, people, queries, sheets
from timebank.custody.domain import audit
from timebank.domain.actor import Actor, Role
from timebank.domain.audit import Verdict

HOUR = Hours.of(1)


def found(scheme: Scheme) -> dict[str, int]:
    """How many findings each check has."""
    counts: dict[str, int] = {}
    for finding in scheme.audit().findings:
        counts[finding.check] = counts.get(finding.check, 0) + 1
    return counts


def lived(scheme: Scheme) -> None:
    """A scheme in which everything lawful took place."""
    full(scheme)
    keep(scheme, "sam", parts=(Part(place=Place.HELD), Part(place=Place.POT)))
    sheet = scheme.posted("S-7", ("sam", 60), ("ray", 30))
    scheme.posted("S-8", ("sam", 60))
    scheme.two(sheets.reverse, sheet, reason="entered twice")
    scheme.two(people.release, "sam", reason="other")
    scheme.do(people.death, "tom", by=scheme.cora)
    scheme.two(people.close, "tom", reason="other")


def test_p33_a_lawful_scheme_is_clean_and_every_check_looked_at_something(scheme: Scheme) -> None:
    lived(scheme)
    report = scheme.audit()
    assert (report.findings, report.verdict) == ((), Verdict.CLEAN)
    looked = {check.name: check.subjects for check in report.checks}
    assert all(looked[check.name] > 0 for check in audit.CHECKS)


def test_p33_an_open_exception_is_a_notice_and_no_finding(scheme: Scheme) -> None:
    for person in ("ray", "sam"):
        scheme.beneficiary(person, "gran")
    report = scheme.audit()
    assert [notice.found for notice in report.notices] == ["shared_beneficiary"]
    assert report.verdict is Verdict.CLEAN


# --- past the scheme, by the ledger's own ways and two people -----------------------------------


def test_p33_hours_that_two_people_give_without_a_sheet_are_found(scheme: Scheme) -> None:
    scheme.posted("S-1", ("ray", 60))
    move = Transfer(source=pot(scheme), target=membership(scheme, "ray").custody, hours=HOUR)
    scheme.two(transfers.post, [TransactionDraft(transfers=(move,))])
    assert found(scheme) == {audit.CREDITS: 1}


def test_p33_a_gift_past_the_list_of_beneficiaries_is_found(scheme: Scheme) -> None:
    earned(scheme, "ray")
    move = Transfer(
        source=membership(scheme, "ray").custody, target=scheme.accounts["aunt"], hours=HOUR
    )
    scheme.two(transfers.post, [TransactionDraft(transfers=(move,))])
    assert found(scheme) == {audit.GROUNDS: 1}


def test_p33_a_freeze_that_somebody_lifted_is_found(scheme: Scheme) -> None:
    scheme.do(people.suspend, "ray", reason="safeguarding", by=scheme.cora)
    account = membership(scheme, "ray").custody
    scheme.do(accounts.freeze, account, frozen="none", reason="other", by=scheme.cora)
    assert found(scheme) == {audit.STATES: 1}


def test_p23_nobody_alone_reverses_hours_of_somebody_in_custody(scheme: Scheme) -> None:
    earned(scheme, "ray")
    own = membership(scheme, "ray").custody
    move = TransactionDraft(transfers=(Transfer(source=own, target=pot(scheme), hours=HOUR),))
    (gift,) = scheme.do(transfers.post, [move], by=scheme.cora)
    id_ = gift.receipt_or_raise().transaction_id
    alone = partial(scheme.do, transfers.reverse, id_, reason="correction", by=scheme.cora)
    assert refusal(alone) == "flow_not_allowed"
    scheme.two(transfers.reverse, id_, reason="correction")
    assert found(scheme) == {audit.GROUNDS: 1}


def test_p33_a_sheets_hours_that_two_people_undo_past_the_scheme_are_found(scheme: Scheme) -> None:
    sheet = scheme.posted("S-1", ("ray", 60), ("sam", 30))
    scheme.posted("S-2", ("ray", 60))
    transaction = scheme.see(sheets.get, sheet).sheet.transaction
    scheme.two(transfers.reverse, transaction, reason="correction")
    assert found(scheme) == {audit.CORRECTIONS: 1}
    scheme.two(sheets.reverse, sheet, reason="correction")
    assert (scheme.pot(), found(scheme)) == (60, {})


def test_p18_a_role_that_a_person_in_custody_was_given_is_found(scheme: Scheme) -> None:
    scheme.do(staff.add, "tom", role="officer", by=scheme.cora)
    assert found(scheme) == {audit.OFFICE: 1}
    tom = Actor(person=scheme.people["tom"], role=Role.OFFICER)
    move = Transfer(source=pot(scheme), target=scheme.accounts["gran"], hours=HOUR)
    scheme.posted("S-1", ("ray", 60))
    draft = TransactionDraft(transfers=(move,))
    scheme.do(transfers.post, [draft], by=scheme.cora, approved_by=tom)
    assert found(scheme) == {audit.OFFICE: 1}
    scheme.posted("S-2", ("ray", 60))
    inside = Transfer(source=pot(scheme), target=membership(scheme, "ray").custody, hours=HOUR)
    draft = TransactionDraft(transfers=(inside,))
    scheme.do(transfers.post, [draft], by=scheme.cora, approved_by=tom)
    assert found(scheme) == {audit.OFFICE: 2, audit.CREDITS: 1}
    scheme.do(staff.end, scheme.people["tom"], role="officer", by=scheme.cora)
    scheme.days(1)
    assert found(scheme) == {audit.OFFICE: 1, audit.CREDITS: 1}


# --- with a database console ---------------------------------------------------------------------


def tamper(scheme: Scheme, *statements: str) -> None:
    """Somebody with all rights, whom no trigger and no key stops."""
    assert isinstance(scheme.backend, SqlBackend)
    with scheme.backend.engine.begin() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in [*names]:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0, statement


LINE = "UPDATE timebank_custody_sheet_line SET"
ACT = "UPDATE timebank_custody_sheet_act SET"
QUERY = "UPDATE timebank_custody_query SET"
KEPT_PIN = "UPDATE timebank_custody_pin SET"
SHEET = "UPDATE timebank_custody_sheet SET"
MOVE = "UPDATE timebank_custody_movement SET"

PLANTED: dict[str, tuple[str, str]] = {
    "one person alone put something right": (
        "UPDATE timebank_transaction SET approver_role = NULL, approver_id = NULL"
        " WHERE reverses IS NOT NULL",
        audit.CORRECTIONS,
    ),
    "a line says more": (f"{LINE} credited_minutes = 75", audit.CREDITS),
    "a line is gone": ("DELETE FROM timebank_custody_sheet_line", audit.CREDITS),
    "a line was not voluntary": (f"{LINE} basis = 'paid', credited_minutes = 0", audit.CREDITS),
    "a ground is gone": ("DELETE FROM timebank_custody_movement", audit.CREDITS),
    "a ground names no line": (f"{MOVE} line = 9 WHERE purpose = 'credit'", audit.CREDITS),
    "a ground names no sheet": (f"{MOVE} sheet_id = NULL WHERE purpose = 'credit'", audit.CREDITS),
    "a sheet names another transaction": (
        f"{SHEET} transaction_id = (SELECT min(transaction_id) FROM timebank_custody_movement"
        " WHERE purpose = 'gift')",
        audit.CREDITS,
    ),
    "a sheet was not approved": (
        "DELETE FROM timebank_custody_sheet_act WHERE n = 3",
        audit.PEOPLE,
    ),
    "a sheet stands elsewhere": (
        f"{SHEET} state = 'approved', transaction_id = NULL",
        audit.PEOPLE,
    ),
    "one person did both": (
        f"{ACT} actor_id = (SELECT min(actor_id) FROM timebank_custody_sheet_act WHERE n = 2)"
        " WHERE n = 3",
        audit.PEOPLE,
    ),
    "the approver was on it": (
        f"{ACT} actor_id = (SELECT min(person_id) FROM timebank_custody_sheet_line) WHERE n = 3",
        audit.PEOPLE,
    ),
    "a gift had no ground": (
        "DELETE FROM timebank_custody_movement WHERE purpose = 'gift'",
        audit.GROUNDS,
    ),
    "a gift names no beneficiary": (
        f"{MOVE} beneficiary_id = NULL WHERE purpose = 'gift'",
        audit.GROUNDS,
    ),
    "a gift was somebody else's": (
        f"{MOVE} person_id = (SELECT max(id) FROM timebank_custody_membership)"
        " WHERE purpose = 'gift' AND person_id <>"
        " (SELECT max(id) FROM timebank_custody_membership)",
        audit.GROUNDS,
    ),
    "a purchase had no price": (
        f"{MOVE} price_id = NULL WHERE purpose = 'spending'",
        audit.GROUNDS,
    ),
    "a ground has no transfer": (f"{MOVE} n = 7 WHERE purpose = 'gift'", audit.GROUNDS),
    "a membership stands elsewhere": (
        "UPDATE timebank_custody_membership SET state = 'released'",
        audit.STATES,
    ),
    "a membership stands since another day": (
        "UPDATE timebank_custody_membership SET since = '2020-01-01'",
        audit.STATES,
    ),
    "a PIN was set by nobody": ("DELETE FROM timebank_custody_pin_change", audit.PINS),
    "a PIN stands that was erased": (
        "UPDATE timebank_custody_pin_change SET act = 'erase'",
        audit.PINS,
    ),
    "a PIN was locked without an attempt": (f"{KEPT_PIN} failures = 5", audit.PINS),
    "a slip names a sheet of others": (
        f"{QUERY} person_id = (SELECT max(id) FROM timebank_custody_membership)",
        audit.QUERIES,
    ),
    "a slip names a transaction of others": (
        f"{QUERY} sheet_id = NULL, transaction_id = (SELECT min(id) FROM timebank_transaction),"
        " person_id = (SELECT max(id) FROM timebank_custody_membership)",
        audit.QUERIES,
    ),
    "a slip was answered by who approved it": (
        "UPDATE timebank_custody_query_answer SET actor_id ="
        " (SELECT min(actor_id) FROM timebank_custody_sheet_act WHERE act = 'approve')",
        audit.QUERIES,
    ),
    "a slip was put right by what was there before": (
        "UPDATE timebank_custody_query_answer SET outcome = 'put_right', sheet_id ="
        " (SELECT sheet_id FROM timebank_custody_query)",
        audit.QUERIES,
    ),
    "an account belongs to another": (
        "UPDATE timebank_custody_membership SET held_id = community_id",
        audit.STATES,
    ),
}


@pytest.fixture(scope="module")
def eventful(scheme_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scheme]:
    """A file to copy from, with a row in every table and a sheet that was undone; the scheme."""
    file = shutil.copyfile(scheme_file, tmp_path_factory.mktemp("eventful") / "scheme.sqlite")
    engine = create_engine(f"sqlite:///{file}")
    scheme = found_scheme(SqlBackend(engine))
    full(scheme)
    wrong = scheme.posted("S-9", ("sam", 30))
    scheme.two(sheets.reverse, wrong, reason="entered twice")
    engine.dispose()
    return file, scheme


@pytest.mark.parametrize("fault", PLANTED)
def test_p33_a_planted_fault_is_found(
    eventful: tuple[Path, Scheme], tmp_path: Path, fault: str
) -> None:
    file, before = eventful
    engine = create_engine(f"sqlite:///{shutil.copyfile(file, tmp_path / 'scheme.sqlite')}")
    scheme = before.moved_to(SqlBackend(engine))
    assert isinstance(scheme, Scheme)
    statement, check = PLANTED[fault]
    tamper(scheme, statement)
    assert found(scheme).get(check, 0) > 0
    engine.dispose()


@pytest.mark.parametrize(("who", "findings"), [("actor_id", 1), ("approver_id", 1), (None, 0)])
def test_p33_an_answer_by_who_undid_the_hours_is_found(
    sqlite_scheme: Scheme, who: str | None, findings: int
) -> None:
    full(sqlite_scheme)
    wrong = sqlite_scheme.posted("S-9", ("ray", 30))
    sqlite_scheme.two(sheets.reverse, wrong, reason="entered twice")
    undone = "FROM timebank_transaction WHERE reverses IS NOT NULL"
    ray, bea = (sqlite_scheme.people[ref] for ref in ("ray", "bea"))
    answered_by = f"X'{bea}'" if who is None else f"(SELECT {who} {undone})"
    tamper(
        sqlite_scheme,
        f"{QUERY} person_id = X'{ray}', sheet_id = NULL, transaction_id = (SELECT id {undone})",
        f"UPDATE timebank_custody_query_answer SET actor_id = {answered_by}",
    )
    assert found(sqlite_scheme).get(audit.QUERIES, 0) == findings


@pytest.mark.parametrize(("who", "findings"), [("cora", 1), ("colin", 1), ("bea", 0)])
@pytest.mark.parametrize("by_ledger", [False, True])
def test_p33_an_answer_by_who_undid_the_sheet_before_the_slip_is_found(
    sqlite_scheme: Scheme, who: str, findings: int, by_ledger: bool
) -> None:
    scheme = sqlite_scheme
    wrong = scheme.posted("S-9", ("ray", 30))
    undone = scheme.see(sheets.get, wrong).sheet.transaction if by_ledger else wrong
    undo: Any = transfers.reverse if by_ledger else sheets.reverse
    scheme.do(undo, undone, reason="correction", by=scheme.cora, approved_by=scheme.colin)
    slip = {"paper": "Q-1", "concern": "minutes", "sheet": wrong}
    query = scheme.made(queries.open, "ray", **slip, by=scheme.cora)
    scheme.do(queries.answer, query, outcome="stands", by=scheme.staff("bea"))
    said = f"actor_id = X'{scheme.people[who]}'"
    tamper(scheme, f"UPDATE timebank_custody_query_answer SET {said}")
    assert found(scheme).get(audit.QUERIES, 0) == findings


@pytest.mark.parametrize("what", ["sheet_id", "transaction_id"])
def test_p33_a_slip_put_right_by_the_posting_of_its_own_sheet_is_found(
    sqlite_scheme: Scheme, what: str
) -> None:
    full(sqlite_scheme)
    sheet = "(SELECT sheet_id FROM timebank_custody_query)"
    posting = f"(SELECT transaction_id FROM timebank_custody_sheet WHERE id = {sheet})"
    by = sheet if what == "sheet_id" else posting
    tamper(
        sqlite_scheme,
        f"{QUERY} recorded_at = 0",
        f"UPDATE timebank_custody_query_answer SET outcome = 'put_right', {what} = {by}",
    )
    assert found(sqlite_scheme).get(audit.QUERIES, 0) == 1


def test_p33_an_office_held_in_custody_is_found_in_the_past(sqlite_scheme: Scheme) -> None:
    full(sqlite_scheme)
    tamper(
        sqlite_scheme,
        f"{ACT} actor_id = (SELECT max(person_id) FROM timebank_custody_state_change"
        " WHERE person_id NOT IN (SELECT person_id FROM timebank_custody_sheet_line)) WHERE n = 2",
    )
    messages = {finding.message for finding in sqlite_scheme.audit().findings}
    assert "a person in custody held an office" in messages
