"""Confirm, resolve, record, reverse: orders of refusal, whose minutes count, what moves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support import (
    ACCOUNT_OF,
    a_case,
    account_after,
    books,
    descending,
    refusal,
    the,
    written,
)
from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import Actor, Role
from timebank.domain.agreement import dispute
from timebank.domain.exchange import Act, Exchange, ExchangeAct, GroupRule, Side, State
from timebank.domain.hold import Hold, HoldOutcome
from timebank.domain.hours import Hours
from timebank.domain.movement import Books
from timebank.domain.note import Note
from timebank.domain.policy import NEIGHBOURHOOD, BandRule, Rounding
from timebank.domain.session import Session, record
from timebank.domain.settlement import confirm, resolve, reverse
from timebank.domain.transaction import Activity, Transaction, TransactionKind
from timebank.testing.builders import (
    ANNA,
    BEN,
    CARLA,
    COORDINATOR,
    NOW,
    POT,
    STRANGER,
    TODAY,
    a_hold,
    account_id,
    an_account,
    an_exchange,
    as_broker,
    as_coordinator,
    as_member,
    conditions,
    standing,
)

NOT_A_MEMBER = as_member(STRANGER)
POOR = an_account(2, balance=-1190)
QUARTERS = replace(NEIGHBOURHOOD, step_minutes=15)
LEVY = replace(NEIGHBOURHOOD, levy_percent=10)
A_DAY = timedelta(days=1)


def case(state=State.REPORTED, *accounts, holds=(), **more):
    if state is State.REPORTED:
        more = {"said_by_giver": 60} | more
    return a_case(an_exchange(state, **more), *accounts, holds=holds)


def moved(changes):
    """Source, target and minutes of the transfers of the one transaction."""
    return [(t.source, t.target, t.minutes) for t in the(changes, Transaction).transfers]


# --- confirm ----------------------------------------------------------------------------------


def confirmed(*, the_case=None, by=None, policy=NEIGHBOURHOOD, **more):
    return confirm(the_case or case(), conditions(by=by or as_member(BEN), policy=policy), **more)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("wrong_state", {"the_case": case(State.AGREED, POOR)}),
        ("not_permitted", {"by": as_member(ANNA)}),
        ("invalid_hours hours", {"hours": Hours.of(0)}),
        ("hours_not_allowed", {"hours": Hours(minutes=61), "policy": QUARTERS}),
        ("hours_not_allowed", {"hours": Hours(minutes=76)}),
        ("day_in_future happened_on", {"happened_on": TODAY + A_DAY}),
        ("not_enough_hours", {"the_case": case(State.REPORTED, POOR)}),
    ),
)
def test_confirm_in_order_of_refusal(error, arguments):
    assert refusal(lambda: confirmed(**arguments)) == error


def test_confirming_moves_the_hours_from_receiver_to_giver():
    changes = confirmed()
    assert moved(changes) == [(account_id(2), account_id(1), 60)]
    exchange, act = the(changes, Exchange), the(changes, ExchangeAct)
    made = the(changes, Transaction)
    assert (exchange.state, exchange.transaction) == (State.CONFIRMED, made.id)
    assert (made.kind, made.exchange) == (TransactionKind.EXCHANGE, exchange.id)
    assert (act.act, act.side, act.minutes, act.transaction) == (
        Act.CONFIRM,
        Side.RECEIVER,
        60,
        made.id,
    )


@pytest.mark.parametrize("by", [as_broker(BEN), as_coordinator(BEN)])
def test_staff_may_confirm_for_the_receiver(by):
    changes = confirmed(by=by)
    assert the(changes, Transaction).actor == by


@pytest.mark.parametrize(
    ("giver", "receiver", "hours", "counted"),
    [
        (60, None, None, 60),
        (60, 50, None, 50),
        (60, 50, 55, 55),
        (None, 50, None, 50),
        (50, None, 60, 50),
    ],
)
def test_whose_minutes_count_with_the_lower_rule(giver, receiver, hours, counted):
    before = a_case(an_exchange(State.REPORTED, said_by_giver=giver, said_by_receiver=receiver))
    changes = confirmed(the_case=before, hours=hours and Hours(minutes=hours))
    assert moved(changes)[0][2] == counted


@pytest.mark.parametrize(
    ("rule", "counted"),
    [
        (BandRule.LOWER, 50),
        (BandRule.HIGHER, 60),
        (BandRule.GIVER, 60),
        (BandRule.RECEIVER, 50),
    ],
)
def test_the_rule_decides_within_the_band(rule, counted):
    policy = replace(NEIGHBOURHOOD, band_rule=rule)
    changes = confirmed(policy=policy, hours=Hours(minutes=50))
    assert moved(changes)[0][2] == counted


def test_beyond_the_band_nothing_moves():
    changes = confirmed(hours=Hours(minutes=44))
    exchange = the(changes, Exchange)
    assert (exchange.state, exchange.receiver_minutes) == (State.DISPUTED, 44)
    assert written(changes, Transaction) == []
    assert written(changes, Account) == []


def test_minutes_are_rounded_once_after_the_rule():
    policy = replace(NEIGHBOURHOOD, step_minutes=15, rounding=Rounding.UP)
    changes = confirmed(policy=policy, hours=Hours(minutes=52))
    assert moved(changes)[0][2] == 60
    assert the(changes, Exchange).receiver_minutes == 52


@pytest.mark.parametrize(
    ("happened_on", "happens_on", "found"),
    [
        (None, None, TODAY),
        (None, TODAY - A_DAY, TODAY - A_DAY),
        (TODAY - 2 * A_DAY, TODAY - A_DAY, TODAY - 2 * A_DAY),
    ],
)
def test_the_day_of_the_work(happened_on, happens_on, found):
    changes = confirmed(
        the_case=case(State.REPORTED, happens_on=happens_on), happened_on=happened_on
    )
    assert the(changes, Transaction).happened_on == found


HOLD = a_hold()
HELD = an_account(2, balance=-1140, held=60)


def test_confirming_settles_the_hold_and_uses_what_it_kept():
    changes = confirmed(the_case=case(State.REPORTED, HELD, holds=[HOLD], hold=HOLD))
    hold = the(changes, Hold)
    assert (hold.outcome, hold.settled_minutes, hold.ended_at) == (HoldOutcome.SETTLED, 60, NOW)
    assert (account_after(changes, 2).held_minutes, account_after(changes, 2).balance_minutes) == (
        0,
        -1200,
    )


def test_what_goes_beyond_the_hold_is_judged_like_any_transfer():
    beyond = case(State.REPORTED, HELD, holds=[HOLD], hold=HOLD, said_by_giver=61)
    assert refusal(lambda: confirmed(the_case=beyond)) == "not_enough_hours"


def test_a_lapsed_hold_is_not_settled():
    lapsed = replace(HOLD, deadline=NOW)
    changes = confirmed(the_case=case(State.REPORTED, HELD, holds=[lapsed], hold=lapsed))
    assert the(changes, Hold).outcome is HoldOutcome.EXPIRED
    assert account_after(changes, 2).held_minutes == 0


def test_the_levy_is_a_transfer_of_its_own():
    changes = confirmed(policy=LEVY, hours=Hours(minutes=59))
    assert moved(changes) == [
        (account_id(2), account_id(1), 59),
        (account_id(1), POT, 5),
    ]
    activities = [t.activity for t in the(changes, Transaction).transfers]
    assert activities == [Activity.SERVICE, Activity.LEVY]


def test_no_levy_of_nothing():
    before = case(State.REPORTED, said_by_giver=9, agreed=9)
    assert len(moved(confirmed(the_case=before, policy=LEVY))) == 1


def test_the_days_for_a_dispute_count_from_the_confirmation():
    """However long ago it was proposed."""
    proposed_at = NOW - 60 * A_DAY
    exchange = the(confirmed(the_case=case(State.REPORTED, recorded_at=proposed_at)), Exchange)

    def act(days):
        later = conditions(by=as_member(BEN), now=NOW + days * A_DAY)
        return dispute(a_case(exchange), later)

    assert the(act(13), Exchange).state is State.DISPUTED
    assert refusal(lambda: act(14)) == "too_late"


# --- resolve ----------------------------------------------------------------------------------

AFTER = (an_account(1, balance=60, number=1), an_account(2, balance=-60, number=1))
ORIGINAL = the(confirmed(), Transaction)
OWN = Actor(person=BEN, role=Role.COORDINATOR)
OWN_STANDING = (standing(BEN, roles=[Role.COORDINATOR]),)


def resolved(*, the_case=None, by=None, people=OWN_STANDING, original=None, hours=None, **more):
    more = {"reason": "not as agreed"} | more
    return resolve(
        the_case or case(State.DISPUTED),
        conditions(by=by, people=people),
        original=original,
        hours=None if hours is None else Hours(minutes=hours),
        **more,
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("wrong_state", {"the_case": case(State.CONFIRMED, POOR)}),
        ("not_permitted", {"by": OWN}),
        ("invalid_input reason", {"reason": None}),
        ("invalid_hours hours", {"hours": 0}),
        ("hours_not_allowed", {"hours": 25 * 60}),
        ("not_enough_hours", {"the_case": case(State.DISPUTED, POOR), "hours": 60}),
    ),
)
def test_resolve_in_order_of_refusal(error, arguments):
    assert refusal(lambda: resolved(**arguments)) == error


def test_without_hours_a_dispute_ends_in_nothing():
    hold = a_hold()
    before = case(State.DISPUTED, an_account(2, held=60), holds=[hold], hold=hold)
    changes = resolved(the_case=before)
    assert the(changes, Exchange).state is State.CANCELLED
    assert the(changes, Hold).outcome is HoldOutcome.RELEASED
    assert the(changes, ExchangeAct).reason == "not as agreed"


def test_with_hours_it_took_place():
    changes = resolved(hours=45)
    assert the(changes, Exchange).state is State.CONFIRMED
    assert moved(changes) == [(account_id(2), account_id(1), 45)]
    assert the(changes, ExchangeAct).side is None


POSTED = case(State.DISPUTED, *AFTER, transaction=ORIGINAL.id)


def test_hours_that_moved_already_stand_and_do_not_move_again():
    changes = resolved(the_case=POSTED, original=ORIGINAL, hours=60)
    assert the(changes, Exchange).state is State.CONFIRMED
    assert the(changes, ExchangeAct).transaction == ORIGINAL.id
    assert written(changes, Transaction) == []


def test_hours_that_moved_already_do_not_become_others():
    def act():
        return resolved(the_case=POSTED, original=ORIGINAL, hours=45)

    assert refusal(act) == "hours_not_allowed"


def test_hours_that_moved_already_are_moved_back():
    changes = resolved(the_case=POSTED, original=ORIGINAL)
    assert the(changes, Exchange).state is State.REVERSED
    assert the(changes, Transaction).reverses == ORIGINAL.id
    assert {a.balance_minutes for a in written(changes, Account)} == {0}


# --- reverse ----------------------------------------------------------------------------------

DONE = case(State.CONFIRMED, *AFTER, transaction=ORIGINAL.id)
ANNA_SPENT = an_account(1, balance=-1190, number=1)


def undone(*, the_case=DONE, by=None, reason="entered twice", original=ORIGINAL):
    return reverse(
        the_case, conditions(by=by, people=OWN_STANDING), original=original, reason=reason
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_member(ANNA)}),
        ("wrong_state", {"the_case": case(State.REVERSED, ANNA_SPENT)}),
        ("not_permitted", {"by": OWN}),
        ("invalid_input reason", {"reason": None}),
        ("not_enough_hours", {"the_case": case(State.CONFIRMED, ANNA_SPENT)}),
    ),
)
def test_reverse_in_order_of_refusal(error, arguments):
    assert refusal(lambda: undone(**arguments)) == error


def test_a_reversed_exchange_is_back_where_it_began():
    changes = undone(reason="it was the week before")
    made, exchange = the(changes, Transaction), the(changes, Exchange)
    assert (made.kind, made.reverses, made.exchange) == (
        TransactionKind.REVERSAL,
        ORIGINAL.id,
        exchange.id,
    )
    assert {a.balance_minutes for a in written(changes, Account)} == {0}
    assert (exchange.state, exchange.transaction) == (State.REVERSED, ORIGINAL.id)
    assert the(changes, Note).about == made.id


def test_what_never_moved_cannot_be_moved_back():
    with pytest.raises(LookupError):
        undone(original=None)


# --- record -----------------------------------------------------------------------------------


def recorded(*, by=None, accounts=(), policy=NEIGHBOURHOOD, people=(), override=None, **session):
    usual: dict[str, Any] = {
        "givers": (ANNA,),
        "receivers": (BEN,),
        "hours": Hours.of(1),
        "rule": None,
        "happened_on": None,
        "category": None,
    }
    return record(
        Session(**usual | session),
        Books(accounts=books(*accounts)),
        account_of=ACCOUNT_OF | {COORDINATOR: account_id(8)},
        pot=POT,
        conditions=conditions(by=by, policy=policy, people=people),
        override=override,
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_member(ANNA)}),
        ("invalid_input givers", {"givers": ()}),
        ("self_transfer receivers", {"receivers": (COORDINATOR, COORDINATOR)}),
        ("not_permitted", {"givers": (COORDINATOR,)}),
        ("invalid_hours hours", {"hours": Hours.of(0)}),
        ("hours_not_allowed", {"hours": Hours.of(25)}),
        ("unknown_category category", {"category": "bribes"}),
        ("not_enough_hours", {"accounts": (POOR,)}),
    ),
)
def test_record_in_order_of_refusal(error, arguments):
    assert refusal(lambda: recorded(**arguments)) == error


@pytest.mark.parametrize(
    ("givers", "receivers"), [((), (BEN,)), ((ANNA,), ()), ((ANNA, BEN), (CARLA, COORDINATOR))]
)
def test_parties_that_are_no_exchange(givers, receivers):
    def act():
        return recorded(givers=givers, receivers=receivers, rule=GroupRule.EACH)

    assert refusal(act) == "invalid_input givers"


def test_what_took_place_is_recorded_in_one_act():
    changes, after = recorded(category="garden", note="they did well")
    exchange, act = the(changes, Exchange), the(changes, ExchangeAct)
    made = the(changes, Transaction)
    assert (exchange.state, exchange.transaction, exchange.acts) == (State.CONFIRMED, made.id, 1)
    assert (act.act, act.minutes, act.reason) == (Act.RECORD, 60, "other")
    assert (made.kind, made.category) == (TransactionKind.EXCHANGE, "garden")
    assert after.accounts[account_id(1)].balance_minutes == 60


def test_an_import_is_marked():
    assert the(recorded(imported=True)[0], Transaction).imported


ONE, TWO, THREE = (account_id(n) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("givers", "receivers", "rule", "moves"),
    [
        ((ANNA,), (BEN, CARLA), GroupRule.SHARED, [(TWO, ONE, 31), (THREE, ONE, 30)]),
        ((ANNA, BEN), (CARLA,), GroupRule.SHARED, [(THREE, ONE, 31), (THREE, TWO, 30)]),
        ((ANNA,), (BEN, CARLA), GroupRule.EACH, [(TWO, ONE, 61), (THREE, ONE, 61)]),
        ((ANNA, BEN), (CARLA,), GroupRule.EACH, [(THREE, ONE, 61), (THREE, TWO, 61)]),
        ((ANNA, BEN), (CARLA,), GroupRule.POT, [(POT, ONE, 61), (POT, TWO, 61)]),
    ],
)
def test_who_pays_in_a_group(givers, receivers, rule, moves):
    changes, _ = recorded(givers=givers, receivers=receivers, rule=rule, hours=Hours(minutes=61))
    assert moved(changes) == moves
    assert the(changes, Transaction).kind is TransactionKind.GROUP


def test_a_minute_cannot_be_shared_by_two():
    def act():
        return recorded(receivers=(BEN, CARLA), rule=GroupRule.SHARED, hours=Hours(minutes=1))

    assert refusal(act) == "hours_not_allowed"


@pytest.mark.parametrize(
    ("rule", "levies"), [(GroupRule.EACH, [6, 6]), (GroupRule.SHARED, [3, 3]), (GroupRule.POT, [])]
)
def test_each_giver_pays_a_levy_unless_the_pot_paid(rule, levies):
    changes, _ = recorded(givers=(ANNA, BEN), receivers=(CARLA,), rule=rule, policy=LEVY)
    made = the(changes, Transaction).transfers
    assert [t.minutes for t in made if t.activity is Activity.LEVY] == levies
    assert {t.target for t in made if t.activity is Activity.LEVY} <= {POT}


def test_the_pot_pays_no_more_than_it_has():
    empty = an_account(90, kind=AccountKind.POT, floor=0)

    def act():
        return recorded(accounts=[empty], rule=GroupRule.POT)

    assert refusal(act) == "not_enough_hours"
