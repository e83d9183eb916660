"""The sealed tree, as every storage keeps it."""

from datetime import timedelta

import pytest

from tests.backends import World
from tests.support import waiting_facts
from timebank import Hours, audits, exchanges, transfers
from timebank.actions import journal
from timebank.domain.audit import Verdict
from timebank.errors import WrongState
from timebank.proof import opening
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.storage.sql.recording import SEALED


def test_a_bank_that_was_never_sealed_has_no_checkpoint(world: World) -> None:
    with pytest.raises(WrongState):
        world.see(journal.checkpoint)
    assert world.see(lambda unit: unit.seals.head()) is None


def test_what_waits_is_sealed_in_order_of_time_and_only_once(world: World) -> None:
    waiting = world.see(waiting_facts)
    assert [kind for kind, _ in waiting] == ["policy", *["account_change"] * 3]
    first = world.do(journal.seal, limit=3)
    second = world.do(journal.seal)
    third = world.do(journal.seal)
    assert first is not None
    assert second is not None
    assert (first.size, second.size) == (3, 4)
    assert second == third
    leaves = world.see(lambda unit: list(unit.seals.leaves()))
    assert [(leaf.position, leaf.kind, leaf.fact) for leaf in leaves] == [
        (position, kind, fact) for position, (kind, fact) in enumerate(waiting)
    ]
    assert world.see(lambda unit: unit.audit.unsealed()) == (0, None)


def test_a_later_tree_begins_with_the_earlier_one(world: World) -> None:
    kept = []
    for minutes in (10, 20, 30):
        kept.append(world.do(journal.seal))
        world.give("anna", minutes)
    sizes = [head.size for head in world.see(lambda unit: list(unit.seals.heads()))]
    assert sizes == [4, 5, 6]
    for checkpoint in kept:
        assert world.see(audits.run, kept=checkpoint).verdict is Verdict.CLEAN


def test_no_checkpoint_is_older_than_the_one_before_though_the_clock_is_set_back(
    world: World,
) -> None:
    first = world.do(journal.seal)
    world.backend.clock.advance(timedelta(minutes=-4))
    world.give("anna", 10)
    second = world.do(journal.seal)
    assert first is not None
    assert second is not None
    assert second.sealed_at == first.sealed_at
    assert world.audit().verdict is Verdict.CLEAN


@pytest.mark.usefixtures("seasoned")
def test_each_kind_of_fact_is_sealed_as_it_was_recorded(world: World) -> None:
    waiting = world.see(lambda unit: unit.seals.facts(waiting_facts(unit)))
    world.do(journal.seal)
    with world.backend.reading() as unit:
        leaves = list(unit.seals.leaves())
        facts = unit.seals.facts([(leaf.kind, leaf.fact) for leaf in leaves])
        assert facts == waiting
        domain = unit.banks.get().hash_domain
        for leaf in leaves:
            assert leaf.hash == leaf_hash(leaf_data(facts[leaf.kind, leaf.fact], domain))
        assert {leaf.kind for leaf in leaves} == set(SEALED.values())
        assert unit.seals.position(leaves[5].kind, leaves[5].fact) == 5
        assert unit.seals.position("transaction", leaves[0].fact) is None
        assert [place for place, _ in unit.seals.nodes(1)] == [*range(len(leaves) // 2)]
        assert [place for place, _ in unit.seals.nodes(2)] == [*range(len(leaves) // 4)]


def test_a_proof_opens_the_lines_of_one_account(world: World) -> None:
    world.give("anna", 60)
    world.do(exchanges.record, giver="anna", receiver="ben", hours=Hours.of(1), by=world.broker())
    checkpoint = world.do(journal.seal)
    proof = world.see(journal.prove, "anna")
    assert len(proof["lines"]) == 2
    assert world.accounts["ben"] not in str(proof)
    assert checkpoint is not None
    assert opening.verified(proof, checkpoint)


@pytest.mark.usefixtures("seasoned")
def test_the_audit_is_clean_before_and_after_sealing(world: World) -> None:
    assert world.audit().verdict is Verdict.CLEAN
    world.do(journal.seal, limit=7)
    assert world.audit().verdict is Verdict.CLEAN
    world.backend.clock.advance(timedelta(hours=1))
    world.give("anna", 5)
    world.do(journal.seal)
    report = world.audit()
    assert (report.verdict, report.unsealed) == (Verdict.CLEAN, 0)


def test_what_is_sealed_waits_no_longer_where_the_host_rolls_back(world: World) -> None:
    def changed_mind() -> None:
        with world.backend.unit() as uow:
            journal.seal(uow)
            transfers.list(uow)
            raise InterruptedError

    before = world.see(lambda unit: unit.audit.unsealed())
    with pytest.raises(InterruptedError):
        changed_mind()
    assert world.see(lambda unit: unit.audit.unsealed()) == before
    assert world.see(lambda unit: unit.seals.head()) is None
