"""The example hosts as servers of their own, prepared and started as their READMEs say."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT, parts

EXAMPLES = ROOT / "examples"
PORT = "8000"
"""Where a README serves; a test takes a free port instead."""


def steps(example: str) -> dict[str, str]:
    """What the README tells to do, by the word after the fence."""
    page = (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
    return {part.rest: part.text for part in parts(page) if part.kind == "sh"}


@dataclass(slots=True, kw_only=True)
class Server:
    """One server process with its workers; ``commands`` are the steps of its page."""

    commands: Mapping[str, str]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """The step that makes the tables and the bank; it may be done twice."""
        self._shell(self.commands["prepare"]).check_returncode()

    def start(self) -> None:
        """Serve on a free port, until it answers."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])
        command = self.commands["serve"].replace(PORT, str(self.port))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ("sh", "-c", f"exec {command}"),
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.get("/")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """The server and its workers are gone, in the middle of whatever they did."""
        found, self.process = self.process, None
        if found is not None:
            os.killpg(found.pid, signal.SIGKILL)
            found.wait(timeout=30)

    def get(self, path: str, member: str = "anna") -> Answer:
        """Ask for something."""
        return self._request("GET", path, {"Member": member}, None)

    def post(self, path: str, body: Any = None, *, member: str, key: str) -> Answer:
        """Do something, once for each key."""
        return self._request("POST", path, {"Member": member, "Idempotency-Key": key}, body)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = None if body is None else json.dumps(body)
            more = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, sent, {**headers, **more})
            response = connection.getresponse()
            return Answer(status=response.status, text=response.read().decode())
        finally:
            connection.close()

    def _shell(self, command: str) -> subprocess.CompletedProcess[bytes]:
        with self.log.open("ab") as log:
            return subprocess.run(
                ("sh", "-ec", command),
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                check=False,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said."""

    status: int
    text: str

    @property
    def body(self) -> Any:
        """As data."""
        return json.loads(self.text)

    def require(self) -> None:
        """It was done."""
        assert self.status == 200, self.text


def environment(**more: str) -> dict[str, str]:
    """The tests' own Python before others, and nothing that names a database."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "TIMEBANK", "DATABASE"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}
