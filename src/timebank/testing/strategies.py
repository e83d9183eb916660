"""Hypothesis strategies for domain values; timebank does not install ``hypothesis`` by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from timebank.domain.account import Account, AccountKind
from timebank.domain.flows import NEEDS_APPROVAL, NEVER, Flow, Pair, Verdict
from timebank.domain.hours import MAX_MINUTES, Hours
from timebank.domain.ids import AccountId
from timebank.domain.policy import STEPS, Policy, Rounding
from timebank.domain.transaction import Activity, Transfer
from timebank.testing.builders import POT, TODAY, a_hold, account_id, an_account


def hours(*, least: int = -MAX_MINUTES, most: int = MAX_MINUTES) -> st.SearchStrategy[Hours]:
    """Hours of so many minutes."""
    return st.integers(least, most).map(lambda minutes: Hours(minutes=minutes))


def days(*, back: int = 400) -> st.SearchStrategy[date]:
    """Days up to the builders' ``TODAY``."""
    return st.integers(0, back).map(lambda n: TODAY - timedelta(days=n))


def roundings() -> st.SearchStrategy[tuple[int, Rounding]]:
    """A step and a rule of rounding."""
    return st.tuples(st.sampled_from(STEPS), st.sampled_from(Rounding))


def flows() -> st.SearchStrategy[tuple[Flow, ...]]:
    """A table of flows that the domain accepts: no pair twice, no fixed rule lifted."""
    pairs = st.tuples(st.sampled_from(AccountKind), st.sampled_from(AccountKind))
    verdicts = st.dictionaries(pairs, st.sampled_from(Verdict), max_size=30)
    return verdicts.map(
        lambda table: tuple(
            Flow(source=pair[0], target=pair[1], verdict=_lawful(pair, word))
            for pair, word in table.items()
        )
    )


def _lawful(pair: Pair, verdict: Verdict) -> Verdict:
    if pair in NEVER:
        return Verdict.NEVER
    alone = pair in NEEDS_APPROVAL and verdict is Verdict.ALLOWED
    return Verdict.APPROVAL if alone else verdict


@st.composite
def accounts(draw: st.DrawFn, *, members: int = 3) -> dict[AccountId, Account]:
    """Accounts of so many members and a community pot, wherever their balances and limits are.

    A balance may lie outside its band: a limit may have been lowered since.
    """
    small = st.integers(-600, 600)
    found = {}
    for n in range(1, members + 1):
        found[account_id(n)] = an_account(
            n,
            balance=draw(small),
            held=draw(st.sampled_from((0, 0, 45))),
            floor=draw(st.none() | st.integers(-600, 0)),
            ceiling=draw(st.none() | st.integers(1, 600)),
            number=draw(st.integers(0, 5)),
        )
    balance = -sum(account.balance_minutes for account in found.values())
    found[POT] = an_account(90, kind=AccountKind.POT, balance=balance, floor=None)
    return found


@st.composite
def transfers(
    draw: st.DrawFn, among: Sequence[AccountId], *, most: int = 300
) -> tuple[Transfer, ...]:
    """One to five transfers among the accounts."""
    pairs = st.lists(st.sampled_from(among), min_size=2, max_size=2, unique=True)
    return tuple(
        Transfer(
            source=source,
            target=target,
            hours=Hours(minutes=draw(st.integers(1, most))),
            activity=draw(st.sampled_from(Activity)),
        )
        for source, target in draw(st.lists(pairs, min_size=1, max_size=5))
    )


def policies() -> st.SearchStrategy[Policy]:
    """House rules: any step, rounding, levy and table of flows."""
    return st.builds(
        lambda rounding, levy, table: Policy(
            preset="any",
            member_floor_minutes=-1200,
            member_ceiling_minutes=None,
            organisation_floor_minutes=0,
            organisation_ceiling_minutes=None,
            allotment_minutes=6000,
            step_minutes=rounding[0],
            rounding=rounding[1],
            levy_percent=levy,
            flows=table,
        ),
        roundings(),
        st.integers(0, 100),
        flows(),
    )


holds = st.builds(
    lambda n, minutes, hours_left: a_hold(
        n, minutes=minutes, deadline=a_hold().placed_at + timedelta(hours=hours_left)
    ),
    st.integers(1, 10**6),
    st.integers(1, 120),
    st.integers(0, 100),
)
"""Open holds on Ben's account, with deadlines over four days."""
