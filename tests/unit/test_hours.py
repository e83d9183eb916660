"""Hours: what is accepted, what is refused, and how they read."""

from decimal import Decimal

import pytest

from tests.support import refusal
from timebank.domain.hours import MAX_MINUTES, Hours, positive


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("1:30", 90),
        ("0:05", 5),
        ("1h30", 90),
        ("2h", 120),
        ("90m", 90),
        (" 1:30 ", 90),
        ("16666666666:40", MAX_MINUTES),
    ],
)
def test_text_that_can_be_read(text, minutes):
    assert Hours.parse(text) == Hours(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "90", "1.5", "1:60", "1:5", "-1:30", "+1:30", "1h60", "h30", "1 h", "1:30:00", "٩٠m"],
)
def test_text_that_might_mean_two_things_is_refused(text):
    assert refusal(lambda: Hours.parse(text)) == "invalid_hours hours"


@pytest.mark.parametrize("minutes", [1.0, True, Decimal(1), "1", None, MAX_MINUTES + 1])
def test_only_whole_sensible_minutes(minutes):
    assert refusal(lambda: Hours(minutes=minutes)) == "invalid_hours minutes"


@pytest.mark.parametrize(
    ("hours", "minutes", "field"),
    [
        (1.0, 0, "hours"),
        (True, 0, "hours"),
        (1, 30.0, "minutes"),
        (-1, 0, "hours"),
        (1, 60, "minutes"),
        (1, -1, "minutes"),
    ],
)
def test_of_refuses(hours, minutes, field):
    assert refusal(lambda: Hours.of(hours, minutes)) == f"invalid_hours {field}"


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0:00"), (5, "0:05"), (90, "1:30"), (-45, "-0:45"), (-90, "-1:30")]
)
def test_str(minutes, text):
    assert str(Hours(minutes=minutes)) == text


def test_repr_can_be_pasted():
    assert repr(Hours.of(1, 30)) == "Hours(minutes=90)"


def test_arithmetic():
    assert Hours.of(1) + Hours.of(0, 30) - Hours.of(2) == -Hours.of(0, 30)
    assert Hours.of(1) < Hours.of(1, 1)
    assert not Hours.of(0)
    assert Hours(minutes=-1)


def test_a_sum_beyond_all_reason_is_refused():
    assert refusal(lambda: Hours(minutes=MAX_MINUTES) + Hours.of(0, 1)) == "invalid_hours minutes"


@pytest.mark.parametrize(
    ("minutes", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [0, 3, 1], [0, 75, 25]),
        (10, [3, 3, 1], [4, 4, 2]),
        (1, [1, 1], [1, 0]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_shares(minutes, weights, parts):
    assert [part.minutes for part in Hours(minutes=minutes).share(weights)] == parts


@pytest.mark.parametrize(
    ("minutes", "weights"),
    [(60, []), (60, [0, 0]), (60, [2, -1]), (-60, [1]), (60, [0.5, 0.5]), (60, [True])],
)
def test_weights_that_share_nothing_are_refused(minutes, weights):
    assert refusal(lambda: Hours(minutes=minutes).share(weights)) == "invalid_hours weights"


def test_hours_cannot_be_split_among_nobody():
    assert refusal(lambda: Hours.of(1).split(0)) == "invalid_hours weights"


@pytest.mark.parametrize("hours", [60, None, Hours.of(0), Hours(minutes=-1)])
def test_only_positive_hours_are_moved(hours):
    assert refusal(lambda: positive(hours, field="gift")) == "invalid_hours gift"


def test_positive_gives_the_minutes():
    assert positive(Hours.of(1, 30)) == 90
