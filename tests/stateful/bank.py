"""Two equal banks as a state machine sees them: names, strategies, and how a rule acts on both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.stateful.twins import Act, Answer, Look, Twins, Who
from timebank import accounts, banks, members, staff
from timebank.domain.actor import Role
from timebank.domain.bank import day_of
from timebank.domain.policy import BandRule, Policy, Rounding

ZONE = "Pacific/Auckland"
PLAIN = Policy(
    preset="plain",
    member_floor_minutes=-300,
    member_ceiling_minutes=900,
    organisation_floor_minutes=-600,
    organisation_ceiling_minutes=None,
    allotment_minutes=6000,
)
LEVIED = Policy(
    preset="levied",
    member_floor_minutes=-300,
    member_ceiling_minutes=900,
    organisation_floor_minutes=None,
    organisation_ceiling_minutes=None,
    allotment_minutes=None,
    warn_below_minutes=-60,
    step_minutes=15,
    rounding=Rounding.UP,
    max_exchange_minutes=300,
    band_minutes=20,
    band_rule=BandRule.GIVER,
    levy_percent=10,
    joining_needs_approval=True,
    proposal_days=3,
    agreement_days=5,
    dispute_days=2,
)
AUDIT_EVERY = 7

POLICIES = {policy.preset: policy for policy in (PLAIN, LEVIED)}

index = st.integers(0, 11)
minutes = st.sampled_from([60, 45, 30, 15, 90, 120, 1, 50, 75, 240, 400, 0, -5])
few_minutes = st.sampled_from([60, 45, 30, 15, 90, 120])
key = st.sampled_from([None, None, None, None, "k1", "k2", "k3", "k4", "k5", "k6"])
reason = st.sampled_from(["correction", "entered twice", "free words about Ben", ""])
good_reason = st.sampled_from(["correction", "hardship", "free words about Ben"])
back = st.sampled_from([None, None, 0, 1, 4, 30, -1])
rarely = st.integers(0, 7).map(lambda n: n == 7)


def step(**strategies: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule whose runs are counted."""

    def made(body: Callable[..., None]) -> Any:
        @wraps(body)
        def run(self: Bank, **drawn: Any) -> None:
            type(self).steps += 1
            body(self, **drawn)

        return rule(**strategies)(run)

    return made


class Bank(RuleBasedStateMachine):
    """Two equal banks, and the names of what they hold. ``twins`` is set by a subclass."""

    steps: ClassVar[int] = 0
    twins: Twins

    def __init__(self) -> None:
        super().__init__()
        self.members: list[str] = []
        self.accounts: list[str] = []
        self.account_of: dict[str, str] = {}
        self.listings: list[str] = []
        self.exchanges: list[tuple[str, str, str]] = []
        self.transactions: list[str] = []
        self.acts: list[Act] = []

    @initialize(policy=st.sampled_from(["plain", "levied"]))
    def found(self, policy: str) -> None:
        """The bank with its staff and three members."""
        rules = POLICIES[policy]
        act = self.act(
            lambda _, uow: banks.create(uow, policy=rules, zone=ZONE, first_coordinator="cora")
        )
        assert act.receipt is not None
        self.cora = Who(Role.COORDINATOR, self.twins.name(act.receipt.person_id))
        self.colin = self.appointed("colin", Role.COORDINATOR)
        self.olga = self.appointed("olga", Role.OFFICER)
        self.bea = self.appointed("bea", Role.BROKER)
        for name in ("anna", "ben", "carla"):
            self.joined(name, ref=name)
            self.act(
                lambda s, uow: members.approve(uow, s.id(self.members[-1]), by=s.actor(self.cora))
            )
        self.accounts += [self.label(word) for word in ("pot", "issuance")]
        self.accounts += [self.label(word) for word in ("closure", "carry-over")]
        self.acts.clear()

    @invariant()
    def both_stand_alike(self) -> None:
        """Equal and adding up; every few steps also clean in an audit."""
        if self.members:
            self.twins.check(audited=self.steps % AUDIT_EVERY == 0)

    def teardown(self) -> None:
        """Clean in an audit at the end."""
        if self.members:
            self.twins.check(audited=True)

    def act(self, act: Act, *, undone: bool = False) -> Answer:
        """Do it to both, and remember what it made."""
        answer = self.twins.act(act, undone=undone)
        if answer.receipt is not None:
            self.acts.append(act)
            for event in answer.receipt.events:
                if (id_ := getattr(event, "transaction", None)) is not None:
                    self.transactions.append(self.twins.name(id_))
        return answer

    def see(self, look: Look) -> Any:
        """Look at both."""
        return self.twins.see(look)

    def appointed(self, ref: str, role: Role) -> Who:
        """A new member of staff."""
        act = self.act(lambda s, uow: staff.add(uow, ref, role=role, by=s.actor(self.cora)))
        assert act.receipt is not None
        return Who(role, self.twins.name(act.receipt.person_id))

    def label(self, label: str) -> str:
        """The name of one of the bank's own accounts."""
        return str(self.see(lambda _, unit: accounts.get(unit, label).id))

    def joined(self, name: str, **more: Any) -> None:
        """One more member, if nothing speaks against it."""
        by = more.pop("by", self.cora)
        act = self.act(lambda s, uow: members.join(uow, name=name, by=s.actor(by), **more))
        if act.receipt is not None:
            self.members.append(self.twins.name(act.receipt.member_id))
            self.accounts.append(self.twins.name(act.receipt.account_id))
            self.account_of[self.members[-1]] = self.accounts[-1]

    def member(self, i: int) -> str:
        """One of the members."""
        return self.members[i % len(self.members)]

    def account(self, i: int) -> str:
        """The account of a member, or one of the bank's own."""
        return self.accounts[i % len(self.accounts)]

    def pair(self, i: int, n: int) -> tuple[str, str]:
        """Two members, and once in a while the same one twice."""
        others = len(self.members) - 1
        return self.member(i), self.member(i if n == 11 else i + 1 + n % others)

    def as_member(self, i: int) -> Who:
        """One of the members as an actor."""
        return Who(Role.MEMBER, self.member(i))

    def anybody(self, i: int) -> Who:
        """Staff mostly, a member or the program now and then."""
        known = (self.cora, self.bea, self.cora, self.bea, self.colin, self.olga)
        return (*known, Who(Role.SYSTEM), self.as_member(i))[i % 8]

    def second(self, i: int) -> Who:
        """Somebody to approve: mostly fit to."""
        return (self.colin, self.colin, self.olga, self.cora, self.bea)[i % 5]

    def party(self, exchange: tuple[str, str, str], i: int) -> Who:
        """A side of the exchange, staff for a side, staff alone, or an outsider."""
        _, giver, receiver = exchange
        parties = (
            Who(Role.MEMBER, receiver),
            Who(Role.MEMBER, giver),
            Who(Role.BROKER, self.bea.person, receiver),
            Who(Role.BROKER, self.bea.person, giver),
            Who(Role.COORDINATOR, self.cora.person, giver),
            self.cora,
            self.as_member(i),
        )
        return parties[i % len(parties)]

    def day(self, ago: int | None) -> date | None:
        """So many days ago in the bank's zone."""
        today = day_of(self.twins.clock(), ZONE)
        return None if ago is None else today - timedelta(days=ago)
