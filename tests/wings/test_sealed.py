"""What a wing keeps is sealed with ours and travels in the journal file, whatever wing it is."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, Float, create_engine

import timebank
from tests.backends import SqlBackend, World, a_world
from tests.contract.test_archive import ended
from tests.support import refusal, waiting_facts
from tests.wings import library
from tests.wings.test_wings import a_drill, lend
from timebank import audits, bundles, journal
from timebank.domain.audit import Verdict
from timebank.errors import SchemaError
from timebank.proof.checkpoint import Checkpoint
from timebank.storage.sql import wings
from timebank.wings import Shape, WingValue, blocks, types


@pytest.fixture
def lending(engine: Engine) -> World:
    """A bank of neighbours with a tool library: a drill that was lent, a saw on the shelf."""
    return lent(engine)


def lent(engine: Engine) -> World:
    timebank.migrate(engine, wings=["library"])
    world = a_world(SqlBackend(engine))
    world.give("anna", 300)
    lend(world, a_drill(world))
    a_drill(world)
    return world


def kinds(world: World) -> list[str]:
    return world.see(lambda uow: [leaf.kind for leaf in uow.seals.leaves()])


def tampered(world: World, statement: str) -> None:
    assert isinstance(world.backend, SqlBackend)
    with world.backend.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for trigger in ("tool_identity", "loan_update", "loan_delete"):
                connection.exec_driver_sql(f"DROP TRIGGER tg_timebank_library_{trigger}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        assert connection.exec_driver_sql(statement).rowcount > 0


# --- leaves -----------------------------------------------------------------------------------


def test_facts_of_a_wing_and_what_is_fixed_of_its_things_are_leaves(lending: World) -> None:
    waiting = [kind for kind, _ in lending.see(waiting_facts)]
    lending.do(journal.seal)
    assert kinds(lending) == waiting
    assert sorted(kind for kind in waiting if "." in kind) == [
        *["library.loan"],
        *["library.tool"] * 2,
    ]
    assert lending.audit().verdict is Verdict.CLEAN
    lend(lending, a_drill(lending))
    lending.do(journal.seal)
    assert sorted(kinds(lending)[-3:]) == ["library.loan", "library.tool", "transaction"]
    assert lending.audit().verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timebank_library_tool SET name = 'saw' WHERE lent = 1",
        "UPDATE timebank_library_loan SET recorded_at = recorded_at + 1",
        "UPDATE timebank_library_loan SET account_id ="
        " (SELECT min(id) FROM timebank_account WHERE id <> account_id)",
        "DELETE FROM timebank_library_loan",
    ],
)
def test_what_is_changed_behind_the_guards_is_named(lending: World, statement: str) -> None:
    lending.do(journal.seal)
    leaves = lending.see(lambda uow: [*uow.seals.leaves()])
    tool, loan = (
        next(x.fact for x in leaves if x.kind == f"library.{kind}") for kind in ("tool", "loan")
    )
    tampered(lending, statement)
    subjects = {f.subject for f in lending.audit().findings if f.check == "leaves_match_facts"}
    expected = f"library.tool {tool}" if "tool" in statement else f"library.loan {loan}"
    assert subjects == {expected}


def test_what_moves_of_a_thing_is_no_part_of_its_leaf(lending: World) -> None:
    drill = a_drill(lending)
    lending.do(journal.seal)
    lend(lending, drill)
    assert lending.audit().verdict is Verdict.CLEAN


def test_a_fact_of_a_wing_that_is_neither_queued_nor_sealed_is_found(lending: World) -> None:
    assert isinstance(lending.backend, SqlBackend)
    stranger = (
        "INSERT INTO timebank_library_loan SELECT bank_id, account_id_to, tool_id, account_id,"
        " recorded_at, actor_role, actor_id, actor_for, approver_role, approver_id"
        " FROM (SELECT *, tool_id AS account_id_to FROM timebank_library_loan) AS one"
    )
    with lending.backend.engine.begin() as connection:
        connection.exec_driver_sql(stranger)
    checks = {f.check for f in lending.audit().findings}
    assert checks == {"facts_queued_or_sealed"}


def test_facts_of_a_wing_that_the_program_has_not_are_no_finding_but_not_checked(
    lending: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lending.do(journal.seal)
    a_drill(lending)
    others = {name: wing for name, wing in wings.known().items() if name != "library"}
    monkeypatch.setattr(wings, "known", lambda: others)
    report = lending.audit()
    assert report.verdict is Verdict.INCOMPLETE
    names = {name for name, why in report.not_checked if why == "unreadable"}
    assert names == {"leaves_match_facts", "facts_queued_or_sealed"}
    with pytest.raises(SchemaError, match="timebank db upgrade --wing library"):
        lending.do(journal.seal)


def test_a_table_that_cannot_be_sealed_makes_no_wing() -> None:
    class Odd(WingValue):
        __slots__ = ()

    def wing(*columns, key):
        table = blocks.table("odd_thing", *columns, key=key, within=timebank.wings.core.metadata)
        timebank.wings.core.metadata.remove(table)
        shape = Shape(kind=Odd, table=table, to_row=dict, fact=True)
        return replace(library.LIBRARY, name="odd", shapes=(shape,))

    real = (blocks.column("id", types.Id), blocks.column("weight", Float()))
    assert refusal(lambda: wing(*real, key=("id",))) == "invalid_input wing"
    assert refusal(lambda: wing(blocks.column("n", types.small()), key=("n",))) == (
        "invalid_input wing"
    )


# --- the journal file -------------------------------------------------------------------------


def files(world: World) -> tuple[list[str], list[str]]:
    return (
        world.see(lambda uow: [*journal.export(uow)]),
        world.see(lambda uow: [*journal.export_people(uow)]),
    )


def loaded(world: World, engine: Engine, lines: list[str], people: list[str] | None) -> World:
    backend = SqlBackend(engine, world.backend.clock)
    with backend.unit() as uow:
        journal.load(uow, lines, people)
    return replace(world, backend=backend)


def test_a_bank_with_a_wing_goes_from_sqlite_to_postgresql_and_back(
    sqlite_engine: Engine, postgres_engine: Engine, tmp_path: Path
) -> None:
    world = lent(sqlite_engine)
    world.do(journal.seal)
    a_drill(world)  # waits for the sealer
    lines, people = files(world)
    timebank.migrate(postgres_engine, wings=["library"])
    there = loaded(world, postgres_engine, lines, people)
    assert files(there) == (lines, people)
    assert there.see(library.loans) == world.see(library.loans)
    assert there.audit().verdict is Verdict.CLEAN
    assert root_of(there.do(journal.seal)) == root_of(world.do(journal.seal))
    home = create_engine(f"sqlite:///{tmp_path / 'home.sqlite'}")
    timebank.migrate(home, wings=["library"])
    lines, people = files(there)
    assert files(loaded(there, home, lines, people)) == (lines, people)
    home.dispose()


def root_of(made: Checkpoint | None) -> tuple[int, bytes]:
    assert made is not None
    return made.size, made.root


def test_the_lines_of_a_wing_say_what_stands_in_each_column(lending: World) -> None:
    lines = [json.loads(line) for line in files(lending)[0]]
    told = [line for line in lines if line.get("type") == "library.tool"]
    assert [(one["row"]["name"], one["row"]["lent"]) for one in told] == [
        ("drill", 1),
        ("drill", 0),
    ]
    waiting = {line["kind"] for line in lines if line.get("type") == "waiting"}
    assert {"library.tool", "library.loan", "transaction"} <= waiting


def test_a_database_without_the_wing_says_how_to_get_it_before_a_load(
    sqlite_engine: Engine, postgres_engine: Engine
) -> None:
    world = lent(sqlite_engine)
    lines, people = files(world)
    with pytest.raises(SchemaError, match="timebank db upgrade --wing library"):
        loaded(world, postgres_engine, lines, people)
    with postgres_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM timebank_bank").scalar() == 0


def spoiled(lines: list[str], word: str, **row: object) -> list[str]:
    found = [json.loads(line) for line in lines[:-1]]
    for line in found:
        if line.get("type") == "library.tool":
            line["type"] = word
            line["row"] = {**line["row"], **row}
    return ended([json.dumps(line, sort_keys=True, separators=(",", ":")) for line in found])


@pytest.mark.parametrize(
    ("word", "row", "said"),
    [
        ("library.chair", {}, "invalid_input file"),
        ("bakery.tool", {}, "invalid_input wing"),
        ("library.tool", {"price": 7}, "invalid_input file"),
        ("library.tool", {"lent": "yes"}, "invalid_input file"),
        ("library.tool", {"lent": None}, "invalid_input file"),
        ("library.tool", {"id": "f" * 32}, "invalid_input file"),
    ],
)
def test_lines_of_a_wing_that_are_not_its_own_are_refused(
    lending: World, tmp_path: Path, word: str, row: dict[str, object], said: str
) -> None:
    lines = spoiled(files(lending)[0], word, **row)
    empty = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    timebank.migrate(empty, wings=["library"])
    assert refusal(partial(loaded, lending, empty, lines, None)) == said
    empty.dispose()


def test_bundles_bring_the_rows_of_a_wing_to_the_copy(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    world = lent(sqlite_engine)
    office = create_engine(f"sqlite:///{tmp_path / 'office.sqlite'}")
    copy = SqlBackend(office, world.backend.clock)
    brought(world, copy, 0, refused=True)
    timebank.migrate(office, wings=["library"])
    first = brought(world, copy, 0)
    lend(world, a_drill(world))
    second = brought(world, copy, first.size)
    with copy.reading() as uow:
        assert library.loans(uow) == world.see(library.loans)
        assert audits.run(uow).verdict is Verdict.CLEAN
    assert root_of(second) == root_of(world.see(journal.checkpoint))
    office.dispose()


def brought(world: World, copy: SqlBackend, since: int, *, refused: bool = False) -> Checkpoint:
    """What the copy has come to."""
    sealed = world.do(journal.seal)
    assert sealed is not None
    lines = world.see(lambda uow: [*bundles.export(uow, since=since)])
    if refused:
        timebank.migrate(copy.engine)
        with pytest.raises(SchemaError, match="timebank db upgrade --wing library"):
            taken(copy, lines)
        return sealed
    return taken(copy, lines)


def taken(copy: SqlBackend, lines: list[str]) -> Checkpoint:
    with copy.unit() as uow:
        return bundles.load(uow, lines).checkpoint
