"""Programs that know nothing of timebank: each in an environment of its own, run from outside.

They are kept in pytest's cache folder, so that they are fetched once. Nothing is installed into
the computer and nobody needs to be root.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BEANCOUNT = "beancount==3.2.3"


class NoProgram(Exception):
    """The program is not here and cannot be fetched."""


@dataclass(frozen=True, slots=True)
class Program:
    """One that checks a file and says by its exit code whether the books hold."""

    format: str
    command: tuple[str, ...]

    def check(self, file: Path) -> subprocess.CompletedProcess[str]:
        """Check the file."""
        words = [word.replace("FILE", str(file)) for word in self.command]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def bean_check(folder: Path) -> Program:
    """``bean-check`` from PyPI, in a virtual environment below the folder."""
    here = folder / f"{BEANCOUNT}-{sys.version_info.major}.{sys.version_info.minor}"
    script = here / "bin" / "bean-check"

    def fetch() -> None:
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(here))
        _run(
            *(sys.executable, "-m", "pip", "--python", str(here / "bin" / "python")),
            *("install", "--quiet", "--disable-pip-version-check", BEANCOUNT),
        )

    _once(folder, here, fetch)
    return Program("beancount", (str(script), "--no-cache", "FILE"))


def hledger(folder: Path) -> Program:
    """``hledger`` where it is installed, or the distribution's package unpacked below the folder.

    It is not on PyPI. Where there is neither, on another system than Debian's, install it.
    """
    installed = shutil.which("hledger")
    here = folder / "hledger"
    if installed is None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise NoProgram("hledger is not installed, and this is no Debian to fetch it from")
        _once(folder, here, lambda: _unpack("hledger", here))
    command = installed or str(here / "usr" / "bin" / "hledger")
    return Program("hledger", (command, "-f", "FILE", "check", "--strict"))


def _unpack(package: str, here: Path) -> None:
    """The package's files, by apt's own lists or, where they are old or none, by fresh ones."""
    here.mkdir(parents=True)
    try:
        _apt(here, "download", package)
    except NoProgram:
        lists, cache = here / "lists", here / "cache"
        (lists / "partial").mkdir(parents=True)
        (cache / "archives" / "partial").mkdir(parents=True)
        own = ("-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}")
        _apt(here, *own, "update")
        _apt(here, *own, "download", package)
        shutil.rmtree(lists)
        shutil.rmtree(cache)
    (archive,) = here.glob("*.deb")
    _run("dpkg-deb", "--extract", str(archive), str(here))
    archive.unlink()
    _run(str(here / "usr" / "bin" / package), "--version")


def _apt(here: Path, *words: str) -> None:
    _run("apt-get", "-o", "APT::Sandbox::User=root", "--quiet", *words, cwd=here)


def _run(*words: str, cwd: Path | None = None) -> None:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoProgram(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")


def _once(folder: Path, here: Path, fetch: Callable[[], None]) -> None:
    """Fetch it unless it was fetched whole before, by this test process or another."""
    ready = here / "ready"
    with _alone(folder):
        if not ready.exists():
            shutil.rmtree(here, ignore_errors=True)
            fetch()
            ready.touch()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One test process at a time."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
