"""Laws of exchanges: whatever is confirmed, recorded or reversed adds up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.support import ACCOUNT_OF, a_case, books, the
from timebank.domain.account import AccountKind
from timebank.domain.exchange import Exchange, GroupRule, State
from timebank.domain.hours import Hours
from timebank.domain.movement import Books
from timebank.domain.policy import NEIGHBOURHOOD, BandRule
from timebank.domain.session import Session, record
from timebank.domain.settlement import confirm
from timebank.domain.transaction import Activity, Transaction
from timebank.testing.builders import (
    ANNA,
    BEN,
    CARLA,
    POT,
    account_id,
    an_account,
    an_exchange,
    as_member,
    conditions,
)

FREE = [an_account(n, floor=None) for n in (1, 2, 3)]
FREE_POT = an_account(90, kind=AccountKind.POT, floor=None)


@given(
    st.integers(1, 600),
    st.integers(1, 600),
    st.sampled_from(BandRule),
    st.integers(0, 600),
    st.integers(0, 100),
)
def test_a_confirmation_moves_hours_within_the_band_or_none(giver, receiver, rule, band, levy):
    policy = replace(NEIGHBOURHOOD, band_rule=rule, band_minutes=band, levy_percent=levy)
    case = a_case(
        an_exchange(State.REPORTED, agreed=600, said_by_giver=giver, said_by_receiver=receiver),
        *FREE,
    )
    changes = confirm(case, conditions(by=as_member(BEN), policy=policy))
    if abs(giver - receiver) > band:
        assert the(changes, Exchange).state is State.DISPUTED
        assert changes.transactions == ()
        return
    service, *levies = the(changes, Transaction).transfers
    assert service.minutes in {giver, receiver}
    assert (
        service.minutes
        == {
            BandRule.LOWER: min(giver, receiver),
            BandRule.HIGHER: max(giver, receiver),
            BandRule.GIVER: giver,
            BandRule.RECEIVER: receiver,
        }[rule]
    )
    assert sum(t.minutes for t in levies) == service.minutes * levy // 100


@given(st.integers(2, 600), st.sampled_from(GroupRule), st.booleans(), st.integers(0, 100))
def test_a_group_is_one_transaction_whose_parts_sum_exactly(minutes, rule, many_give, levy):
    one, many = (ANNA,), (BEN, CARLA)
    session = Session(
        givers=many if many_give else one,
        receivers=one if many_give else many,
        hours=Hours(minutes=minutes),
        rule=rule,
        happened_on=None,
        category=None,
    )
    changes, after = record(
        session,
        Books(accounts=books(*FREE, FREE_POT)),
        account_of=ACCOUNT_OF,
        pot=POT,
        conditions=conditions(policy=replace(NEIGHBOURHOOD, levy_percent=levy)),
    )
    services = [t for t in the(changes, Transaction).transfers if t.activity is Activity.SERVICE]
    expected = {
        GroupRule.SHARED: minutes,
        GroupRule.EACH: 2 * minutes,
        GroupRule.POT: len(session.givers) * minutes,
    }[rule]
    assert sum(t.minutes for t in services) == expected
    assert {t.target for t in services} == {ACCOUNT_OF[g] for g in session.givers}
    before = sum(a.balance_minutes for a in books(*FREE, FREE_POT).values())
    assert sum(a.balance_minutes for a in after.accounts.values()) == before
    assert account_id(1) in after.accounts
