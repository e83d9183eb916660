"""``timebank demo --custody``: three sites, thirty people, two months; and the end of each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import timebank
from tests.cli.program import Answer, run
from timebank.cli import custody_story
from timebank.cli.session import opened
from timebank.domain.audit import Verdict


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Path]:
    folder = tmp_path_factory.mktemp("demo") / "custody"
    return run("demo", "--custody", "--dir", str(folder)), folder


def test_it_ends_well_and_shows_what_matters(shown: tuple[Answer, Path]) -> None:
    answer, folder = shown
    assert (answer.code, answer.err) == (0, "")
    for words in (
        "refused (custody_in_custody), and kept",
        "moves from riverside to leyhill",
        "is released on licence",
        "is recalled",
        "family day",
        "large_gift",
        "Every account of castle is at 0:00.",
        "clean",
    ):
        assert words in answer.out
    for page in ("statement.html", "sheet.html"):
        assert "no cash value" in (folder / page).read_text(encoding="utf-8")


def test_the_lines_to_try_next_work_as_they_stand(shown: tuple[Answer, Path]) -> None:
    lines = shown[0].out.split("What to try next")[1].splitlines()[2:]
    script = "\n".join(["set -e", *(line.strip() for line in lines)])
    tried = subprocess.run(["/bin/sh", "-c", script], check=False, capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "custody_in_custody" in tried.stdout


def test_p28_the_sites_of_the_demo_are_wound_up_one_after_the_other(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'demo.sqlite'}", None) as place:
        timebank.migrate(place.engine, wings=["custody"])
        for site in custody_story.tell(place, lambda said: None):
            listed = custody_story.close_down(site)
            targets = {target for _, target, _ in listed}
            assert {"pot", "closure", "issuance"} <= targets | {"clearing"}
            views = site.run(timebank.accounts.list)
            assert {view.balance.minutes for view in views} == {0}
            report = site.run(lambda uow: timebank.audits.run(uow, max_unsealed_hours=10**6))
            assert (report.findings, report.verdict) == ((), Verdict.CLEAN)
