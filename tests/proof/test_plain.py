"""Leaves from plain columns are those from facts; other processes find the same."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proof.test_encoding import DOMAIN, TRANSACTION
from timebank.domain.actor import STAFF_ROLES, Actor, Role
from timebank.domain.ids import TransactionId
from timebank.domain.transaction import Activity, PostedTransfer, Transaction, TransactionKind
from timebank.ports import LeafPage
from timebank.proof import spread
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.proof.plain import ACTED, GROUNDS, LEAF, TRANSFER, hashes, page_of, unproven

PLAIN = replace(TRANSACTION, approver=replace(TRANSACTION.actor, on_behalf_of=None))
SINGLE = replace(PLAIN, id=TransactionId("8" * 32), approver=None, transfers=PLAIN.transfers[:1])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("salt", *ACTED, *GROUNDS, *TRANSFER)


def rows_of(position: int, fact: Transaction) -> list[dict[str, Any]]:
    """What a database has of a sealed transaction, a row for each transfer."""
    hash_ = leaf_hash(leaf_data(fact, DOMAIN))
    leaf = {"position": position, "kind": "transaction", "fact_id": fact.id, "hash": hash_}
    header = {
        "salt": fact.salt,
        "header_kind": fact.kind.value,
        "category": fact.category,
        "happened_on": fact.happened_on.isoformat(),
        "counts_on": fact.counts_on.isoformat(),
        "recorded_at": (fact.recorded_at - EPOCH) // timedelta(microseconds=1),
        "actor_role": fact.actor.role.value,
        "actor_id": fact.actor.person,
        "actor_for": fact.actor.on_behalf_of,
        "approver_role": fact.approver and fact.approver.role.value,
        "approver_id": fact.approver and fact.approver.person,
        "reason": fact.reason,
        "policy_version": fact.policy_version,
        "reverses": fact.reverses,
        "exchange_id": fact.exchange,
        "imported": int(fact.imported),
        "overrides": int(fact.overrides),
        "note_digest": fact.note_digest,
    }
    return [
        {
            **leaf,
            **header,
            "n": t.n,
            "minutes": t.minutes,
            "activity": t.activity.value,
            "source_id": t.source,
            "source_number": t.source_number,
            "source_balance_minutes": t.source_balance_minutes,
            "target_id": t.target,
            "target_number": t.target_number,
            "target_balance_minutes": t.target_balance_minutes,
        }
        for t in fact.transfers
    ]


def a_page(*rows: dict[str, Any]) -> LeafPage:
    header = ["header_kind" if name == "kind" else name for name in COLUMNS]
    return page_of([[row[name] for row in rows] for name in (*LEAF, *header)])


IDS: st.SearchStrategy[Any] = st.text("0123456789abcdef", min_size=32, max_size=32)
ACCOUNTS: st.SearchStrategy[Any] = st.text("0123456789abcdef", min_size=16, max_size=16)
WORDS = st.none() | st.text(max_size=300)
NUMBERS = st.integers(-(2**53), 2**53)
STAFF = sorted(STAFF_ROLES, key=str)
ACTORS = st.just(Actor.system()) | st.builds(
    Actor, person=IDS, role=st.sampled_from([*STAFF, Role.MEMBER])
)
ACTORS_FOR = st.builds(Actor, person=IDS, role=st.sampled_from(STAFF), on_behalf_of=IDS)
TRANSFERS = st.builds(
    PostedTransfer,
    n=NUMBERS,
    source=ACCOUNTS,
    target=ACCOUNTS,
    minutes=NUMBERS,
    activity=st.sampled_from(Activity),
    source_number=NUMBERS,
    source_balance_minutes=NUMBERS,
    target_number=NUMBERS,
    target_balance_minutes=NUMBERS,
)
TRANSACTIONS = st.builds(
    Transaction,
    id=IDS,
    kind=st.sampled_from(TransactionKind),
    category=WORDS,
    happened_on=st.dates(),
    counts_on=st.dates(),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    actor=ACTORS | ACTORS_FOR,
    approver=st.none() | ACTORS,
    reason=WORDS,
    policy_version=NUMBERS,
    reverses=st.none() | IDS,
    exchange=st.none() | IDS,
    imported=st.booleans(),
    overrides=st.booleans(),
    note_digest=st.none() | st.binary(min_size=32, max_size=32),
    salt=st.binary(max_size=64),
    encoding=st.just(1),
    transfers=st.lists(TRANSFERS, min_size=1, max_size=4).map(tuple),
)
"""Anything in any column, whether or not some action would make it."""


@given(st.lists(TRANSACTIONS, min_size=1, max_size=5))
def test_leaves_from_columns_are_those_from_values(facts: list[Transaction]) -> None:
    page = a_page(*(row for at, fact in enumerate(facts) for row in rows_of(at, fact)))
    by_values = {at: leaf_hash(leaf_data(fact, DOMAIN)) for at, fact in enumerate(facts)}
    assert hashes(page, DOMAIN) == by_values
    assert unproven(page, DOMAIN) == []


def test_what_is_as_sealed_is_proven_however_many_transfers_there_are() -> None:
    page = a_page(*rows_of(0, PLAIN), *rows_of(1, SINGLE), *rows_of(2, PLAIN))
    assert unproven(page, DOMAIN) == []
    assert unproven(a_page(*rows_of(4, SINGLE)), DOMAIN) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_any_other_value_leaves_it_open(column: str) -> None:
    name = "header_kind" if column == "kind" else column
    first, *others = rows_of(5, PLAIN)
    for other in (b"other", "other", 12345):
        changed = {**first, name: other}
        if column == "salt" and not isinstance(other, bytes):
            continue
        assert unproven(a_page(*rows_of(4, SINGLE), changed, *others), DOMAIN) == [5]


def test_a_transfer_more_or_less_leaves_it_open() -> None:
    first, second = rows_of(0, PLAIN)
    assert unproven(a_page(first), DOMAIN) == [0]
    assert unproven(a_page(first, second, second), DOMAIN) == [0]


def test_what_is_no_transaction_is_left_open_and_disturbs_nothing() -> None:
    act = {**dict.fromkeys(rows_of(0, SINGLE)[0]), "position": 1, "kind": "exchange_act"}
    page = a_page(*rows_of(0, PLAIN), act, *rows_of(2, SINGLE))
    assert unproven(page, DOMAIN) == [1]
    assert unproven(a_page(act), DOMAIN) == [1]


def test_another_bank_proves_nothing() -> None:
    assert unproven(a_page(*rows_of(0, SINGLE)), bytes(32)) == [0]


def doubled(n: int) -> int:
    return 2 * n


def doubled_or_killed(n: int) -> int:
    """Ends the process that it is done in, but not the one that knows of others."""
    if n == 7 and os.environ.get("SPREADER") != str(os.getpid()):
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * n


def counted(most: int, asked: list[int]) -> Iterator[int]:
    for n in range(most):
        asked.append(n)
        yield n


def test_a_little_work_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "ProcessPoolExecutor", None)
    assert [*spread.in_processes(doubled, range(spread.ALONE))] == [*range(0, 200, 2)]


@pytest.mark.parametrize("cores", [1, 2])
def test_answers_come_in_order_and_no_more_is_asked_for_than_is_worked_on(
    monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(spread, "ALONE", 3)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    asked: list[int] = []
    answers = spread.in_processes(doubled, counted(40, asked))
    assert [next(answers) for _ in range(10)] == [*range(0, 20, 2)]
    assert len(asked) <= 10 + 3 * cores
    assert [*answers] == [*range(20, 80, 2)]


def test_a_process_that_may_have_no_children_does_everything_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spread, "ALONE", 3)
    monkeypatch.setattr(spread, "ProcessPoolExecutor", None)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "daemon", True)
    assert [*spread.in_processes(doubled, range(20))] == [*range(0, 40, 2)]


def test_what_a_killed_process_left_undone_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "ALONE", 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setenv("SPREADER", str(os.getpid()))
    assert [*spread.in_processes(doubled_or_killed, range(20))] == [*range(0, 40, 2)]
