"""A bank in which every guarded table has a row, in each database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, func, insert, select

from tests.backends import SqlBackend, World, a_world, sql_world
from tests.postgres import create_database, drop_database
from timebank import Hours, accounts, banks, exchanges, periods, transfers
from timebank.domain.ids import bank_id_of
from timebank.storage.sql import schema
from timebank.storage.sql.types import Id, Moment
from timebank.testing.builders import NOW

__all__ = ["sql_world"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An engine on a full bank that many tests look at; none of them commits."""
    server = partial(request.getfixturevalue, "postgres_server")
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        file = shutil.copyfile(template, tmp_path_factory.mktemp("full") / "timebank.sqlite")
        url = f"sqlite:///{file}"
    else:
        url = create_database(server(), request.getfixturevalue("postgres_template"))
    engine = create_engine(url)
    _filled(engine)
    engine.dispose()  # new connections are somebody else's: no pragma of ours is set
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        drop_database(server(), url)


def _filled(engine: Engine) -> None:
    """Exchanges with a hold open and one settled, a reversal, a key, a closed period, a day."""
    world = a_world(SqlBackend(engine))
    world.give("ben", 300)
    for finished in (False, True):
        _exchange(world, finished=finished)
    granted = world.give("carla", 30)
    world.do(transfers.reverse, granted.transaction_id, reason="entered twice", by=world.cora)
    world.do(
        accounts.set_limits,
        world.accounts["ben"],
        floor=-Hours(minutes=60),
        ceiling=None,
        reason="hardship",
        by=world.cora,
        approved_by=world.colin,
    )
    world.do(periods.close, until=date(2026, 2, 28), by=world.cora, approved_by=world.colin)
    world.do(banks.state_day, date(2026, 3, 10), by=world.cora)
    for table in (*schema.FACTS, *schema.KEPT):
        _fill(engine, table)


def _exchange(world: World, *, finished: bool) -> None:
    anna, ben, hour = world.member("anna"), world.member("ben"), Hours(minutes=60)
    proposed = world.do(
        exchanges.propose,
        giver=world.people["anna"],
        receiver=world.people["ben"],
        hours=hour,
        by=ben,
    )
    id_ = proposed.exchange_id
    world.do(exchanges.agree, id_, by=anna)
    if finished:
        world.do(exchanges.report, id_, hours=hour, by=anna)
        world.do(exchanges.confirm, id_, by=ben, key="form-1")


def _fill(engine: Engine, table: Table) -> None:
    """A row with any values for a table that no action has written to (the sealed tree's)."""
    with engine.begin() as connection:
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            return
        row = {c.name: _anything(c.type) for c in table.columns if not c.nullable}
        connection.execute(insert(table), {**row, "bank_id": bank_id_of("riverside")})


def _anything(kind: Any) -> Any:
    if isinstance(kind, Id):
        return os.urandom(16).hex()
    if isinstance(kind, Moment):
        return NOW
    return {int: 1, bytes: os.urandom(32), str: "transaction"}[kind.python_type]
