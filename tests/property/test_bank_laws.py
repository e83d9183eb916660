"""Laws of days: every moment lies in exactly one, in whatever zone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.bank import check_clock, checked_time, day_of, start_of_day
from timebank.domain.ids import bank_id_of, checked_account_id, checked_id, is_account_id
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.errors import ClockSuspect
from timebank.testing.builders import NOW

ZONES = st.sampled_from(
    (
        "UTC",
        "Europe/London",
        "Pacific/Auckland",
        "America/Havana",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Asia/Beirut",
    )
)
MOMENTS = st.datetimes(
    min_value=datetime(1980, 1, 1), max_value=datetime(2060, 1, 1), timezones=st.just(UTC)
)


@given(MOMENTS, ZONES)
def test_a_moment_lies_between_the_start_of_its_day_and_of_the_next(moment, zone):
    day = day_of(moment, zone)
    assert start_of_day(day, zone) <= moment < start_of_day(day + timedelta(days=1), zone)


@given(MOMENTS, ZONES)
def test_a_day_begins_on_that_day(moment, zone):
    day = day_of(moment, zone)
    start = start_of_day(day, zone)
    assert day_of(start, zone) == day
    assert day_of(start - timedelta(microseconds=1), zone) == day - timedelta(days=1)


@given(MOMENTS, st.timezones())
def test_a_time_is_the_same_moment_in_utc(moment, zone):
    assert checked_time(moment.astimezone(zone), field="at") == moment


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_clock_is_trusted_exactly_within_its_bounds(off):
    behind = timedelta(minutes=NEIGHBOURHOOD.clock_behind_minutes)
    ahead = timedelta(days=NEIGHBOURHOOD.clock_ahead_days)
    try:
        check_clock(NOW + off, NOW, NEIGHBOURHOOD)
    except ClockSuspect:
        assert not -behind <= off <= ahead
    else:
        assert -behind <= off <= ahead


@given(st.uuids(), st.integers(0, 2**64 - 1))
def test_ids_have_one_form(uuid, number):
    assert checked_id(str(uuid).upper(), field="x") == checked_id(uuid.hex, field="x")
    account = f"{number:016X}"
    assert is_account_id(checked_account_id(account))
    assert checked_account_id(account) == account.lower()


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_the_id_of_a_bank_fits_64_bits(slug):
    assert -(2**63) <= bank_id_of(slug) < 2**63
