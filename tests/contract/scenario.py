"""A season in the life of a bank, in which every action happens at least once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.backends import World
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    accounts,
    banks,
    exchanges,
    listings,
    members,
    periods,
    staff,
    transfers,
)
from timebank.actions import rebuilds
from timebank.domain.bank import day_of
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Activity

TWO = Hours.of(2)


class Season:
    """The answers to everything that was asked, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers: list[Any] = []

    def do(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Ask, and remember the answer."""
        self.answers.append(self.world.do(action, *args, **kwargs))
        return self.answers[-1]

    def days(self, n: int) -> None:
        """Days pass."""
        self.world.backend.clock.advance(timedelta(days=n))


def a_season(world: World) -> list[Any]:
    """Every action at least once; the answers in order."""
    season = Season(world)
    _people(season)
    _agreements(season)
    _movements(season)
    _house(season)
    return season.answers


def actions_in(answers: list[Any]) -> set[str]:
    """The actions that answered, by name."""
    flat = [part for answer in answers for part in (answer if _is_many(answer) else [answer])]
    receipts = [getattr(part, "receipt", part) for part in flat]
    return {receipt.action for receipt in receipts if isinstance(receipt, Receipt)}


def _is_many(answer: Any) -> bool:
    return isinstance(answer, tuple)


def _people(season: Season) -> None:
    world, do = season.world, season.do
    joined = do(members.join, name="Dora", ref="dora", by=world.broker(), kind="organisation")
    world.people["dora"], world.accounts["dora"] = joined.member_id, joined.account_id
    do(members.update, "dora", name="Dora's Bakery", contact="by the bridge", by=world.cora)
    do(members.suspend, "dora", reason="she moved house", by=world.olga)
    do(members.resume, "dora", by=world.olga)
    do(staff.add, "emil", role="broker", by=world.cora, name="Emil")
    do(staff.end, "emil", role="broker", by=world.cora)
    offer = do(
        listings.offer,
        member="anna",
        title="Roses",
        category="garden",
        by=world.member("anna"),
    )
    do(listings.request, member="ben", title="A cake", category="food", by=world.broker("ben"))
    do(listings.withdraw, offer.listing_id, by=world.member("anna"))


def _proposed(season: Season, hours: Hours = TWO) -> str:
    world = season.world
    proposed = season.do(
        exchanges.propose,
        giver="anna",
        receiver="ben",
        hours=hours,
        by=world.member("anna"),
        category="garden",
    )
    return str(proposed.exchange_id)


def _agreements(season: Season) -> None:
    world, do = season.world, season.do
    anna, ben = world.member("anna"), world.member("ben")
    done = _proposed(season)
    do(exchanges.agree, done, by=ben)
    do(exchanges.report, done, hours=Hours.of(1, 50), by=anna)
    do(exchanges.confirm, done, by=ben)
    do(exchanges.reverse, done, reason="not as agreed", by=world.cora)
    do(exchanges.decline, _proposed(season), by=ben, reason="no time this week")
    off = _proposed(season)
    do(exchanges.agree, off, by=ben)
    do(exchanges.cancel, off, by=anna)
    recorded = do(
        exchanges.record, giver="carla", receiver="ben", hours=TWO, by=world.broker(), key="sheet-1"
    )
    do(exchanges.dispute, recorded.exchange_id, by=ben, reason="it was one hour")
    do(exchanges.resolve, recorded.exchange_id, hours=None, reason="not as agreed", by=world.cora)
    do(
        exchanges.group,
        givers=["anna"],
        receivers=["ben", "carla"],
        hours=Hours.of(1, 1),
        rule="shared",
        by=world.broker(),
    )
    left = _proposed(season, Hours.of(1))
    season.days(31)
    do(exchanges.expire, by=world.broker())
    assert world.see(exchanges.get, left).state.value == "expired"


def _movements(season: Season) -> None:
    world, do = season.world, season.do
    anna, ben = world.accounts["anna"], world.accounts["ben"]
    do(transfers.grant, to=anna, hours=TWO, reason="welcome", by=world.cora)
    do(transfers.donate, source=anna, hours=Hours(minutes=30), by=world.member("anna"), note="tea")
    do(
        transfers.adjust,
        source=anna,
        target=ben,
        hours=Hours(minutes=10),
        reason="typing error on the sheet",
        by=world.cora,
        approved_by=world.olga,
    )
    draft = TransactionDraft(transfers=(Transfer(source=ben, target=anna, hours=TWO),), key="d1")
    posted = do(transfers.post, [draft, draft], by=world.cora)
    do(
        transfers.reverse,
        posted[0].receipt.transaction_id,
        reason="entered twice",
        by=world.cora,
        approved_by=world.colin,
        review_on=day_of(world.backend.clock(), "Europe/London") + timedelta(days=30),
    )
    carried = Transfer(
        source=world.see(members.account_of, "carry-over"),
        target=world.accounts["carla"],
        hours=Hours.of(5),
        activity=Activity.CARRY_OVER,
    )
    do(
        transfers.carry_over,
        [transfers.OpeningBalance(key="carla", transfer=carried)],
        by=world.cora,
        approved_by=world.colin,
        reason="carry-over",
    )


def _house(season: Season) -> None:
    world, do = season.world, season.do
    today = day_of(world.backend.clock(), "Europe/London")
    do(accounts.open, kind="activity", label="library", by=world.cora)
    do(
        accounts.set_limits,
        world.accounts["ben"],
        floor=Hours(minutes=-60),
        ceiling=Hours.of(40),
        reason="hardship",
        by=world.cora,
        approved_by=world.colin,
        review_on=today + timedelta(days=90),
    )
    do(accounts.freeze, world.accounts["ben"], frozen="out", reason="safeguarding", by=world.olga)
    do(periods.close, until=today - timedelta(days=1), by=world.cora, approved_by=world.colin)
    do(banks.set_policy, "agency-issued", by=world.cora)
    do(rebuilds.run, reason="correction", by=world.olga, approved_by=world.cora)
    do(banks.state_day, today, by=world.olga)
    do(members.join, name="Frida", ref="frida", by=world.cora)
    do(members.approve, "frida", by=world.olga)
    do(members.leave, "carla", by=world.member("carla"), hours_to="pot")
    do(members.leave, "dora", by=world.cora)
    do(members.forget, "dora", reason="other", by=world.cora, approved_by=world.olga)
