"""What comes from outside and is of another kind."""

import pytest

from tests.support import refusal
from timebank import banks, transfers
from timebank.domain.words import of_another_kind
from timebank.errors import InputError


def test_the_refusal_says_what_it_is_and_what_to_give():
    refused = of_another_kind(5, field="engine", instead="give an Engine")
    assert isinstance(refused, InputError)
    assert str(refused) == "engine: this is int; give an Engine"


@pytest.mark.parametrize("given", [None, "riverside", object()])
def test_an_action_takes_nothing_but_a_unit_of_work(given):
    assert refusal(lambda: banks.create(given)) == "invalid_input uow"
    assert refusal(lambda: transfers.post(given, [], by=given)) == "invalid_input uow"
