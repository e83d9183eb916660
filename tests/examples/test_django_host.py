"""Django and we in one database: two histories, one transaction, and no third way in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect

import timebank
from tests.examples.hosts import EXAMPLES, environment
from tests.examples.test_hosts import libpq
from tests.postgres import create_database, drop_database

HOST = EXAMPLES / "django_host"
OUTSIDE = """
from django.db.transaction import TransactionManagementError
from noticeboard.joined import unit_of_work
try:
    unit_of_work("riverside").__enter__()
except TransactionManagementError as refused:
    print("refused:", refused)
"""
FAILS = """
import timebank
from django.core.management import call_command
def failing(connection):
    real(connection)
    raise RuntimeError("in the middle")
real, timebank.migrate = timebank.migrate, failing
call_command("migrate")
"""


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty PostgreSQL database."""
    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    engine = create_engine(url)
    yield engine
    engine.dispose()
    drop_database(server, url)


def manage(database: Engine, *command: str) -> subprocess.CompletedProcess[str]:
    url = database.url.render_as_string(hide_password=False)
    return subprocess.run(
        ("python", "manage.py", *command),
        cwd=HOST,
        env=environment(**libpq(url)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_histories_side_by_side(database: Engine) -> None:
    assert manage(database, "migrate").returncode == 0
    assert timebank.check_schema(database) == ()
    assert {"django_migrations", "noticeboard_thanks"} <= {*inspect(database).get_table_names()}
    assert manage(database, "makemigrations", "--check", "--dry-run").returncode == 0
    assert manage(database, "migrate", "noticeboard", "zero").returncode == 0
    assert timebank.check_schema(database) == ()
    said = manage(database, "shell", "-c", OUTSIDE)
    assert "refused: timebank needs transaction.atomic()" in said.stdout, said.stderr


def test_a_migration_of_ours_that_fails_leaves_nothing_of_ours(database: Engine) -> None:
    assert "in the middle" in manage(database, "shell", "-c", FAILS).stderr
    assert timebank.current_revision(database) is None
    found = inspect(database).get_table_names()
    assert {name for name in found if name.startswith("timebank_")} == set()
