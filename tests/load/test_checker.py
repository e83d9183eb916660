"""The checker of histories, on histories written by hand and by Hypothesis."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.load.history import (
    Answer,
    Bank,
    NoSerialOrder,
    Op,
    Post,
    Read,
    Side,
    serial_order,
    settled,
)

BANK = Bank(accounts=(Side(1, 60), Side(1, 60), Side(1, 60), Side(1, 60)))


def op(call: float, returned: float, asked: Post | Read, answer: Answer | None) -> Op:
    return Op(asked=asked, call=call, returned=returned, answer=answer)


def moved(*sides: tuple[int, int], said: str = "accepted") -> Answer:
    return Answer(said, tuple(Side(*side) for side in sides))


def saw(*minutes: int) -> Answer:
    return Answer("seen", minutes=minutes)


A = Post("a", 0, 1, 50)
B = Post("b", 0, 2, 50)
C = Post("c", 2, 3, 10)
A_DONE, B_REFUSED = moved((2, 10), (2, 110)), Answer("not_enough_hours", minutes=(10,))


def test_requests_at_once_are_put_into_the_order_that_explains_them() -> None:
    history = [op(0, 9, B, B_REFUSED), op(1, 8, A, A_DONE)]
    assert [found.asked for found in serial_order(BANK, history)] == [A, B]


def test_a_look_decides_between_orders_that_the_numbers_leave_open() -> None:
    """A and C share no account: only the readers know which of them came first."""
    both = [op(0, 9, A, A_DONE), op(0, 9, C, moved((2, 50), (2, 70)))]
    first_c = op(1, 2, Read(), saw(60, 60, 50, 70))
    first_a = op(1, 2, Read(), saw(10, 110, 60, 60))
    for look, asked in ((first_c, [C, Read(), A]), (first_a, [A, Read(), C])):
        assert [found.asked for found in serial_order(BANK, [*both, look])] == asked
    with pytest.raises(NoSerialOrder):
        serial_order(BANK, [*both, first_a, first_c])


WRONG: dict[str, list[Op]] = {
    "an answer that had been given is not seen": [
        op(0, 1, A, A_DONE),
        op(2, 3, Read(), saw(60, 60, 60, 60)),
    ],
    "half a transfer is seen": [op(0, 9, A, A_DONE), op(1, 2, Read(), saw(10, 60, 60, 60))],
    "an update is lost": [
        op(0, 9, A, A_DONE),
        op(0, 9, Post("d", 1, 2, 5), moved((2, 55), (2, 65))),
    ],
    "a floor is judged by a stale balance": [
        op(0, 1, A, A_DONE),
        op(2, 3, B, moved((3, -40), (2, 110))),
    ],
    "a refusal comes from a stale balance": [
        op(0, 1, Post("e", 1, 0, 60), moved((2, 0), (2, 120))),
        op(2, 3, Post("f", 0, 1, 90), Answer("not_enough_hours", minutes=(60,))),
    ],
    "a retry is posted twice": [op(0, 1, A, A_DONE), op(2, 3, A, moved((3, -40), (3, 160)))],
    "a key serves two requests": [
        op(0, 1, C, moved((2, 50), (2, 70))),
        op(2, 3, Post("c", 3, 2, 10), moved((3, 60), (3, 60))),
    ],
    "a repetition hears of another entry": [
        op(0, 1, A, A_DONE),
        op(2, 3, A, moved((3, 10), (2, 110), said="replayed")),
    ],
    "a number is left out": [op(0, 1, A, moved((3, 10), (2, 110)))],
    "nobody posted what is repeated": [op(0, 1, A, moved((2, 10), (2, 110), said="replayed"))],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_order_explains_is_caught(name: str) -> None:
    with pytest.raises(NoSerialOrder, match="right were"):
        serial_order(BANK, settled(WRONG[name]))


def test_a_request_without_an_answer_took_place_if_its_repetition_says_so() -> None:
    replay = moved((2, 10), (2, 110), said="replayed")
    silent = op(0, float("inf"), A, None)
    history = settled([silent, op(5, 6, Read(), saw(10, 110, 60, 60)), op(8, 9, A, replay)])
    assert [found.asked for found in serial_order(BANK, history)] == [A, Read(), A]


def test_a_request_without_an_answer_did_not_take_place_if_its_repetition_was_the_first() -> None:
    silent = op(0, float("inf"), A, None)
    look = op(5, 6, Read(), saw(60, 60, 60, 60))
    assert len(serial_order(BANK, settled([silent, look, op(8, 9, A, A_DONE)]))) == 2
    seen = op(5, 6, Read(), saw(10, 110, 60, 60))
    with pytest.raises(NoSerialOrder):  # it was seen, and then it was posted again
        serial_order(BANK, settled([silent, seen, op(8, 9, A, A_DONE)]))


POSTS = st.builds(
    lambda key, ends, minutes: Post(f"k{key}", ends[0], ends[1], minutes),
    st.integers(0, 12),
    st.sampled_from([(a, b) for a in range(4) for b in range(4) if a != b]),
    st.integers(1, 40),
)


@given(st.lists(st.tuples(st.just(Read()) | POSTS, st.floats(0, 6), st.floats(0, 6)), max_size=40))
def test_whatever_a_bank_answers_in_turn_is_explained_however_the_calls_overlap(
    served: list[Any],
) -> None:
    bank, history = BANK, []
    for moment, (asked, before, after) in enumerate(served):
        answer, bank = bank.serve(asked)
        history.append(op(moment - before, moment + after, asked, answer))
    assert len(serial_order(BANK, history)) == len(history)
