"""A database that nobody can connect to is one clear error, at each of the three doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

import timebank
from timebank import banks
from timebank.errors import ConflictError, DatabaseUnavailable, TimebankError


@contextmanager
def in_a_session(engine: Engine) -> Iterator[None]:
    with Session(engine) as session, timebank.unit_of_work(session, bank="riverside"):
        yield


DOORS: dict[str, Callable[[Engine], object]] = {
    "standalone": lambda engine: timebank.standalone(engine, bank="riverside").__enter__(),
    "reading": lambda engine: timebank.reading(engine, bank="riverside").__enter__(),
    "unit_of_work": lambda engine: in_a_session(engine).__enter__(),
}


def refusal(door: str, engine: Engine) -> TimebankError:
    with pytest.raises(TimebankError) as caught:
        DOORS[door](engine)
    return caught.value


@pytest.mark.parametrize("door", DOORS)
def test_no_server(door: str, tmp_path: Path) -> None:
    engine = create_engine(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")
    assert type(refusal(door, engine)) is DatabaseUnavailable


@pytest.mark.parametrize("door", DOORS)
def test_no_folder(door: str, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'bank.sqlite'}")
    assert type(refusal(door, engine)) is DatabaseUnavailable


@pytest.mark.parametrize("door", DOORS)
def test_no_connection_of_the_pool_comes_free(door: str, postgres_engine: Engine) -> None:
    engine = create_engine(postgres_engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect():
        assert type(refusal(door, engine)) is ConflictError
    engine.dispose()


def test_a_server_gone_after_the_last_read_spoils_no_reading(postgres_engine: Engine) -> None:
    """What was read is whole; the connection is given up, and the next one is another."""
    with timebank.standalone(postgres_engine, bank="riverside") as uow:
        banks.create(uow, first_coordinator="cora")
    with timebank.reading(postgres_engine, bank="riverside") as uow:
        found = banks.get(uow)
        pid = uow.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with postgres_engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
    with timebank.reading(postgres_engine, bank="riverside") as uow:
        assert banks.get(uow) == found
