"""``timebank demo``: it runs, it is calibrated, and what it says to try next works."""

import csv
import statistics
import subprocess
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.program import Answer, run


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> tuple[Answer, str]:
    folder = tmp_path_factory.mktemp("demo") / "it's here"
    return run("demo", "--dir", str(folder)), str(folder)


def test_it_ends_well_and_shows_every_chapter(shown):
    answer, _ = shown
    assert (answer.code, answer.err) == (0, "")
    for words in (
        "on hold",
        "disputed, nothing moves",
        "settles it at 2:30",
        "0:30 + 0:30 + 0:30 + 0:30 = 2:00",
        "the same answer, nothing moves twice",
        "reversed by a",
        "refused (not_enough_hours)",
        "Opening balance",
        "Closing balance",
        "The sum of all 65 accounts is 0:00.",
        "Verdict: clean",
    ):
        assert words in answer.out


def test_the_page_is_written(shown):
    page = Path(shown[1], "statement.html").read_text(encoding="utf-8")
    assert "Riverside Time Bank" in page
    assert "Hours have no cash value." in page


def test_the_lines_to_try_next_work_as_they_stand(shown):
    answer, _ = shown
    lines = [line.strip() for line in answer.out.split("What to try next")[1].splitlines()[2:]]
    script = "\n".join(["set -e", *lines])
    tried = subprocess.run(["/bin/sh", "-c", script], check=False, capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "72 known before" in tried.stdout
    assert "clean" in tried.stdout


def test_a_folder_with_a_demo_is_left_alone(shown):
    answer = run("demo", "--dir", shown[1])
    assert answer.code == 2
    assert "has a demo already" in answer.err


def test_without_a_folder_it_makes_one_and_says_which():
    answer = run("demo")
    assert answer.code == 0
    assert "timebank-demo-" in answer.out


def test_the_half_year_is_in_the_measure_of_real_time_banks():
    """Medians of published counters: 61 members, 50.5 exchanges in 128 days, 2.76 hours each."""
    folder = files("timebank.cli") / "demo_data"
    members = list(csv.DictReader(folder.joinpath("members.csv").open(encoding="utf-8")))
    rows = list(csv.DictReader(folder.joinpath("half_year.csv").open(encoding="utf-8")))
    minutes = [int(row["minutes"]) for row in rows]
    assert len(members) == 61
    assert len(rows) == pytest.approx(50.5 / 128 * 182, abs=2)
    assert statistics.mean(minutes) / 60 == pytest.approx(2.76, abs=0.15)
    assert 2.3 <= statistics.median(minutes) / 60 <= 2.8
    took_part = {ref for row in rows for ref in (row["giver"], row["receiver"])}
    assert len(took_part) / len(members) == pytest.approx(0.52, abs=0.03)
    given = Counter(dict.fromkeys(took_part, 0))
    for row in rows:
        given[row["giver"]] += int(row["minutes"])
    busiest = sum(m for _, m in given.most_common(len(took_part) // 5))
    assert busiest / sum(given.values()) > 0.35
    days = [int(row["days_ago"]) for row in rows]
    assert (max(days), min(days)) == (182, 1)
