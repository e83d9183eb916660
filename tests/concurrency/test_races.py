"""Two processes ask at the same moment: one wins, and the other hears the truth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

import timebank
from tests.concurrency.crowd import Crowd, gathered
from tests.concurrency.town import BANK, SINCE, founded
from timebank import Hours, Role, TransactionDraft, Transfer, transfers
from timebank.domain.audit import Verdict
from timebank.domain.member import Status


@pytest.fixture
def pair(engine: Engine) -> Iterator[Crowd]:
    """Two processes in a bank of eight, with ten hours each."""
    with gathered(engine, founded(engine, people=8, minutes=600), 2) as crowd:
        yield crowd


@pytest.fixture(autouse=True)
def clean_at_the_end(engine: Engine) -> Iterator[None]:
    """Every race ends in a bank whose audit is clean."""
    yield
    with timebank.reading(engine, bank=BANK) as uow:
        report = timebank.audits.run(uow)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())


def transactions(engine: Engine) -> int:
    with timebank.reading(engine, bank=BANK) as uow:
        return uow.audit.counted()["transactions"]


def posted(engine: Engine, crowd: Crowd) -> str:
    """The id of a new transaction, from the first member to the second."""
    town = crowd.town
    move = Transfer(source=town.accounts[0], target=town.accounts[1], hours=Hours(minutes=5))
    with timebank.standalone(engine, bank=BANK) as uow:
        outcome = transfers.post(uow, [TransactionDraft(transfers=(move,))], by=town.coordinator)[0]
    assert outcome.receipt is not None
    return outcome.receipt.transaction_id


def test_m19_one_key_at_once_gives_one_exchange_and_equal_receipts(
    engine: Engine, pair: Crowd
) -> None:
    before = transactions(engine)
    for n in range(50):
        answers = pair.all("record", key=f"form-{n}")
        assert sorted(answer["replayed"] for answer in answers) == [False, True]
        assert answers[0]["receipt"] == answers[1]["receipt"]
    assert transactions(engine) == before + 50


def test_m24_one_key_at_once_for_two_requests_serves_one_and_names_the_reuse(
    engine: Engine, pair: Crowd
) -> None:
    before = transactions(engine)
    for n in range(20):
        answers = pair.each(
            [("record", {"key": f"form-{n}", "minutes": minutes}) for minutes in (5, 6)]
        )
        assert sorted(answer.get("refused", "") for answer in answers) == ["", "key_reused"]
    assert transactions(engine) == before + 20


def test_m23_two_reversals_at_once_give_one(engine: Engine, pair: Crowd) -> None:
    for _ in range(25):
        answers = pair.all("reverse", transaction=posted(engine, pair))
        assert sorted(answer.get("refused", "") for answer in answers) == ["", "already_reversed"]


def test_m23_two_reversals_at_once_under_one_key_get_one_receipt(
    engine: Engine, pair: Crowd
) -> None:
    for n in range(25):
        answers = pair.all("reverse", transaction=posted(engine, pair), key=f"undo-{n}")
        assert sorted(answer["replayed"] for answer in answers) == [False, True]
        assert answers[0]["receipt"] == answers[1]["receipt"]


def test_m18_two_reversals_of_an_exchange_at_once_give_one(engine: Engine, pair: Crowd) -> None:
    with timebank.reading(engine, bank=BANK) as uow:
        known = {exchange.id for exchange in timebank.exchanges.list(uow)}
    for n in range(15):
        pair.each([("record", {"key": f"work-{n}"})])
        with timebank.reading(engine, bank=BANK) as uow:
            (new,) = {x.id for x in timebank.exchanges.list(uow)} - known
        known.add(new)
        answers = pair.all("reverse_exchange", exchange=new)
        assert sorted(answer.get("refused", "") for answer in answers) == ["", "wrong_state"]


def test_m28_transfers_in_opposite_directions_do_not_deadlock(engine: Engine) -> None:
    town = founded(engine, people=2, minutes=600)
    with gathered(engine, town, 4) as crowd:
        ways = [{"source": n % 2, "target": (n + 1) % 2, "count": 30} for n in range(4)]
        answers = crowd.each([("shuttle", way) for way in ways])
    assert [answer["conflicts"] for answer in answers] == [0, 0, 0, 0]


def in_order(pair: Crowd, first: tuple[str, Any], second: tuple[str, Any]) -> list[dict[str, Any]]:
    """The first holds its commit back until the second has begun and waits for it."""
    pair.give(0, first[0], wait=True, **first[1])
    assert pair.answer(0) == {"waiting": True}
    pair.give(1, second[0], **second[1])
    time.sleep(0.3)
    pair.tell(0)
    return [pair.answer(0), pair.answer(1)]


def test_a_payment_that_waits_for_a_suspension_is_refused(pair: Crowd) -> None:
    suspension, payment = in_order(pair, ("suspend", {"member": 2}), ("pay", {"by": 2, "to": 3}))
    assert "receipt" in suspension
    assert payment["refused"] == "member_suspended"


def test_a_suspension_that_waits_for_a_payment_comes_after_it(engine: Engine, pair: Crowd) -> None:
    payment, suspension = in_order(pair, ("pay", {"by": 2, "to": 3}), ("suspend", {"member": 2}))
    assert moment(payment) < moment(suspension)
    with timebank.reading(engine, bank=BANK) as uow:
        member = timebank.members.get(uow, pair.town.members[2])
    assert member.status is Status.SUSPENDED


def test_a_payment_and_a_suspension_at_once_agree_on_who_was_first(pair: Crowd) -> None:
    for member in range(2, 8):
        payment, suspension = pair.each(
            [("pay", {"by": member, "to": 0}), ("suspend", {"member": member})]
        )
        if "refused" in payment:
            assert payment["refused"] == "member_suspended"
        else:
            assert moment(payment) < moment(suspension)


@pytest.fixture
def gone(engine: Engine, pair: Crowd) -> int:
    """A member who has left, by number."""
    with timebank.standalone(engine, bank=BANK) as uow:
        timebank.members.leave(uow, pair.town.members[2], hours_to="pot", by=pair.town.coordinator)
    return 2


def contact(engine: Engine, pair: Crowd) -> tuple[str | None, str | None]:
    with timebank.reading(engine, bank=BANK) as uow:
        found = timebank.members.get(uow, pair.town.members[2])
    return found.name, found.contact


def test_an_update_that_waits_for_a_forgetting_is_refused(
    engine: Engine, pair: Crowd, approver: str, gone: int
) -> None:
    forgetting, update = in_order(
        pair, ("forget", {"member": gone, "approver": approver}), ("rename", {"member": gone})
    )
    assert "receipt" in forgetting
    assert update["refused"] == "wrong_state"
    assert contact(engine, pair) == (None, None)


def test_a_forgetting_that_waits_for_an_update_forgets_that_too(
    engine: Engine, pair: Crowd, approver: str, gone: int
) -> None:
    update, forgetting = in_order(
        pair, ("rename", {"member": gone}), ("forget", {"member": gone, "approver": approver})
    )
    assert "receipt" in update
    assert "receipt" in forgetting
    assert contact(engine, pair) == (None, None)


DAY = SINCE + timedelta(days=20)


@pytest.fixture
def approver(engine: Engine, pair: Crowd) -> str:
    """A second coordinator, who approves of closing."""
    with timebank.standalone(engine, bank=BANK) as uow:
        added = timebank.staff.add(uow, ref="olga", role=Role.COORDINATOR, by=pair.town.coordinator)
    return str(added.person_id)


def counts_on(engine: Engine, recorded_at: datetime) -> date:
    """The day on which the transaction of that moment counts."""
    with timebank.reading(engine, bank=BANK) as uow:
        found = timebank.transfers.list(uow, limit=100)
    return next(t.counts_on for t in found if t.recorded_at == recorded_at)


def test_a_close_waits_for_work_of_a_day_that_is_still_open(
    engine: Engine, pair: Crowd, approver: str
) -> None:
    day = DAY.isoformat()
    work, close = in_order(
        pair, ("work_on", {"day": day}), ("close", {"day": day, "approver": approver})
    )
    assert counts_on(engine, moment(work)) == DAY
    assert moment(work) < moment(close)


def test_work_that_waits_for_a_close_counts_after_it(
    engine: Engine, pair: Crowd, approver: str
) -> None:
    day = DAY.isoformat()
    _, work = in_order(
        pair, ("close", {"day": day, "approver": approver}), ("work_on", {"day": day})
    )
    assert counts_on(engine, moment(work)) > DAY


def test_a_close_and_work_at_once_agree_on_who_was_first(
    engine: Engine, pair: Crowd, approver: str
) -> None:
    for day in (SINCE + timedelta(days=n) for n in range(1, 16)):
        close, work = pair.each(
            [
                ("close", {"day": day.isoformat(), "approver": approver}),
                ("work_on", {"day": day.isoformat()}),
            ]
        )
        closed_first = moment(close) < moment(work)
        assert (counts_on(engine, moment(work)) > day) is closed_first


def moment(answer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["recorded_at"])
