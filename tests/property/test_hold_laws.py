"""Laws of holds: it does not matter when, or how often, the sweeper runs."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.account import available_minutes
from timebank.domain.agreement import swept
from timebank.domain.hold import HoldOutcome, end, lapse, place
from timebank.testing.builders import NOW, an_account
from timebank.testing.strategies import holds

some_holds = st.lists(holds, max_size=8, unique_by=lambda hold: hold.id)
START = NOW - timedelta(days=1)
times = st.lists(st.integers(0, 100).map(lambda hours: START + timedelta(hours=hours)), max_size=5)


def account_with(open_holds):
    account = an_account(2, floor=None)
    for hold in open_holds:
        account = place(account, hold)
    return account


def sweep(account, open_holds, at):
    """The account after a sweep, the holds still open, and the ids of those that lapsed."""
    after, ended = lapse({account.id: account}, open_holds, now=at)
    over = {hold.id for hold in ended}
    return after[account.id], [hold for hold in open_holds if hold.id not in over], over


@given(some_holds, times, st.integers(0, 100))
def test_a_late_sweeper_changes_nothing(open_holds, sweeps, hour):
    """Swept at any earlier times or never: at the moment that counts the account is the same."""
    now = START + timedelta(hours=hour)
    account = account_with(open_holds)
    never, _, all_at_once = sweep(account, open_holds, now)

    often, left, one_by_one = account, open_holds, set()
    for at in sorted(t for t in sweeps if t <= now):
        often, left, over = sweep(often, left, at)
        one_by_one |= over
    often, left, over = sweep(often, left, now)

    assert often == never
    assert one_by_one | over == all_at_once
    assert all(hold.deadline > now for hold in left)


@given(some_holds, st.integers(0, 100))
def test_held_minutes_are_the_sum_of_the_open_holds(open_holds, hour):
    account = account_with(open_holds)
    assert account.held_minutes == sum(hold.minutes for hold in open_holds)
    after, left, _ = sweep(account, open_holds, START + timedelta(hours=hour))
    assert after.held_minutes == sum(hold.minutes for hold in left)


@given(some_holds, st.sampled_from(HoldOutcome), st.integers(0, 200))
def test_however_holds_end_nothing_stays_held(open_holds, outcome, said):
    account = account_with(open_holds)
    for hold in open_holds:
        account, ended = end(account, hold, outcome=outcome, at=NOW, settled_minutes=said)
        assert 0 <= ended.settled_minutes <= hold.minutes
    assert account == an_account(2, floor=None)


@given(some_holds)
def test_placing_never_overdraws(open_holds):
    account = an_account(2, floor=-100)
    for hold in open_holds:
        if hold.minutes <= (available_minutes(account) or 0):
            account = place(account, hold)
    assert (available_minutes(account) or 0) >= 0


@given(some_holds, st.integers(0, 100))
def test_what_lapsed_is_written_with_its_account(open_holds, hour):
    account = account_with(open_holds)
    after, ended = lapse({account.id: account}, open_holds, now=START + timedelta(hours=hour))
    changes = swept(after, ended)
    assert len(changes.events) == len(ended)
    assert set(changes.changed) == ({after[account.id], *ended} if ended else set())
