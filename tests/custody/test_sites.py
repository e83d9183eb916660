"""P-24 and P-28: people who move between sites, each a bank of its own, and sites that close."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends import SqlBackend
from tests.custody.cast import fact
from tests.custody.follow import rerouted
from tests.custody.scheme import INSIDE, Scheme, a_scheme
from tests.custody.test_audit import found
from tests.custody.test_scheme import earned, keep, membership
from tests.guards.raw import refusal as raw_refusal
from tests.support import refusal
from timebank import Hours, TransactionDraft, Transfer, accounts, members, transfers
from timebank.custody import Part, Place, destinations, people, queries, sheets, sites
from timebank.custody import scheme as schemes
from timebank.custody.domain import audit
from timebank.custody.domain.attention import Rule
from timebank.custody.domain.membership import State
from timebank.custody.domain.site import code_of, read_code, wound_up
from timebank.custody.errors import SiteStillOpen
from timebank.domain.account import AccountKind
from timebank.testing.builders import account_id, an_account

HOUR = Hours.of(1)


@pytest.fixture
def leyhill(scheme: Scheme) -> Scheme:
    """Another site in the same database, with the same names by chance."""
    assert isinstance(scheme.backend, SqlBackend)
    return a_scheme(scheme.backend, "leyhill")


def slip(scheme: Scheme) -> str:
    """The code of the last move."""
    return scheme.see(sites.passages)[-1][0].code


def half_held(scheme: Scheme) -> None:
    keep(scheme, "ray", parts=(Part(place=Place.OWN), Part(place=Place.HELD, weight=2)))
    scheme.posted("S-1", ("ray", 90))
    assert scheme.minutes("ray") == (30, 60, 0)


def left_with_hours(scheme: Scheme) -> str:
    """The code of Ray, who is on the way to Leyhill with 90 minutes."""
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    return slip(scheme)


# --- codes --------------------------------------------------------------------------------------


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 30), st.sampled_from("0123x-"))
def test_a_slip_of_the_pen_in_a_code_is_noticed(
    custody: int, held: int, at: int, other: str
) -> None:
    code = code_of(fact(7), custody, held)
    assert read_code(f" {code.upper()} ") == (code, custody, held)
    slipped = code[:at] + other + code[at + 1 :]
    if slipped != code:
        assert refusal(partial(read_code, slipped)) == "invalid_input code"


# --- P-24 ---------------------------------------------------------------------------------------


def test_p24_every_minute_goes_along_and_both_sites_stay_at_zero(
    scheme: Scheme, leyhill: Scheme
) -> None:
    half_held(scheme)
    scheme.sheet("S-9", ("ray", 60))
    scheme.two(sites.move_out, "ray", to="leyhill")
    assert scheme.see(sites.unposted, "ray") == ("S-9",)
    assert (scheme.minutes("ray"), scheme.balance("clearing")) == ((0, 0, 0), 90)
    assert membership(scheme, "ray").state is State.TRANSFERRING
    code = slip(scheme)
    leyhill.two(sites.move_in, code, person="sam", site="riverside")
    assert (leyhill.minutes("sam"), leyhill.balance("clearing")) == ((30, 60, 0), -90)
    assert (scheme.total(), leyhill.total()) == (0, 0)
    assert scheme.balance("clearing") + leyhill.balance("clearing") == 0
    scheme.two(sites.move_arrived, code)
    assert membership(scheme, "ray").state is State.CLOSED
    assert (found(scheme), found(leyhill)) == ({}, {})


def test_p24_a_code_is_taken_once_and_by_two_people(scheme: Scheme, leyhill: Scheme) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    code, asked = slip(scheme), {"person": "sam", "site": "riverside"}
    alone = {**asked, "by": leyhill.cora, "approved_by": leyhill.cora}
    assert refusal(lambda: leyhill.do(sites.move_in, code, **alone)) == "second_person_needed"
    leyhill.two(sites.move_in, code, **asked)
    assert refusal(lambda: leyhill.two(sites.move_in, code, **asked)) == "ref_taken"
    other = asked | {"person": "tom"}
    assert refusal(lambda: leyhill.two(sites.move_in, code, **other)) == "ref_taken"
    forged = code_of(fact(1), 5000, 0)
    leyhill.two(sites.move_in, forged, **other)
    assert leyhill.balance("clearing") != -scheme.balance("clearing")


def test_p24_nobody_moves_to_the_site_where_they_are(scheme: Scheme) -> None:
    half_held(scheme)
    assert refusal(lambda: scheme.two(sites.move_out, "ray", to="riverside")) == "invalid_input to"
    asked = {"person": "sam", "site": "riverside"}
    code = code_of(fact(1), 90, 0)
    assert refusal(lambda: scheme.two(sites.move_in, code, **asked)) == "invalid_input site"
    assert membership(scheme, "ray").state is State.ACTIVE


def test_p24_a_slip_is_not_taken_where_it_was_made(scheme: Scheme) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    code, other = slip(scheme), {"person": "sam", "site": "leyhill"}
    assert refusal(lambda: scheme.two(sites.move_in, code, **other)) == "invalid_input code"
    assert scheme.minutes("sam") == (0, 0, 0)


def test_p24_a_move_that_did_not_take_place_is_taken_back(scheme: Scheme) -> None:
    code = left_with_hours(scheme)
    scheme.two(sites.move_cancel, code)
    assert (scheme.minutes("ray"), scheme.balance("clearing")) == ((30, 60, 0), 0)
    assert membership(scheme, "ray").state is State.ACTIVE
    for action in (sites.move_cancel, sites.move_arrived):
        assert refusal(partial(scheme.two, action, code)) == "wrong_state"
    assert refusal(lambda: scheme.two(sites.move_cancel, code_of(fact(9), 1, 1))) == "not_found"
    assert found(scheme) == {}


def test_p24_a_slip_that_was_entered_wrongly_is_taken_back_and_taken_anew(
    scheme: Scheme, leyhill: Scheme
) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="tom", site="northgate")
    alone = {"by": leyhill.cora, "approved_by": leyhill.cora}
    assert refusal(lambda: leyhill.do(sites.move_cancel, code, **alone)) == "second_person_needed"
    assert refusal(lambda: leyhill.two(sites.move_arrived, code)) == "not_found"
    leyhill.two(sites.move_cancel, code)
    assert (leyhill.minutes("tom"), leyhill.balance("clearing")) == ((0, 0, 0), 0)
    assert membership(leyhill, "tom").state is State.ACTIVE
    assert refusal(lambda: leyhill.two(sites.move_cancel, code)) == "wrong_state"
    leyhill.two(sites.move_in, code, person="sam", site="riverside")
    assert (leyhill.minutes("sam"), leyhill.balance("clearing")) == ((30, 60, 0), -90)
    again = {"person": "tom", "site": "riverside"}
    assert refusal(lambda: leyhill.two(sites.move_in, code, **again)) == "ref_taken"
    assert [one.entry for one, _ in leyhill.see(sites.passages)] == [1, 2]
    assert (found(leyhill), leyhill.total()) == ({}, 0)


def test_p24_the_last_half_of_a_code_is_told_by_its_entry_as_clocks_drift_back(
    scheme: Scheme, leyhill: Scheme
) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="tom", site="riverside")
    leyhill.two(sites.move_cancel, code)
    leyhill.backend.clock.advance(timedelta(seconds=-60))
    leyhill.two(sites.move_in, code, person="sam", site="riverside")
    again = {"person": "tom", "site": "riverside"}
    assert refusal(lambda: leyhill.two(sites.move_in, code, **again)) == "ref_taken"
    leyhill.two(sites.move_cancel, code)
    assert (leyhill.minutes("sam"), leyhill.balance("clearing")) == ((0, 0, 0), 0)


def test_p24_hours_that_came_and_went_on_are_not_taken_back(
    scheme: Scheme, leyhill: Scheme
) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="tom", site="riverside")
    leyhill.two(destinations.give, "tom", hours=Hours(minutes=30))
    assert refusal(lambda: leyhill.two(sites.move_cancel, code)) == "not_enough_hours"
    assert found(leyhill) == {}


@pytest.mark.parametrize("event", [people.death, people.abscond, people.release, sites.move_out])
def test_p27_a_code_is_not_taken_back_from_somebody_who_is_not_inside_any_more(
    scheme: Scheme, leyhill: Scheme, event: Any
) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="tom", site="riverside")
    asked: dict[str, Any] = {"by": leyhill.cora}
    if event in (people.release, sites.move_out):
        asked["approved_by"] = leyhill.olga
    if event is not people.death:
        asked |= {"to": "northgate"} if event is sites.move_out else {"reason": "other"}
    leyhill.do(event, "tom", **asked)
    had = leyhill.minutes("tom")
    assert refusal(lambda: leyhill.two(sites.move_cancel, code)) == "wrong_state"
    assert leyhill.minutes("tom") == had


@pytest.mark.parametrize("blocked", [True, False])
def test_p06_a_code_taken_back_and_anew_for_another_is_shown_with_both_people(
    scheme: Scheme, leyhill: Scheme, blocked: bool
) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    code, tom = slip(scheme), membership(leyhill, "tom")
    leyhill.two(sites.move_in, code, person="tom", site="riverside")
    scheme.two(sites.move_arrived, code)
    leyhill.days(40)
    if blocked:
        leyhill.do(people.suspend, "tom", reason="safeguarding", by=leyhill.cora)
    leyhill.two(sites.move_cancel, code)
    leyhill.two(sites.move_in, code, person="sam", site="riverside")
    shown = [
        (one.rule, one.person, one.account, one.minutes)
        for one, _ in leyhill.see(schemes.exceptions)
    ]
    sam = leyhill.people["sam"]
    assert shown == [
        (Rule.MOVE_TAKEN_BACK, tom.id, tom.custody, 90),
        (Rule.CODE_TAKEN_ANEW, sam, tom.custody, 90),
    ]
    assert [one.found for one in leyhill.audit().notices] == [rule.value for rule, *_ in shown]
    assert (found(leyhill), rerouted(leyhill)) == ({}, 1)


def test_p31_the_export_says_how_each_half_of_a_move_ended(scheme: Scheme, leyhill: Scheme) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="tom", site="riverside")
    assert [one["ended"] for one in leyhill.see(people.access, "tom")["moves"]] == [None]
    leyhill.two(sites.move_cancel, code)
    assert [one["ended"] for one in leyhill.see(people.access, "tom")["moves"]] == ["cancelled"]
    scheme.two(sites.move_arrived, code)
    assert [one["ended"] for one in scheme.see(people.access, "ray")["moves"]] == ["arrived"]


def test_p24_a_code_taken_anew_for_the_same_person_is_shown_once(
    scheme: Scheme, leyhill: Scheme
) -> None:
    code = left_with_hours(scheme)
    leyhill.two(sites.move_in, code, person="sam", site="northgate")
    leyhill.two(sites.move_cancel, code)
    leyhill.two(sites.move_in, code, person="sam", site="riverside")
    (shown,) = leyhill.see(schemes.exceptions)
    assert shown[0].rule is Rule.MOVE_TAKEN_BACK


@pytest.mark.parametrize("event", [people.death, people.abscond])
@pytest.mark.parametrize("end", [sites.move_arrived, sites.move_cancel])
def test_p27_somebody_who_never_arrives_is_settled_by_two_people(
    scheme: Scheme, event: Any, end: Any
) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    why = {} if event is people.death else {"reason": "other"}
    scheme.do(event, "ray", by=scheme.cora, **why)
    close = partial(scheme.two, people.close, "ray", reason="other")
    assert refusal(close) == "not_yet_empty"
    scheme.two(end, slip(scheme))
    back = 90 if end is sites.move_cancel else 0
    assert (sum(scheme.minutes("ray")), scheme.balance("clearing")) == (back, 90 - back)
    close()
    assert (membership(scheme, "ray").state, scheme.pot()) == (State.CLOSED, back)
    assert found(scheme) == {}


def test_p24_nobody_with_hours_on_the_way_is_released_or_moved_again(scheme: Scheme) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    scheme.do(people.abscond, "ray", reason="other", by=scheme.cora)
    scheme.do(people.recall, "ray", reason="other", by=scheme.cora)
    release = partial(scheme.two, people.release, "ray", reason="other")
    again = partial(scheme.two, sites.move_out, "ray", to="leyhill")
    assert (refusal(release), refusal(again)) == ("not_yet_empty", "not_yet_empty")
    scheme.two(sites.move_cancel, slip(scheme))
    assert membership(scheme, "ray").state is State.RECALLED
    release()
    assert scheme.minutes("ray") == (0, 0, 90)


def test_p24_it_cannot_be_taken_back_once_the_other_half_is_known(scheme: Scheme) -> None:
    half_held(scheme)
    scheme.two(sites.move_out, "ray", to="leyhill")
    scheme.two(sites.move_arrived, slip(scheme))
    assert refusal(lambda: scheme.two(sites.move_cancel, slip(scheme))) == "wrong_state"


def test_p24_work_of_the_days_before_is_credited_and_keeps_the_move_open(scheme: Scheme) -> None:
    scheme.days(1)
    yesterday = membership(scheme, "ray").since
    scheme.two(sites.move_out, "ray", to="leyhill")
    scheme.posted("S-1", ("ray", 60), on=yesterday)
    assert scheme.minutes("ray") == (60, 0, 0)
    assert refusal(lambda: scheme.two(sites.move_arrived, slip(scheme))) == "not_yet_empty"


def test_p24_a_half_without_the_other_waits_and_is_shown_after_a_fortnight(scheme: Scheme) -> None:
    scheme.two(sites.move_out, "ray", to="leyhill")
    (waiting,) = scheme.see(schemes.todo)
    assert (waiting.what, waiting.next_step) == ("move to leyhill", "arrived or cancel")
    scheme.days(14)
    assert scheme.audit().notices == ()
    scheme.days(1)
    assert [notice.check for notice in scheme.audit().notices] == ["custody_moves"]
    scheme.two(sites.move_arrived, slip(scheme))
    assert (scheme.see(schemes.todo), scheme.audit().notices) == ((), ())


def test_p24_hours_that_no_slip_says_are_found(scheme: Scheme) -> None:
    scheme.do(accounts.open, kind="clearing", label="clearing", by=scheme.cora)
    clearing = scheme.see(accounts.get, "clearing").id
    move = Transfer(source=clearing, target=membership(scheme, "ray").custody, hours=HOUR)
    scheme.two(transfers.post, [TransactionDraft(transfers=(move,))])
    assert found(scheme) == {audit.PASSAGES: 1, audit.CREDITS: 1}


# --- P-28 ---------------------------------------------------------------------------------------


def windup(scheme: Scheme) -> Any:
    return scheme.two(sites.windup)


def test_p28_a_site_is_not_wound_up_with_anything_open(scheme: Scheme) -> None:
    half_held(scheme)
    assert refusal(lambda: windup(scheme)) == "custody_site_still_open"
    scheme.two(sites.move_out, "ray", to="leyhill")
    for ref in ("sam", "tom"):
        scheme.do(people.death, ref, by=scheme.cora)
        scheme.two(people.close, ref, reason="other")
    assert refusal(lambda: windup(scheme)) == "custody_site_still_open"
    scheme.two(sites.move_arrived, slip(scheme))
    alone = {"by": scheme.cora, "approved_by": scheme.cora}
    assert refusal(lambda: scheme.do(sites.windup, **alone)) == "second_person_needed"
    asked = {"paper": "Q-1", "concern": "missing", "by": scheme.cora}
    wrong = scheme.made(queries.open, "sam", **asked)
    for wind in (windup, lambda one: one.see(sites.plan)):
        with pytest.raises(SiteStillOpen, match=r"slips without an answer \(Q-1\)"):
            wind(scheme)
    scheme.do(queries.answer, wrong, outcome="stands", by=scheme.cora)
    windup(scheme)


def test_p28_at_the_end_every_account_is_at_zero_and_every_hour_has_a_destination(
    scheme: Scheme,
) -> None:
    one = scheme.beneficiary("ray", "gran")
    earned(scheme, "ray", 240)
    scheme.posted("S-1", ("sam", 90), ("tom", 60))
    scheme.do(accounts.open, kind="activity", label="library", by=scheme.cora)
    price = {"account": "library", "hours": Hours(minutes=15)}
    scheme.two(destinations.set_price, "library", **price)
    scheme.do(destinations.spend, "ray", item="library", by=scheme.cora)
    scheme.two(destinations.give, "ray", hours=HOUR, beneficiary=one)
    scheme.do(members.join, name="Hospice", ref="hospice", kind="organisation", by=scheme.cora)
    scheme.do(members.approve, "hospice", by=scheme.cora)
    paid = scheme.approved("S-2", ("sam", 45))
    scheme.do(sheets.post, paid, payer="hospice", by=scheme.cora)
    waiting = scheme.sheet("S-3", ("tom", 60))
    for ref in INSIDE:
        scheme.two(people.release, ref, reason="other")
    assert refusal(lambda: windup(scheme)) == "custody_site_still_open"
    scheme.do(sheets.return_, waiting, reason="other", by=scheme.cora)
    before = {view.id: view.balance.minutes for view in scheme.see(accounts.list)}
    done = windup(scheme)
    after = [view.balance.minutes for view in scheme.see(accounts.list)]
    assert {*after} == {0}
    assert any(before.values())
    assert done.events[0].act == "wound up"
    last = scheme.see(transfers.list, limit=1000)[-1]
    left = {t.source for t in last.transfers}
    assert {id_ for id_, minutes in before.items() if minutes > 0} <= left
    assert found(scheme) == {}
    windup(scheme)
    assert scheme.see(transfers.list, limit=1000)[-1] == last
    assert isinstance(scheme.backend, SqlBackend)
    for statement in ("DELETE FROM", "UPDATE"):
        table = f"{statement} timebank_custody_windup" + (
            " SET minutes = 1" * (statement[0] == "U")
        )
        assert raw_refusal(scheme.backend.engine, table) == "TRIGGER"


KINDS = [AccountKind.MEMBER, AccountKind.ORGANISATION, AccountKind.ACTIVITY, AccountKind.CLEARING]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-500, 500)), max_size=8))
def test_p28_whatever_the_balances_were_they_end_at_zero(balances: list[tuple[Any, int]]) -> None:
    some = [
        an_account(n, kind=kind, balance=minutes, floor=None)
        for n, (kind, minutes) in enumerate(balances, start=1)
    ]
    pot = an_account(90, kind=AccountKind.POT, balance=70, floor=None)
    closure = an_account(92, kind=AccountKind.CLOSURE, floor=None)
    issued = -70 - sum(account.balance_minutes for account in some)
    issuance = an_account(91, kind=AccountKind.ISSUANCE, balance=min(issued, 0), floor=None)
    rest = an_account(93, kind=AccountKind.CLEARING, balance=max(issued, 0), floor=None)
    every = [*some, pot, closure, issuance, rest]
    moves = wound_up(every, open_matters={"things": ()}, pot=pot.id, closure=closure.id)
    left = {account.id: account.balance_minutes for account in every}
    for move in moves:
        left[move.source] -= move.hours.minutes
        left[move.target] += move.hours.minutes
    assert {*left.values()} == {0}


@pytest.mark.parametrize("kind", [AccountKind.CUSTODY, AccountKind.HELD, AccountKind.RESERVE])
def test_p28_hours_that_have_no_destination_yet_stop_it(kind: AccountKind) -> None:
    ends = {"pot": account_id(90), "closure": account_id(92)}
    left = an_account(1, kind=kind, balance=1)
    assert refusal(lambda: wound_up([left], open_matters={}, **ends)) == "not_yet_empty"
    held = an_account(1, kind=AccountKind.MEMBER, balance=1, held=1)
    assert refusal(lambda: wound_up([held], open_matters={}, **ends)) == "not_yet_empty"
    assert refusal(lambda: wound_up([], open_matters={"sheets": ["S-1"]}, **ends)) == (
        "custody_site_still_open"
    )
