"""Lessons about load (lessons.md, M-27 to M-36), on real databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

import timebank
from tests.backends import SqlBackend, World, a_world
from tests.lessons.test_balances_store import at_once
from timebank import Hours, TransactionDraft, Transfer, accounts, outbox, transfers
from timebank.domain.audit import Verdict
from timebank.errors import ConflictError
from timebank.ports import UnitOfWork
from timebank.storage.sql.unit_of_work import ATTEMPTS


def a_payment(world: World, source: str, target: str, minutes: int = 1) -> TransactionDraft:
    transfer = Transfer(
        source=world.accounts[source],
        target=world.accounts[target],
        hours=Hours(minutes=minutes),
    )
    return TransactionDraft(transfers=(transfer,))


def test_m28_those_who_pay_crosswise_do_not_deadlock(postgres_engine: Engine) -> None:
    world = a_world(SqlBackend(postgres_engine))
    pairs = [*permutations(("anna", "ben", "carla"), 2)]

    def crosswise(uow: UnitOfWork) -> Any:
        drafts = [a_payment(world, *random.choice(pairs)) for _ in range(3)]
        return transfers.post(uow, drafts, by=world.cora)

    for _ in range(5):
        answers = at_once(world, 8, crosswise)
        assert not [a for a in answers if isinstance(a, Exception)]
    assert world.audit().verdict is Verdict.CLEAN
    with postgres_engine.connect() as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert connection.execute(text(query)).scalar_one() == 0


def test_m29_nothing_is_retried_for_ever(sql_world: World) -> None:
    assert isinstance(sql_world.backend, SqlBackend)
    calls = []

    def never(uow: UnitOfWork) -> None:
        calls.append(uow.slug)
        raise ConflictError(reason="always")

    with pytest.raises(ConflictError):
        timebank.standalone(sql_world.backend.engine, bank=sql_world.bank).run(never)
    assert len(calls) == ATTEMPTS


def test_m33_times_run_in_the_order_of_the_numbers(postgres_engine: Engine) -> None:
    backend = SqlBackend(postgres_engine)
    world = a_world(backend)

    def now() -> datetime:
        return datetime.now(UTC)

    def pay(session: Session) -> None:
        with timebank.unit_of_work(session, bank=world.bank, clock=now) as uow:
            transfers.post(uow, [a_payment(world, "anna", "ben")], by=world.cora)

    with Session(postgres_engine) as early, Session(postgres_engine) as late:
        early.execute(text("SELECT now()"))  # this database transaction begins first
        pay(late)
        late.commit()
        pay(early)
        early.commit()
    found = world.see(transfers.list, account=world.accounts["anna"])
    by_number = sorted(found, key=lambda t: t.transfers[0].source_number)
    assert all(a.recorded_at < b.recorded_at for a, b in pairwise(by_number))


def test_m34_a_row_that_commits_late_is_not_lost(postgres_engine: Engine) -> None:
    world = a_world(SqlBackend(postgres_engine))
    clock = world.backend.clock

    def done() -> list[str]:
        rows = world.see(outbox.read)
        world.do(outbox.done, [row.id for row in rows])
        return [row.transactions[0] for row in rows if row.transactions]

    def pay(session: Session, source: str, target: str) -> str:
        clock.advance(timedelta(milliseconds=1))
        with timebank.unit_of_work(session, bank=world.bank, clock=clock) as uow:
            draft = a_payment(world, source, target)
            receipt = transfers.post(uow, [draft], by=world.cora)[0].receipt
        assert receipt is not None
        return receipt.transaction_id

    world.join("dora")
    done()
    queued = world.see(lambda u: u.audit.unsealed())[0]
    with Session(postgres_engine) as slow, Session(postgres_engine) as quick:
        first = pay(slow, "anna", "ben")
        second = pay(quick, "carla", "dora")
        assert first < second
        quick.commit()
        assert done() == [second]
        assert world.see(lambda u: u.audit.unsealed())[0] == queued + 1
        slow.commit()
    assert done() == [first]
    assert world.see(lambda u: u.audit.unsealed())[0] == queued + 2


def test_m36_the_balance_of_one_account_never_scans_the_transfers(sql_world: World) -> None:
    assert isinstance(sql_world.backend, SqlBackend)
    engine = sql_world.backend.engine
    sql_world.give("anna", 60)
    statements: list[tuple[str, Any]] = []

    def remember(
        connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if "FROM timebank_transfer" in statement:
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    anna, at = sql_world.accounts["anna"], sql_world.backend.clock()
    sql_world.see(accounts.balance, anna, at=at)
    sql_world.see(accounts.statement, anna, start=at.date(), end=at.date() + timedelta(days=1))
    event.remove(engine, "before_cursor_execute", remember)
    assert len(statements) == 4
    for statement, parameters in statements:
        plan = plan_of(engine, statement, parameters)
        assert "ix_timebank_transfer" in plan or "uq_timebank_transfer" in plan
        assert "SCAN timebank_transfer" not in plan
        assert "Seq Scan on timebank_transfer" not in plan


def plan_of(engine: Engine, statement: str, parameters: Any) -> str:
    """How the database would run it, were the table large."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row.detail for row in rows)
        connection.exec_driver_sql("SET enable_seqscan = off")
        return "\n".join(
            row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        )
