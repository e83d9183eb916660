"""Lessons about history and reports (lessons.md, M-37 to M-44): what the pure rules can show."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support import account_after, books, refusal, the
from timebank.domain.account import AccountKind, Frozen
from timebank.domain.bank import checked_day, day_of, start_of_day
from timebank.domain.ledger import Posting, post
from timebank.domain.member import Status
from timebank.domain.membership import leave
from timebank.domain.movement import Books, grant
from timebank.domain.statement import StatementEntry, build
from timebank.domain.transaction import Activity, Transaction, TransactionKind
from timebank.testing.builders import (
    ANNA,
    BEN,
    ISSUANCE,
    NOW,
    POT,
    TODAY,
    a_member,
    account_id,
    an_account,
    as_broker,
    as_coordinator,
    as_member,
    conditions,
    standing,
    transaction_id,
    transfer,
)


def posted(conditions_, **posting):
    changes, _ = post(
        books(),
        Posting(
            id=transaction_id(1),
            kind=TransactionKind.POSTING,
            transfers=(transfer(2, 1),),
            **posting,
        ),
        conditions_,
    )
    return changes.transactions[0]


def test_m37_a_day_is_a_day_and_never_a_time():
    assert refusal(lambda: checked_day(NOW, field="end")) == "invalid_input end"


def _entry(number, counts_on):
    return StatementEntry(
        number=number,
        change_minutes=60,
        balance_minutes=60 * number,
        happened_on=counts_on,
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
        counterparty=account_id(2),
        counterparty_kind=AccountKind.MEMBER,
        counterparty_label=None,
        counterparty_owner=BEN,
    )


def test_m37_the_last_day_of_the_month_is_in_the_month():
    end = date(2026, 2, 1)
    last = end - timedelta(days=1)
    entries = [_entry(1, date(2026, 1, 1)), _entry(2, last), _entry(3, end)]
    made = build(account_id(1), 180, entries, start=date(2026, 1, 1), end=end)
    assert [line.entry.number for line in made.lines] == [1, 2]


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Auckland", date(2026, 4, 1)), ("UTC", date(2026, 3, 31))]
)
def test_m38_months_are_cut_in_the_banks_zone(zone, day):
    evening_in_utc = datetime(2026, 3, 31, 18, tzinfo=UTC)
    assert day_of(evening_in_utc, zone) == day
    assert start_of_day(day, zone) <= evening_in_utc
    assert posted(conditions(now=evening_in_utc, zone=zone)).counts_on == day


def test_m39_a_grant_is_never_a_service():
    move = transfer(ISSUANCE, 1, activity=Activity.GRANT)
    changes = grant(Books(accounts=books()), move, conditions(), reason="welcome", override=None)
    assert [t.activity for t in the(changes, Transaction).transfers] == [Activity.GRANT]


def test_m40_a_backdated_fact_leaves_numbers_and_balances_in_order_of_recording():
    """It takes the next number and the balance now: rows recorded before stay as they are."""
    before = an_account(2, balance=-30, number=7)
    posting = Posting(
        id=transaction_id(1),
        kind=TransactionKind.POSTING,
        transfers=(transfer(2, 1),),
        happened_on=TODAY - timedelta(days=30),
    )
    changes, _ = post(books(before), posting, conditions())
    made = changes.transactions[0].transfers[0]
    assert (made.source_number, made.source_balance_minutes) == (8, -90)


def test_m41_a_closed_period_does_not_change():
    yesterday = TODAY - timedelta(days=1)
    late = posted(conditions(closed_until=yesterday), happened_on=yesterday)
    assert (late.happened_on, late.counts_on) == (yesterday, TODAY)

    def by_a_broker():
        return posted(conditions(closed_until=yesterday, by=as_broker()), happened_on=yesterday)

    assert refusal(by_a_broker) == "period_closed"


def left(*accounts, people=(), by=None, hours_to=None):
    anna = next(account for account in accounts if account.id == account_id(1))
    return leave(
        a_member(ANNA),
        Books(accounts=books(*accounts)),
        (anna,),
        conditions(by=by or as_member(ANNA), people=people),
        hours_to=hours_to,
        write_off_from=None,
        open_exchanges=0,
        reason=None,
    )


RICH = an_account(1, balance=90)


def test_m42_nobody_leaves_hours_behind():
    assert refusal(lambda: left(RICH)) == "not_yet_empty"
    changes = left(RICH, hours_to=POT)
    assert account_after(changes, 1).balance_minutes == 0
    assert account_after(changes, 1).frozen is Frozen.ALL
    assert account_after(changes, 90).balance_minutes == 690


def test_m42_hours_are_not_left_to_somebody_who_has_left():
    """However they are sent there: nobody could ever use them."""
    gone = standing(BEN, status=Status.LEFT, since=TODAY)
    closed = an_account(2, frozen=Frozen.ALL)
    assert refusal(lambda: left(RICH, closed, people=[gone], hours_to=closed.id)) == (
        "account_closed"
    )


def test_m42_a_closed_account_stays_closed_when_its_freeze_is_lifted():
    gone = standing(BEN, status=Status.LEFT, since=TODAY)
    posting = Posting(
        id=transaction_id(1),
        kind=TransactionKind.POSTING,
        transfers=(transfer(1, 2),),
        happened_on=TODAY - timedelta(days=1),
    )

    def act():
        return post(books(), posting, conditions(by=as_coordinator(), people=[gone]))

    assert refusal(act) == "account_closed"


def test_m43_a_statement_adds_up_without_what_is_erased():
    """Names and notes go; numbers, days and minutes of every line stay."""
    erased = [_entry(1, TODAY), _entry(2, TODAY)]
    made = build(account_id(1), 120, erased, start=TODAY, end=TODAY + timedelta(days=1))
    changes = [line.entry.change_minutes for line in made.lines]
    assert made.opening_minutes + sum(changes) == made.closing_minutes == 120
