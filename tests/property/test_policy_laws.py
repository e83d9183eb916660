"""Laws of rounding, levies and flows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.account import AccountKind
from timebank.domain.flows import NEVER, Flow, Verdict
from timebank.domain.policy import NEIGHBOURHOOD, Rounding
from timebank.errors import HoursNotAllowed, InputError
from timebank.testing.strategies import flows, policies, roundings

minutes = st.integers(1, 24 * 60)


@given(roundings(), minutes)
def test_rounding_is_to_a_step_and_never_to_nothing(rounding, raw):
    step, rule = rounding
    policy = replace(NEIGHBOURHOOD, step_minutes=step, rounding=rule)
    try:
        credited = policy.credited_minutes(raw)
    except HoursNotAllowed:
        off_the_step = rule is Rounding.NONE and raw % step
        to_nothing = rule is Rounding.NEAREST and 2 * raw < step
        assert off_the_step or to_nothing
        return
    assert credited >= 1
    assert credited % step == 0
    off = credited - raw
    assert {
        Rounding.NONE: off == 0,
        Rounding.UP: 0 <= off < step,
        Rounding.NEAREST: -step < 2 * off <= step,
    }[rule]


@given(roundings(), minutes)
def test_what_is_rounded_stays_as_it_is(rounding, raw):
    step, rule = rounding
    policy = replace(NEIGHBOURHOOD, step_minutes=step, rounding=rule)
    assert policy.credited_minutes(24 * 60 - 24 * 60 % step) == 24 * 60
    if raw % step == 0:
        assert policy.credited_minutes(raw) == raw


@given(policies(), minutes)
def test_a_levy_never_takes_more_than_its_share(policy, credited):
    levy = policy.levy_minutes(credited)
    assert 0 <= levy <= credited
    assert levy * 100 <= credited * policy.levy_percent < (levy + 1) * 100


@given(policies())
def test_no_policy_lifts_a_fixed_never(policy):
    assert {policy.flow(*pair)[0] for pair in NEVER} == {Verdict.NEVER}


@given(flows(), st.sampled_from(sorted(NEVER, key=str)), st.sampled_from(Verdict))
def test_a_policy_that_tries_is_refused(table, pair, verdict):
    others = tuple(flow for flow in table if (flow.source, flow.target) != pair)
    tried = (*others, Flow(source=pair[0], target=pair[1], verdict=verdict))
    if verdict is Verdict.NEVER:
        assert replace(NEIGHBOURHOOD, flows=tried).flow(*pair)[0] is Verdict.NEVER
        return
    with pytest.raises(InputError):
        replace(NEIGHBOURHOOD, flows=tried)


@given(flows())
def test_what_no_flow_names_is_never_allowed(table):
    policy = replace(NEIGHBOURHOOD, flows=table)
    named = {(flow.source, flow.target): flow.verdict for flow in table}
    for pair in ((a, b) for a in AccountKind for b in AccountKind):
        assert policy.flow(*pair)[0] is named.get(pair, Verdict.NEVER)
