"""Statements that go to the driver itself are SQLAlchemy's in all that a host can see."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.exc import IntegrityError

import timebank
from timebank import banks
from timebank.storage.sql import driver, schema
from timebank.storage.sql.prepared import Prepared


@pytest.mark.parametrize("watched", [False, True])
def test_an_error_has_the_class_that_sqlalchemy_gives_it(engine: Engine, watched: bool) -> None:
    names = ("bank_id", "level", "place", "hash")
    timebank.migrate(engine)
    statement = Prepared(insert(schema.tree_node), names)
    text = statement.text(engine.dialect, None, 0)
    given = text.given(dict(zip(names, (7, None, 1, b"x" * 32), strict=True)))
    with engine.begin() as connection, pytest.raises(IntegrityError):
        driver.execute(connection, text.sql, given, finds=False, watched=watched)


def test_what_is_kept_of_an_engine_goes_with_it() -> None:
    engine = create_engine("sqlite://")
    timebank.migrate(engine)
    with timebank.standalone(engine, bank="riverside") as uow:
        banks.create(uow, zone="UTC", first_coordinator="cora")
    dialect = ref(engine.dialect)
    engine.dispose()
    del engine, uow
    gc.collect()
    assert dialect() is None
