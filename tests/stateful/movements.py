"""Rules about hours that move without an exchange, and about looking back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tests.stateful.bank import (
    Bank,
    back,
    few_minutes,
    good_reason,
    index,
    key,
    minutes,
    reason,
    step,
)
from tests.stateful.twins import Side, Who
from timebank import accounts, transfers
from timebank.actions.transfers import OpeningBalance
from timebank.domain.actor import Role
from timebank.domain.hours import Hours
from timebank.domain.transaction import Activity, TransactionDraft, Transfer

drafts = st.tuples(st.lists(st.tuples(index, index, few_minutes), min_size=1, max_size=3), key)


class Movements(Bank):
    """Postings, donations, grants, adjustments and reversals."""

    def override(self, s: Side, wanted: bool) -> dict[str, Any]:
        """Who answers for broken limits, if anybody."""
        if not wanted:
            return {}
        return {"approved_by": s.actor(self.colin), "review_on": self.day(-20)}

    @step(i=index, n=index, m=minutes, own=st.booleans(), key=key, words=st.booleans())
    def donate(self, i: int, n: int, m: int, own: bool, key: str | None, words: bool) -> None:
        """To the pot or to another member, mostly from one's own account."""
        own = own or i < 8
        source, by = self.own(i) if own else (self.account(i), self.anybody(n))
        self.act(
            lambda s, uow: transfers.donate(
                uow,
                source=s.id(source),
                hours=Hours(minutes=m),
                by=s.actor(by),
                target=s.id(self.account(n)) if n % 2 else None,
                note="for the roses" if words else None,
                key=key,
            )
        )

    @step(i=index, n=index, m=minutes, why=reason, wide=st.booleans(), key=key)
    def grant(self, i: int, n: int, m: int, why: str, wide: bool, key: str | None) -> None:
        """Hours issued, from the issuance or from wherever it is tried."""
        self.act(
            lambda s, uow: transfers.grant(
                uow,
                to=s.id(self.account(i)),
                hours=Hours(minutes=m),
                reason=why,
                by=s.actor(self.cora if n % 3 else self.anybody(n)),
                source=s.id(self.account(n)) if n == 5 else None,
                key=key,
                **self.override(s, wide),
            )
        )

    @step(i=index, n=index, m=few_minutes, why=reason, key=key)
    def adjust(self, i: int, n: int, m: int, why: str, key: str | None) -> None:
        """A correction by two people."""
        self.act(
            lambda s, uow: transfers.adjust(
                uow,
                source=s.id(self.account(i)),
                target=s.id(self.account(n)),
                hours=Hours(minutes=m),
                reason=why,
                by=s.actor(self.cora),
                approved_by=s.actor(self.second(n)),
                review_on=self.day(-5) if i % 2 else None,
                key=key,
            )
        )

    def own(self, i: int) -> tuple[str, Who]:
        """A member's account with its owner."""
        member = self.member(i)
        return self.account_of[member], Who(Role.MEMBER, member)

    @step(t=index, why=good_reason, wide=st.booleans(), key=key)
    def reverse(self, t: int, why: str, wide: bool, key: str | None) -> None:
        """Something is undone, perhaps twice, perhaps what belongs to an exchange."""
        if self.transactions:
            transaction = self.transactions[-1 - t % len(self.transactions)]
            self.act(
                lambda s, uow: transfers.reverse(
                    uow,
                    s.id(transaction),
                    reason=why,
                    by=s.actor(self.cora),
                    key=key,
                    **self.override(s, wide),
                )
            )

    @step(
        items=st.lists(drafts, min_size=1, max_size=4),
        mode=st.sampled_from(["atomic", "independent", "independent", "eager"]),
        ago=back,
        wide=st.booleans(),
    )
    def post(
        self,
        items: list[tuple[list[tuple[int, int, int]], str | None]],
        mode: str,
        ago: int | None,
        wide: bool,
    ) -> None:
        """A batch of transactions, with keys that may repeat."""

        def drafted(s: Side) -> list[TransactionDraft]:
            return [
                TransactionDraft(
                    transfers=tuple(self.transfer(s, *parts) for parts in moves),
                    key=key,
                    happened_on=self.day(ago),
                    note="weekly round" if len(moves) > 1 else None,
                )
                for moves, key in items
            ]

        self.act(
            lambda s, uow: transfers.post(
                uow,
                drafted(s),
                by=s.actor(self.bea if ago == 1 else self.cora),
                mode=mode,  # type: ignore[arg-type]
                reason="hardship" if wide else None,
                **self.override(s, wide),
            )
        )

    def transfer(self, s: Side, i: int, n: int, m: int) -> Transfer:
        """Minutes from one account to another, not always another."""
        kinds = (Activity.SERVICE, Activity.GIFT, Activity.SERVICE)
        return Transfer(
            source=s.id(self.account(i)),
            target=s.id(self.account(i if n == 11 else i + 1 + n % 2)),
            hours=Hours(minutes=m),
            activity=kinds[n % 3],
        )

    @step(i=index, m=few_minutes, key=st.sampled_from(["c1", "c2", "c3"]), ago=back)
    def carry_over(self, i: int, m: int, key: str, ago: int | None) -> None:
        """An opening balance from elsewhere."""
        source = self.label("carry-over")
        opening = partial(self.opening, source=source, i=i, m=m, key=key, ago=ago)
        self.act(
            lambda s, uow: transfers.carry_over(
                uow,
                [opening(s)],
                by=s.actor(self.cora),
                approved_by=s.actor(self.colin),
                reason="carry-over",
            )
        )

    def opening(
        self, s: Side, *, source: str, i: int, m: int, key: str, ago: int | None
    ) -> OpeningBalance:
        """The opening balance of an account."""
        transfer = Transfer(
            source=s.id(source),
            target=s.id(self.account(i)),
            hours=Hours(minutes=m),
            activity=Activity.CARRY_OVER,
        )
        return OpeningBalance(transfer=transfer, key=key, happened_on=self.day(ago))

    @step(i=index, hours_ago=st.integers(0, 2000), back=back)
    def look_back(self, i: int, hours_ago: int, back: int | None) -> None:
        """Balances at a time and on a day, and a statement: equal and adding up."""
        when = self.twins.clock() - timedelta(hours=hours_ago)
        account, day = self.account(i), self.day(back or hours_ago // 24)
        self.see(lambda s, unit: accounts.balance(unit, s.id(account), at=when))
        self.see(lambda s, unit: accounts.balance(unit, s.id(account), on=day))
        self.see(lambda s, unit: _by_name(s, accounts.balances(unit, at=when)))
        self.see(lambda s, unit: _by_name(s, accounts.balances(unit, on=day)))
        self.see(lambda s, unit: accounts.changes(unit, s.id(account)))
        assert day is not None
        self.see(
            lambda s, unit: accounts.statement(
                unit, s.id(account), start=day, end=day + timedelta(days=1 + hours_ago % 40)
            )
        )

    @step(i=index, limit=st.integers(1, 4))
    def read_journal(self, i: int, limit: int) -> None:
        """Both page through the same transactions."""
        account = self.account(i) if i % 2 else None
        found: list[Any] = [None]
        after = None
        while found:
            found = self.see(
                lambda s, unit: transfers.list(
                    unit,
                    account=None if account is None else s.id(account),
                    after=None if after is None else s.id(after),  # noqa: B023
                    limit=limit,
                )
            )
            after = found[-1][1]["id"] if found else None


def _by_name(side: Side, balances: dict[Any, Hours]) -> list[tuple[str, Hours]]:
    return sorted((side.names.name(account), hours) for account, hours in balances.items())
