"""What an import brings along, by name: a clock would judge the machine instead."""

from __future__ import annotations

import subprocess
import sys

import pytest

import timebank

OPTIONAL = {
    *("aiosqlite", "asyncpg", "cryptography", "psycopg", "pydantic", "rich", "typer"),
    *("alembic", "mako", "tenacity"),
}
"""Extras, and packages that only some calls need."""

SQL = {"sqlalchemy", "sqlite3"}
NEVER_AT_THE_DOOR = {"asyncio", "dataclasses", "datetime", "inspect", "json", "logging", "pathlib"}
"""What is dear in the standard library, or a sign that a room was opened."""


def brought(program: str) -> set[str]:
    """The modules that a fresh interpreter holds after the program, beside those at its start."""
    lines = ("import sys", "before = {*sys.modules}", program, "print(*{*sys.modules} - before)")
    command = (sys.executable, "-I", "-c", "\n".join(lines))
    return {*subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()}


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_the_front_door_opens_no_room() -> None:
    found = brought("import timebank")
    assert {name for name in found if name.startswith("timebank.")} == set()
    assert packages(found) & (OPTIONAL | SQL | NEVER_AT_THE_DOOR) == set()


def test_rules_and_actions_come_without_a_database() -> None:
    found = brought(f"from timebank import {', '.join(ROOMS)}")
    assert "timebank.actions.exchanges" in found
    assert packages(found) & (OPTIONAL | SQL | {"asyncio", "logging"}) == set()


def test_a_unit_of_work_comes_without_migrations_and_extras() -> None:
    found = brought("import timebank; timebank.unit_of_work; timebank.aio; timebank.reading")
    assert "sqlalchemy" in packages(found)
    assert packages(found) & OPTIONAL == set()
    assert not {name for name in found if name.startswith(("timebank.cli", "timebank.testing"))}


def test_every_name_leads_to_a_place_and_no_place_is_left_over() -> None:
    assert [*timebank._PLACES] == sorted(timebank.__all__) == timebank.__all__
    for name in timebank.__all__:
        assert getattr(timebank, name) is getattr(timebank, name)
    assert {*timebank.__all__} <= {*dir(timebank)}


def test_a_name_that_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="'timebank' has no attribute 'nobody'"):
        _ = timebank.nobody  # type: ignore[attr-defined]


ROOMS = [
    name
    for name, place in timebank._PLACES.items()
    if not place.startswith(("storage", "aio", "poster"))
]
