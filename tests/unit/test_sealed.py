"""What a leaf says beside the fact: what the fact made."""

from typing import Any

import pytest

from tests.proof import test_encoding as vectors
from timebank.domain.sealed import about, whole

ACCOUNT = vectors.ACCOUNT
EXCHANGE = vectors.BEGINNING.exchange
OWN = vectors.FOUNDING.accounts
MADE: dict[str, tuple[Any, Any]] = {
    "an opened account": (vectors.OPENING.change, vectors.OPENING),
    "an exchange": (vectors.BEGINNING.act, vectors.BEGINNING),
    "a bank": (vectors.POLICY, vectors.FOUNDING),
    "nothing, a limit": (vectors.CHANGE, vectors.CHANGE),
    "nothing, a later act": (vectors.ACT, vectors.ACT),
    "nothing, hours": (vectors.TRANSACTION, vectors.TRANSACTION),
}


@pytest.mark.parametrize("made", MADE)
def test_a_fact_is_sealed_with_what_it_made(made):
    fact, expected = MADE[made]
    found = whole(fact, {ACCOUNT.id: ACCOUNT}, {EXCHANGE.id: EXCHANGE}, OWN)
    assert found == expected
    assert found.id == fact.id


@pytest.mark.parametrize("made", ["an opened account", "an exchange"])
def test_a_fact_is_not_whole_where_what_it_made_is_gone(made):
    with pytest.raises(KeyError):
        whole(MADE[made][0], {}, {}, ())


def test_what_a_fact_made_is_told_in_words():
    assert about(vectors.OPENING) == f"account {ACCOUNT.id}"
    assert about(vectors.BEGINNING) == f"exchange {EXCHANGE.id}"
    assert about(vectors.FOUNDING) == f"accounts {OWN[0].id} {OWN[1].id}"
    assert about(vectors.CHANGE) == ""
    assert about(vectors.WING) == ""
