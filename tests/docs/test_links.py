"""Links inside the documentation lead somewhere; pages keep to the house."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", prose(text), re.M)}


def links(name: str) -> Iterator[str]:
    yield from LINK.findall(prose(PAGES[name].read_text(encoding="utf-8")))


def broken(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    inner = [link for link in links(name) if "://" not in link]
    assert [link for link in inner if broken(PAGES[name], link)] == []


def test_every_page_can_be_reached_from_the_front() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        found = LINK.findall(prose(page.read_text(encoding="utf-8")))
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in found}
        waiting += [t for t in targets if t.suffix == ".md" and t.exists() and t not in seen]
    assert {*DOCS.rglob("*.md")} - seen == set()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_title_at_its_top(name: str) -> None:
    text = prose(PAGES[name].read_text(encoding="utf-8"))
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.M)) == 1


@pytest.mark.parametrize("name", PAGES)
def test_no_page_speaks_of_one_machine(name: str) -> None:
    text = PAGES[name].read_text(encoding="utf-8")
    assert re.findall(r"/(?:work|home|Users|root|tmp)/", text) == []
