"""Rules about exchanges: from the proposal to hours that moved, and back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from tests.stateful.bank import (
    Bank,
    back,
    few_minutes,
    good_reason,
    index,
    key,
    minutes,
    rarely,
    step,
)
from tests.stateful.twins import ALL, Answer, Side
from tests.stateful.twins import Act as Doing
from timebank import exchanges
from timebank.actions.exchanges import PastExchange
from timebank.domain.exchange import ACTS, Act, GroupRule, State
from timebank.domain.hours import Hours
from timebank.ports import ReadingUnit

latest = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
receivers = st.sampled_from([0, 0, 0, 1, 2, 6])

Case = tuple[str, str, str]
"""The exchange, its giver, its receiver, by name."""

NO = {
    Act.DECLINE: exchanges.decline,
    Act.CANCEL: exchanges.cancel,
    Act.DISPUTE: exchanges.dispute,
}


class Agreements(Bank):
    """Exchanges between two, and in groups."""

    def exchange(self, n: int, act: Act | None = None, *, wrong: bool = False) -> Case:
        """One of the latest exchanges: mostly one whose state allows the act."""
        fitting = self.exchanges
        if act is not None and not wrong:
            states = self.twins.peek(_states)
            fitting = [case for case in self.exchanges if act in ACTS[states[case[0]]]]
        cases = fitting or self.exchanges
        return cases[-1 - n % len(cases)]

    def remembered(self, act: Answer, giver: str, receiver: str) -> None:
        """Remember an exchange that is new."""
        if act.receipt is not None:
            self.exchanges.append((self.twins.name(act.receipt.exchange_id), giver, receiver))

    @step(i=index, n=index, m=minutes, ago=back, listed=st.booleans(), key=key)
    def propose(
        self, i: int, n: int, m: int, ago: int | None, listed: bool, key: str | None
    ) -> None:
        """One side proposes, now and then an outsider or from a listing."""
        giver, receiver = self.pair(i, n)
        by = self.party(("", giver, receiver), n)
        listing = self.listings[n % len(self.listings)] if listed and self.listings else None
        act = self.act(
            lambda s, uow: exchanges.propose(
                uow,
                giver=s.id(giver),
                receiver=s.id(receiver),
                hours=Hours(minutes=m),
                by=s.actor(by),
                happens_on=self.day(ago),
                category="garden" if i % 2 else None,
                listing=None if listing is None else s.id(listing),
                key=key,
            )
        )
        self.remembered(act, giver, receiver)

    @step(
        i=index,
        n=index,
        m=few_minutes,
        said=few_minutes,
        stages=st.sampled_from([4, 3, 2, 1, 4, 3, 2]),
    )
    def straight_on(self, i: int, n: int, m: int, said: int, stages: int) -> None:
        """Propose, agree, report, confirm: how most exchanges go, up to some stage."""
        giver, receiver = self.pair(i, n)
        self.propose_for(giver, receiver, m)
        if not self.exchanges or self.exchanges[-1][1:] != (giver, receiver):
            return
        case = self.exchanges[-1]
        gives, receives = self.party(case, 1), self.party(case, 0)
        acts: tuple[Doing, ...] = (
            lambda s, uow: exchanges.agree(uow, s.id(case[0]), by=s.actor(receives)),
            lambda s, uow: exchanges.report(
                uow, s.id(case[0]), hours=Hours(minutes=min(m, said)), by=s.actor(gives)
            ),
            lambda s, uow: exchanges.confirm(uow, s.id(case[0]), by=s.actor(receives)),
        )
        for act in acts[: stages - 1]:
            self.act(act)

    def propose_for(self, giver: str, receiver: str, m: int) -> None:
        """The giver proposes."""
        by = self.party(("", giver, receiver), 1)
        act = self.act(
            lambda s, uow: exchanges.propose(
                uow,
                giver=s.id(giver),
                receiver=s.id(receiver),
                hours=Hours(minutes=m),
                by=s.actor(by),
            )
        )
        self.remembered(act, giver, receiver)

    @step(e=latest, wrong=rarely, n=index, key=key)
    def agree(self, e: int, wrong: bool, n: int, key: str | None) -> None:
        """Somebody agrees."""
        if self.exchanges:
            case = self.exchange(e, Act.AGREE, wrong=wrong)
            by = self.party(case, n)
            self.act(lambda s, uow: exchanges.agree(uow, s.id(case[0]), by=s.actor(by), key=key))

    @step(e=latest, wrong=rarely, n=index, act=st.sampled_from([*NO]), why=good_reason, key=key)
    def say_no(self, e: int, wrong: bool, n: int, act: Act, why: str, key: str | None) -> None:
        """Somebody declines, cancels or disputes."""
        if self.exchanges:
            case = self.exchange(e, act, wrong=wrong)
            by = self.party(case, n)
            self.act(
                lambda s, uow: NO[act](uow, s.id(case[0]), by=s.actor(by), reason=why, key=key)
            )

    @step(e=latest, wrong=rarely, n=index, m=few_minutes, key=key)
    def report(self, e: int, wrong: bool, n: int, m: int, key: str | None) -> None:
        """A side says how long it took."""
        if self.exchanges:
            case = self.exchange(e, Act.REPORT, wrong=wrong)
            by = self.party(case, n)
            self.act(
                lambda s, uow: exchanges.report(
                    uow, s.id(case[0]), hours=Hours(minutes=m), by=s.actor(by), key=key
                )
            )

    @step(e=latest, wrong=rarely, n=receivers, m=st.none() | few_minutes, key=key)
    def confirm(self, e: int, wrong: bool, n: int, m: int | None, key: str | None) -> None:
        """The receiver mostly, and sometimes by an override of limits."""
        if self.exchanges:
            case = self.exchange(e, Act.CONFIRM, wrong=wrong)
            by = self.party(case, n)
            self.act(
                lambda s, uow: exchanges.confirm(
                    uow,
                    s.id(case[0]),
                    by=s.actor(by),
                    hours=None if m is None else Hours(minutes=m),
                    approved_by=s.actor(self.colin) if n == 2 else None,
                    reason="hardship" if n == 2 else None,
                    review_on=self.day(-30) if n == 2 else None,
                    key=key,
                )
            )

    @step(e=latest, wrong=rarely, m=st.none() | few_minutes, n=index, why=good_reason, key=key)
    def resolve(
        self, e: int, wrong: bool, m: int | None, n: int, why: str, key: str | None
    ) -> None:
        """A coordinator ends a dispute."""
        if self.exchanges:
            case = self.exchange(e, Act.RESOLVE, wrong=wrong)
            self.act(
                lambda s, uow: exchanges.resolve(
                    uow,
                    s.id(case[0]),
                    hours=None if m is None else Hours(minutes=m),
                    reason=why,
                    by=s.actor(self.cora if n else self.olga),
                )
            )

    @step(e=latest, wrong=rarely, n=index, why=good_reason, key=key)
    def reverse_exchange(self, e: int, wrong: bool, n: int, why: str, key: str | None) -> None:
        """The hours are moved back, levy and all."""
        if self.exchanges:
            case = self.exchange(e, Act.REVERSE, wrong=wrong)
            wide = n % 2 == 1
            self.act(
                lambda s, uow: exchanges.reverse(
                    uow,
                    s.id(case[0]),
                    reason=why,
                    by=s.actor(self.cora),
                    approved_by=s.actor(self.colin) if wide else None,
                    review_on=self.day(-9) if wide else None,
                    key=key,
                )
            )

    @step(i=index, n=index, m=minutes, ago=back, why=good_reason, key=key)
    def record(self, i: int, n: int, m: int, ago: int | None, why: str, key: str | None) -> None:
        """Staff record what already took place."""
        giver, receiver = self.pair(i, n)
        act = self.act(
            lambda s, uow: exchanges.record(
                uow,
                giver=s.id(giver),
                receiver=s.id(receiver),
                hours=Hours(minutes=m),
                by=s.actor(self.anybody(n)),
                happened_on=self.day(ago),
                reason=why if n % 2 else None,
                key=key,
            )
        )
        self.remembered(act, giver, receiver)

    @step(
        items=st.lists(st.tuples(index, index, few_minutes, key), min_size=1, max_size=4),
        mode=st.sampled_from(["atomic", "independent"]),
        ago=back,
    )
    def record_all(
        self, items: list[tuple[int, int, int, str | None]], mode: str, ago: int | None
    ) -> None:
        """A whole page of exchanges, with keys that may repeat."""

        def past(s: Side) -> list[PastExchange]:
            return [
                PastExchange(
                    giver=s.id(self.pair(i, n)[0]),
                    receiver=s.id(self.pair(i, n)[1]),
                    hours=Hours(minutes=m),
                    happened_on=self.day(ago),
                    key=key,
                )
                for i, n, m, key in items
            ]

        self.act(
            lambda s, uow: exchanges.record_all(
                uow,
                past(s),
                by=s.actor(self.bea),
                mode=mode,  # type: ignore[arg-type]
            )
        )

    @step(
        i=index,
        others=st.lists(index, min_size=1, max_size=3, unique_by=lambda n: n % 2),
        rule=st.sampled_from([*GroupRule, "lottery"]),
        m=few_minutes,
        many_give=st.booleans(),
        key=key,
    )
    def group(
        self,
        i: int,
        others: list[int],
        rule: GroupRule | str,
        m: int,
        many_give: bool,
        key: str | None,
    ) -> None:
        """One and many, in one transaction."""
        one, many = [self.member(i)], [self.pair(i, n)[1] for n in others]
        givers, receivers = (many, one) if many_give else (one, many)
        act = self.act(
            lambda s, uow: exchanges.group(
                uow,
                givers=s.ids(givers),
                receivers=s.ids(receivers),
                hours=Hours(minutes=m),
                rule=rule,
                by=s.actor(self.bea),
                key=key,
            )
        )
        self.remembered(act, givers[0], receivers[0])

    @step(limit=st.integers(1, 3), n=index)
    def expire(self, limit: int, n: int) -> None:
        """A late sweeper, that changes no answer."""
        self.act(lambda s, uow: exchanges.expire(uow, by=s.actor(self.anybody(n)), limit=limit))

    @step(days=st.sampled_from([3, 5, 30, 90]), m=few_minutes, i=index)
    def left_alone(self, days: int, m: int, i: int) -> None:
        """A proposal nobody answers until its time is over, to the microsecond."""
        self.propose_for(*self.pair(i, 0), m)
        self.twins.clock.advance(timedelta(days=days, milliseconds=-1))

    @step(e=latest)
    def read_acts(self, e: int) -> None:
        """Both remember the same history."""
        if self.exchanges:
            case = self.exchange(e)
            self.see(lambda s, unit: exchanges.acts(unit, s.id(case[0])))


def _states(side: Side, unit: ReadingUnit) -> dict[str, State]:
    """Each exchange's state by now."""
    now = unit.now()
    return {side.names.name(x.id): x.state_at(now) for x in exchanges.list(unit, limit=ALL)}
