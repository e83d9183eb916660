"""One word per thing: those that the glossary rules out are in no public name and on no page."""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import timebank
from scripts import make_reference
from tests.docs.pages import PAGES, ROOT, prose
from timebank.domain.events import EVENTS
from timebank.domain.policy import Policy

GLOSSARY = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| \*\*(.+?)\*\* \| .+ \| (.*?) \|$", re.M)


def ruled_out() -> set[str]:
    """The single words of the last column; what stands in brackets there explains them."""
    cells = " , ".join(cell for _, cell in ROW.findall(GLOSSARY))
    words = re.sub(r"\([^)]*\)", "", cells).split(",")
    return {word.strip() for word in words if re.fullmatch(r"[a-z]+", word.strip())}


def public_names() -> Iterator[str]:
    yield from timebank.__all__
    yield from EVENTS
    yield from make_reference.error_codes()
    yield from inspect.signature(Policy).parameters
    for module in (getattr(timebank, name) for name in timebank.__all__):
        if isinstance(module, ModuleType):
            for name, call in make_reference.public_functions(module).items():
                yield name
                yield from inspect.signature(call).parameters


def words_of(name: str) -> set[str]:
    """``as_of_day`` and ``MemberJoined`` taken apart."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


def test_the_glossary_can_be_read() -> None:
    assert len(ROW.findall(GLOSSARY)) > 20
    assert {"wallet", "tenant", "escrow", "timesheet"} <= ruled_out()


@pytest.mark.parametrize("name", sorted(set(public_names())))
def test_public_names_keep_to_the_glossary(name: str) -> None:
    assert words_of(name) & (ruled_out() | {"currency", "user", "money"}) == set()


ELSEWHERE = {"docs/reference/glossary.md", "docs/explanation/double-entry-for-time-banks.md"}
NEVER_WRITTEN = ("wallet", "tenant", "escrow", "timesheet", "seller", "buyer", "blockchain")


@pytest.mark.parametrize("name", sorted({*PAGES} - ELSEWHERE))
def test_pages_keep_to_the_glossary(name: str) -> None:
    text = prose(PAGES[name].read_text(encoding="utf-8")).lower()
    assert [word for word in NEVER_WRITTEN if re.search(rf"\b{word}s?\b", text)] == []
