"""The actions in which something is made to go wrong: what comes before, and the call itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.backends import World
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    accounts,
    exchanges,
    listings,
    members,
    transfers,
)
from timebank.domain.ids import ExchangeId, TransactionId
from timebank.domain.receipt import Receipt
from timebank.ports import UnitOfWork

A_LITTLE = Hours(minutes=5)
Act = Callable[[UnitOfWork], Receipt]
"""One request under one key: the same receipt whenever it is repeated."""


@dataclass(slots=True)
class Acts:
    """Requests on a world, each with a key of its own."""

    world: World
    n: int = field(default=0)

    def key(self) -> str:
        self.n += 1
        return f"act-{self.n}"

    def __getitem__(self, name: str) -> Act:
        """The next request of that name; what it needs has been done before."""
        make: Callable[[Acts, str], Act] = MAKERS[name]
        return make(self, self.key())

    def draft(self, key: str, minutes: int = 1) -> TransactionDraft:
        """Anna gives Ben some minutes."""
        move = Transfer(
            source=self.world.accounts["anna"],
            target=self.world.accounts["ben"],
            hours=Hours(minutes=minutes),
        )
        return TransactionDraft(transfers=(move,), key=key, note="with thanks")

    def post(self, key: str, *more: str) -> Act:
        def act(uow: UnitOfWork) -> Receipt:
            drafts = [self.draft(one) for one in (key, *more)]
            return transfers.post(uow, drafts, by=self.world.cora)[0].receipt_or_raise()

        return act

    def exchange(self, upto: str) -> ExchangeId:
        """An exchange that has come so far."""
        world = self.world
        giver, receiver = world.member("ben"), world.member("anna")
        id_ = world.do(
            exchanges.propose,
            giver=world.people["ben"],
            receiver=world.people["anna"],
            hours=A_LITTLE,
            by=receiver,
        ).exchange_id
        if upto in ("agreed", "reported"):
            world.do(exchanges.agree, id_, by=giver)
        if upto == "reported":
            world.do(exchanges.report, id_, hours=A_LITTLE, by=giver)
        return id_


def _call(action: Callable[..., Receipt], *args: Any, **kwargs: Any) -> Act:
    return lambda uow: action(uow, *args, **kwargs)


def _grant(acts: Acts, key: str) -> Act:
    to = acts.world.accounts["anna"]
    return _call(
        transfers.grant, to=to, hours=A_LITTLE, reason="welcome", by=acts.world.cora, key=key
    )


def _donate(acts: Acts, key: str) -> Act:
    anna = acts.world.member("anna")
    source, hours = acts.world.accounts["anna"], Hours(minutes=1)
    return _call(transfers.donate, source=source, hours=hours, by=anna, key=key)


def _adjust(acts: Acts, key: str) -> Act:
    world = acts.world
    return _call(
        transfers.adjust,
        source=world.accounts["anna"],
        target=world.accounts["ben"],
        hours=Hours(minutes=1),
        reason="other",
        by=world.cora,
        approved_by=world.colin,
        key=key,
    )


def _reverse(acts: Acts, key: str) -> Act:
    receipt = acts.world.do(acts.post(acts.key()))
    id_ = TransactionId(receipt.transaction_id)
    return _call(transfers.reverse, id_, reason="entered twice", by=acts.world.cora, key=key)


def _propose(acts: Acts, key: str) -> Act:
    people = acts.world.people
    return _call(
        exchanges.propose,
        giver=people["ben"],
        receiver=people["anna"],
        hours=A_LITTLE,
        by=acts.world.member("anna"),
        key=key,
    )


def _agree(acts: Acts, key: str) -> Act:
    ben = acts.world.member("ben")
    return _call(exchanges.agree, acts.exchange("proposed"), by=ben, key=key)


def _confirm(acts: Acts, key: str) -> Act:
    anna = acts.world.member("anna")
    return _call(exchanges.confirm, acts.exchange("reported"), by=anna, key=key)


def _cancel(acts: Acts, key: str) -> Act:
    anna = acts.world.member("anna")
    return _call(exchanges.cancel, acts.exchange("agreed"), by=anna, key=key)


def _join(acts: Acts, key: str) -> Act:
    return _call(members.join, name="Dora", ref=f"dora-{key}", by=acts.world.cora, key=key)


def _offer(acts: Acts, key: str) -> Act:
    anna = acts.world.member("anna")
    member = acts.world.people["anna"]
    return _call(listings.offer, member=member, title="Bread", category="other", by=anna, key=key)


def _set_limits(acts: Acts, key: str) -> Act:
    world = acts.world
    return _call(
        accounts.set_limits,
        world.accounts["carla"],
        floor=Hours(minutes=-acts.n),
        ceiling=Hours(minutes=6_000),
        reason="other",
        by=world.cora,
        approved_by=world.colin,
        key=key,
    )


MAKERS: dict[str, Callable[[Acts, str], Act]] = {
    "transfers.post": lambda acts, key: acts.post(key),
    "transfers.post of three": lambda acts, key: acts.post(key, acts.key(), acts.key()),
    "transfers.grant": _grant,
    "transfers.donate": _donate,
    "transfers.adjust": _adjust,
    "transfers.reverse": _reverse,
    "exchanges.propose": _propose,
    "exchanges.agree": _agree,
    "exchanges.confirm": _confirm,
    "exchanges.cancel": _cancel,
    "members.join": _join,
    "listings.offer": _offer,
    "accounts.set_limits": _set_limits,
}
