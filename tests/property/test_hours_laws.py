"""Laws of hours: what is written can be read, and sharing loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.hours import Hours
from timebank.testing.strategies import hours

positive = hours(least=0)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(positive)
def test_what_is_written_can_be_read(amount):
    assert Hours.parse(str(amount)) == amount


@given(hours())
def test_the_sign_is_never_lost(amount):
    assert str(amount).startswith("-") is (amount.minutes < 0)
    assert str(-amount).lstrip("-") == str(amount).lstrip("-")


@given(hours(least=-(10**9), most=10**9), hours(least=-(10**9), most=10**9))
def test_sums_and_differences(a, b):
    assert a + b - b == a
    assert a + b == b + a
    assert (a < b) is (a.minutes < b.minutes)


@given(positive, st.integers(1, 50))
def test_a_split_sums_exactly_and_differs_by_at_most_a_minute(amount, n):
    parts = [part.minutes for part in amount.split(n)]
    assert len(parts) == n
    assert sum(parts) == amount.minutes
    assert max(parts) - min(parts) <= 1


@given(positive, weights)
def test_a_share_sums_exactly_and_lies_within_a_minute_of_its_due(amount, weights):
    parts = [part.minutes for part in amount.share(weights)]
    assert sum(parts) == amount.minutes
    for part, weight in zip(parts, weights, strict=True):
        # |part - amount × weight ÷ sum| < 1, in whole numbers
        assert abs(part * sum(weights) - amount.minutes * weight) < sum(weights)


@given(positive, weights)
def test_more_weight_never_means_less_time(amount, weights):
    by_weight = sorted(zip(weights, (part.minutes for part in amount.share(weights)), strict=True))
    assert [part for _, part in by_weight] == sorted(part for _, part in by_weight)
