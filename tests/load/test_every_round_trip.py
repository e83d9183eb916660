"""The database fails at each round trip of each action in turn; the books are always whole."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from inspect import isfunction, signature
from itertools import count
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import timebank
from tests.backends import SqlBackend, World, a_world, engine_of
from tests.load import acts as transfers_and_accounts
from tests.load import acts_of_exchanges, acts_of_people, acts_of_the_house
from tests.load.acts import Act, Acts
from tests.load.acts_of_exchanges import an_exchange
from tests.load.acts_of_the_house import POLICY
from tests.load.breaking import (
    COMMITS,
    FAULTS,
    LOST,
    LOST_COMMIT,
    Fault,
    breaking_at,
    losing_the_commit,
)
from timebank import actions
from timebank.domain.audit import Verdict
from timebank.errors import TimebankError

STEP, PLACES = (1, 40) if os.environ.get("TIMEBANK_EVERY_STATEMENT") else (16, 2)
"""The ordinary run breaks every sixteenth round trip, each time in another way. Of an action that
asks hundreds of times (a rebuild audits twice) not many more places fail than the second number.
"""

MAKERS = {
    **transfers_and_accounts.MAKERS,
    **acts_of_exchanges.MAKERS,
    **acts_of_people.MAKERS,
    **acts_of_the_house.MAKERS,
}
ROOMS = [m.name for m in iter_modules(actions.__path__) if not m.name.startswith("_")]
TURNS = count()


@pytest.fixture
def acts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Acts:
    """A bank in which Anna has plenty; nobody sleeps between two tries."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    world = a_world(SqlBackend(engine), policy=POLICY)
    for _ in range(9):
        world.give("anna", 600)
    acts = Acts(world, MAKERS)
    an_exchange(acts, "agreed")  # from now on Anna has a hold, whatever comes first
    return acts


def rows(engine: Engine) -> int:
    """How many rows there are in all of our tables, and how many of them are marked done."""
    from timebank.storage.sql import schema

    metadata: MetaData = schema.metadata
    counts = [select(func.count()).select_from(t).scalar_subquery() for t in metadata.sorted_tables]
    counts.append(select(func.count(schema.outbox.c.done_at)).scalar_subquery())
    with engine.connect() as connection:
        return sum(connection.execute(select(*counts)).one())


def in_order(world: World) -> None:
    for bank in timebank.bank_slugs(engine_of(world)):
        assert replace(world, bank=bank).audit().verdict is Verdict.CLEAN, bank


def owned(world: World, act: Act) -> Any:
    engine = engine_of(world)
    return timebank.standalone(engine, bank=act.bank, clock=world.backend.clock).run(act)


def broken(acts: Acts, way: Callable[[World, Act], object]) -> Iterator[tuple[str, int, Fault]]:
    """Every action with the round trips that are to fail, and how."""
    for turn, name in enumerate(MAKERS):
        trips = trips_of(acts, name, way)
        step = max(STEP, trips // PLACES)
        for place in range(1 + turn % min(step, trips), trips + 1, step):
            for fault in faults_at(engine_of(acts.world), place):
                yield name, place, fault


def faults_at(engine: Engine, place: int) -> tuple[Fault, ...]:
    """Every way to fail in the long run; one in the ordinary, by turns."""
    known = FAULTS[engine.dialect.name]
    return known if STEP == 1 else (known[place % len(known)],)


def trips_of(acts: Acts, name: str, way: Callable[[World, Act], object]) -> int:
    """How many round trips the action takes when nothing goes wrong."""
    act = acts[name]
    with breaking_at(engine_of(acts.world), 0, lambda _: None) as seen:
        way(acts.world, act)
    return len(seen)


def test_every_action_that_writes_is_broken() -> None:
    """A new one has to be added to the acts."""
    rooms = (import_module(f"timebank.actions.{name}") for name in ROOMS)
    assert {name for room in rooms for name in writers(room)} == {n.split()[0] for n in MAKERS}


def writers(room: ModuleType) -> Iterator[str]:
    """The public functions that take a unit of work."""
    for name, found in vars(room).items():
        public = name in getattr(room, "__all__", ()) or (
            getattr(found, "__module__", None) == room.__name__ and not name.startswith("_")
        )
        if public and isfunction(found):
            taken = next(iter(signature(found).parameters.values()), None)
            if taken is not None and taken.annotation == "UnitOfWork":
                yield f"{room.__name__.rpartition('.')[2]}.{name}"


def test_our_own_transaction_repeats_what_may_be_repeated(
    acts: Acts, capsys: pytest.CaptureFixture[str]
) -> None:
    world, engine, failed = acts.world, engine_of(acts.world), Counter[str]()
    for name, place, fault in broken(acts, owned):
        act, where = acts[name], f"{name}, round trip {place}, {fault.name}"
        before = rows(engine)
        with breaking_at(engine, place, fault.breaks) as seen:
            error = error_of(world, act)
        if len(seen) < place:
            continue  # it asked less often than the last time
        assert error is (None if fault.repeated else fault.error), where
        assert (rows(engine) > before) == fault.repeated, where
        assert owned(world, act).replayed == fault.repeated, where
        failed[name] += 1
    in_order(world)
    assert set(failed) == set(MAKERS)
    with capsys.disabled():
        print(f"\n{failed.total()} failures of {engine.dialect.name} in {len(failed)} actions")


def error_of(world: World, act: Act) -> type[TimebankError] | None:
    """The kind of error that is heard, if any."""
    try:
        owned(world, act)
    except TimebankError as error:
        return type(error)
    return None


@pytest.mark.parametrize("how", COMMITS)
def test_a_lost_commit_is_said_so_and_the_key_settles_it(acts: Acts, how: str) -> None:
    world, engine = acts.world, engine_of(acts.world)
    for name in MAKERS:
        act, before = acts[name], rows(engine)
        with losing_the_commit(engine, how), pytest.raises(LOST_COMMIT):
            owned(world, act)
        took_place = rows(engine) > before
        assert took_place == (how == "after COMMIT"), name
        assert owned(world, act).replayed == took_place, name
    in_order(world)


def test_a_host_hears_one_error_and_keeps_nothing_of_ours(acts: Acts) -> None:
    """Whether it rolls back or, against all advice, commits: then its own rows are all there."""
    world, engine = acts.world, engine_of(acts.world)
    timebank.prepare_sqlite(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE host_note (n INTEGER)"))
    for name, place, fault in broken(acts, in_a_session):
        if engine.dialect.name == "postgresql" and place == 1 and fault is not LOST:
            continue  # SAVEPOINT itself fails only where the connection does
        act, where = acts[name], f"{name}, round trip {place}, {fault.name}"
        before, notes = rows(engine), host_notes(engine)
        with breaking_at(engine, place, fault.breaks) as seen:
            committed, error = in_a_session(world, act)
        if len(seen) < place:
            continue
        assert type(error) is fault.error, where
        assert error.retryable == fault.repeated, where
        assert rows(engine) == before, where
        assert host_notes(engine) == notes + committed, where
        assert not owned(world, act).replayed, where
    in_order(world)


def host_notes(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM host_note")).scalar_one())


def in_a_session(world: World, act: Act) -> tuple[bool, TimebankError | None]:
    """In a host's transaction, after a row of its own: whether it could commit, and our error.

    It commits although it heard an error, every other time.
    """
    error = None
    with Session(engine_of(world)) as session:
        session.execute(text("INSERT INTO host_note VALUES (1)"))
        try:
            with timebank.unit_of_work(session, bank=act.bank, clock=world.backend.clock) as uow:
                act(uow)
        except TimebankError as refusal:
            error = refusal
        if error is not None and next(TURNS) % 2:
            return False, error
        try:
            session.commit()
        except SQLAlchemyError:
            return False, error
        return True, error
