"""Everything that is held on a person as a page to be printed: the document, told in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

SCHEMA: Final = "timebank.access/1"
_HEAD: Final = ("schema", "bank", "made_at")


def as_html(document: Mapping[str, Any]) -> str:
    """One page that prints well on A4: no script, nothing fetched, nothing left out."""
    person = document["person"]
    texts = {
        "bank": document["bank"],
        "made_at": document["made_at"],
        "holder": person["name"] or person["ref"] or person["id"],
    }
    parts = [
        f"<section><h2>{_words(name)}</h2>\n{_told(value)}</section>"
        for name, value in document.items()
        if name not in _HEAD
    ]
    safe = {name: escape(text) for name, text in texts.items()}
    return _template().substitute(safe, parts="\n".join(parts))


def _told(value: Any) -> str:
    """A value at any depth: facts as a list of terms, several things one after the other."""
    if isinstance(value, Mapping):
        return "\n".join(_mapping(value))
    if isinstance(value, list):
        many = (f"<section>{_told(part)}</section>" for part in value)
        return "\n".join(many) or "<p>None.</p>\n"
    return escape("none" if value is None else str(value))


def _mapping(value: Mapping[str, Any]) -> Iterator[str]:
    facts = {name: part for name, part in value.items() if not isinstance(part, list)}
    yield "<dl>"
    for name, part in facts.items():
        yield f"<dt>{_words(name)}</dt><dd>{_told(part)}</dd>"
    yield "</dl>"
    for name, part in value.items():
        if name not in facts:
            yield f"<h3>{_words(name)}</h3>\n{_told(part)}"


def _words(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())


@cache
def _template() -> Template:
    page = files("timebank.formats") / "templates" / "access.html"
    return Template(page.read_text(encoding="utf-8"))
