"""The pure rules of the custody scheme: tables, orders of refusal, and their laws.

A test is named after the requirement it holds (P-2, P-6 …) where it holds it whole.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.custody.cast import (
    A_DAY,
    ACTIVE,
    a_beneficiary,
    a_file,
    a_history,
    a_membership,
    a_sheet,
    an_instruction,
    another,
    fact,
    inside,
)
from tests.support import refusal
from timebank.custody.domain.attention import is_large, is_shared
from timebank.custody.domain.beneficiary import ACTS, Standing, decided, proposed
from timebank.custody.domain.destination import (
    Part,
    Place,
    check_parts,
    in_force,
    legs_of,
    parts_from,
    parts_text,
)
from timebank.custody.domain.lines import Draft, Worked, lines_of, week_of
from timebank.custody.domain.membership import (
    EARNING,
    FREEZES,
    TRANSITIONS,
    State,
    moved,
)
from timebank.custody.domain.rules import Basis, DestinationClass, Rounding, Rules, rounded
from timebank.custody.domain.sheet import LIVE, STEPS, SheetState, new_sheet, step
from timebank.domain.account import AccountKind, Frozen
from timebank.domain.actor import Role
from timebank.domain.flows import Flow, Verdict
from timebank.domain.policy import CUSTODY
from timebank.testing.builders import (
    TODAY,
    account_id,
    an_account,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    person_id,
    standing,
)

MINUTES = st.integers(0, 24 * 60)
SOMEBODY = another(Role.BROKER, 20)
PEER = standing(person_id(20), status=None, roles=[Role.BROKER, Role.OFFICER])
NOBODY_INSIDE = inside()


# --- P-2, P-3, P-26, P-27: states -------------------------------------------------------------

TABLE = {
    "applied": "admit close death",
    "active": "suspend depart license release abscond death",
    "suspended": "resume depart license release abscond death",
    "transferring": "stay arrive abscond death",
    "released_on_licence": "release recall abscond death",
    "released": "close death",
    "recalled": "suspend resume depart license release abscond death",
    "unlawfully_at_large": "recall close death",
    "deceased": "close",
    "closed": "",
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", TRANSITIONS)
def test_p02_no_other_move_than_those_of_the_table(state, act):
    def move():
        return moved(a_membership(state=state), act, on=TODAY + A_DAY)

    if act in TABLE[state.value].split():
        after = move()
        assert (after.state, after.since) == (TRANSITIONS[act][1], TODAY + A_DAY)
    else:
        assert refusal(move) == "wrong_state"


def test_p02_every_state_can_be_reached_and_only_closed_is_the_end():
    reached, waiting = {State.APPLIED}, [State.APPLIED]
    while waiting:
        here = waiting.pop()
        after = {to for starts, to in TRANSITIONS.values() if here in starts}
        waiting += after - reached
        reached |= after
    assert reached == set(State)
    assert {state.value for state in State if not TABLE[state.value]} == {"closed"}


def test_p03_the_state_of_a_day_is_that_which_held_then():
    history = a_history((-10, State.ACTIVE), (-5, State.SUSPENDED), (-5, State.ACTIVE))
    found = [history.state_on(TODAY + days * A_DAY) for days in (-11, -10, -6, -5, 0)]
    assert found == [None, State.ACTIVE, State.ACTIVE, State.ACTIVE, State.ACTIVE]
    assert {State.ACTIVE} == EARNING


@pytest.mark.parametrize("state", State)
def test_p26_p27_what_each_state_blocks(state):
    blocks = FREEZES[state]
    assert blocks[AccountKind.CUSTODY] is blocks[AccountKind.HELD]
    everything = state in (State.UNLAWFULLY_AT_LARGE, State.DECEASED, State.CLOSED)
    assert (blocks[AccountKind.CUSTODY] is Frozen.ALL) == everything
    outgoing = state in (State.SUSPENDED, State.RECALLED, State.TRANSFERRING)
    assert (blocks[AccountKind.CUSTODY] is Frozen.OUT) == outgoing
    free = state in (State.RELEASED, State.RELEASED_ON_LICENCE)
    assert (blocks[AccountKind.MEMBER] is Frozen.NONE) == free


# --- P-20, P-21: minutes ----------------------------------------------------------------------


@pytest.mark.parametrize(("raw", "credited"), [(52, 60), (70, 75), (60, 60), (0, 0), (1, 15)])
def test_p21_up_to_the_quarter(raw, credited):
    assert rounded(raw, Rounding.UP_TO_QUARTER) == credited
    assert rounded(raw, Rounding.NONE) == raw


@given(MINUTES)
def test_p21_rounding_is_once_never_down_and_less_than_a_quarter(raw):
    credited = rounded(raw, Rounding.UP_TO_QUARTER)
    assert credited % 15 == 0
    assert 0 <= credited - raw < 15
    assert rounded(credited, Rounding.UP_TO_QUARTER) == credited


@given(MINUTES, st.sampled_from(Basis))
def test_p20_only_voluntary_work_is_credited(raw, basis):
    credited = Rules().credited_minutes(raw, basis)
    assert credited == (rounded(raw, Rounding.UP_TO_QUARTER) if basis is Basis.VOLUNTARY else 0)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("session_minutes", {"session_minutes": 0}),
        ("daily_minutes", {"daily_minutes": 0}),
        ("weekly_minutes", {"weekly_minutes": 479}),
        ("beneficiary_days", {"beneficiary_days": 0}),
        ("gift_days", {"gift_days": 0}),
        ("retention_days", {"retention_days": 0}),
        ("gift_percent", {"gift_percent": 0}),
        ("gift_percent", {"gift_percent": 101}),
        ("goods_allowed", {"goods_allowed": frozenset({"food"})}),
    ],
)
def test_rules_that_contradict_themselves_are_refused(field, wrong):
    assert refusal(lambda: Rules(**wrong)) == f"invalid_input {field}"


# --- P-17, P-18: steps and people -------------------------------------------------------------


def stepped(act, state, *acts, by=None, inside=NOBODY_INSIDE, reason="other", **sheet):
    file = a_file(a_sheet(state=state, **sheet), *acts)
    return step(
        file, act, conditions(by=by or as_officer(), people=[PEER]), inside=inside, reason=reason
    )


LEGAL = {
    "submit": {SheetState.DRAFT},
    "verify": {SheetState.SUBMITTED},
    "approve": {SheetState.VERIFIED},
    "post": {SheetState.APPROVED},
    "return": {
        SheetState.DRAFT,
        SheetState.SUBMITTED,
        SheetState.VERIFIED,
        SheetState.APPROVED,
    },
    "reverse": {SheetState.POSTED},
}


@pytest.mark.parametrize("state", SheetState)
@pytest.mark.parametrize("act", STEPS)
def test_p17_a_sheet_moves_one_step_at_a_time(state, act):
    by = as_coordinator()
    if state in LEGAL[act]:
        after, done = stepped(act, state, by=by)
        assert after.state is STEPS[act][1] is done.becomes
        assert (done.act, done.actor, done.n) == (act, by, 1)
    else:
        assert refusal(lambda: stepped(act, state, by=by)) == "wrong_state"


def test_a_returned_or_reversed_sheet_counts_no_more():
    assert set(SheetState) - LIVE == {SheetState.RETURNED, SheetState.REVERSED}


VERIFIED_BY = ("verify", as_officer())
APPROVED_BY = ("approve", as_officer())


@pytest.mark.parametrize(
    ("act", "state", "acts", "by", "sheet"),
    [
        ("verify", SheetState.SUBMITTED, (), as_broker(), {}),
        ("verify", SheetState.SUBMITTED, (), as_officer(), {"drafted_by": as_officer().person}),
        ("approve", SheetState.VERIFIED, (VERIFIED_BY,), as_officer(), {}),
        ("post", SheetState.APPROVED, (("approve", as_coordinator()),), as_coordinator(), {}),
    ],
)
def test_p17_nobody_judges_their_own_part(act, state, acts, by, sheet):
    assert refusal(lambda: stepped(act, state, *acts, by=by, **sheet)) == "second_person_needed"


@pytest.mark.parametrize(("act", "state"), [("verify", "submitted"), ("approve", "verified")])
def test_p17_nobody_on_the_sheet_verifies_or_approves_it(act, state):
    attendee = standing(person_id(1), roles=[Role.OFFICER])
    file = a_file(a_sheet(state=SheetState(state)))
    now = conditions(by=another(Role.OFFICER, 1), people=[attendee])
    assert refusal(lambda: step(file, act, now, inside=NOBODY_INSIDE)) == "second_person_needed"


@pytest.mark.parametrize("act", STEPS)
@pytest.mark.parametrize("state", SheetState)
@pytest.mark.parametrize("role", [Role.BROKER, Role.OFFICER])
def test_p18_a_person_in_custody_holds_no_office_whatever_their_role(act, state, role):
    def attempt():
        return stepped(act, state, by=another(role, 20), inside=inside(20))

    assert refusal(attempt) == "custody_in_custody"


@pytest.mark.parametrize(
    ("act", "state", "by"),
    [
        ("approve", SheetState.VERIFIED, as_broker()),
        ("post", SheetState.APPROVED, as_officer()),
        ("submit", SheetState.DRAFT, as_member(person_id(1))),
        ("verify", SheetState.SUBMITTED, another(Role.COORDINATOR, 20)),
    ],
)
def test_each_step_takes_a_role_that_is_held_today(act, state, by):
    assert refusal(lambda: stepped(act, state, by=by)) == "not_permitted"


def test_a_return_says_why():
    assert refusal(lambda: stepped("return", SheetState.DRAFT, reason=None)) == (
        "invalid_input reason"
    )


# --- P-16, P-19, P-22, P-13: sheets and lines ---------------------------------------------------


LISTENING = Rules(confidential=frozenset({"company"}), goods=frozenset({"food", "garden"}))


def sheeted(*, rules=LISTENING, in_force=None, **more):
    written: dict[str, Any] = {
        "paper": "S-1",
        "entry": 1,
        "category": "learning",
        "worked_on": TODAY,
        "until": None,
        "starts_minute": None,
        "length_minutes": None,
        "supervisor": None,
        "drafted_by": None,
    }
    return new_sheet(**(written | more), rules=rules, conditions=in_force or conditions())


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *(("paper", {"paper": paper}) for paper in (" ", "Ray", "S-Ray", "1" * 9, "Rayy1", 7)),
        ("worked_on", {"worked_on": TODAY + A_DAY}),
        ("until", {"until": TODAY}),
        ("starts", {"starts_minute": 1440, "length_minutes": 30}),
        ("length", {"length_minutes": 481}),
        ("length", {"starts_minute": 600}),
    ],
)
def test_what_is_no_session_is_refused(field, wrong):
    assert refusal(lambda: sheeted(**wrong)) == f"invalid_input {field}"


@pytest.mark.parametrize(
    ("zone", "starts", "ended"),
    [
        ("Europe/London", 660, True),
        ("Europe/London", 661, False),
        ("Europe/Paris", 720, True),
        ("Europe/Paris", 721, False),
        ("America/New_York", 421, False),
    ],
)
def test_a_session_is_entered_once_it_has_ended_by_the_clock_of_the_bank(zone, starts, ended):
    asked = partial(
        sheeted, starts_minute=starts, length_minutes=60, in_force=conditions(zone=zone)
    )
    if ended:
        assert asked().starts_minute == starts
    else:
        assert refusal(asked) == "invalid_input starts"


def test_a_session_past_midnight_is_entered_on_the_next_day():
    late = {"worked_on": TODAY - A_DAY, "starts_minute": 1439, "length_minutes": 480}
    assert sheeted(**late).worked_on == TODAY - A_DAY


WEEK = {"category": "company", "worked_on": TODAY - 6 * A_DAY, "until": TODAY}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("starts", {"starts_minute": 60}),
        ("starts", {"length_minutes": 60}),
        ("supervisor", {"supervisor": person_id(9)}),
        ("until", {"until": None}),
        ("until", {"worked_on": TODAY - 5 * A_DAY}),
    ],
)
def test_p22_a_confidential_activity_is_a_total_of_a_week_or_more_and_nothing_else(field, wrong):
    assert sheeted(**WEEK).days == 7
    assert refusal(lambda: sheeted(**WEEK | wrong)) == f"invalid_input {field}"


def lines(*drafts, sheet=None, elsewhere=(), history=ACTIVE, rules=LISTENING):
    return lines_of(
        sheet or a_sheet(category="learning"),
        drafts,
        elsewhere=elsewhere,
        histories={person_id(n): history for n in (1, 2)},
        rules=rules,
    )


def draft(minutes, person=1, basis=Basis.VOLUNTARY):
    return Draft(person=person_id(person), minutes=minutes, basis=basis)


def rule_of(call):
    """The rule by which a line is refused."""
    from timebank.custody.errors import LineRefused

    with pytest.raises(LineRefused) as caught:
        call()
    return caught.value.rule


@given(st.lists(st.integers(0, 480), min_size=1, max_size=2), st.sampled_from(Basis))
def test_p21_raw_and_credited_minutes_stand_side_by_side(minutes, basis):
    found = lines(*(draft(m, n, basis) for n, m in enumerate(minutes, 1)))
    assert [line.raw_minutes for line in found] == minutes
    expected = [Rules().credited_minutes(m, basis) for m in minutes]
    assert [line.credited_minutes for line in found] == expected


def test_p13_an_activity_that_makes_goods_is_blocked_unless_the_rules_name_it():
    garden = a_sheet(category="garden")
    assert refusal(lambda: lines(draft(60), sheet=garden)) == "custody_goods"
    allowed = replace(LISTENING, goods_allowed=frozenset({"garden"}))
    assert lines(draft(60), sheet=garden, rules=allowed)


def test_p19_more_than_the_session_is_refused():
    session = a_sheet(category="learning", starts=600, length=90)
    assert lines(draft(90), sheet=session)
    assert rule_of(lambda: lines(draft(91), sheet=session)) == "session"


@given(st.integers(0, 1300), st.integers(1, 120), st.integers(0, 1300), st.integers(1, 120))
def test_p19_two_sessions_of_a_day_overlap_exactly_where_they_share_a_minute(a, b, c, d):
    one = a_sheet(1, category="learning", starts=a, length=b)
    other = a_sheet(2, category="learning", starts=c, length=d)
    worked = Worked(person=person_id(1), sheet=other, raw_minutes=1)
    shared = set(range(a, a + b)) & set(range(c, c + d))
    if shared:
        assert rule_of(lambda: lines(draft(1), sheet=one, elsewhere=[worked])) == "overlap"
    else:
        assert lines(draft(1), sheet=one, elsewhere=[worked])
    somebody_else = replace(worked, person=person_id(2))
    assert lines(draft(1), sheet=one, elsewhere=[somebody_else])


@pytest.mark.parametrize(
    ("days", "before", "rule"), [(0, 421, "daily"), (0, 420, None), (1, 480, None)]
)
def test_p19_the_cap_of_a_day(days, before, rule):
    other = a_sheet(2, on=TODAY - days * A_DAY)
    act = [Worked(person=person_id(1), sheet=other, raw_minutes=before)]
    if rule is None:
        assert lines(draft(60), elsewhere=act)
    else:
        assert rule_of(lambda: lines(draft(60), elsewhere=act)) == rule


@given(st.integers(0, 6), st.integers(-7, 7))
def test_p19_the_cap_of_a_week_counts_from_monday_to_sunday(weekday, days):
    monday, sunday = week_of(TODAY)
    day = monday + weekday * A_DAY
    other = a_sheet(2, on=day + days * A_DAY)
    sheet = a_sheet(category="learning", on=day)
    full = Worked(person=person_id(1), sheet=other, raw_minutes=35 * 60)
    rules = replace(LISTENING, daily_minutes=35 * 60, session_minutes=35 * 60)

    def act():
        return lines(draft(1), sheet=sheet, elsewhere=[full], rules=rules)

    if monday <= other.worked_on <= sunday:
        assert rule_of(act) in ("daily", "weekly")
    else:
        assert act()


def test_p19_a_total_of_a_period_keeps_to_the_caps_of_its_days():
    period = a_sheet(category="company", on=TODAY - 6 * A_DAY, until=TODAY)
    assert lines(draft(35 * 60), sheet=period)
    assert rule_of(lambda: lines(draft(35 * 60 + 1), sheet=period)) == "weekly"


@pytest.mark.parametrize("state", State)
def test_p03_who_earns_is_judged_by_the_day_worked(state):
    late = a_history((-100, State.APPLIED), (0, state))
    yesterday = a_history((-100, State.ACTIVE), (0, state))
    then = a_sheet(category="learning", on=TODAY - A_DAY)
    assert lines(draft(60), sheet=then, history=yesterday)
    if state is State.ACTIVE:
        assert lines(draft(60), history=late)
    else:
        assert rule_of(lambda: lines(draft(60), history=late)) == "standing"


def test_lines_that_can_never_be_right():
    assert refusal(lines) == "invalid_input lines"
    assert refusal(lambda: lines(draft(1), draft(2))) == "invalid_input lines"
    assert refusal(lambda: lines(draft(-1))) == "invalid_input minutes"
    assert rule_of(lambda: lines(draft(1, person=3))) == "standing"


# --- P-8, P-9: beneficiaries ------------------------------------------------------------------

FAMILY = an_account(40, kind=AccountKind.MEMBER)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        ("custody_in_custody", {"by": another(Role.BROKER, 20), "inside": inside(20)}),
        ("not_permitted", {"by": as_member(person_id(1))}),
        ("not_permitted", {"by": another(Role.COORDINATOR, 20)}),
        ("invalid_input account", {"account": an_account(40, kind=AccountKind.CUSTODY)}),
        ("invalid_input account", {"account": an_account(40, kind=AccountKind.POT)}),
        ("invalid_input account", {"account": an_account(1)}),
        ("invalid_input account", {"inside": inside(40)}),
    ],
)
def test_who_is_proposed_as_a_beneficiary(error, arguments):
    def act(*, by=None, account=FAMILY, inside=NOBODY_INSIDE):
        now = conditions(by=by, people=[PEER])
        return proposed(person_id(1), account, now, inside=inside)

    found, done = act()
    assert (found.standing, done.act) == (Standing.PROPOSED, "propose")
    assert refusal(lambda: act(**arguments)) == error


def judged(act, before, *, by=None, approved_by=None, inside=NOBODY_INSIDE, days=30, reason="x"):
    return decided(
        a_beneficiary(standing=before, review=None),
        act,
        conditions(by=by, approved_by=approved_by, people=[PEER]),
        inside=inside,
        review_on=None if days is None else TODAY + days * A_DAY,
        reason=reason,
    )


@pytest.mark.parametrize("before", Standing)
@pytest.mark.parametrize("act", ACTS)
def test_p09_a_decision_is_stored_with_both_people_and_the_day_to_look_again(act, before):
    def decide():
        return judged(act, before, approved_by=as_officer())

    if before not in ACTS[act][0]:
        assert refusal(decide) == "wrong_state"
        return
    after, done = decide()
    assert after.standing is ACTS[act][1]
    assert (done.actor, done.approver) == (as_coordinator(), as_officer())
    if act != "end":
        assert after.review_on == done.review_on == TODAY + 30 * A_DAY
        assert after.approved_on is not None


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        ("custody_in_custody", {"approved_by": another(Role.OFFICER, 20), "inside": inside(20)}),
        ("not_permitted", {"by": as_member(person_id(1)), "approved_by": as_officer()}),
        ("second_person_needed", {}),
        ("second_person_needed", {"approved_by": as_coordinator()}),
        ("not_permitted", {"approved_by": as_broker()}),
        ("invalid_input review_on", {"approved_by": as_officer(), "days": None}),
        ("invalid_input review_on", {"approved_by": as_officer(), "days": 0}),
    ],
)
def test_two_people_approve_a_beneficiary_until_a_day_ahead(error, arguments):
    assert refusal(lambda: judged("approve", Standing.PROPOSED, **arguments)) == error


def test_one_person_ends_it_and_says_why():
    assert judged("end", Standing.APPROVED)[0].standing is Standing.ENDED
    assert refusal(lambda: judged("end", Standing.APPROVED, reason=None)) == "invalid_input reason"


@given(st.sampled_from(Standing), st.integers(-400, 400))
def test_p08_hours_may_go_to_an_approved_beneficiary_up_to_the_day_of_its_review(held, days):
    one = a_beneficiary(standing=held, review=days)
    assert one.may_receive(TODAY) == (held is Standing.APPROVED and days >= 0)
    assert not a_beneficiary(review=None).may_receive(TODAY)


# --- P-11, P-12: destinations -----------------------------------------------------------------

PLACES = st.sampled_from([Place.OWN, Place.HELD, Place.POT])
PARTS = st.lists(
    st.builds(Part, place=PLACES, weight=st.integers(1, 9)),
    min_size=1,
    max_size=3,
    unique_by=lambda part: part.place,
).map(tuple)
GRAN = Part(place=Place.BENEFICIARY, beneficiary=a_beneficiary().id)


def legs(minutes, *parts, class_=DestinationClass.OWN, gran=None, inside=NOBODY_INSIDE):
    one = gran or a_beneficiary()
    return legs_of(
        minutes,
        an_instruction(1, *parts) if parts else None,
        {one.id: one},
        class_=class_,
        today=TODAY,
        inside=inside,
        owners={one.id: person_id(40)},
    )


@given(MINUTES, PARTS)
def test_p11_a_split_is_in_whole_minutes_and_sums_exactly(minutes, parts):
    found = legs(minutes, *parts, GRAN)
    assert sum(leg.minutes for leg in found) == minutes
    assert all(type(leg.minutes) is int and leg.minutes > 0 for leg in found)
    assert {leg.place for leg in found} <= {part.place for part in (*parts, GRAN)}


@given(MINUTES, PARTS)
def test_p12_a_class_other_than_own_leaves_the_earner_no_choice(minutes, parts):
    pot = legs(minutes, *parts, class_=DestinationClass.POT_ONLY)
    assert [(leg.place, leg.minutes) for leg in pot] == ([(Place.POT, minutes)] if minutes else [])
    assert legs(minutes, *parts, class_=DestinationClass.RECOGNISED_ONLY) == ()


def test_the_pot_is_the_ordinary_destination():
    assert [(leg.place, leg.minutes, leg.lapsed) for leg in legs(60)] == [(Place.POT, 60, False)]


@pytest.mark.parametrize(
    "gone",
    [
        {"gran": a_beneficiary(review=-1)},
        {"gran": a_beneficiary(standing=Standing.ENDED)},
        {"gran": a_beneficiary(standing=Standing.PROPOSED)},
        {"inside": inside(40)},
    ],
)
def test_p09_what_lapsed_falls_back_to_the_pot(gone):
    assert [(leg.place, leg.lapsed) for leg in legs(60, GRAN)] == [(Place.BENEFICIARY, False)]
    assert [(leg.place, leg.beneficiary, leg.lapsed) for leg in legs(60, GRAN, **gone)] == [
        (Place.POT, None, True)
    ]


@given(st.lists(st.tuples(st.integers(-20, 20), st.booleans()), max_size=8))
def test_p11_the_instruction_in_force_is_the_sheets_own_or_the_latest_before_the_work(given_):
    sheet = fact(101)
    found = [
        an_instruction(n, Part(place=Place.POT), days=days, sheet=sheet if own else None)
        for n, (days, own) in enumerate(given_)
    ]
    chosen = in_force(found, sheet=sheet, day=TODAY)
    own = [one for one in found if one.sheet == sheet]
    others = [one for one in found if one.sheet is None and one.given_on <= TODAY]
    best = max(own or others, key=lambda one: (one.given_on, one.id), default=None)
    assert chosen == best


@given(PARTS)
def test_parts_survive_as_text(parts):
    assert parts_from(parts_text((*parts, GRAN))) == (*parts, GRAN)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (Part(place=Place.POT), Part(place=Place.POT, weight=2)),
        (Part(place=Place.POT, weight=0),),
        (Part(place=Place.BENEFICIARY),),
        (Part(place=Place.POT, beneficiary=fact(301)),),
        (Part(place=Place.BENEFICIARY, beneficiary=fact(9)),),
        (Part(place=Place.HELD),),
    ],
)
def test_parts_that_make_no_instruction(wrong):
    one = a_beneficiary()
    rules = Rules(held_allowed=False)
    assert refusal(lambda: check_parts(wrong, {one.id: one}, rules)) == "invalid_input parts"
    check_parts((GRAN, Part(place=Place.POT, weight=3)), {one.id: one}, rules)


# --- P-10: eyes -------------------------------------------------------------------------------


def test_p10_an_account_that_two_people_in_custody_give_to_is_shown():
    one, other = a_beneficiary(), replace(a_beneficiary(2), person=person_id(2))
    same = replace(other, account=one.account)
    assert is_shared(one.account, one.person, [same])
    assert not is_shared(one.account, one.person, [one, other])
    ended = replace(same, standing=Standing.ENDED)
    assert not is_shared(account_id(71), one.person, [ended])


@pytest.mark.parametrize(
    ("minutes", "days", "shown"), [(51, 29, True), (50, 29, False), (51, 30, False)]
)
def test_p10_a_large_gift_soon_after_the_approval_is_shown(minutes, days, shown):
    one = replace(a_beneficiary(), approved_on=TODAY - timedelta(days=days))
    assert is_large(minutes, 100, one, today=TODAY, rules=Rules()) is shown
    never = replace(one, approved_on=None)
    assert not is_large(100, 100, never, today=TODAY, rules=Rules())


# --- P-1, P-6, P-7: fixed, whatever a policy says ------------------------------------------------

K = AccountKind


@pytest.mark.parametrize(
    ("source", "target"),
    [(K.CUSTODY, K.CUSTODY), (K.HELD, K.HELD), (K.HELD, K.CUSTODY), (K.MEMBER, K.CUSTODY)],
)
def test_p01_p06_no_house_rules_let_hours_go_to_somebody_else_inside(source, target):
    for verdict in (Verdict.ALLOWED, Verdict.APPROVAL):
        flows = (Flow(source=source, target=target, verdict=verdict),)
        assert refusal(partial(replace, CUSTODY, flows=flows)) == "invalid_input flows"


@pytest.mark.parametrize("source", [K.POT, K.ISSUANCE, K.ORGANISATION, K.CLEARING])
@pytest.mark.parametrize("target", [K.CUSTODY, K.HELD])
def test_p07_no_house_rules_let_one_person_alone_give_hours_to_somebody_inside(source, target):
    flows = (Flow(source=source, target=target, verdict=Verdict.ALLOWED),)
    assert refusal(partial(replace, CUSTODY, flows=flows)) == "invalid_input flows"
