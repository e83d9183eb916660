"""Who may pay whom, pair by pair."""

import pytest

from tests.support import refusal
from timebank.domain.account import FIXED
from timebank.domain.account import AccountKind as K
from timebank.domain.flows import (
    NEEDS_APPROVAL,
    NEVER,
    OPEN_FLOWS,
    Flow,
    Verdict,
    flow_table,
    verdict_for,
)
from timebank.domain.policy import CUSTODY, NEIGHBOURHOOD

ALLOWED, APPROVAL = Verdict.ALLOWED, Verdict.APPROVAL
ROUND = (K.MEMBER, K.ORGANISATION)
OPEN = {
    **{(a, b): ALLOWED for a in ROUND for b in ROUND},
    **{(K.POT, a): ALLOWED for a in ROUND},
    **{(a, K.POT): ALLOWED for a in (*ROUND, K.ISSUANCE)},
    **{(K.ISSUANCE, a): ALLOWED for a in ROUND},
    **{(a, b): APPROVAL for a in (*ROUND, K.POT) for b in (K.CLOSURE, K.RESERVE)},
    **{(b, a): APPROVAL for a in (*ROUND, K.POT) for b in (K.CLOSURE, K.RESERVE)},
}
IN_CUSTODY = {
    (K.ISSUANCE, K.CUSTODY): APPROVAL,
    (K.ORGANISATION, K.CUSTODY): APPROVAL,
    (K.CUSTODY, K.POT): ALLOWED,
    (K.CUSTODY, K.HELD): ALLOWED,
    (K.CUSTODY, K.ACTIVITY): ALLOWED,
    (K.CUSTODY, K.MEMBER): APPROVAL,
    (K.HELD, K.MEMBER): APPROVAL,
    (K.HELD, K.POT): APPROVAL,
    **{(K.CLEARING, a): APPROVAL for a in (K.CUSTODY, K.HELD, K.POT, K.CLOSURE)},
    **{(a, K.CLEARING): APPROVAL for a in (K.CUSTODY, K.HELD, K.POT, K.CLOSURE)},
    (K.ACTIVITY, K.CLOSURE): APPROVAL,
    (K.CLOSURE, K.ISSUANCE): APPROVAL,
    (K.POT, K.CUSTODY): APPROVAL,
    (K.CUSTODY, K.CLOSURE): APPROVAL,
    (K.HELD, K.CLOSURE): APPROVAL,
}
PAIRS = [(a, b) for a in K for b in K]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0].value}-{pair[1].value}")
def test_every_pair_of_kinds(pair):
    assert NEIGHBOURHOOD.flow(*pair)[0] is OPEN.get(pair, Verdict.NEVER)
    assert CUSTODY.flow(*pair)[0] is (OPEN | IN_CUSTODY).get(pair, Verdict.NEVER)


@pytest.mark.parametrize("pair", sorted(NEVER, key=str))
@pytest.mark.parametrize("verdict", [ALLOWED, APPROVAL])
def test_a_fixed_never_cannot_be_lifted(pair, verdict):
    lifted = (Flow(source=pair[0], target=pair[1], verdict=verdict),)
    assert refusal(lambda: flow_table(lifted)) == "invalid_input flows"


@pytest.mark.parametrize("pair", sorted(NEEDS_APPROVAL, key=str))
def test_a_second_person_cannot_be_configured_away(pair):
    alone = (Flow(source=pair[0], target=pair[1], verdict=ALLOWED),)
    assert refusal(lambda: flow_table(alone)) == "invalid_input flows"
    for verdict in (APPROVAL, Verdict.NEVER):
        assert flow_table((Flow(source=pair[0], target=pair[1], verdict=verdict),)) == {
            pair: verdict
        }


def test_what_reaches_a_person_in_custody_is_never_or_needs_approval():
    own = {(K.CUSTODY, K.HELD)}
    assert NEVER | NEEDS_APPROVAL | own >= {(a, b) for a in K for b in (K.CUSTODY, K.HELD)}


def test_a_pair_is_listed_once():
    assert refusal(lambda: flow_table(OPEN_FLOWS + OPEN_FLOWS[:1])) == "invalid_input flows"


def test_each_verdict_names_its_rule():
    table = flow_table(OPEN_FLOWS)
    pairs = ((K.HELD, K.HELD), (K.MEMBER, K.POT), (K.POT, K.ACTIVITY))
    assert [verdict_for(table, pair)[1] for pair in pairs] == [FIXED, "flows", "flows"]
