"""``timebank import``: real files, real databases; all of a file or nothing."""

import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.cli.program import done, run
from tests.tools import make_import_csv
from timebank.cli.main import main

HEADER = "key,happened_on,giver,receiver,minutes,category\n"
TOOL = Path(make_import_csv.__file__)


def a_file(folder: Path, *rows: str, header: str = HEADER) -> str:
    path = folder / "rows.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(path)


def balances() -> dict[str, int]:
    """Every member's balance by ref; they and the bank's own sum to 0."""
    document = done("balances", "--names")
    assert document["total_minutes"] == 0
    return {a["ref"]: a["balance_minutes"] for a in document["accounts"] if a["ref"]}


def posted(file: Path) -> int:
    with sqlite3.connect(file) as connection:
        (found,) = connection.execute("SELECT count(*) FROM timebank_transfer").fetchone()
    return int(found)


def generated(folder: Path, rows: int, seed: int = 1) -> tuple[Path, dict[str, int]]:
    """A file of an independent script, and its own sum for each member."""
    out = folder / "generated.csv"
    command = [sys.executable, str(TOOL), "--rows", str(rows), "--out", str(out)]
    made = subprocess.run(
        [*command, "--seed", str(seed)], capture_output=True, text=True, check=True
    )
    return out, json.loads(made.stdout)


def test_ten_thousand_rows_agree_with_an_independent_sum(riverside, tmp_path):
    file, sums = generated(tmp_path, 10_000)
    report = done("import", str(file), "--create-members")
    assert (report["rows"], report["accepted"], report["replayed"]) == (10_000, 10_000, 0)
    found = balances()
    assert {ref: found[ref] for ref in sums} == sums
    assert done("audit")["verdict"] == "clean"

    again = done("import", str(file), "--create-members")
    assert (again["accepted"], again["replayed"], again["joined"]) == (0, 10_000, [])
    assert posted(riverside) == 10_000
    assert balances() == found


@pytest.mark.usefixtures("riverside")
def test_a_column_that_was_not_read_is_named(tmp_path):
    file = a_file(tmp_path, "finn,Finn Berg,90", header="Ref,Name,Balance\n")
    answer = run("import", file, "--format", "members")
    assert answer.code == 0
    assert answer.err.startswith("Columns that were not read: Balance. (There are: ref, name,")
    assert balances()["finn"] == 0
    again = run("import", file, "--format", "members", "--map", "contact=")
    assert "Balance" in again.err


@pytest.mark.parametrize("place", [0, 499, 2_399])
def test_one_bad_row_and_nothing_is_posted(riverside, tmp_path, place):
    file, _ = generated(tmp_path, 2_400)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    cells = lines[place + 1].split(",")
    lines[place + 1] = ",".join([*cells[:4], "1.5", *cells[5:]])
    file.write_text("".join(lines), encoding="utf-8")
    answer = run("import", str(file), "--create-members")
    assert answer.code == 2
    assert f"line {place + 2}, minutes: '1.5' is not a whole number" in answer.err
    assert "1 fault(s), nothing was taken from the file" in answer.err
    assert posted(riverside) == 0
    assert set(balances()) == {"anna", "ben", "dan"}


@pytest.mark.usefixtures("riverside")
class TestOptions:
    def test_all_kinds_of_faults_in_one_answer(self, tmp_path):
        file = a_file(
            tmp_path,
            "k1,2026-03-01,anna,ben,90,",
            "k1,2026-03-01,anna,ben,90,",
            "k3,2026-03-01,anna,zoe,90,",
            "k4,2026-03-01,anna,ben,0,",
            "k5,2026-03-01,anna,anna,5,",
            "k6,soon,anna,ben,5,magic",
            "k7,2026-03-01,anna,ben,5,magic",
        )
        answer = run("import", file)
        assert answer.code == 2
        for line, column in (
            (3, "key"),
            (4, "receiver"),
            (5, "minutes"),
            (6, "receiver"),
            (7, "happened_on"),
            (8, "category"),
        ):
            assert f"line {line}, {column}:" in answer.err

    def test_a_dry_run_keeps_nothing(self, riverside, tmp_path):
        file = a_file(tmp_path, "k1,2026-03-01,anna,zoe,90,magic")
        wishes = ("--create-members", "--add-categories")
        answer = run("import", file, *wishes, "--dry-run")
        assert answer.code == 0
        assert "dry run" in answer.out
        assert "1 rows: 1 accepted, 0 known before; 1:30 hours were posted." in answer.out
        assert "1 members joined." in answer.out
        assert "Categories added: magic." in answer.out
        assert posted(riverside) == 0
        report = done("import", file, *wishes)
        assert (report["dry_run"], report["joined"], report["added_categories"]) == (
            False,
            ["zoe"],
            ["magic"],
        )

    def test_columns_by_other_names(self, tmp_path):
        file = a_file(
            tmp_path, "1;2026-03-01;anna;ben;90;Garten", header="Nr;Tag;von;an;Dauer;Art\n"
        )
        columns = ("key=Nr", "happened_on=Tag", "giver=von", "receiver=an", "minutes=Dauer")
        mapped = [word for column in (*columns, "category=") for word in ("--map", column)]
        assert done("import", file, *mapped)["accepted"] == 1

    def test_history_with_a_named_override(self, tmp_path):
        file = a_file(tmp_path, "k1,2026-03-01,anna,ben,1300,")
        assert run("import", file, "--history").code == 2
        terms = ("--approved-by", "olga", "--reason", "history")
        answer = run("import", file, "--history", *terms)
        assert answer.code == 0
        assert "1 accounts were let out of their limits" in answer.out
        assert balances()["ben"] == -1300
        assert done("audit")["verdict"] == "clean"

    def test_opening_balances(self, tmp_path):
        file = a_file(tmp_path, "o1,2026-03-01,anna,carry-over,300,")
        terms = ("--carry-over", "--reason", "carry-over")
        assert run("import", file, *terms).code == 4
        report = done("import", file, *terms, "--approved-by", "olga")
        assert report["accepted_minutes"] == 300
        assert balances()["anna"] == 300

    def test_members_with_balances(self, tmp_path):
        file = a_file(tmp_path, "zoe,Zoe West,120", header="ref,name,opening_minutes\n")
        assert run("import", file, "--format", "members").code == 2
        terms = ("--format", "members", "--approved-by", "olga", "--reason", "carry-over")
        report = done("import", file, *terms)
        assert (report["accepted"], report["joined"]) == (1, ["zoe"])
        assert balances()["zoe"] == 120

    @pytest.mark.parametrize(
        "wrong",
        [
            ["--format", "excel"],
            ["--history", "--carry-over"],
            ["--format", "members", "--history"],
            ["--map", "minutes"],
            ["--approved-by", "olga", "--reason", "history"],
            ["--by", ""],
        ],
    )
    def test_wrong_usage(self, tmp_path, wrong):
        assert run("import", a_file(tmp_path, "k1,2026-03-01,anna,ben,90,"), *wrong).code == 2

    def test_a_file_that_is_not_there(self, tmp_path):
        answer = run("import", str(tmp_path / "none.csv"))
        assert answer.code == 2
        assert "No such file" in answer.err

    def test_a_member_may_not_import(self, tmp_path):
        file = a_file(tmp_path, "k1,2026-03-01,anna,ben,90,")
        assert run("import", file, "--by", "anna").code == 4


def interruptible() -> None:
    """A shell's background job ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class TestInterrupted:
    """SIGINT to a real process in the middle of its work leaves nothing behind."""

    def start(self, file: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "timebank", "import", str(file), "--create-members"],
            env=os.environ | {"TIMEBANK_ACTOR": "cora"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=interruptible,  # noqa: PLW1509 (no threads here)
        )

    @pytest.mark.parametrize("seed", [1, 2])
    def test_nothing_is_posted(self, riverside, tmp_path, seed):
        file, _ = generated(tmp_path, 30_000)
        process = self.start(file)
        until_writing(riverside, process)
        time.sleep(random.Random(seed).random())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert err == "timebank: interrupted; nothing was posted.\n"
        assert posted(riverside) == 0
        assert set(balances()) == {"anna", "ben", "dan"}
        assert done("audit")["verdict"] == "clean"


@pytest.mark.usefixtures("riverside")
def test_an_interrupt_at_the_commit_does_not_claim_to_know(tmp_path, monkeypatch):
    from timebank.cli.session import Place

    def write(self, bank, act):
        with self.reading(bank) as uow:
            act(uow)
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "write", write)
    monkeypatch.setattr("timebank.cli.commands.importing._import", lambda *args: None)
    answer = run("import", a_file(tmp_path, "k1,2026-03-01,anna,ben,90,"))
    assert answer.code == 130
    assert answer.err == (
        "timebank: interrupted at the commit; import it again, nothing is posted twice.\n"
    )


def until_writing(file: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until the process holds the write lock of the database."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with sqlite3.connect(file, timeout=0, isolation_level=None) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return
            connection.execute("ROLLBACK")
        time.sleep(0.02)
    raise AssertionError(f"it never began to write: {process.communicate()}")


def test_a_full_disk_posts_nothing(riverside, tmp_path, monkeypatch):
    """The database may not grow: what SQLite says of a full disk, it says here."""
    from sqlalchemy import event

    import timebank

    real = timebank.prepare_sqlite

    def small(engine):
        prepared = real(engine)
        event.listen(prepared, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 200"))
        return prepared

    file, _ = generated(tmp_path, 3_000)
    with monkeypatch.context() as full:
        full.setattr(timebank, "prepare_sqlite", small)
        answer = run("import", str(file), "--create-members")
    assert answer.code == 3
    assert "full" in answer.err
    assert posted(riverside) == 0
    assert done("audit")["verdict"] == "clean"
    assert done("import", str(file), "--create-members")["accepted"] == 3_000


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("riverside")
def test_a_bar_on_a_terminal_only(tmp_path):
    file = a_file(tmp_path, "k1,2026-03-01,anna,ben,90,")
    assert run("import", file).err == ""
    with redirect_stdout(io.StringIO()), redirect_stderr(Terminal()) as seen:
        assert main(["import", file]) == 0
    assert "Importing" in seen.getvalue()


def test_two_reports_of_timeoverflow_by_their_headers(riverside, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text(
        "N,Nombre,Email,Saldo\n31,Pilar,,5400\n32,Quim,quim@example.org,-5400\n", encoding="utf-8"
    )
    named = ("--map", "Name=Nombre")
    opening = ("--map", "Balance=Saldo", "--approved-by", "olga", "--reason", "carry-over")
    done("import", str(users), "--format", "timeoverflow", *named, *opening)
    assert (balances()["31"], balances()["32"]) == (90, -90)

    transfers = tmp_path / "transfers.csv"
    line = "2025-05-01 10:00:00 UTC,Quim (32),Pilar (31),Jardín,0:30"
    transfers.write_text(f"Date,From,To,Post,Quantity\n{line}\n{line}\n", encoding="utf-8")
    command = ("import", str(transfers), "--format", "timeoverflow", "--history")
    assert done(*command)["accepted"] == 2
    assert done(*command)["replayed"] == 2
    assert (balances()["31"], balances()["32"]) == (150, -150)
    assert done("audit")["verdict"] == "clean"

    refused = run(*command, "--map", "Nombre=Name")
    assert "'Nombre' is not one of N, Name" in refused.err
    refused = run("import", str(users), "--format", "timeoverflow", *named, "--create-members")
    assert "with members go only" in refused.err
