"""The reference pages say what the program is: no code, check, event or command too few or many."""

import re
from types import ModuleType

import pytest

import timebank
from scripts import make_reference, reference_words
from tests.docs.pages import ROOT
from timebank.domain.audit import NAMES
from timebank.domain.events import EVENTS

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_no_table_is_stale() -> None:
    assert [*make_reference.stale()] == [], "run: python scripts/make_reference.py"


def test_every_table_stands_somewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in REFERENCE.rglob("*.md"))
    assert [name for name in make_reference.MADE if f"<!-- begin {name} -->" not in text] == []


def test_the_page_of_errors_has_exactly_the_codes_of_the_tree() -> None:
    met = [*make_reference.met_errors()]
    assert re.findall(r"^\| \[`(\w+)`\]\(errors/", page("errors.md"), re.M) == met
    codes = {kind.code for kind in make_reference.error_tree(timebank.errors.TimebankError)}
    assert codes - {*met} == {"timebank_error", "refused", "storage"}


def test_every_code_has_a_page_that_says_what_to_do() -> None:
    pages = {
        path.stem: path.read_text(encoding="utf-8") for path in (REFERENCE / "errors").glob("*")
    }
    assert {*pages} == {*make_reference.met_errors()}
    for code, text in pages.items():
        assert text.startswith(f"# `{code}`\n\n<!-- begin error-{code} -->\n")
        assert len(text.partition("\n## What to do\n\n- ")[2]) > 100, code


def test_the_pages_of_errors_name_only_commands_that_there_are() -> None:
    known = {*re.findall(r"^### `timebank ([a-z]+(?: [a-z]+)?)", page("commands.md"), re.M)}
    assert len(known) > 50
    for path in (REFERENCE / "errors").glob("*.md"):
        named = re.findall(r"`timebank ([a-z]+(?: [a-z]+)?)", path.read_text(encoding="utf-8"))
        assert [name for name in named if name not in known] == [], path.name


def test_the_page_of_checks_has_a_section_for_each() -> None:
    assert tuple(re.findall(r"^## (\w+)$", page("checks.md"), re.M)) == NAMES


def test_the_page_of_events_has_exactly_the_events() -> None:
    assert re.findall(r"^\| `([A-Z]\w+)` \|", page("events.md"), re.M) == [*EVENTS]


def test_the_page_of_python_has_exactly_the_public_names() -> None:
    text = page("python.md")
    modules = [n for n in timebank.__all__ if isinstance(getattr(timebank, n), ModuleType)]
    assert re.findall(r"^## `timebank\.(\w+)`$", text, re.M) == modules
    others = re.findall(r"^- `timebank\.(\w+)", text, re.M)
    assert sorted([*others, *modules]) == sorted(timebank.__all__)


@pytest.mark.parametrize("name", sorted(timebank.__all__))
def test_everything_public_is_documented(name: str) -> None:
    thing = getattr(timebank, name)
    assert make_reference.first_line(thing)
    if isinstance(thing, ModuleType):
        calls = make_reference.public_functions(thing)
        assert calls
        assert [call for call, found in calls.items() if not make_reference.first_line(found)] == []


def test_the_page_of_documents_has_exactly_the_schemas() -> None:
    rooms = (ROOT / "src" / "timebank" / room for room in ("cli", "formats"))
    sources = (path for room in rooms for path in room.rglob("*.py"))
    written = "".join(path.read_text(encoding="utf-8") for path in sources)
    printed = {*re.findall(r'"(timebank\.[a-z-]+/\d+)"', written)}
    assert {*re.findall(r"`(timebank\.[a-z-]+/\d+)`", page("json.md"))} ^ printed == set()


def test_errors_have_advice_and_nothing_else_has() -> None:
    assert {*reference_words.ERROR_ADVICE} == {*make_reference.error_codes()}
