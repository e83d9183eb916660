"""From the proposal to the report: orders of refusal, holds, deadlines, disputes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support import a_case, account_after, descending, refusal, the, written
from timebank.domain.account import Account, Frozen
from timebank.domain.actor import Actor, Role
from timebank.domain.agreement import (
    agree,
    cancel,
    decline,
    dispute,
    expire,
    propose,
    report,
)
from timebank.domain.changes import Changes
from timebank.domain.events import HoldEnded, HoldPlaced
from timebank.domain.exchange import Act, Exchange, ExchangeAct, Side, State
from timebank.domain.hold import Hold, HoldOutcome
from timebank.domain.hours import Hours
from timebank.domain.ids import ListingId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Status
from timebank.domain.note import Note
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.testing.builders import (
    ANNA,
    BEN,
    CARLA,
    NOW,
    STRANGER,
    TODAY,
    a_hold,
    an_account,
    an_exchange,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    standing,
    transaction_id,
)

BEN_AWAY = standing(BEN, status=Status.SUSPENDED)
NOT_A_MEMBER = as_member(STRANGER)
A_DAY = timedelta(days=1)
AN_HOUR = Hours.of(1)
OFFER = Listing(
    id=ListingId(f"b{1:031x}"),
    kind=ListingKind.OFFER,
    member=ANNA,
    title="Bread",
    category="food",
    expires_on=TODAY,
    placed_at=NOW,
)
STALE = replace(OFFER, expires_on=TODAY - A_DAY)
FOREIGN = replace(STALE, member=CARLA)


def now(by=None, *, policy=NEIGHBOURHOOD, people=(), at=NOW):
    return conditions(by=by or as_member(ANNA), policy=policy, people=people, now=at)


# --- propose ----------------------------------------------------------------------------------


def proposed(*, by=None, people=(), **more):
    usual: dict[str, Any] = {
        "giver": ANNA,
        "receiver": BEN,
        "hours": Hours.of(1),
        "happens_on": None,
        "category": None,
        "listing": None,
    }
    return propose(**usual | more, conditions=now(by, people=people))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("self_transfer receiver", {"receiver": ANNA}),
        ("invalid_hours hours", {"hours": Hours.of(0)}),
        ("hours_not_allowed", {"hours": Hours.of(25)}),
        ("not_permitted", {"by": as_member(CARLA)}),
        ("member_suspended", {"people": (BEN_AWAY,)}),
        ("unknown_category category", {"category": "bribes"}),
        ("invalid_input listing", {"listing": FOREIGN}),
        ("wrong_state", {"listing": STALE}),
    ),
)
def test_propose_in_order_of_refusal(error, arguments):
    assert refusal(lambda: proposed(**arguments)) == error


@pytest.mark.parametrize(
    ("by", "side"), [(as_member(ANNA), Side.GIVER), (as_broker(BEN), Side.RECEIVER)]
)
def test_a_proposal_waits_for_the_other_side(by, side):
    changes = proposed(by=by, happens_on=TODAY + A_DAY)
    exchange, act = the(changes, Exchange), the(changes, ExchangeAct)
    assert (exchange.state, exchange.proposed_by) == (State.PROPOSED, side)
    assert exchange.deadline == NOW + NEIGHBOURHOOD.proposal_days * A_DAY
    assert (act.act, act.side, act.n, act.minutes) == (Act.PROPOSE, side, 1, 60)
    assert (act.actor, exchange.acts) == (by, 1)


@pytest.mark.parametrize(
    ("listing", "category", "found"),
    [
        (None, None, None),
        (None, "garden", "garden"),
        (OFFER, None, "food"),
        (OFFER, "garden", "garden"),
        (replace(OFFER, kind=ListingKind.REQUEST, member=BEN), None, "food"),
    ],
)
def test_a_proposal_from_a_listing_takes_its_category(listing, category, found):
    exchange = the(proposed(listing=listing, category=category), Exchange)
    assert exchange.category == found
    assert exchange.listing == (listing.id if listing else None)


# --- agree, decline ---------------------------------------------------------------------------


def case(state=State.PROPOSED, *accounts, holds=(), **more):
    return a_case(an_exchange(state, **more), *accounts, holds=holds)


POOR = an_account(2, balance=-1190)
FROZEN = an_account(2, balance=-1190, frozen=Frozen.OUT)
PAST = {"deadline": NOW}


def agreed(*, the_case=None, by=None, people=()):
    return agree(the_case or case(), now(by or as_member(BEN), people=people))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("wrong_state", {"the_case": case(State.AGREED, POOR)}),
        ("not_permitted", {"by": as_member(ANNA)}),
        ("member_suspended", {"people": (BEN_AWAY,)}),
        ("account_frozen", {"the_case": case(State.PROPOSED, FROZEN)}),
        ("not_enough_hours", {"the_case": case(State.PROPOSED, POOR)}),
    ),
)
def test_agree_in_order_of_refusal(error, arguments):
    assert refusal(lambda: agreed(**arguments)) == error


def test_agreeing_sets_the_receivers_hours_aside():
    changes = agreed()
    hold, exchange = the(changes, Hold), the(changes, Exchange)
    assert account_after(changes, 2).held_minutes == hold.minutes == 60
    assert (exchange.state, exchange.hold) == (State.AGREED, hold.id)
    assert exchange.deadline == hold.deadline == NOW + NEIGHBOURHOOD.agreement_days * A_DAY
    assert isinstance(changes.events[-1], HoldPlaced)


def test_agreeing_first_ends_what_has_lapsed():
    """An old hold past its deadline, swept or not, never stands in the way of a new one."""
    old = a_hold(7, minutes=1200, deadline=NOW)
    changes = agreed(the_case=case(State.PROPOSED, an_account(2, held=1200), holds=[old]))
    assert account_after(changes, 2).held_minutes == 60
    assert {h.outcome for h in written(changes, Hold)} == {None, HoldOutcome.EXPIRED}


def declined(*, the_case=None, by=None, reason=None):
    return decline(the_case or case(), now(by or as_member(BEN)), reason=reason)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("wrong_state", {"the_case": case(State.AGREED)}),
        ("not_permitted", {"by": as_member(ANNA)}),
        ("invalid_input note", {"reason": " "}),
    ),
)
def test_decline_in_order_of_refusal(error, arguments):
    assert refusal(lambda: declined(**arguments)) == error


def test_a_declined_proposal_is_over():
    changes = declined(reason="I am away")
    assert (the(changes, Exchange).state, the(changes, Exchange).deadline) == (
        State.DECLINED,
        None,
    )
    act, note = the(changes, ExchangeAct), the(changes, Note)
    assert (act.reason, act.note_digest is not None) == ("other", True)
    assert (note.about, note.text) == (act.id, "I am away")


# --- report -----------------------------------------------------------------------------------


def reported(*, the_case=None, by=None, hours=AN_HOUR, policy=NEIGHBOURHOOD):
    return report(the_case or case(State.AGREED), now(by, policy=policy), hours=hours)


QUARTERS = replace(NEIGHBOURHOOD, step_minutes=15)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("wrong_state", {"the_case": case(State.PROPOSED)}),
        ("not_permitted", {"by": as_member(CARLA)}),
        ("invalid_hours hours", {"hours": Hours.of(0)}),
        ("hours_not_allowed", {"hours": Hours(minutes=61), "policy": QUARTERS}),
        ("hours_not_allowed", {"hours": Hours(minutes=90)}),
    ),
)
def test_report_in_order_of_refusal(error, arguments):
    assert refusal(lambda: reported(**arguments)) == error


@pytest.mark.parametrize(
    ("by", "fields"),
    [(as_member(ANNA), (75, None)), (as_member(BEN), (None, 75)), (as_broker(BEN), (None, 75))],
)
def test_a_report_is_the_raw_minutes_of_one_side(by, fields):
    exchange = the(reported(by=by, hours=Hours(minutes=75)), Exchange)
    assert (exchange.giver_minutes, exchange.receiver_minutes) == fields
    assert (exchange.state, exchange.deadline) == (State.REPORTED, None)


@pytest.mark.parametrize(
    ("receiver", "giver", "state"),
    [(45, 60, State.REPORTED), (44, 60, State.DISPUTED), (75, 60, State.REPORTED)],
)
def test_reports_beyond_the_band_are_a_dispute(receiver, giver, state):
    before = case(State.REPORTED, said_by_giver=giver)
    changes = reported(the_case=before, by=as_member(BEN), hours=Hours(minutes=receiver))
    assert the(changes, Exchange).state is state


# --- cancel -----------------------------------------------------------------------------------


def cancelled(*, the_case=None, by=None, reason=None):
    return cancel(the_case or case(), now(by), reason=reason)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_officer()}),
        ("wrong_state", {"the_case": case(State.CONFIRMED)}),
        ("not_permitted", {"by": as_member(CARLA)}),
        ("invalid_input note", {"reason": ""}),
    ),
)
def test_cancel_in_order_of_refusal(error, arguments):
    assert refusal(lambda: cancelled(**arguments)) == error


@pytest.mark.parametrize("by", [as_broker(), Actor(person=ANNA, role=Role.BROKER)])
def test_a_broker_says_for_whom_it_is_cancelled(by):
    bank = standing(ANNA, roles=[Role.BROKER])

    def act():
        return cancel(case(), now(by, people=[bank]))

    assert refusal(act) == "invalid_input on_behalf_of"


def test_the_other_side_declines_a_proposal_and_does_not_cancel_it():
    assert refusal(lambda: cancelled(by=as_member(BEN))) == "not_permitted"


@pytest.mark.parametrize("state", [State.PROPOSED, State.AGREED, State.REPORTED])
@pytest.mark.parametrize(("by", "side"), [(as_member(ANNA), Side.GIVER), (as_coordinator(), None)])
def test_who_may_cancel(state, by, side):
    changes = cancelled(the_case=case(state), by=by)
    assert (the(changes, Exchange).state, the(changes, Exchange).deadline) == (
        State.CANCELLED,
        None,
    )
    assert the(changes, ExchangeAct).side is side


@pytest.mark.parametrize("state", [State.AGREED, State.REPORTED])
def test_the_receiver_may_cancel_what_was_agreed(state):
    assert the(cancelled(the_case=case(state), by=as_member(BEN)), Exchange).state is (
        State.CANCELLED
    )


def test_cancelling_releases_the_hold():
    hold = a_hold()
    before = case(State.AGREED, an_account(2, held=60), holds=[hold], hold=hold)
    changes = cancelled(the_case=before)
    assert the(changes, Hold).outcome is HoldOutcome.RELEASED
    assert account_after(changes, 2).held_minutes == 0
    assert [type(e) for e in changes.events].count(HoldEnded) == 1


def test_a_hold_that_has_lapsed_is_not_released_again():
    hold = a_hold(deadline=NOW)
    before = case(State.REPORTED, an_account(2, held=60), holds=[hold], hold=hold)
    changes = cancelled(the_case=before)
    assert the(changes, Hold).outcome is HoldOutcome.EXPIRED
    assert account_after(changes, 2).held_minutes == 0


# --- dispute ----------------------------------------------------------------------------------


def disputed(*, the_case=None, by=None, reason=None):
    return dispute(the_case or case(State.REPORTED), now(by), reason=reason)


OLD = case(
    State.CONFIRMED,
    transaction=transaction_id(1),
    recorded_at=NOW - NEIGHBOURHOOD.dispute_days * A_DAY,
)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": NOT_A_MEMBER}),
        ("wrong_state", {"the_case": case(State.CANCELLED)}),
        ("not_permitted", {"by": as_member(CARLA)}),
        ("too_late", {"the_case": OLD}),
        ("invalid_input note", {"reason": ""}),
    ),
)
def test_dispute_in_order_of_refusal(error, arguments):
    assert refusal(lambda: disputed(**arguments)) == error


@pytest.mark.parametrize("state", [State.REPORTED, State.CONFIRMED])
@pytest.mark.parametrize("by", [as_member(ANNA), as_member(BEN)])
def test_either_side_may_dispute(state, by):
    changes = disputed(the_case=case(state), by=by, reason="not as agreed")
    assert the(changes, Exchange).state is State.DISPUTED
    assert the(changes, ExchangeAct).reason == "not as agreed"


# --- expire -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_nothing_lapses_before_its_time(state):
    before = case(state, deadline=NOW + A_DAY, holds=[a_hold()])
    assert expire(before, now(Actor.system())) == Changes()


@pytest.mark.parametrize("state", [State.PROPOSED, State.AGREED])
def test_what_nobody_acted_on_expires_with_its_hold(state):
    hold = a_hold(deadline=NOW) if state is State.AGREED else None
    before = case(
        state, an_account(2, held=60), holds=[hold] if hold else [], hold=hold, deadline=NOW
    )
    changes = expire(before, now(Actor.system()))
    assert the(changes, Exchange).state is State.EXPIRED
    assert the(changes, ExchangeAct).act is Act.EXPIRE
    assert {h.outcome for h in written(changes, Hold)} <= {HoldOutcome.EXPIRED}
    assert len(written(changes, Account)) == len(before.holds)


def test_a_hold_lapses_while_its_reported_exchange_waits():
    hold = a_hold(deadline=NOW)
    before = case(State.REPORTED, an_account(2, held=60), holds=[hold], hold=hold)
    changes = expire(before, now(Actor.system()))
    assert written(changes, Exchange) == []
    assert the(changes, Hold).outcome is HoldOutcome.EXPIRED
    assert account_after(changes, 2).held_minutes == 0
