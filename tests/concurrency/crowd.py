"""Real processes on one database, each given its job at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tests.concurrency.town import Town

ROOT = Path(__file__).parents[2]


class Crowd:
    """Processes that wait for jobs."""

    def __init__(self, url: str, town: Town, size: int) -> None:
        command = (sys.executable, "-m", "tests.concurrency.worker", url)
        self.town = town
        self.workers = [
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(size)
        ]

    def all(self, job: str, **arguments: Any) -> list[dict[str, Any]]:
        """The same job for everybody; the answers in order of the workers."""
        return self.each([(job, arguments)] * len(self.workers))

    def each(self, jobs: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """A job for each of the first workers, at once."""
        for n, (job, arguments) in enumerate(jobs):
            self.give(n, job, **arguments)
        return [self.answer(n) for n in range(len(jobs))]

    def give(self, n: int, job: str, **arguments: Any) -> None:
        """Hand the n-th worker a job, without waiting for the answer."""
        self.tell(n, json.dumps({"job": job, "town": self.town.plain(), "arguments": arguments}))

    def tell(self, n: int, line: str = "") -> None:
        """A line for the n-th worker; an empty one lets it go on."""
        stdin = self.workers[n].stdin
        assert stdin is not None
        stdin.write(f"{line}\n")
        stdin.flush()

    def answer(self, n: int) -> dict[str, Any]:
        """The n-th worker's next line."""
        stdout = self.workers[n].stdout
        assert stdout is not None
        line = stdout.readline()
        assert line, f"worker {n} ended with {self.workers[n].wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """No more jobs; everybody goes home."""
        for worker in self.workers:
            worker.communicate(timeout=60)


@contextmanager
def gathered(engine: Engine, town: Town, size: int) -> Iterator[Crowd]:
    """A crowd of so many processes on the engine's database."""
    crowd = Crowd(engine.url.render_as_string(hide_password=False), town, size)
    try:
        yield crowd
    finally:
        for worker in crowd.workers:
            if sys.exc_info()[0] is not None:
                worker.kill()
        crowd.end()
