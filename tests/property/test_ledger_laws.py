"""Laws of posting, whatever the accounts and the transfers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.account import available_minutes, room_minutes
from timebank.domain.ledger import Override, Posting, post
from timebank.domain.transaction import TransactionKind, entries_of, reversal_of
from timebank.errors import CeilingReached, NotEnoughHours
from timebank.testing.builders import (
    NOW,
    POT,
    TODAY,
    account_id,
    as_officer,
    conditions,
    transaction_id,
)
from timebank.testing.strategies import accounts, transfers

IDS = (*(account_id(n) for n in (1, 2, 3)), POT)
ANY = accounts(), transfers(IDS)
FREELY = Override(approver=as_officer(), reason="hardship", review_on=TODAY + timedelta(days=1))


def posted(before, moves, *, override=FREELY, kind=TransactionKind.POSTING, now=NOW):
    posting = Posting(id=transaction_id(1), kind=kind, transfers=moves, override=override)
    changes, after = post(before, posting, conditions(now=now))
    return changes.transactions[0], after


@given(*ANY)
def test_hours_are_neither_made_nor_lost(before, moves):
    transaction, after = posted(before, moves)
    assert sum(a.balance_minutes for a in after.values()) == 0
    assert sum(e.change_minutes for e in entries_of(transaction)) == 0


@given(*ANY)
def test_numbers_have_no_gap_and_running_balances_add_up(before, moves):
    transaction, after = posted(before, moves)
    running = {a.id: (a.number, a.balance_minutes) for a in before.values()}
    for entry in entries_of(transaction):
        number, balance = running[entry.account]
        assert (entry.number, entry.balance_minutes) == (number + 1, balance + entry.change_minutes)
        running[entry.account] = (entry.number, entry.balance_minutes)
    assert running == {a.id: (a.number, a.balance_minutes) for a in after.values()}


@given(*ANY)
def test_only_accounts_that_a_transfer_names_change(before, moves):
    _, after = posted(before, moves)
    named = {end for move in moves for end in (move.source, move.target)}
    assert {i for i in after if after[i] != before[i]} == named
    assert all(after[i].held_minutes == before[i].held_minutes for i in after)


@given(*ANY)
def test_a_refusal_is_exactly_a_limit_that_gets_worse(before, moves):
    """Out of the band and further out than before: nothing else is refused, nothing less."""
    _, after = posted(before, moves)
    worse = {i for i in after if any(map(int.__gt__, _out_by(after[i]), _out_by(before[i])))}
    if not worse:
        assert not posted(before, moves, override=None)[0].overrides
        return
    with pytest.raises((NotEnoughHours, CeilingReached)) as refused:
        posted(before, moves, override=None)
    assert refused.value.data["account"] in worse


def _out_by(account):
    """How many minutes an account lies below its floor and above its ceiling."""
    limits = available_minutes(account), room_minutes(account)
    return tuple(0 if left is None else max(0, -left) for left in limits)


@given(*ANY)
def test_an_override_is_recorded_exactly_where_it_was_needed(before, moves):
    changes, after = post(
        before,
        Posting(
            id=transaction_id(1), kind=TransactionKind.POSTING, transfers=moves, override=FREELY
        ),
        conditions(),
    )
    excused = {e.account for e in changes.events if hasattr(e, "account")}
    assert changes.transactions[0].overrides is bool(excused)
    assert all(any(_out_by(after[i])) for i in excused)


@given(
    *ANY,
    st.lists(st.integers(-(10**6), 10**6).map(lambda us: timedelta(microseconds=us)), max_size=6),
)
def test_recording_times_strictly_grow_in_each_account(before, moves, jumps):
    """However the clock jumps."""
    for jump in jumps:
        transaction, after = posted(before, moves, now=NOW + jump)
        for i in {end for move in moves for end in (move.source, move.target)}:
            assert after[i].recorded_at == transaction.recorded_at
            assert before[i].recorded_at is None or before[i].recorded_at < after[i].recorded_at
        before = after


@given(*ANY)
def test_a_reversal_restores_every_balance(before, moves):
    original, after = posted(before, moves)
    _, restored = posted(after, reversal_of(original), kind=TransactionKind.REVERSAL)
    assert _balances(restored) == _balances(before)


@given(*ANY)
def test_to_reverse_twice_is_to_do_nothing(before, moves):
    original, after = posted(before, moves)
    once, _ = posted(after, reversal_of(original), kind=TransactionKind.REVERSAL)
    assert reversal_of(once) == moves
    _, twice = posted(before, reversal_of(once))
    assert _balances(twice) == _balances(after)


def _balances(books):
    return {account.id: account.balance_minutes for account in books.values()}


@given(*ANY)
def test_the_day_it_counts_on_never_lies_after_today(before, moves):
    """Statements go back from the balance now: no entry may count on a later day."""
    for closed in (None, TODAY - timedelta(days=1), TODAY - timedelta(days=30)):
        for happened in (TODAY, TODAY - timedelta(days=40)):
            posting = Posting(
                id=transaction_id(1),
                kind=TransactionKind.POSTING,
                transfers=moves,
                happened_on=happened,
                override=FREELY,
            )
            changes, _ = post(before, posting, replace(conditions(), closed_until=closed))
            made = changes.transactions[0]
            assert made.happened_on <= made.counts_on <= TODAY
            assert closed is None or made.counts_on > closed
