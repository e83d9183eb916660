"""Mixed work for a long time, with clients and the server killed, and an audit each minute.

Twenty seconds in the ordinary run; ``make soak`` does an hour for each database.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.concurrency.town import founded
from tests.durable import durable, durable_server
from tests.load.soak import Job
from tests.postgres import Server

__all__ = ["durable", "durable_server"]

SECONDS = 60 * float(os.environ.get("TIMEBANK_SOAK_MINUTES", "0")) or 20
PERIOD_SECONDS = min(60, SECONDS / 2)
PEOPLE = 12
GROWTH_MIB = 24
"""By so much the process that works all the time may be larger than after a tenth of it: until then
caches fill up.
"""
ROOT = Path(__file__).parents[2]


class Killer:
    """Kills the server once in each period, early enough for an audit at its end."""

    def __init__(self, server: Server | None) -> None:
        self._server, self.kills = server, 0
        self._timer = threading.Timer(0, self._kill)

    def begin(self) -> None:
        """Another period has begun."""
        self._timer = threading.Timer(PERIOD_SECONDS * random.uniform(0.1, 0.5), self._kill)
        self._timer.start()

    def _kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.restart()
            self.kills += 1

    def end(self) -> None:
        """Nobody is killed any more, and the server stands."""
        self._timer.cancel()
        self._timer.join()


def minutes(job: Job) -> Iterator[dict[str, Any]]:
    """What is said after each period."""
    command = (sys.executable, "-m", "tests.load.soak")
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(job.line() + "\n")
        process.stdin.close()
        yield from map(json.loads, process.stdout)
    assert process.returncode == 0


def test_it_stays_whole_and_as_small_for_as_long_as_it_runs(
    durable: Engine,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    town, name = founded(durable, people=PEOPLE, minutes=600), durable.dialect.name
    durable.dispose()
    job = Job(
        url=durable.url.render_as_string(hide_password=False),
        folder=str(tmp_path),
        town=town.plain(),
        seed=1,
        seconds=SECONDS,
        period_seconds=PERIOD_SECONDS,
    )
    server = request.getfixturevalue("durable_server") if name == "postgresql" else None
    sizes, killer = [], Killer(server)
    killer.begin()
    for minute in minutes(job):
        with capsys.disabled():
            print(f"\nsoak {name}: server killed {killer.kills}, {json.dumps(minute)}", end="")
        assert (minute["verdict"], minute["findings"]) == ("clean", [])
        assert minute["lost"] == 0
        sizes.append(minute["resident_mib"])
        killer.end()
        killer.begin()
    killer.end()
    assert len(sizes) == round(SECONDS / PERIOD_SECONDS)
    assert minute["transactions"] > PEOPLE
    assert sizes[-1] - sizes[len(sizes) // 10] <= GROWTH_MIB
