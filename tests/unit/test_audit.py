"""The named checks: silent where all is well, loud about each planted fault."""

from dataclasses import replace

import pytest

from timebank.domain.audit import (
    CHECKS,
    NAMES,
    AuditEntry,
    ExchangeTie,
    HeldSum,
    OutOfBand,
    ReversalPair,
    TransferLine,
    check_entries,
    check_exchanges,
    check_holds,
    check_limits,
    check_reversals,
    check_sum,
)
from timebank.testing.builders import account_id, an_account, an_exchange, transaction_id


def entry(n, number, change, balance):
    return AuditEntry(
        account=account_id(n),
        number=number,
        change_minutes=change,
        balance_minutes=balance,
        transaction=transaction_id(number),
    )


ACCOUNTS = (
    an_account(1, balance=50, number=2),
    an_account(2),
    an_account(3, balance=-50, number=2),
)
ENTRIES = (entry(1, 1, 60, 60), entry(1, 2, -10, 50), entry(3, 1, -60, -60), entry(3, 2, 10, -50))


def found(accounts=ACCOUNTS, entries=ENTRIES):
    return [(finding.check, finding.subject) for finding in check_entries(accounts, entries)]


def test_books_in_order():
    assert found() == []
    assert found((), ()) == []


A, B, C = (f"account {account.id}" for account in ACCOUNTS)


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({"balance_minutes": 51}, [("balances_match_transfers", A)]),
        ({"number": 3}, [("balances_match_transfers", A)]),
        ({"balance_minutes": 0, "number": 0}, [("balances_match_transfers", A)] * 2),
    ],
)
def test_a_hand_edited_account_is_named(changes, findings):
    assert found((replace(ACCOUNTS[0], **changes), *ACCOUNTS[1:])) == findings


def test_a_balance_without_entries_is_named():
    assert found((ACCOUNTS[0], an_account(2, balance=5), ACCOUNTS[2])) == [
        ("balances_match_transfers", B)
    ]


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        (
            {"change_minutes": 61},
            [("running_balances_add_up", f"{A} entry 1"), ("balances_match_transfers", A)],
        ),
        (
            {"balance_minutes": 61},
            [("running_balances_add_up", f"{A} entry {n}") for n in (1, 2)],
        ),
        ({"number": 0}, [("numbers_without_gap", f"{A} entry {n}") for n in (0, 2)]),
    ],
)
def test_an_altered_entry_is_named(changes, findings):
    assert found(entries=(replace(ENTRIES[0], **changes), *ENTRIES[1:])) == findings


def test_a_lost_entry_is_named():
    assert found(entries=ENTRIES[1:])[0] == ("numbers_without_gap", f"{A} entry 2")
    assert found(entries=ENTRIES[:-1]) == [("balances_match_transfers", C)] * 2


@pytest.mark.parametrize("gone", [0, 2])
def test_entries_of_an_account_that_is_gone_are_named(gone):
    accounts = tuple(a for n, a in enumerate(ACCOUNTS) if n != gone)
    assert ("balances_match_transfers", f"account {ACCOUNTS[gone].id}") in found(accounts)


@pytest.mark.parametrize(("total", "count"), [(0, 0), (1, 1), (-60, 1)])
def test_hours_come_from_somewhere(total, count):
    findings = list(check_sum(total, "riverside"))
    assert [(f.check, f.found) for f in findings] == [("sum_is_zero", str(total))] * count


@pytest.mark.parametrize(("held", "open_", "count"), [(0, 0, 0), (60, 60, 0), (60, 0, 1)])
def test_held_minutes_are_the_open_holds(held, open_, count):
    sums = [HeldSum(account=account_id(1), held_minutes=held, holds_minutes=open_)]
    assert [f.check for f in check_holds(sums)] == ["holds_match_held"] * count


@pytest.mark.parametrize("excused", [True, False])
def test_somebody_answers_for_an_account_out_of_its_band(excused):
    account = OutOfBand(
        account=account_id(1),
        balance_minutes=-1300,
        floor_minutes=-1200,
        ceiling_minutes=None,
        excused=excused,
    )
    assert [f.check for f in check_limits([account])] == ["limits_or_overrides"] * (not excused)


def line(source, target, minutes, activity="service"):
    return TransferLine(
        source=account_id(source), target=account_id(target), minutes=minutes, activity=activity
    )


ORIGINAL = (line(2, 1, 60), line(1, 9, 6, "levy"))
MIRROR = (line(9, 1, 6, "levy"), line(1, 2, 60))


@pytest.mark.parametrize(
    ("reversal", "count"),
    [
        (MIRROR, 0),
        (MIRROR[1:], 1),
        (MIRROR[::-1], 1),
        (ORIGINAL, 1),
        ((line(9, 1, 5, "levy"), MIRROR[1]), 1),
        ((line(9, 1, 6), MIRROR[1]), 1),
    ],
)
def test_a_reversal_mirrors_its_original(reversal, count):
    pair = ReversalPair(
        reversal=transaction_id(2),
        original=transaction_id(1),
        reversal_lines=reversal,
        original_lines=ORIGINAL,
    )
    assert [f.check for f in check_reversals([pair])] == ["reversals_mirror_originals"] * count


TIE = ExchangeTie(
    exchange=an_exchange().id,
    state="confirmed",
    acts=4,
    last_n=4,
    acts_counted=4,
    last_state="confirmed",
    transaction=transaction_id(1),
    transaction_exchange=an_exchange().id,
)


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"transaction": None, "transaction_exchange": None}, 0),
        ({"state": "reversed"}, 1),
        ({"acts": 5}, 1),
        ({"last_n": None}, 1),
        ({"acts_counted": 3}, 1),
        ({"last_state": None}, 1),
        ({"transaction_exchange": None}, 1),
        ({"transaction_exchange": "f" * 32, "state": "agreed"}, 2),
    ],
)
def test_an_exchange_stands_where_its_last_act_left_it(changes, count):
    findings = list(check_exchanges([replace(TIE, **changes)]))
    assert [f.check for f in findings] == ["exchanges_match_acts"] * count


def test_every_check_has_its_own_name_and_says_what_holds():
    assert len(set(NAMES)) == len(CHECKS)
    assert all(check.holds for check in CHECKS)
