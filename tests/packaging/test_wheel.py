"""The wheel, alone in an empty environment, migrates an empty database."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGEST = 700_000

PROGRAM = """
import json, sqlite3, sys, sqlalchemy, timebank
engine = sqlalchemy.create_engine("sqlite:///" + sys.argv[1])
timebank.migrate(engine)
engine.dispose()
rows = sqlite3.connect(sys.argv[1]).execute("SELECT name FROM sqlite_master WHERE type = 'table'")
print(json.dumps({"file": timebank.__file__, "tables": sorted(name for (name,) in rows)}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline with the hatchling that is installed here."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out)
    run(*build, cwd=ROOT)
    (built,) = out.glob("timebank-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and sees our dependencies.

    A folder named in a ``.pth`` file is searched, but its own ``.pth`` files are not read: the
    editable install of this checkout stays out of sight.
    """
    home = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=home)
    (site_packages,) = home.glob("lib/python*/site-packages")
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "dependencies.pth").write_text("\n".join(sorted(ours)) + "\n")
    return python


def test_the_wheel_is_small_and_complete(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST
    names = zipfile.ZipFile(wheel).namelist()
    assert "timebank/py.typed" in names
    assert "timebank/_migrations/env.py" in names
    assert any(name.startswith("timebank/_migrations/versions/") for name in names)
    assert any(name.startswith("timebank/_migrations/custody/versions/") for name in names)
    assert "timebank/custody/templates/statement.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_the_installed_wheel_migrates_an_empty_database(installed: Path, tmp_path: Path) -> None:
    answer = json.loads(run(installed, "-I", "-c", PROGRAM, tmp_path / "new.sqlite", cwd=tmp_path))
    assert Path(answer["file"]).is_relative_to(installed.parents[1])
    assert "timebank_alembic_version" in answer["tables"]
    assert len([name for name in answer["tables"] if name.startswith("timebank_")]) > 1


WITH_A_WING = """
import sys, sqlalchemy, timebank
engine = sqlalchemy.create_engine("sqlite:///" + sys.argv[1])
timebank.migrate(engine, wings=["custody"])
print(*timebank.wing_names(engine), *timebank.check_schema(engine))
"""


def test_the_installed_wheel_knows_its_wings_by_their_entry_points(
    installed: Path, tmp_path: Path
) -> None:
    answer = run(installed, "-I", "-c", WITH_A_WING, tmp_path / "new.sqlite", cwd=tmp_path)
    assert answer.split() == ["custody"]
