"""Eight processes trade in one bank whose floor is zero; afterwards every entry is looked at."""

from __future__ import annotations

import os
import time
from collections import Counter
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import Engine

import timebank
from tests.concurrency.crowd import gathered
from tests.concurrency.town import BANK, founded
from timebank.domain.account import AccountKind
from timebank.domain.audit import AuditEntry, Verdict
from timebank.storage.sql.unit_of_work import ATTEMPTS

EXCHANGES = int(os.environ.get("TIMEBANK_CONCURRENCY_EXCHANGES", "240"))
PROCESSES = 8


def test_no_interleaving_breaks_a_floor_or_loses_an_entry(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    town = founded(engine, people=12, minutes=120)
    begun = time.monotonic()
    with gathered(engine, town, PROCESSES) as crowd:
        answers = crowd.each(
            [("trade", {"count": EXCHANGES // PROCESSES, "seed": n}) for n in range(PROCESSES)]
        )
    seconds = time.monotonic() - begun
    done, refused, tries = (_added(answers, part) for part in ("done", "refused", "tries"))
    slowest = max(answer["slowest"] for answer in answers)
    with capsys.disabled():
        print(f"\n{_figures(engine.dialect.name, done, refused, tries, seconds, slowest)}")

    assert max(int(n) for n in tries) <= ATTEMPTS
    conflicts = refused.pop("conflict", 0)  # SQLite's waiters do not queue: one may starve
    assert conflicts <= sum(tries.values()) // 10_000
    assert set(refused) == {"not_enough_hours"}
    assert min(done.values()) > EXCHANGES // 20, "each way succeeded often"
    with timebank.reading(engine, bank=BANK) as uow:
        report = timebank.audits.run(uow)
        assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
        accounts = {account.id: account for account in uow.accounts.all()}
        _check_every_entry(uow.audit.entries(), accounts)
        assert sum(account.balance_minutes for account in accounts.values()) == 0
        assert report.counted["transactions"] == len(town.members) + sum(done.values())
        assert all(
            account.balance_minutes >= account.held_minutes
            for account in accounts.values()
            if account.kind is AccountKind.MEMBER
        )


def _check_every_entry(entries: Any, accounts: dict[Any, Any]) -> None:
    """Numbers from 1 without a gap or a repeat, sums that run on, and never below the floor."""
    for id_, theirs in groupby(entries, key=lambda entry: entry.account):
        account, balance, n = accounts[id_], 0, 0
        entry: AuditEntry
        for n, entry in enumerate(theirs, 1):
            balance += entry.change_minutes
            assert (entry.number, entry.balance_minutes) == (n, balance)
            assert balance >= account.floor_minutes
        assert (account.number, account.balance_minutes) == (n, balance)


def _added(answers: list[dict[str, Any]], part: str) -> Counter[str]:
    return sum((Counter(answer[part]) for answer in answers), Counter())


def _figures(
    name: str,
    done: Counter[str],
    refused: Counter[str],
    tries: Counter[str],
    seconds: float,
    slowest: float,
) -> str:
    retries = sum((int(n) - 1) * times for n, times in tries.items())
    return (
        f"concurrency {name}: {EXCHANGES} exchanges by {PROCESSES} processes in {seconds:.1f} s, "
        f"{sum(done.values())} done {dict(done)}, refused {dict(refused)}, "
        f"{sum(tries.values())} units of work, retries {retries} in all, "
        f"at most {max(int(n) for n in tries) - 1} for one, the slowest took {slowest:.1f} s"
    )
