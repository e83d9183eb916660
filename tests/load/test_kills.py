"""Clients and the server killed at random moments: what was answered is there, nothing twice.

The clients write down what they ask before they ask it. Whoever begins in a dead one's place asks
again under the same key; the history with all that was never answered must fit a serial order.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

import timebank
from tests.load.clients import ENOUGH
from tests.load.conftest import Crowd, a_crowd
from tests.load.history import Op
from tests.postgres import Server, create_database

KILLS = int(os.environ.get("TIMEBANK_KILLS", "20"))
SERVER_KILLS = max(3, KILLS // 5)
"""Each costs a recovery."""


@pytest.fixture
def mortals(durable: Engine, tmp_path: Path, nursery: subprocess.Popen[str]) -> Crowd:
    """Clients of a bank that waits for the disk."""
    return a_crowd(durable, tmp_path, nursery)


def check(crowd: Crowd, ops: list[Op], words: str) -> None:
    """Every answer fits one serial order that ends in the books; they are whole."""
    order = crowd.explained(ops)
    crowd.books_are_whole(order)
    silent = sum(op.answer is None for op in ops)
    found_done = len(order) - 1 - (len(ops) - silent)
    said = Counter(op.answer.said for op in ops if op.answer is not None)
    name = crowd.engine.dialect.name
    print(
        f"\nkills {name}: {words}; {len(ops)} requests, {said['accepted']} accepted, "
        f"{silent} without an answer of which {found_done} had taken place; lost 0, doubled 0"
    )


@pytest.mark.parametrize("way", ["plain", "poster"])
def test_m32_clients_killed_at_random_leave_all_or_nothing(
    mortals: Crowd, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    poster = way == "poster"
    threads = 3 if poster else 1
    job = mortals.start(
        seed=KILLS, processes=2, threads=threads, poster=poster, kills=-(-KILLS // 2)
    )
    kills, ops = mortals.finish(job)
    assert kills == -(-KILLS // 2)
    with capsys.disabled():
        check(mortals, ops, f"{kills} clients killed ({way})")


def test_m32_a_server_killed_at_random_keeps_what_was_answered(
    durable_server: Server,
    tmp_path: Path,
    nursery: subprocess.Popen[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = create_engine(create_database(durable_server))
    timebank.migrate(engine)
    crowd = a_crowd(engine, tmp_path, nursery)
    job, dice = crowd.start(seed=1, processes=2, threads=2), random.Random(SERVER_KILLS)
    for _ in range(SERVER_KILLS):
        time.sleep(dice.uniform(0.1, 0.6))
        durable_server.kill()
        durable_server.restart()
    time.sleep(0.2)
    (tmp_path / ENOUGH).touch()
    _, ops = crowd.finish(job)
    with capsys.disabled():
        check(crowd, ops, f"the server killed {SERVER_KILLS} times")
    engine.dispose()
