"""Lessons about balances (lessons.md, M-1 to M-17) that only a store can teach."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import timebank
from tests.backends import Backend, SqlBackend, World, a_world
from timebank import Hours, TransactionDraft, Transfer, accounts, exchanges, transfers
from timebank.domain.audit import Verdict
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.errors import NotEnoughHours, TimebankError


def at_once(world: World, n: int, work: Callable[[Any], Any]) -> list[Any]:
    """The work, n times in as many threads that start together; answers or refusals."""
    backend = world.backend
    assert isinstance(backend, SqlBackend)
    start = Barrier(n)

    def one(_: int) -> Any:
        start.wait()
        unit = timebank.standalone(backend.engine, bank=world.bank, clock=backend.clock)
        try:
            return unit.run(work)
        except TimebankError as refusal:
            return refusal

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


def payment(world: World, minutes: int) -> Callable[[Any], Any]:
    """Anna pays Ben, as a host's posting."""
    transfer = Transfer(
        source=world.accounts["anna"], target=world.accounts["ben"], hours=Hours(minutes=minutes)
    )
    draft = TransactionDraft(transfers=(transfer,))
    return lambda uow: transfers.post(uow, [draft], by=world.cora)


def test_m01_nothing_is_deleted_and_a_hand_edited_balance_is_named(sql_world: World) -> None:
    backend = sql_world.backend
    assert isinstance(backend, SqlBackend)
    sql_world.give("anna", 61)

    def delete() -> None:
        with backend.engine.begin() as connection:
            connection.execute(text("DELETE FROM timebank_transfer"))

    with pytest.raises(DBAPIError):
        delete()
    with backend.engine.begin() as connection:
        connection.execute(
            text("UPDATE timebank_account SET balance_minutes = 90 WHERE balance_minutes = 61")
        )
    report = sql_world.audit()
    assert report.verdict is Verdict.FINDINGS
    found = {(f.check, f.subject, f.expected, f.found) for f in report.findings}
    account = f"account {sql_world.accounts['anna']}"
    assert ("balances_match_transfers", account, "61", "90") in found
    assert ("sum_is_zero", "bank riverside", "0", "29") in found


def test_m02_no_payment_is_lost_when_many_pay_at_once(sql_world: World) -> None:
    sql_world.give("anna", 500)
    answers = at_once(sql_world, 8, payment(sql_world, 7))
    assert [a[0].status for a in answers] == ["accepted"] * 8
    assert (sql_world.balance("anna"), sql_world.balance("ben")) == (500 - 56, 56)
    assert sql_world.audit().verdict is Verdict.CLEAN


def test_m03_two_who_look_at_once_do_not_both_pass_the_floor(sql_world: World) -> None:
    answers = at_once(sql_world, 6, payment(sql_world, 500))  # the floor is at -1200
    refused = [a for a in answers if isinstance(a, NotEnoughHours)]
    assert len(refused) == 4
    assert {r.available_minutes for r in refused} == {200}
    assert sql_world.balance("anna") == -1000


def test_m16_a_reversal_takes_the_levy_back(backend: Backend) -> None:
    world = a_world(backend, policy=replace(NEIGHBOURHOOD, preset="levied", levy_percent=10))
    recorded = world.do(
        exchanges.record, giver="anna", receiver="ben", hours=Hours.of(1), by=world.broker()
    )
    assert (world.balance("anna"), world.balance("pot")) == (54, 6)
    world.do(exchanges.reverse, recorded.exchange_id, reason="not as agreed", by=world.cora)
    assert [world.balance(name) for name in ("anna", "ben", "pot")] == [0, 0, 0]
    assert world.audit().verdict is Verdict.CLEAN


def test_m17_a_reversal_over_the_limit_is_asked_about_and_named(world: World) -> None:
    granted = world.give("anna", 60).transaction_id
    world.do(payment(world, 1260))
    asked = {"reason": "entered twice", "by": world.cora}
    with pytest.raises(NotEnoughHours):
        world.do(transfers.reverse, granted, **asked)
    review = world.backend.clock().date() + timedelta(days=30)
    world.do(
        transfers.reverse,
        granted,
        approved_by=world.colin,
        review_on=review,
        **asked,
    )
    change = world.see(accounts.changes, "anna")[-1]
    assert (change.field.value, change.becomes) == ("override", "-1260")
    assert (change.approver, change.reason, change.review_on) == (
        world.colin,
        "entered twice",
        review,
    )
    assert world.audit().verdict is Verdict.CLEAN
