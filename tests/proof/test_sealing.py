"""The sealer goes by columns, but values have the last word."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.proof.test_encoding import ACT, DOMAIN
from tests.proof.test_plain import PLAIN, SINGLE, a_page, rows_of
from timebank.domain.ids import FactId
from timebank.domain.sealed import Sealed
from timebank.errors import BrokenInvariantError
from timebank.ports import LeafPage, SealStore
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.proof.sealing import leaves_of

Named = tuple[str, FactId]
FACTS: dict[Named, Sealed] = {
    ("transaction", FactId(PLAIN.id)): PLAIN,
    ("exchange_act", ACT.id): ACT,
    ("transaction", FactId(SINGLE.id)): SINGLE,
}
HASHES = [leaf_hash(leaf_data(fact, DOMAIN)) for fact in FACTS.values()]


class Store:
    """What a store reads as values, and what it was asked for."""

    def __init__(self, facts: dict[Named, Sealed]) -> None:
        self.known = facts
        self.asked: list[Named] = []

    def facts(self, named: Collection[Named]) -> dict[Named, Sealed]:
        self.asked += named
        return {each: self.known[each] for each in named if each in self.known}


def waiting() -> LeafPage:
    act = {"position": 8, "kind": "exchange_act", "fact_id": ACT.id}
    rows = [
        *rows_of(7, PLAIN),
        {**dict.fromkeys(rows_of(0, SINGLE)[0]), **act},
        *rows_of(9, SINGLE),
    ]
    return a_page(*({**row, "hash": None} for row in rows))


def sealed(facts: dict[Named, Sealed] = FACTS) -> tuple[list[bytes], Store]:
    store = Store(facts)
    leaves = leaves_of(cast(SealStore, store), waiting(), DOMAIN)
    assert [(leaf.position, leaf.kind, leaf.fact) for leaf in leaves] == [
        (at, *named) for at, named in enumerate(FACTS, start=7)
    ]
    return [leaf.hash for leaf in leaves], store


def test_of_transactions_only_one_is_read_as_a_value() -> None:
    hashes, store = sealed()
    assert hashes == HASHES
    assert len(store.asked) == 2
    assert ("exchange_act", ACT.id) in store.asked


def test_where_columns_and_values_part_values_are_sealed() -> None:
    others: dict[Named, Sealed] = {
        ("transaction", FactId(fact.id)): replace(fact, reason="another")
        for fact in (PLAIN, SINGLE)
    }
    facts = FACTS | others
    assert sealed(facts)[0] == [leaf_hash(leaf_data(fact, DOMAIN)) for fact in facts.values()]


@pytest.mark.parametrize("changed", [SINGLE, PLAIN])
def test_what_can_be_told_but_not_read_is_sealed_as_it_is_told(changed: Any) -> None:
    known = {named: fact for named, fact in FACTS.items() if fact is not changed}
    assert sealed(known)[0] == HASHES


def test_a_fact_that_is_gone_is_refused() -> None:
    transactions = {named: fact for named, fact in FACTS.items() if fact is not ACT}
    with pytest.raises(BrokenInvariantError, match=f"exchange_act {ACT.id}"):
        sealed(transactions)
