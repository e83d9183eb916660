"""What is held on one person, as files for that person."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.cli.program import done, run


def test_the_files_hold_it_and_are_for_their_owner_alone(riverside: Path, tmp_path: Path) -> None:
    done("listing", "offer", "--title", "<b>Roses & more</b>", "--category", "garden", "--by=anna")
    hour = ("--giver", "anna", "--receiver", "ben", "--hours", "1:30")
    done("exchange", "record", *hour)
    out = tmp_path / "for" / "anna"
    answer = done("member", "access", "anna", "--out", str(out), "--html")
    assert answer["files"] == [str(out / "access.json"), str(out / "access.html")]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    document = json.loads((out / "access.json").read_text())
    assert document["schema"] == "timebank.access/1"
    assert document["accounts"][0]["entries"][0]["change_minutes"] == 90
    page = (out / "access.html").read_text()
    assert "What riverside holds on Anna" in page
    assert "&lt;b&gt;Roses &amp; more&lt;/b&gt;" in page
    assert "<b>" not in page
    for value in ("another member", document["person"]["id"], "Other receivers"):
        assert value in page
    assert "Ben" not in page


def test_it_overwrites_nothing(riverside: Path, tmp_path: Path) -> None:
    assert run("member", "access", "anna", "--out", str(tmp_path / "a")).code == 0
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["access.json"]
    again = run("member", "access", "anna", "--out", str(tmp_path / "a"))
    assert (again.code, "File exists" in again.err) == (2, True)
    assert run("member", "access", "nobody", "--out", str(tmp_path / "b")).code == 2
    assert not (tmp_path / "b").exists()
