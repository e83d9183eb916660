"""House rules: presets, limits, rounding, levy, lists."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support import refusal
from timebank.domain.account import AccountKind as K
from timebank.domain.flows import Flow, Verdict
from timebank.domain.hours import Hours
from timebank.domain.policy import (
    AGENCY_ISSUED,
    CUSTODY,
    NEIGHBOURHOOD,
    PRESETS,
    Rounding,
    house_rules,
    preset,
)
from timebank.errors import HoursNotAllowed, UnknownCategory


def test_presets_have_their_own_names():
    assert {name: preset(name).preset for name in PRESETS} == {name: name for name in PRESETS}
    assert refusal(lambda: preset("free for all")) == "invalid_input policy"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step_minutes", 7),
        ("member_floor_minutes", 1),
        ("member_ceiling_minutes", 0),
        ("organisation_floor_minutes", 60),
        ("organisation_ceiling_minutes", -1),
        ("levy_percent", -1),
        ("levy_percent", 101),
        ("max_exchange_minutes", 0),
        ("proposal_days", 0),
        ("agreement_days", 0),
        ("clock_ahead_days", 0),
        ("band_minutes", -1),
        ("dispute_days", -1),
        ("clock_behind_minutes", -1),
        ("allotment_minutes", -1),
        ("reasons", ("hardship",)),
        ("flows", (Flow(source=K.HELD, target=K.HELD, verdict=Verdict.ALLOWED),)),
    ],
)
def test_rules_that_contradict_themselves(field, value):
    assert refusal(lambda: replace(NEIGHBOURHOOD, **{field: value})) == f"invalid_input {field}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("preset", 5),
        ("member_floor_minutes", -60.5),
        ("member_ceiling_minutes", Hours.of(10)),
        ("allotment_minutes", "500"),
        ("warn_below_minutes", True),
        ("step_minutes", True),
        ("rounding", "up"),
        ("max_exchange_minutes", 90.5),
        ("band_rule", "lower"),
        ("levy_percent", 1.5),
        ("joining_needs_approval", "no"),
        ("proposal_days", "7"),
        ("dispute_days", None),
        ("late_roles", {"coordinator"}),
        ("late_roles", frozenset({"coordinator"})),
        ("categories", "garden"),
        ("reasons", ["other"]),
        ("flows", (1,)),
    ],
)
def test_a_value_of_another_type_is_refused_before_it_is_recorded(field, value):
    assert refusal(lambda: replace(NEIGHBOURHOOD, **{field: value})) == f"invalid_input {field}"


def test_a_flow_goes_between_kinds_of_account():
    given: Any = {"source": "member", "target": K.POT, "verdict": Verdict.NEVER}
    assert refusal(lambda: Flow(**given)) == "invalid_input flows"


def test_house_rules_are_a_policy_or_the_name_of_a_preset():
    assert house_rules(CUSTODY) is house_rules("custody") is CUSTODY


@pytest.mark.parametrize("given", ["free for all", {"step": 7}, None])
def test_other_house_rules_are_refused(given):
    assert refusal(lambda: house_rules(given)) == "invalid_input policy"


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        (K.MEMBER, (-1200, None)),
        (K.ORGANISATION, (-6000, None)),
        (K.ISSUANCE, (-30_000, None)),
        (K.CLOSURE, (None, None)),
        (K.RESERVE, (None, None)),
        (K.CLEARING, (None, None)),
        (K.POT, (0, None)),
        (K.CUSTODY, (0, None)),
        (K.HELD, (0, None)),
        (K.ACTIVITY, (0, None)),
    ],
)
def test_limits_of_new_accounts(kind, limits):
    assert NEIGHBOURHOOD.limits_for(kind) == limits


def test_an_issuance_without_limit_is_a_rule_in_so_many_words():
    unlimited = replace(NEIGHBOURHOOD, allotment_minutes=None)
    assert unlimited.limits_for(K.ISSUANCE) == (None, None)


@pytest.mark.parametrize(
    ("policy", "hours"), [(NEIGHBOURHOOD, 500), (AGENCY_ISSUED, 10_000), (CUSTODY, 10_000)]
)
def test_what_may_be_issued(policy, hours):
    assert policy.limits_for(K.ISSUANCE) == (-60 * hours, None)


@pytest.mark.parametrize("policy", [AGENCY_ISSUED, CUSTODY])
def test_nobody_owes_hours_where_they_are_issued(policy):
    assert policy.limits_for(K.MEMBER) == (0, None)


@pytest.mark.parametrize(
    ("rounding", "step", "raw", "credited"),
    [
        (Rounding.NONE, 1, 47, 47),
        (Rounding.NONE, 15, 45, 45),
        (Rounding.UP, 15, 1, 15),
        (Rounding.UP, 15, 45, 45),
        (Rounding.UP, 15, 46, 60),
        (Rounding.NEAREST, 15, 52, 45),
        (Rounding.NEAREST, 15, 53, 60),
        (Rounding.NEAREST, 30, 15, 30),
        (Rounding.NEAREST, 1, 47, 47),
    ],
)
def test_rounding(rounding, step, raw, credited):
    policy = replace(NEIGHBOURHOOD, rounding=rounding, step_minutes=step)
    assert policy.credited_minutes(raw) == credited


@pytest.mark.parametrize(
    ("rounding", "raw", "rule"),
    [
        (Rounding.NONE, 47, "step"),
        (Rounding.NEAREST, 7, "step"),
        (Rounding.UP, 24 * 60 + 1, "max_exchange"),
    ],
)
def test_minutes_that_are_refused(rounding, raw, rule):
    policy = replace(NEIGHBOURHOOD, rounding=rounding, step_minutes=15)
    with pytest.raises(HoursNotAllowed) as caught:
        policy.credited_minutes(raw)
    assert (caught.value.minutes, caught.value.rule) == (raw, rule)


@pytest.mark.parametrize(("percent", "levy"), [(0, 0), (5, 2), (10, 5), (100, 59)])
def test_the_levy_is_rounded_down(percent, levy):
    assert replace(NEIGHBOURHOOD, levy_percent=percent).levy_minutes(59) == levy


def test_categories_are_a_list():
    assert NEIGHBOURHOOD.checked_category(None) is None
    assert NEIGHBOURHOOD.checked_category("garden") == "garden"
    with pytest.raises(UnknownCategory) as caught:
        NEIGHBOURHOOD.checked_category("gardening")
    assert caught.value.allowed == NEIGHBOURHOOD.categories
