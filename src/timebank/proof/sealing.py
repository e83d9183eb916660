"""What waits as leaves: transactions from plain columns, all other facts as values."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from timebank.domain.ids import FactId
from timebank.errors import BrokenInvariantError
from timebank.ports import Leaf, LeafPage, SealStore
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.proof.plain import hashes


def leaves_of(seals: SealStore, page: LeafPage, hash_domain: bytes) -> list[Leaf]:
    """The page as leaves, in order.

    What is sealed stays so for ever: one of the transactions, drawn at random, is read as a value
    as well. Were its leaf another one, values would have to say all of them. A transaction that its
    columns tell and that cannot be read is sealed as they stand: an audit says what is wrong.

    *Refuses* a fact that is gone, and one that cannot be read and that no columns tell, with
    ``BrokenInvariantError``.
    """
    facts, told = page.facts, hashes(page, hash_domain)
    drawn = {secrets.choice([*told])} if told else set()
    doubtful = {at: fact for at, fact in facts.items() if at not in told or at in drawn}
    found = _by_values(seals, doubtful, hash_domain)
    if any(found.get(at, told[at]) != told[at] for at in drawn):
        told, found = {}, _by_values(seals, facts, hash_domain)
    found |= told
    for at, (kind, fact) in facts.items():
        if at not in found:
            raise BrokenInvariantError(f"{kind} {fact} waits for the sealer and cannot be read")
    return [Leaf(position=at, kind=k, fact=f, hash=found[at]) for at, (k, f) in facts.items()]


def _by_values(
    seals: SealStore, chosen: Mapping[int, tuple[str, FactId]], hash_domain: bytes
) -> dict[int, bytes]:
    """Position → the hash of its leaf, where the fact can be read as a value."""
    facts = seals.facts(chosen.values())
    return {
        at: leaf_hash(leaf_data(facts[fact], hash_domain))
        for at, fact in chosen.items()
        if fact in facts
    }
