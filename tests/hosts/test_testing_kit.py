"""What hosts import into their own tests."""

from __future__ import annotations

import doctest
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import timebank
from timebank import Hours, accounts, audits, exchanges, transfers
from timebank.domain.audit import Verdict
from timebank.errors import KeyReusedError, NotEnoughHours
from timebank.testing import FrozenClock, a_small_bank
from timebank.testing import small_bank as module
from timebank.testing.fixtures import frozen_clock, small_bank
from timebank.testing.small_bank import SmallBank

__all__ = ["frozen_clock", "small_bank"]

ANNA, BEN = "anna", "ben"
A_HOSTS_TEST = """
from timebank import Hours, exchanges, members
from timebank.testing.fixtures import small_bank

def test_of_a_host(small_bank):
    cora = small_bank.coordinator
    small_bank.do(exchanges.record, giver="anna", receiver="ben", hours=Hours.of(2), by=cora)
    assert small_bank.balance("anna") == Hours.of(2)
    assert {m.ref for m in small_bank.see(members.list)} == {"anna", "ben", "carla"}
"""


def test_a_small_bank_keeps_the_rules(small_bank: SmallBank) -> None:
    cora = small_bank.coordinator
    first = small_bank.do(
        exchanges.record, giver=ANNA, receiver=BEN, hours=Hours.of(2), by=cora, key="form-1"
    )
    again = small_bank.do(
        exchanges.record, giver=ANNA, receiver=BEN, hours=Hours.of(2), by=cora, key="form-1"
    )
    assert (first.id, again.replayed) == (again.id, True)
    with pytest.raises(KeyReusedError):
        small_bank.do(
            exchanges.record, giver=ANNA, receiver=BEN, hours=Hours.of(3), by=cora, key="form-1"
        )
    with pytest.raises(NotEnoughHours), small_bank.unit() as uow:  # noqa: PT012
        exchanges.record(uow, giver=ANNA, receiver=BEN, hours=Hours.of(1), by=cora)
        exchanges.record(uow, giver=ANNA, receiver=BEN, hours=Hours.of(20), by=cora)
    assert (small_bank.balance("anna"), small_bank.balance("ben")) == (Hours.of(2), -Hours.of(2))
    assert small_bank.see(audits.run).verdict is Verdict.CLEAN


def test_it_takes_a_policy_and_people() -> None:
    bank = a_small_bank("dora", policy="agency-issued", slug="hillside")
    assert bank.actor("dora") == bank.actor("dora")
    assert bank.join("emil") == bank.actor("emil")
    bank.do(
        transfers.grant,
        to=bank.see(accounts.of_member, "dora").id,
        hours=Hours.of(1),
        reason="welcome",
        by=bank.coordinator,
    )
    assert bank.balance("dora") == Hours.of(1), "who joins has been approved"
    assert bank.see(timebank.banks.get).slug == "hillside"


def test_the_clock_goes_into_a_hosts_unit_of_work(
    sqlite_engine: Engine, frozen_clock: FrozenClock
) -> None:
    with Session(sqlite_engine) as session, session.begin():
        with timebank.unit_of_work(session, bank="riverside", clock=frozen_clock) as uow:
            first = timebank.banks.create(uow, first_coordinator="cora")
        frozen_clock.advance(timedelta(days=1))
        with timebank.unit_of_work(session, bank="riverside", clock=frozen_clock) as uow:
            second = timebank.staff.add(
                uow, "dora", role="officer", by=timebank.staff.actor(uow, "cora")
            )
    assert second.recorded_at - first.recorded_at == timedelta(days=1)


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(module) == (0, 2)


def test_fixtures_are_imported_into_a_hosts_own_tests(tmp_path: Path) -> None:
    (tmp_path / "test_host.py").write_text(A_HOSTS_TEST)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_nothing_of_it_is_needed_to_import_the_kit() -> None:
    told = "import timebank.testing, sys; print({'pytest', 'hypothesis'} & {*sys.modules})"
    done = subprocess.run((sys.executable, "-c", told), capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
