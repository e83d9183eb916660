"""The pinned packages: what pip is asked to install by hash, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "requirements-dev.txt"
WITH_EXTRA = re.compile(r"([A-Za-z0-9._-]+)\[([a-z0-9,_-]+)\]")


def asked_with_extra() -> Iterator[tuple[str, str]]:
    """What installed packages ask for with an extra, whatever else is installed."""
    for distribution in distributions():
        for requirement in distribution.requires or ():
            found = WITH_EXTRA.match(requirement)
            if found and "extra ==" not in requirement:
                yield found[1], found[2]


def test_a_package_that_is_asked_for_with_an_extra_is_pinned_with_it() -> None:
    """Else pip looks for the newest one, which has no hash here, and installs nothing."""
    pinned = REQUIREMENTS.read_text(encoding="utf-8")
    asked = {*asked_with_extra()}
    assert ("coverage", "toml") in asked
    assert [
        f"{name}[{extra}]" for name, extra in asked if f"\n{name}[{extra}]==" not in pinned
    ] == []
