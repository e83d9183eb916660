"""A bank on SQLite, made once by the program itself and copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.cli.program import done


@pytest.fixture(scope="session")
def riverside_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank with a coordinator, an officer and three members, anna, ben and dan."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("cli") / "riverside.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEBANK_URL", f"sqlite:///{file}")
        done("bank", "create", "riverside", "--first-coordinator", "cora")
        done("staff", "add", "olga", "--role", "officer", "--name", "Olga", "--by", "cora")
        for name in ("Anna", "Ben", "Dan"):
            done("member", "join", "--name", name, "--ref", name.lower(), "--by", "cora")
    return file


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated database without a bank, named by the environment."""
    return _at_hand(sqlite_template, tmp_path, monkeypatch)


@pytest.fixture
def riverside(riverside_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bank, named by the environment; cora acts unless somebody else is named."""
    monkeypatch.setenv("TIMEBANK_ACTOR", "cora")
    return _at_hand(riverside_template, tmp_path, monkeypatch)


def _at_hand(template: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TIMEBANK_BANK", "TIMEBANK_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    file = shutil.copyfile(template, folder / "bank.sqlite")
    monkeypatch.setenv("TIMEBANK_URL", f"sqlite:///{file}")
    return file
