"""The sealer: late commits, sudden death, company, and small steps."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import timebank
from tests.audit.conftest import Sealed
from tests.backends import BANK, SqlBackend, World, a_world
from tests.support import waiting_facts
from timebank import Hours, audits, exchanges, journal
from timebank.domain.audit import Verdict
from timebank.domain.ids import ExchangeId
from timebank.ports import UnitOfWork
from timebank.proof.checkpoint import Checkpoint
from timebank.proof.merkle import root_of

ROOT = Path(__file__).parents[2]
HOUR = Hours.of(1)


def sealed_wholly(world: World, kept: Checkpoint | None = None) -> int:
    """Seal what waits; every fact is a leaf once, in one unbroken tree; how many there are."""
    while True:
        made = world.do(journal.seal)
        count, _ = world.see(lambda uow: uow.audit.unsealed())
        if count == 0:
            break
    report = world.see(audits.run, kept=kept)
    assert report.verdict is Verdict.CLEAN, report.findings
    with world.backend.reading() as uow:
        leaves = list(uow.seals.leaves())
        facts = uow.audit.counted()["facts"]
    assert len({(leaf.kind, leaf.fact) for leaf in leaves}) == len(leaves) == facts
    assert made is not None
    assert (made.size, made.root) == (len(leaves), root_of([leaf.hash for leaf in leaves]))
    return len(leaves)


def test_m34_a_late_commit_with_a_lower_id_is_sealed(postgres_engine: Engine) -> None:
    world = a_world(SqlBackend(postgres_engine))
    clock = world.backend.clock
    with Session(postgres_engine) as slow, slow.begin():
        with timebank.unit_of_work(slow, bank=BANK, clock=clock) as uow:
            late = _proposed(world, uow)
        first = world.do(lambda uow: _proposed(world, uow))
        assert late < first
        before = world.do(journal.seal)
    assert before is not None
    with world.backend.reading() as reading:
        assert reading.audit.unsealed()[0] == 1
    assert sealed_wholly(world, before) == before.size + 1
    with world.backend.reading() as reading:
        acts = [reading.exchanges.acts(exchange)[0] for exchange in (first, late)]
        places = [reading.seals.position("exchange_act", act.id) for act in acts]
    assert places == [before.size - 1, before.size]


def _proposed(world: World, uow: UnitOfWork) -> ExchangeId:
    giver, receiver = world.people["anna"], world.people["ben"]
    made = exchanges.propose(
        uow, giver=giver, receiver=receiver, hours=HOUR, by=world.member("anna")
    )
    return made.exchange_id


@pytest.mark.usefixtures("seasoned")
def test_a_sealer_killed_at_any_statement_loses_nothing_and_seals_nothing_twice(
    engine: Engine, sql_world: World
) -> None:
    world = sql_world
    before = world.do(journal.seal, limit=3)
    assert before is not None
    [(code, boundaries)] = killed_at(engine, [0])
    assert code == 0
    assert boundaries > 10
    for n in range(0, 4 * boundaries, boundaries):  # so that there is always something to seal
        world.give("ben", 5 + n % 7)
    ended = killed_at(engine, [*range(1, boundaries + 1)])
    assert {code for code, _ in ended} == {-signal.SIGKILL}
    assert sealed_wholly(world, before) > before.size


def killed_at(engine: Engine, boundaries: list[int]) -> list[tuple[int, int]]:
    """How sealers ended that were to die at these boundaries, one after the other."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.audit.mortal_sealer", url, BANK, *map(str, boundaries)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [(int(code), int(passed)) for code, passed in map(str.split, said.splitlines())]


@pytest.mark.usefixtures("seasoned")
def test_two_sealers_at_once_do_not_conflict(engine: Engine, sql_world: World) -> None:
    world = sql_world
    failed: list[BaseException] = []

    def keep_sealing() -> None:
        try:
            for _ in range(5):
                with timebank.standalone(engine, bank=BANK) as uow:
                    journal.seal(uow, limit=4)
        except BaseException as error:
            failed.append(error)

    sealers = [Thread(target=keep_sealing) for _ in range(2)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join()
    assert failed == []
    with world.backend.reading() as uow:
        heads = [head.size for head in uow.seals.heads()]
        assert heads == sorted(set(heads))
        assert heads[-1] == len(list(uow.seals.leaves())) == 2 * 5 * 4
    sealed_wholly(world)


@pytest.fixture
def worlds(sql_world: World, seasoned: None) -> World:
    """A bank of which much waits."""
    return sql_world


@pytest.mark.parametrize("limit", [1, 2, 5, 16, 10_000])
def test_small_steps_lead_to_the_same_root(worlds: World, limit: int) -> None:
    """The order of the leaves is that of time, kind and id, whatever is taken at once."""
    with worlds.backend.reading() as uow:
        waiting = [fact for _, fact in waiting_facts(uow)]
    made, steps = None, 0
    while worlds.see(lambda uow: uow.audit.unsealed())[0]:
        made = worlds.do(journal.seal, limit=limit)
        steps += 1
    with worlds.backend.reading() as uow:
        leaves = list(uow.seals.leaves())
    assert made is not None
    assert [leaf.fact for leaf in leaves] == waiting
    assert made.root == root_of([leaf.hash for leaf in leaves])
    assert steps == -(-len(waiting) // limit)
    assert worlds.see(audits.run).verdict is Verdict.CLEAN


def test_what_came_since_is_found_to_extend_what_was_kept(sealed: Sealed) -> None:
    sealed_wholly(sealed.world, sealed.kept)
