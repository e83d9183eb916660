"""Many processes at once: every answer fits one serial order, and three planted bugs do not."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.load.conftest import Crowd
from tests.load.faults import FAULTS
from tests.load.history import NoSerialOrder

HISTORIES = int(os.environ.get("TIMEBANK_HISTORIES", "1"))
REQUESTS = int(os.environ.get("TIMEBANK_HISTORY_REQUESTS", "25"))


@pytest.mark.parametrize("way", ["plain", "poster"])
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_answer_fits_one_serial_order(
    crowd: Crowd, seed: int, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    processes, threads = (2, 4) if way == "poster" else (4, 1)
    job = crowd.start(
        seed=seed,
        processes=processes,
        threads=threads,
        poster=way == "poster",
        count=REQUESTS,
    )
    _, ops = crowd.finish(job)
    order = crowd.explained(ops)
    crowd.books_are_whole(order)
    said = Counter(op.answer.said for op in order if op.answer is not None)
    assert {"accepted", "not_enough_hours", "seen"} <= {*said}
    name = crowd.engine.dialect.name
    with capsys.disabled():
        print(f"\nhistory {name} {way} {seed}: {len(order)} requests, {dict(said)}")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_bug_leaves_a_history_that_nothing_explains(crowd: Crowd, fault: str) -> None:
    job = crowd.start(seed=1, processes=3, count=30, fault=fault)
    _, ops = crowd.finish(job)
    with pytest.raises(NoSerialOrder, match="right were"):
        crowd.explained(ops)
