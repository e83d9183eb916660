"""``memory``: the greatest resident size of programs that read or write much."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks import books
from benchmarks.journal import a_journal
from benchmarks.lines import Line, line
from benchmarks.places import Place
from benchmarks.world import BANK, CATEGORY, moves

LIMIT_MIB: Final = 300
TIMES: Final = 10
"""The audit reads so many times as many transfers as the import writes."""

WATCHER: Final = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
"""A small parent of its own: a child's figure begins with the size of whoever started it."""


AUDIT: Final = ("audit", "--max-unsealed", str(books.UNSEALED_HOURS))


class Failed(Exception):
    """The program that was measured did not succeed."""


def memory(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """``timebank audit`` of 10 n transfers, then ``timebank import`` of n rows; one run each."""
    journal = a_journal(place, TIMES * n)
    yield _line("memory_audit", place, TIMES * n, peak_mib(place, AUDIT))
    with tempfile.TemporaryDirectory(prefix="timebank-bench-") as folder:
        file = Path(folder, "exchanges.csv")
        _write(file, n, members=len(journal.world.accounts))
        figure = peak_mib(place, ("import", str(file), "--by", "cora"))
    books.check(place)
    yield _line("memory_import", place, n, figure)


def _line(name: str, place: Place, n: int, figure: float) -> Line:
    return line(name, place.backend, n, [(figure, LIMIT_MIB)], "MiB")


def peak_mib(place: Place, arguments: Sequence[str]) -> float:
    """The greatest resident size of one run of the command line, in MiB."""
    program = (sys.executable, "-m", "timebank", *arguments)
    settings = {**os.environ, "TIMEBANK_URL": place.url, "TIMEBANK_BANK": BANK}
    done = subprocess.run(
        (sys.executable, "-c", WATCHER, *program),
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"timebank {' '.join(arguments)}: {done.stderr.strip()}")
    size = int(done.stdout.split()[-1])
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _write(file: Path, n: int, *, members: int) -> None:
    """A file of n exchanges among the members, over the past weeks."""
    today = datetime.now(UTC).date()
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("key", "happened_on", "giver", "receiver", "minutes", "category"))
        for i, move in enumerate(islice(moves(members), n)):
            day = today - timedelta(days=30 - i * 30 // n)
            row = (f"m{move.target}", f"m{move.source}", move.minutes, CATEGORY)
            writer.writerow((f"row-{i}", day.isoformat(), *row))
