"""The examples, run as they stand."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import riverside, riverside_template
from tests.cli.program import done

__all__ = ["riverside", "riverside_template"]

EXAMPLES = Path(__file__).parents[2] / "examples"


class Night:
    """A scheme's database, a folder outside, and whom the verdict is mailed to."""

    def __init__(self, database: Path, folder: Path) -> None:
        self.database, self.keep, self.mailbox = database, folder / "outside", folder / "mailbox"
        self.keep.mkdir()
        post = folder / "post"
        post.write_text(f'#!/bin/sh\n{{ echo "$@"; cat; }} >>{self.mailbox}\n')
        post.chmod(0o700)
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TIMEBANK_URL": f"sqlite:///{database}",
            "TIMEBANK_KEEP": str(self.keep),
            "TIMEBANK_MAIL": str(post),
            "TIMEBANK_MAILTO": "cora",
        }

    def audited(self) -> tuple[int, str]:
        """The exit code of one night, and what was mailed."""
        self.mailbox.write_text("")
        job = subprocess.run(
            [EXAMPLES / "nightly-audit.sh"], env=self.environment, capture_output=True, check=False
        )
        assert (job.stdout, job.stderr) == (b"", b"")
        return job.returncode, self.mailbox.read_text()

    @property
    def kept(self) -> str | None:
        """The checkpoint kept outside."""
        file = self.keep / "checkpoint.txt"
        return file.read_text() if file.exists() else None


@pytest.fixture
def night(riverside: Path, tmp_path: Path) -> Night:
    return Night(riverside, tmp_path)


def hour() -> None:
    done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", "1:00")


def test_a_clean_night_keeps_the_checkpoint_and_mails_one_word(night: Night) -> None:
    assert night.audited() == (0, "-s timebank: clean cora\nclean\n")
    assert night.kept is None, "nothing is sealed yet"
    done("seal")
    assert night.audited()[0] == 0
    first = night.kept
    hour()
    done("seal")
    assert night.audited()[0] == 0
    assert first is not None
    assert night.kept not in (None, first)


def test_a_balance_typed_in_by_hand_is_mailed_as_findings(night: Night) -> None:
    done("seal")
    night.audited()
    kept = night.kept
    connection = sqlite3.connect(night.database)
    connection.execute("UPDATE timebank_account SET balance_minutes = 600 WHERE label = 'pot'")
    connection.commit()
    connection.close()
    assert night.audited() == (1, "-s timebank: findings cora\nfindings\n")
    assert night.kept == kept
    assert "balances_match_transfers" in (night.keep / "audit.json").read_text()


def test_an_older_copy_put_in_place_is_found(night: Night, tmp_path: Path) -> None:
    done("seal")
    older = shutil.copyfile(night.database, tmp_path / "older.sqlite")
    hour()
    done("seal")
    assert night.audited()[0] == 0
    for file in night.database.parent.glob(f"{night.database.name}*"):
        file.unlink()
    shutil.copyfile(older, night.database)
    assert night.audited()[0] == 1


def test_a_database_that_is_gone_is_not_clean(night: Night) -> None:
    night.environment["TIMEBANK_URL"] = f"sqlite:///{night.database}.gone"
    assert night.audited() == (3, "-s timebank: no audit (exit 3) cora\nno audit (exit 3)\n")


def auditor(database: Path) -> tuple[int, str]:
    script = str(EXAMPLES / "auditor.py")
    command = [sys.executable, script, f"sqlite:///{database}", "riverside"]
    job = subprocess.run(command, capture_output=True, text=True, check=False)
    return job.returncode, job.stdout + job.stderr


def test_the_auditors_script_adds_up_by_itself(riverside: Path) -> None:
    hour()
    assert auditor(riverside) == (0, "clean; 0 of 7 balances differ from my sums\n")
    connection = sqlite3.connect(riverside)
    connection.execute("UPDATE timebank_account SET balance_minutes = 600 WHERE label = 'pot'")
    connection.commit()
    connection.close()
    code, said = auditor(riverside)
    assert code == 1
    assert said.startswith("findings; 1 of 7 balances differ from my sums ")


def test_the_auditors_script_has_twenty_lines() -> None:
    assert len((EXAMPLES / "auditor.py").read_text().splitlines()) <= 25
