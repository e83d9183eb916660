"""Every benchmark runs and prints what the contract promises; no time is asserted here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import books, crowding, writing
from benchmarks.__main__ import BENCHMARKS, app
from benchmarks.hand_core import HandCore
from benchmarks.lines import MARKS, Line, interleaved, rates, times
from benchmarks.memory import LIMIT_MIB, memory
from benchmarks.places import Place, place_on
from benchmarks.posting import by_hand
from benchmarks.reading import plan
from benchmarks.world import Orders, a_world

FIELDS = [
    "name",
    "backend",
    "n",
    "ours",
    "limit",
    "unit",
    "ratio",
    "min_ratio",
    "max_ratio",
    "mark",
]
TINY = {
    "exchange_confirm": 2,
    "post_one": 3,
    "post_batch": 20,
    "poster": 6,
    "writers": 4,
    "statement": 200,
    "balance": 200,
    "audit": 200,
    "audit_leaves": 200,
    "audit_since": 200,
    "seal": 20,
    "seal_share": 5,
    "seal_queue": 20,
    "memory": 20,
}
ROOT = Path(__file__).parents[2]


def check_line(found: dict[str, Any]) -> None:
    assert list(found) == FIELDS
    assert found["n"] > 0
    assert found["ours"] > 0
    assert found["limit"] > 0
    assert 0 < found["min_ratio"] <= found["ratio"] <= found["max_ratio"]


SEVERAL = ("memory", "poster", "writers")
"""They say more than one line, and are tested on their own."""


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in SEVERAL])
def test_each_benchmark_says_a_line(name, engine):
    place = place_on(engine)
    (line,) = BENCHMARKS[name].run(place, TINY[name], 1)
    assert (line.name, line.backend) == (name, place.backend)
    check_line(json.loads(line.json()))


def test_the_poster_is_measured_with_few_and_with_many_clients(engine, monkeypatch):
    monkeypatch.setattr(crowding, "CLIENTS", (2, 3))
    lines = list(BENCHMARKS["poster"].run(place_on(engine), TINY["poster"], 1))
    sides = [f"poster_{clients}_{other}" for clients in (2, 3) for other in ("spread", "plain")]
    assert [line.name for line in lines] == sides
    for line in lines:
        check_line(json.loads(line.json()))


def test_writers_of_one_file_are_measured_by_how_long_they_wait(engine, monkeypatch):
    monkeypatch.setattr(writing, "WRITERS", 2)
    lines = list(BENCHMARKS["writers"].run(place_on(engine), TINY["writers"], 1))
    names = ["writers_p50", "writers_p999", "writers_worst", "writers"]
    assert [line.name for line in lines] == (names if engine.dialect.name == "sqlite" else [])
    for line in lines:
        check_line(json.loads(line.json()))


def test_memory_is_that_of_two_programs(sqlite_engine):
    lines = list(memory(place_on(sqlite_engine), TINY["memory"], 1))
    assert [line.name for line in lines] == ["memory_audit", "memory_import"]
    for line in lines:
        assert 20 < line.ours < LIMIT_MIB
        check_line(json.loads(line.json()))


def test_the_command_runs_one_benchmark_of_one_backend():
    """In a process of its own, as ``make bench`` does."""
    command = (sys.executable, "-m", "benchmarks", "post_one", "--backend", "sqlite", "--n", "2")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["name"], found["backend"], found["n"]) == ("post_one", "sqlite", 2)
    assert found["mark"] == MARKS["post_one", "sqlite"]
    check_line(found)


@pytest.mark.parametrize("arguments", [["nothing"], ["post_one", "--backend", "oracle"]])
def test_the_command_refuses_what_it_does_not_know(arguments):
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_a_balance_as_of_a_time_is_two_index_seeks(engine):
    rows = list(plan(place_on(engine), 2_000))
    seeks = [row for row in rows if "timebank_transfer_" in row and "SELECT" not in row]
    assert len(seeks) == 2
    assert "ix_timebank_transfer_source_time" in seeks[0]
    assert "ix_timebank_transfer_target_time" in seeks[1]
    assert not [row for row in rows if "Sort" in row or "TEMP B-TREE" in row or "SCAN" in row]


def test_the_hand_written_side_keeps_what_ours_keeps(engine):
    """Otherwise it would be no limit of the same work: a key once, a floor never."""
    world = a_world(place_on(engine), size=4)
    order = Orders(world).take(1)[0]
    with by_hand(world) as hand:
        hand.post([order])
        for refused in (order, order._replace(key="other", minutes=100_000)):
            for batch in ([refused], [order._replace(key="first"), refused]):
                with pytest.raises(Exception, match=r"key|hours"):
                    hand.post(batch)
    books.check(world.place)
    books.audited(world.place)
    assert world.do(lambda uow: len(uow.journal.list(account=None, after=None, limit=9))) == 1


def test_the_hand_written_confirmation_asks_who_confirms(engine):
    from benchmarks.confirming import Supply

    world = a_world(place_on(engine), size=2)
    supply = Supply(world)
    supply.refill(1)
    (found,) = supply.waiting
    hand = HandCore(world)
    with pytest.raises(Exception, match="receiver"):
        hand.confirm(found.exchange, world.people[1 - found.receiver], "key")
    hand.confirm(found.exchange, world.people[found.receiver], "key")
    books.audited(world.place)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("UPDATE timebank_account SET balance_minutes = 1 WHERE label = 'pot'", "sum"),
        ("UPDATE timebank_account SET held_minutes = 5000 WHERE label IS NULL", "floors"),
        ("UPDATE timebank_account SET number = number + 1", "numbers"),
    ],
)
def test_wrong_books_end_the_run(wrong, name, sqlite_engine):
    world = a_world(place_on(sqlite_engine), size=2)
    books.check(world.place)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql(wrong)
    with pytest.raises(books.BooksWrong, match=name):
        books.check(world.place)


def test_ratios_are_of_pairs_of_one_round():
    pairs = [(2.0, 1.0), (4.0, 1.0), (3.0, 1.0)]
    fast = rates("post_one", "sqlite", 10, pairs, "transfers/s")
    slow = times("audit", "sqlite", 10, pairs, "s", scale=1)
    assert (fast.ratio, fast.min_ratio, fast.max_ratio) == (0.333, 0.25, 0.5)
    assert (fast.ours, fast.limit, fast.mark) == (3.333, 10.0, 0.35)
    assert (slow.ratio, slow.min_ratio, slow.max_ratio, slow.mark) == (3.0, 2.0, 4.0, 40)
    assert isinstance(slow, Line)


def test_both_sides_take_turns_and_the_first_round_does_not_count():
    seen: list[str] = []
    pairs = interleaved(
        lambda: seen.append("ours"),
        lambda: seen.append("limit"),
        prepare=lambda: seen.append("ready"),
        check=lambda: seen.append("check"),
        settle=lambda: seen.append("settled"),
        turns=2,
        rounds=2,
    )
    a_round = [*["ready", "ours", "ready", "limit"] * 2, "check"]
    assert seen == [*a_round, "settled", *a_round * 2]
    assert len(pairs) == 2


def test_a_place_is_as_durable_as_it_says(sqlite_engine):
    place: Place = place_on(sqlite_engine)
    with place.driver() as by_hand_, place.engine.connect() as ours:
        for pragma, wanted in (("synchronous", 2), ("journal_mode", "wal"), ("foreign_keys", 1)):
            assert by_hand_.execute(f"PRAGMA {pragma}").fetchone()[0] == wanted
            assert ours.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == wanted
