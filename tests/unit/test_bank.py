"""Zones, times and days, and what a clock may say."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.support import refusal
from timebank.domain.bank import (
    check_clock,
    checked_day,
    checked_time,
    checked_zone,
    day_of,
    start_of_day,
)
from timebank.domain.policy import CUSTODY, NEIGHBOURHOOD
from timebank.testing.builders import NOW, FrozenClock


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "UTC"])
def test_zones(zone):
    assert checked_zone(zone) == zone


@pytest.mark.parametrize("zone", ["", "London", "Europe", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_other_zones_are_refused(zone):
    assert refusal(lambda: checked_zone(zone)) == "invalid_input zone"


def test_times_are_kept_in_utc():
    in_tonga = datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=13)))
    assert checked_time(in_tonga, field="at") == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert checked_time(in_tonga, field="at").tzinfo is UTC


@pytest.mark.parametrize("when", [datetime(2026, 1, 1), date(2026, 1, 1), "now", None])
def test_times_without_a_zone_are_refused(when):
    assert refusal(lambda: checked_time(when, field="at")) == "naive_time at"


def test_a_time_is_not_a_day():
    assert checked_day(date(2026, 1, 1), field="on") == date(2026, 1, 1)
    assert refusal(lambda: checked_day(NOW, field="on")) == "invalid_input on"


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Europe/London", date(2026, 7, 1), datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("Pacific/Auckland", date(2026, 1, 1), datetime(2025, 12, 31, 11, tzinfo=UTC)),
        # Midnight did not exist on this day: it began at one o'clock.
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # Midnight came twice on this day.
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_day_starts_in_the_banks_zone(zone, day, start):
    assert start_of_day(day, zone) == start
    assert day_of(start, zone) == day
    assert day_of(start - timedelta(microseconds=1), zone) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("policy", "since_the_last_fact", "suspect"),
    [
        (NEIGHBOURHOOD, timedelta(minutes=-5), False),
        (NEIGHBOURHOOD, timedelta(minutes=-5, microseconds=-1), True),
        (NEIGHBOURHOOD, timedelta(days=60), False),
        (NEIGHBOURHOOD, timedelta(days=60, microseconds=1), True),
        (CUSTODY, timedelta(days=7), False),
        (CUSTODY, timedelta(days=7, microseconds=1), True),
    ],
)
def test_a_clock_out_of_step_with_the_books(policy, since_the_last_fact, suspect):
    def check():
        check_clock(NOW + since_the_last_fact, NOW, policy)

    if suspect:
        assert refusal(check) == "clock_suspect"
    else:
        check()


def test_an_empty_bank_trusts_its_clock():
    check_clock(datetime(2099, 1, 1, tzinfo=UTC), None, CUSTODY)


def test_the_frozen_clock_moves_when_told():
    clock = FrozenClock()
    assert clock() == clock() == NOW
    assert clock.advance(timedelta(hours=1)) == clock() == NOW + timedelta(hours=1)


def test_an_hour_that_comes_twice_is_told_apart():
    """Times of one zone are equal whatever their ``fold``."""
    first = datetime(2024, 11, 3, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    days = [day_of(first.replace(fold=fold), "America/Regina") for fold in (0, 1)]
    assert days == [date(2024, 11, 2), date(2024, 11, 3)]
