"""The pages of the documentation, and the parts of a page that can be run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {str(p.relative_to(ROOT)): p for p in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))}

_FENCE = re.compile(r"^( {0,3})```([^\n`]*)\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)
_ASIDE = re.compile(r"^<!-- (clock|database): (\S+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A fenced block, or an aside for the test: its first word, the rest, its text and line."""

    kind: str
    rest: str
    text: str
    line: int
    start: int
    end: int


def parts(page: str) -> list[Part]:
    """The blocks and asides of a page's text, in order."""
    return sorted([*_blocks(page), *_asides(page)], key=lambda part: part.start)


def _blocks(page: str) -> Iterator[Part]:
    for found in _FENCE.finditer(page):
        kind, _, rest = found.group(2).strip().partition(" ")
        yield Part(
            kind=kind,
            rest=rest.strip(),
            text=found.group(3),
            line=page.count("\n", 0, found.start()) + 1,
            start=found.start(3),
            end=found.end(3),
        )


def _asides(page: str) -> Iterator[Part]:
    for found in _ASIDE.finditer(page):
        yield Part(
            kind=found.group(1),
            rest=found.group(2),
            text="",
            line=page.count("\n", 0, found.start()) + 1,
            start=found.start(),
            end=found.end(),
        )


def prose(page: str) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", page)
