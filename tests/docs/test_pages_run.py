"""Every Python block of a page runs, and every shell session prints what the page says."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.docs.pages import PAGES, parts
from tests.docs.sessions import POSTGRES_URL, play
from tests.docs.stage import Stage

TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}


def kinds(name: str) -> set[str]:
    return {part.kind for part in parts(TEXTS[name])}


RUNNING = [name for name in PAGES if kinds(name) & {"console", "python"}]
ON_POSTGRES = [name for name in RUNNING if "database" in kinds(name)]


def run(name: str, folder: Path, urls: dict[str, str]) -> None:
    with Stage(folder, urls).open() as stage:
        for part, shown, printed in play(stage, TEXTS[name], name):
            assert stage.same(shown, printed), (
                f"{name}:{part.line} prints now:\n{printed}\n--- and the page says:\n{shown}\n---"
            )


@pytest.mark.parametrize("name", sorted({*RUNNING} - {*ON_POSTGRES}))
def test_what_a_page_shows_is_what_happens(name: str, tmp_path: Path) -> None:
    run(name, tmp_path, {})


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_what_a_page_shows_happens_on_postgresql(
    name: str, tmp_path: Path, bare_postgres_engine: Engine
) -> None:
    url = bare_postgres_engine.url.render_as_string(hide_password=False)
    run(name, tmp_path, {POSTGRES_URL: url})


@pytest.mark.parametrize("name", PAGES)
def test_blocks_that_only_illustrate_are_python_at_least(name: str) -> None:
    for part in parts(TEXTS[name]):
        if part.kind == "python" and part.rest:
            assert part.rest == "notest"
            compile(part.text, f"{name}:{part.line}", "exec")
