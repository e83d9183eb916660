"""The states of an exchange, the acts each allows, and whose act it is."""

from datetime import timedelta

import pytest

from tests.support import refusal
from timebank.domain.actor import Actor, Role
from timebank.domain.exchange import (
    ACTS,
    Act,
    Side,
    State,
    require_act,
    require_disinterested,
    require_side,
)
from timebank.errors import WrongState
from timebank.testing.builders import (
    ANNA,
    BEN,
    BROKER,
    CARLA,
    NOW,
    an_exchange,
    as_broker,
    as_coordinator,
    as_member,
)

OVER = {State.DECLINED, State.CANCELLED, State.EXPIRED, State.REVERSED}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_every_act_in_every_state(state, act):
    exchange = an_exchange(state)
    if act in ACTS[state]:
        require_act(exchange, act, now=NOW)
        return
    with pytest.raises(WrongState) as caught:
        require_act(exchange, act, now=NOW)
    assert {Act(word) for word in caught.value.possible} == ACTS[state]


def test_the_table_has_every_state_and_every_act():
    assert set(ACTS) == set(State)
    assert set().union(*ACTS.values()) == set(Act) - {Act.PROPOSE, Act.RECORD}
    assert {state for state, acts in ACTS.items() if not acts} == OVER


def test_hours_are_confirmed_only_once_reported():
    assert {state for state, acts in ACTS.items() if Act.CONFIRM in acts} == {State.REPORTED}
    assert {state for state, acts in ACTS.items() if Act.REVERSE in acts} == {State.CONFIRMED}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    ("deadline", "passed"),
    [(None, False), (NOW + timedelta(microseconds=1), False), (NOW, True)],
)
def test_a_deadline_counts_whether_or_not_it_was_swept(state, deadline, passed):
    exchange = an_exchange(state, deadline=deadline)
    expires = passed and state in {State.PROPOSED, State.AGREED}
    assert exchange.state_at(NOW) is (State.EXPIRED if expires else state)
    if expires:
        assert refusal(lambda: require_act(exchange, Act.CANCEL, now=NOW)) == "wrong_state"


def test_parties_and_sides():
    exchange = an_exchange(receivers=(BEN, CARLA))
    assert exchange.parties == (ANNA, BEN, CARLA)
    assert (exchange.giver, exchange.receiver) == (ANNA, BEN)
    sides = {ANNA: Side.GIVER, BEN: Side.RECEIVER, CARLA: Side.RECEIVER, BROKER: None, None: None}
    assert {person: exchange.side_of(person) for person in sides} == sides


def broker(person, on_behalf_of=None):
    return Actor(person=person, role=Role.BROKER, on_behalf_of=on_behalf_of)


@pytest.mark.parametrize(
    ("by", "side"),
    [
        (as_member(ANNA), Side.GIVER),
        (as_member(BEN), Side.RECEIVER),
        (as_broker(BEN), Side.RECEIVER),
        (broker(ANNA, ANNA), Side.GIVER),
    ],
)
def test_whose_side_an_act_is(by, side):
    assert require_side(an_exchange(), Act.AGREE, by) is side


@pytest.mark.parametrize(
    ("by", "error"),
    [
        (as_broker(), "invalid_input on_behalf_of"),
        (as_member(CARLA), "not_permitted"),
        (as_broker(CARLA), "not_permitted"),
        (broker(ANNA, BEN), "not_permitted"),
    ],
)
def test_whose_act_it_is_not(by, error):
    assert refusal(lambda: require_side(an_exchange(), Act.AGREE, by)) == error


def test_nobody_judges_their_own_exchange():
    own = Actor(person=ANNA, role=Role.COORDINATOR)
    assert refusal(lambda: require_disinterested("x", (ANNA, BEN), own)) == "not_permitted"
    for by in (as_coordinator(), Actor.system()):
        require_disinterested("x", (ANNA, BEN), by)
