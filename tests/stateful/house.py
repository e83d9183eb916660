"""Rules about the house: policies, periods, the clock, the outbox, and the host's own mind."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from tests.stateful.bank import POLICIES, Bank, back, few_minutes, index, key, step
from tests.stateful.twins import AGES, Who
from timebank import audits, banks, exchanges, members, outbox, periods, transfers
from timebank.actions import journal
from timebank.domain.actor import Role
from timebank.domain.audit import Verdict
from timebank.domain.hours import Hours


class House(Bank):
    """What the bank and its host do."""

    @step(
        policy=st.sampled_from(["plain", "levied", "levied", "agency-issued", "generous"]), n=index
    )
    def set_policy(self, policy: str, n: int) -> None:
        """Other house rules from now on."""
        rules = POLICIES.get(policy, policy)
        by = self.cora if n % 3 else self.anybody(n)
        self.act(lambda s, uow: banks.set_policy(uow, rules, by=s.actor(by)))

    @step(ago=back, n=index, key=key)
    def close_period(self, ago: int | None, n: int, key: str | None) -> None:
        """Days are closed, if they are over and were open."""
        until = self.day(ago or 1)
        assert until is not None
        self.act(
            lambda s, uow: periods.close(
                uow,
                until=until,
                by=s.actor(self.cora),
                approved_by=s.actor(self.second(n)),
                key=key,
            )
        )

    @step(minutes=st.sampled_from([1, 10, 60, 600, -1, -4, -10]))
    def minutes_pass(self, minutes: int) -> None:
        """The clock goes on; now and then somebody sets it back."""
        self.twins.clock.advance(timedelta(minutes=minutes))

    @step(days=st.sampled_from([1, 2, 1, 3, 5, 15, 31, 61]))
    def days_pass(self, days: int) -> None:
        """Days go by, once in a while too many to be believed."""
        self.twins.clock.advance(timedelta(days=days))

    @step(ago=st.sampled_from([0, 0, 0, 1]), n=st.sampled_from([1, 1, 1, 2, 6]))
    def state_day(self, ago: int, n: int) -> None:
        """Somebody looks at a calendar."""
        day = self.day(ago)
        assert day is not None
        by = self.olga if n % 2 else self.anybody(n)
        self.act(lambda s, uow: banks.state_day(uow, day, by=s.actor(by)))

    @step(i=index, n=index, m=few_minutes, key=key)
    def host_rolls_back(self, i: int, n: int, m: int, key: str | None) -> None:
        """The host changes its mind: nothing happened, and the key is free again."""
        giver, receiver = self.pair(i, n)
        self.act(
            lambda s, uow: (
                exchanges.record(
                    uow,
                    giver=s.id(giver),
                    receiver=s.id(receiver),
                    hours=Hours(minutes=m),
                    by=s.actor(self.bea),
                    key=key,
                ),
                members.join(uow, name="Nobody", by=s.actor(self.cora)),
            ),
            undone=True,
        )

    @step(i=index, n=index, m=few_minutes, key=key)
    def several_in_one(self, i: int, n: int, m: int, key: str | None) -> None:
        """Two actions in one unit of work: both or neither."""
        member, neighbour = self.pair(i, n)
        account, other = self.account_of[member], self.account_of[neighbour]
        self.act(
            lambda s, uow: (
                transfers.grant(
                    uow,
                    to=s.id(account),
                    hours=Hours(minutes=m),
                    reason="welcome",
                    by=s.actor(self.cora),
                    key=key,
                ),
                transfers.donate(
                    uow,
                    source=s.id(account),
                    target=s.id(other),
                    hours=Hours(minutes=m),
                    by=s.actor(Who(Role.MEMBER, member)),
                ),
            )
        )

    @step(n=index)
    def ask_again(self, n: int) -> None:
        """A request comes once more: replayed where it had a key."""
        if self.acts:
            self.act(self.acts[-1 - n % len(self.acts)])

    @step(limit=st.integers(1, 5), done=st.integers(0, 5))
    def read_outbox(self, limit: int, done: int) -> None:
        """A consumer reads, and marks some of it done."""
        rows = self.see(lambda _, unit: outbox.read(unit, limit=limit))
        ids = [row[1]["id"] for row in rows[:done]]
        self.act(lambda s, uow: outbox.done(uow, s.ids(ids)))

    @step(limit=st.sampled_from([3, 100]))
    def seal(self, limit: int) -> None:
        """What waits becomes leaves; the tree of before is the beginning of the new one."""
        before = self.twins.kept()
        self.act(lambda _, uow: journal.seal(uow, limit=limit))
        for side, head in zip(self.twins.sides, before, strict=True):
            with side.backend.reading(side.bank) as unit:
                report = audits.run(unit, since=head, max_unsealed_hours=AGES)
                assert report.verdict is Verdict.CLEAN, report.findings

    @step(n=index)
    def other_bank(self, n: int) -> None:
        """A bank nobody created is not found; one that exists is not created again."""
        self.act(lambda _, uow: banks.create(uow, policy="custody", key=f"k{n}"))
