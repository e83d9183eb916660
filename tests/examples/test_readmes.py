"""What the examples' READMEs tell a newcomer to type."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, parts
from tests.docs.test_links import LINK
from tests.examples.hosts import EXAMPLES, Server, environment, steps
from tests.examples.test_hosts import libpq, name_of
from tests.postgres import create_database, drop_database

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))
PINNED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """An empty PostgreSQL database, by the variables that name it."""
    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    yield {**libpq(url), "DATABASE_URL": f"postgresql+asyncpg:///{name_of(url)}"}
    drop_database(server, url)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_pins_what_the_tests_run_it_with(name: str) -> None:
    ours = dict(PINNED.findall((ROOT / "requirements-dev.txt").read_text(encoding="utf-8")))
    theirs = (EXAMPLES / name / "requirements.txt").read_text(encoding="utf-8")
    found = PINNED.findall(theirs)
    assert len(found) == len(theirs.splitlines())
    assert found == [(package, ours[package]) for package, _ in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_has_every_step_and_no_link_into_nowhere(name: str) -> None:
    assert {*steps(name)} - {"database"} == {"install", "prepare", "serve", "try"}
    page = EXAMPLES / name / "README.md"
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_readme_works_in_a_fresh_environment(
    name: str, tmp_path: Path, database: dict[str, str]
) -> None:
    """A copy of the project, since the example makes its environment and its file in its folder."""
    copy = tmp_path / "timebank"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "docs", "tests", "benchmarks")
    shutil.copytree(ROOT, copy, ignore=ignored)
    folder = copy / "examples" / name
    own = database if name != "flask_host" else {}
    where = environment(**own)
    install = subprocess.run(
        ("sh", "-ec", steps(name)["install"]),
        cwd=folder,
        env=where,
        capture_output=True,
        check=False,
    )
    assert install.returncode == 0, install.stderr.decode()
    where["PATH"] = f"{folder / '.venv' / 'bin'}:{where['PATH']}"
    server = Server(commands=steps(name), folder=folder, environment=where, log=tmp_path / "log")
    try:
        server.prepare()
        server.prepare()
        server.start()
        attempt = steps(name)["try"].replace(":8000", f":{server.port}")
        said = subprocess.run(("sh", "-ec", attempt), capture_output=True, text=True, check=True)
        assert '"replayed"' in said.stdout
        assert re.search(r'"minutes": ?0\}', said.stdout)
    finally:
        server.kill()


def test_the_page_about_fastapi_leads_to_a_confirmed_exchange(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "fastapi.md").read_text(encoding="utf-8")
    blocks = [part for part in parts(page) if part.kind in ("python", "sh")]
    said = {part.rest: part.text for part in blocks if part.kind == "sh"}
    programs = [part.text for part in blocks if part.kind == "python"]
    for name, text in zip(("app.py", "prepare.py"), programs, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    server = Server(commands=said, folder=tmp_path, environment=environment(), log=tmp_path / "log")
    try:
        server.prepare()
        server.start()
        attempt = ("sh", "-ec", said["try"].replace(":8000", f":{server.port}"))
        for replayed in ("false", "true"):
            done = subprocess.run(attempt, cwd=tmp_path, capture_output=True, text=True, check=True)
            assert f'"replayed":{replayed}' in done.stdout
    finally:
        server.kill()


def test_the_page_about_django_shows_the_files_of_the_example() -> None:
    page = (DOCS / "how-to" / "django.md").read_text(encoding="utf-8")
    shown = [part.text for part in parts(page) if part.kind == "python"]
    for block, name in zip(shown, ("dialect.py", "joined.py", "apps.py"), strict=False):
        assert block == (EXAMPLES / "django_host" / "noticeboard" / name).read_text("utf-8")
