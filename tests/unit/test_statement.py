"""Statements: the range, the order, and the sums."""

from datetime import date, timedelta

import pytest

from tests.support import refusal
from timebank.domain.account import AccountKind
from timebank.domain.statement import StatementEntry, build, check_range
from timebank.domain.transaction import Activity, TransactionKind
from timebank.testing.builders import ANNA, NOW, account_id, transaction_id

MARCH = date(2026, 3, 1)
APRIL = date(2026, 4, 1)


def entry(number, change, counts_on, *, happened_on=None):
    return StatementEntry(
        number=number,
        change_minutes=change,
        balance_minutes=0,
        happened_on=happened_on or counts_on,
        counts_on=counts_on,
        recorded_at=NOW,
        activity=Activity.SERVICE,
        kind=TransactionKind.EXCHANGE,
        category=None,
        reason=None,
        transaction=transaction_id(number),
        reverses=None,
        overrides=False,
        imported=False,
        counterparty=account_id(1),
        counterparty_kind=AccountKind.MEMBER,
        counterparty_label=None,
        counterparty_owner=ANNA,
    )


@pytest.mark.parametrize("end", [MARCH, MARCH - timedelta(days=1)])
def test_a_range_has_a_day(end):
    assert refusal(lambda: check_range(MARCH, end)) == "invalid_input end"


def test_a_range_of_one_day():
    check_range(MARCH, MARCH + timedelta(days=1))


def test_lines_by_the_day_they_count_on():
    late = entry(9, -5, MARCH, happened_on=date(2026, 2, 20))
    since = [
        entry(7, 60, date(2026, 3, 31)),
        entry(8, 100, APRIL),
        late,
        entry(6, 15, date(2026, 3, 31)),
    ]
    made = build(account_id(2), 1000, since, start=MARCH, end=APRIL)

    assert made.opening_minutes == 1000 - 170
    assert [(line.entry.number, line.balance_minutes) for line in made.lines] == [
        (9, 825),
        (6, 840),
        (7, 900),
    ]
    assert made.closing_minutes == 900


def test_a_statement_without_lines():
    made = build(account_id(2), 90, [entry(1, 30, APRIL)], start=MARCH, end=APRIL)
    assert (made.opening_minutes, made.lines, made.closing_minutes) == (60, (), 60)
