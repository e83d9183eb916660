"""Slips that say "this is wrong": each rule of opening and answering, and who is told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from tests.backends import SqlBackend
from tests.custody.scheme import Scheme
from tests.custody.test_scheme import earned
from tests.support import refusal
from timebank import Hours, TransactionDraft, Transfer, staff, transfers
from timebank.custody import destinations, people, queries, sheets
from timebank.custody import scheme as schemes
from timebank.custody.domain import notices
from timebank.custody.domain.audit import QUERIES
from timebank.custody.domain.query import Concern, Query, slip_number
from timebank.custody.domain.sheet import checked_paper
from timebank.domain.actor import Actor, Role
from timebank.domain.ids import FactId, PersonId
from timebank.domain.transaction import Transaction

OTHER = "0" * 32


def sheet_of(scheme: Scheme, paper: str) -> FactId:
    (found,) = scheme.see(sheets.of_paper, paper)
    return found.id


def posted(scheme: Scheme) -> FactId:
    """Ray and Sam on a sheet that Olga verified, Otto approved and Cora posted."""
    return scheme.posted("S-1", ("ray", 60), ("sam", 30))


def opened(scheme: Scheme, **more: Any) -> FactId:
    asked = {"paper": "Q-1", "concern": "minutes", "by": scheme.staff("bea"), **more}
    return scheme.made(queries.open, "ray", **asked)


def given_away(scheme: Scheme) -> Transaction:
    """An hour of Ray's, without a sheet: Cora and Olga moved it to the pot."""
    earned(scheme, "ray")
    scheme.two(destinations.give, "ray", hours=Hours.of(1))
    found = scheme.see(lambda uow: uow.journal.list(account=None, after=None, limit=9))
    gift: Transaction
    (gift, _) = found[::-1]
    return gift


def open_ones(scheme: Scheme) -> list[str]:
    return [one.paper for one, _ in scheme.see(queries.list, open_only=True)]


def test_a_slip_waits_until_somebody_answers_it(scheme: Scheme) -> None:
    slip = opened(scheme, sheet=posted(scheme))
    (waiting,) = scheme.see(schemes.todo)
    assert (waiting.what, waiting.subject, waiting.next_step) == (
        *("query minutes", "Q-1"),
        "query answer",
    )
    scheme.do(queries.answer, slip, outcome="stands", by=scheme.staff("bea"))
    assert (scheme.see(schemes.todo), open_ones(scheme)) == ((), [])
    (asked,) = scheme.see(people.access, "ray")["queries"]
    assert (asked["paper"], asked["answer"], asked["actor"]) == ("Q-1", "stands", "broker")
    assert scheme.see(people.access, "sam")["queries"] == []
    assert scheme.audit().findings == ()


def test_after_a_week_without_an_answer_it_is_a_notice(scheme: Scheme) -> None:
    sheet = posted(scheme)
    slip = opened(scheme, sheet=sheet)
    scheme.days(7)
    assert scheme.audit().notices == ()
    scheme.days(1)
    (notice,) = scheme.audit().notices
    assert (notice.check, notice.subject) == ("custody_queries", f"person {scheme.people['ray']}")
    scheme.two(sheets.reverse, sheet, reason="other")
    asked = {"outcome": "put_right", "sheet": sheet}
    scheme.do(queries.answer, slip, **asked, by=scheme.staff("bea"))
    assert scheme.audit().notices == ()


@pytest.mark.parametrize(("today", "shown"), [(13, 0), (14, 1)])
def test_a_week_is_counted_in_the_days_of_the_bank(today: int, shown: int) -> None:
    slip = Query(
        id=FactId(OTHER),
        person=PersonId(OTHER),
        paper="Q-1",
        concern=Concern.MISSING,
        sheet=None,
        transaction=None,
        recorded_at=datetime(2026, 10, 5, 23, 30, tzinfo=UTC),
        actor=Actor.system(),
    )
    found = [*notices.queries([(slip, None)], date(2026, 10, today), "Europe/London")]
    assert [one.found for one in found] == ["none since 2026-10-06"] * shown


@pytest.mark.parametrize("who", ["olga", "otto"])
@pytest.mark.parametrize("by_line_of", ["sheet", "statement", "reversal"])
def test_nobody_answers_for_what_they_signed(scheme: Scheme, who: str, by_line_of: str) -> None:
    sheet = posted(scheme)
    transaction = scheme.see(sheets.get, sheet).sheet.transaction
    line: dict[str, Any] = {"sheet": sheet}
    if by_line_of == "statement":
        line = {"transaction": transaction}
    if by_line_of == "reversal":
        asked = {"reason": "entered twice", "by": scheme.cora, "approved_by": scheme.colin}
        entries = scheme.do(sheets.reverse, sheet, **asked)
        assert entries.events
        line = {"transaction": _reversal(scheme, str(transaction))}
    slip = opened(scheme, **line)
    act = partial(scheme.do, queries.answer, slip, outcome="stands")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("bea") if by_line_of == "reversal" else scheme.cora)
    assert scheme.audit().findings == ()


def test_who_signs_after_the_answer_did_not_answer_for_it(scheme: Scheme) -> None:
    sheet = scheme.sheet("S-1", ("ray", 60))
    slip = opened(scheme, sheet=sheet)
    scheme.do(queries.answer, slip, outcome="stands", by=scheme.olga)
    scheme.do(sheets.submit, sheet, by=scheme.staff("bea"))
    scheme.do(sheets.verify, sheet, by=scheme.olga)
    assert scheme.audit().findings == ()


@pytest.mark.parametrize("who", ["cora", "colin"])
def test_nobody_answers_for_what_they_undid(scheme: Scheme, who: str) -> None:
    sheet = posted(scheme)
    transaction = scheme.see(sheets.get, sheet).sheet.transaction
    asked = {"reason": "entered twice", "by": scheme.cora, "approved_by": scheme.colin}
    scheme.do(sheets.reverse, sheet, **asked)
    slip = opened(scheme, transaction=_reversal(scheme, str(transaction)))
    act = partial(scheme.do, queries.answer, slip, outcome="stands")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("bea"))
    assert scheme.audit().findings == ()


@pytest.mark.parametrize("who", ["cora", "colin"])
@pytest.mark.parametrize("by_line_of", ["sheet", "statement"])
@pytest.mark.parametrize("undo", [sheets.reverse, transfers.reverse])
def test_nobody_answers_for_a_line_that_they_undid_before_the_slip(
    scheme: Scheme, who: str, by_line_of: str, undo: Any
) -> None:
    sheet = posted(scheme)
    transaction = scheme.see(sheets.get, sheet).sheet.transaction
    undone = transaction if undo is transfers.reverse else sheet
    two = {"by": scheme.cora, "approved_by": scheme.colin}
    scheme.do(undo, undone, reason="entered twice", **two)
    line = {"sheet": sheet} if by_line_of == "sheet" else {"transaction": transaction}
    slip = opened(scheme, **line)
    act = partial(scheme.do, queries.answer, slip, outcome="stands")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("bea"))
    assert QUERIES not in {finding.check for finding in scheme.audit().findings}


@pytest.mark.parametrize("who", ["cora", "colin"])
def test_nobody_answers_for_other_hours_that_they_undid_before_the_slip(
    scheme: Scheme, who: str
) -> None:
    gift = given_away(scheme)
    two = {"by": scheme.colin, "approved_by": scheme.cora}
    scheme.do(transfers.reverse, gift.id, reason="correction", **two)
    slip = opened(scheme, transaction=gift.id, concern="destination")
    act = partial(scheme.do, queries.answer, slip, outcome="stands")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("bea"))


@pytest.mark.parametrize("who", ["cora", "colin"])
def test_who_undid_it_since_did_what_the_slip_asks_for_and_says_so(
    scheme: Scheme, who: str
) -> None:
    sheet = posted(scheme)
    slip = opened(scheme, sheet=sheet)
    two = {"by": scheme.cora, "approved_by": scheme.colin}
    scheme.do(sheets.reverse, sheet, reason="entered twice", **two)
    said = {"outcome": "put_right", "sheet": sheet, "by": scheme.staff(who)}
    scheme.do(queries.answer, slip, **said)
    assert scheme.audit().findings == ()


@pytest.mark.parametrize("who", ["cora", "otto"])
def test_a_line_of_the_account_outside_is_one_of_theirs(scheme: Scheme, who: str) -> None:
    earned(scheme, "ray")
    scheme.two(people.release, "ray", reason="other")
    own = scheme.see(people.get, "ray").membership.community
    move = Transfer(source=own, target=scheme.accounts["gran"], hours=Hours.of(1))
    draft = TransactionDraft(transfers=(move,))
    second = scheme.staff("otto")
    (gift,) = scheme.do(transfers.post, [draft], by=scheme.cora, approved_by=second)
    slip = opened(scheme, transaction=gift.receipt_or_raise().transaction_id)
    assert scheme.audit().findings == ()
    act = partial(scheme.do, queries.answer, slip, outcome="stands")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("olga"))
    assert scheme.audit().findings == ()


def _reversal(scheme: Scheme, transaction: str) -> str:
    found = scheme.see(lambda uow: uow.journal.list(account=None, after=None, limit=100))
    return str(next(one.id for one in found if one.reverses == transaction))


@pytest.mark.parametrize("who", ["cora", "olga"])
def test_of_hours_without_a_sheet_those_who_moved_them_do_not_answer(
    scheme: Scheme, who: str
) -> None:
    gift = given_away(scheme)
    slip = opened(scheme, transaction=gift.id, concern="destination")
    act = partial(scheme.do, queries.answer, slip, outcome="withdrawn")
    assert refusal(partial(act, by=scheme.staff(who))) == "not_permitted"
    act(by=scheme.staff("otto"))
    assert scheme.audit().findings == ()


def test_what_is_missing_names_no_line_and_anybody_answers(scheme: Scheme) -> None:
    slip = opened(scheme, concern="missing")
    scheme.days(1)
    asked = {"outcome": "put_right", "sheet": posted(scheme)}
    scheme.do(queries.answer, slip, **asked, by=scheme.staff("olga"))
    assert scheme.audit().findings == ()


def test_put_right_is_said_only_with_what_did_so_since(scheme: Scheme) -> None:
    sheet = posted(scheme)
    before = scheme.see(sheets.get, sheet).sheet.transaction
    others = scheme.posted("S-2", ("sam", 30))
    scheme.days(1)
    slip = opened(scheme, sheet=sheet)
    scheme.days(1)
    waiting = scheme.sheet("S-3", ("ray", 30))
    not_theirs = scheme.posted("S-4", ("sam", 30))
    elsewhere = scheme.see(sheets.get, not_theirs).sheet.transaction
    act = partial(scheme.do, queries.answer, slip, by=scheme.staff("bea"))
    nothing: tuple[dict[str, Any], ...] = (
        {},
        {"sheet": sheet},
        {"sheet": others},
        {"sheet": waiting},
        {"sheet": not_theirs},
        {"transaction": before},
        {"transaction": elsewhere},
        {"sheet": sheet, "transaction": before},
    )
    for said in nothing:
        assert refusal(partial(act, outcome="put_right", **said)) == "invalid_input outcome", said
    assert refusal(partial(act, outcome="put_right", sheet=OTHER)) == "not_found"
    scheme.two(sheets.reverse, sheet, reason="other")
    reversal = _reversal(scheme, str(before))
    assert refusal(partial(act, outcome="stands", sheet=sheet)) == "invalid_input outcome"
    act(outcome="put_right", transaction=reversal)
    ((_, answer),) = scheme.see(queries.list)
    assert answer is not None
    assert (answer.sheet, answer.transaction) == (None, reversal)
    assert scheme.audit().findings == ()


def test_posting_the_sheet_that_a_slip_contests_puts_nothing_right(scheme: Scheme) -> None:
    sheet = scheme.approved("S-1", ("ray", 60))
    slip = opened(scheme, sheet=sheet)
    scheme.do(sheets.post, sheet, by=scheme.cora)
    posting = scheme.see(sheets.get, sheet).sheet.transaction
    right = partial(scheme.do, queries.answer, slip, outcome="put_right", by=scheme.staff("bea"))
    for said in ({"sheet": sheet}, {"transaction": posting}):
        assert refusal(partial(right, **said)) == "invalid_input outcome", said
    scheme.two(sheets.reverse, sheet, reason="other")
    assert refusal(partial(right, transaction=posting)) == "invalid_input outcome"
    right(sheet=sheet)
    assert scheme.audit().findings == ()


def test_a_slip_locks_the_sheet_first_as_posting_does(postgres_scheme: Scheme) -> None:
    scheme, locked = postgres_scheme, list[str]()
    assert isinstance(scheme.backend, SqlBackend)

    def seen(_: Any, __: Any, statement: str, *more: Any) -> None:
        table = statement.partition("FROM timebank_custody_")[2].split()[:1]
        if statement.endswith("FOR NO KEY UPDATE"):
            locked.extend(table)

    sheet, other = (scheme.approved(paper, ("ray", 60)) for paper in ("S-1", "S-2"))
    event.listen(scheme.backend.engine, "before_cursor_execute", seen)
    scheme.do(sheets.post, sheet, by=scheme.cora)
    slip = opened(scheme, sheet=sheet)
    scheme.do(sheets.post, other, by=scheme.cora)
    put_right = {"outcome": "put_right", "sheet": other}
    scheme.do(queries.answer, slip, **put_right, by=scheme.staff("bea"))
    assert locked == ["sheet", "membership"] * 4


def test_another_sheet_that_is_posted_since_puts_right(scheme: Scheme) -> None:
    sheet = scheme.approved("S-1", ("ray", 60))
    slip = opened(scheme, sheet=sheet)
    right = partial(scheme.do, queries.answer, slip, outcome="put_right", by=scheme.staff("bea"))
    (waits,) = scheme.see(people.access, "ray")["queries"]
    right(sheet=scheme.posted("S-2", ("ray", 30)))
    assert scheme.audit().findings == ()
    (told,) = scheme.see(people.access, "ray")["queries"]
    assert (waits["put_right_by"], told["put_right_by"]) == (None, "sheet")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"concern": "it was raining"}, "invalid_input concern"),
        ({"concern": "missing", "sheet": "S-1"}, "invalid_input concern"),
        ({}, "invalid_input concern"),
        ({"sheet": "S-1", "paper": "R. Smith said"}, "invalid_input paper"),
        ({"sheet": "S-2"}, "invalid_input sheet"),
        ({"sheet": "S-1", "transaction": "S-1"}, "invalid_input sheet"),
        ({"transaction": "S-2"}, "invalid_input transaction"),
        ({"sheet": OTHER}, "not_found"),
        ({"transaction": OTHER}, "not_found"),
    ],
)
def test_what_is_no_slip_of_this_person_is_refused(
    scheme: Scheme, wrong: dict[str, Any], error: str
) -> None:
    posted(scheme)
    scheme.posted("S-2", ("sam", 30))
    asked = dict(wrong)
    if asked.get("sheet", OTHER) != OTHER:
        asked["sheet"] = sheet_of(scheme, asked["sheet"])
    if asked.get("transaction", OTHER) != OTHER:
        file = scheme.see(sheets.get, sheet_of(scheme, asked["transaction"]))
        asked["transaction"] = file.sheet.transaction
    assert refusal(lambda: opened(scheme, **asked)) == error
    assert scheme.see(queries.list) == ()


def test_only_staff_who_are_not_in_custody_open_and_answer(scheme: Scheme) -> None:
    sheet = posted(scheme)
    scheme.do(staff.add, "tom", role="officer", by=scheme.cora)
    tom = Actor(person=scheme.people["tom"], role=Role.OFFICER)
    gran = Actor(person=scheme.people["gran"], role=Role.MEMBER)
    for by, error in ((tom, "custody_in_custody"), (gran, "not_permitted")):
        assert refusal(partial(opened, scheme, sheet=sheet, by=by)) == error
    slip = opened(scheme, sheet=sheet)
    for by, error in ((tom, "custody_in_custody"), (gran, "not_permitted")):
        act = partial(scheme.do, queries.answer, slip, outcome="stands", by=by)
        assert refusal(act) == error


def test_a_slip_is_opened_once_and_answered_once(scheme: Scheme) -> None:
    sheet = posted(scheme)
    slip = opened(scheme, sheet=sheet)
    assert refusal(lambda: opened(scheme, sheet=sheet)) == "ref_taken"
    act = partial(scheme.do, queries.answer, slip, by=scheme.cora)
    assert refusal(partial(act, outcome="maybe")) == "invalid_input outcome"
    act(outcome="stands")
    assert refusal(partial(act, outcome="stands")) == "wrong_state"
    unknown = partial(scheme.do, queries.answer, OTHER, outcome="stands", by=scheme.cora)
    assert refusal(unknown) == "not_found"


def test_the_number_on_the_printed_slip_is_one_that_staff_can_enter(scheme: Scheme) -> None:
    for id_ in (scheme.people["ray"], PersonId("f" * 32), PersonId("0" * 32)):
        number = slip_number(id_, scheme.today)
        assert checked_paper(number) == number
