"""The site: drawn from the program, complete, and whole without a network."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts.pictures import LEADS_TO, PICTURES, layers
from tests.backends import MemoryBackend, a_world
from tests.contract.scenario import a_season
from tests.docs.pages import DOCS, PAGES, ROOT, parts
from timebank import exchanges
from timebank.domain.exchange import ACTS, State

FROM_OUTSIDE = re.compile(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"')


def test_every_picture_has_a_place_and_every_place_a_picture() -> None:
    pages = (path.read_text(encoding="utf-8") for path in PAGES.values())
    rests = [part.rest.split() for page in pages for part in parts(page) if part.kind == "text"]
    named = [rest[1] for rest in rests if rest[:1] == ["picture"]]
    assert sorted(named) == sorted(PICTURES)


def test_the_picture_of_states_leads_where_acts_lead() -> None:
    assert {*LEADS_TO} == {act for acts in ACTS.values() for act in acts}
    world = a_world(MemoryBackend())
    a_season(world)
    seen = set()
    for exchange in world.see(exchanges.list, limit=1000):
        for found in world.see(exchanges.acts, exchange.id):
            if found.act in LEADS_TO and found.state is not State.DISPUTED:  # reports too far apart
                assert found.state in LEADS_TO[found.act]
                seen.add(found.act)
    assert len(seen) > 5


def test_the_picture_of_rooms_has_every_room() -> None:
    drawn = {room for floor in layers() for room in floor}
    there = {path.stem for path in (ROOT / "src" / "timebank").iterdir()}
    assert there - drawn <= {"__init__", "__pycache__", "py"}


@pytest.mark.long
def test_the_site_is_built_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    command = (ROOT / "scripts" / "site.sh", tmp_path)
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for page in DOCS.rglob("*.md"):
        made = tmp_path / page.relative_to(DOCS).with_suffix(".html")
        text = made.read_text(encoding="utf-8")
        assert FROM_OUTSIDE.findall(text) == [], made
        assert len(re.findall("<svg width", text)) == len(
            re.findall("^```text picture", page.read_text(encoding="utf-8"), re.M)
        )
    index = (tmp_path / "searchindex.js").read_text(encoding="utf-8")
    assert '"savepoint"' in index
    docstrings = (tmp_path / "reference" / "api.html").read_text(encoding="utf-8")
    assert "timebank.exchanges.confirm" in docstrings
    assert "Refuses" in docstrings
