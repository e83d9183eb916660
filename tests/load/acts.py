"""The actions in which something is made to go wrong: what comes before, and the call itself.

Transfers and accounts stand here; ``acts_of_people``, ``acts_of_exchanges`` and
``acts_of_the_house`` have the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.backends import BANK, World
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    accounts,
    members,
    transfers,
)
from timebank.domain.bank import day_of
from timebank.domain.ids import TransactionId
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.transaction import Activity
from timebank.ports import UnitOfWork

A_LITTLE = Hours(minutes=1)


@dataclass(frozen=True, slots=True)
class Once:
    """What is said by an action without a receipt: whether there was nothing left to do."""

    replayed: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One request, the same whenever it is repeated: it takes place once."""

    call: Callable[[UnitOfWork], Receipt | Once]
    bank: str = BANK

    def __call__(self, uow: UnitOfWork) -> Receipt | Once:
        """Ask."""
        return self.call(uow)


@dataclass(slots=True)
class Acts:
    """Requests on a world, each with a key of its own."""

    world: World
    makers: Mapping[str, Maker]
    n: int = field(default=0)

    def key(self) -> str:
        """One that nobody used."""
        self.n += 1
        return f"act-{self.n}"

    def __getitem__(self, name: str) -> Act:
        """The next request of that name; what it needs has been done before."""
        return self.makers[name](self, self.key())

    @property
    def today(self) -> date:
        """The day of the bank."""
        return day_of(self.world.backend.clock(), "Europe/London")

    def newcomer(self) -> Receipt:
        """Somebody who has just joined."""
        ref = self.key()
        receipt: Receipt = self.world.do(members.join, name="Dora", ref=ref, by=self.world.cora)
        return receipt

    def draft(self, key: str, minutes: int = 1) -> TransactionDraft:
        """Anna gives Ben some minutes."""
        move = Transfer(
            source=self.world.accounts["anna"],
            target=self.world.accounts["ben"],
            hours=Hours(minutes=minutes),
        )
        return TransactionDraft(transfers=(move,), key=key, note="with thanks")

    def post(self, key: str, *more: str) -> Act:
        """A batch of drafts."""

        def act(uow: UnitOfWork) -> Receipt:
            drafts = [self.draft(one) for one in (key, *more)]
            return first(transfers.post(uow, drafts, by=self.world.cora))

        return Act(act)


Maker = Callable[[Acts, str], Act]


def first(outcomes: tuple[Outcome, ...]) -> Receipt:
    """The first receipt of a batch."""
    return outcomes[0].receipt_or_raise()


def call(action: Callable[..., Receipt], *args: Any, **kwargs: Any) -> Act:
    """An action with a receipt."""
    return Act(lambda uow: action(uow, *args, **kwargs))


def _grant(acts: Acts, key: str) -> Act:
    to = acts.world.accounts["anna"]
    return call(
        transfers.grant, to=to, hours=A_LITTLE, reason="welcome", by=acts.world.cora, key=key
    )


def _donate(acts: Acts, key: str) -> Act:
    anna = acts.world.member("anna")
    source, hours = acts.world.accounts["anna"], Hours(minutes=1)
    return call(transfers.donate, source=source, hours=hours, by=anna, key=key)


def _adjust(acts: Acts, key: str) -> Act:
    world = acts.world
    return call(
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
    draft, by = acts.draft(acts.key()), acts.world.cora
    receipt = first(acts.world.do(transfers.post, [draft], by=by))
    id_ = TransactionId(receipt.transaction_id)
    return call(transfers.reverse, id_, reason="entered twice", by=acts.world.cora, key=key)


def _set_limits(acts: Acts, key: str) -> Act:
    world = acts.world
    return call(
        accounts.set_limits,
        world.accounts["carla"],
        floor=Hours(minutes=-acts.n),
        ceiling=Hours(minutes=6_000),
        reason="other",
        by=world.cora,
        approved_by=world.colin,
        key=key,
    )


def _carry_over(acts: Acts, key: str) -> Act:
    world = acts.world
    move = Transfer(
        source=world.see(members.account_of, "carry-over"),
        target=world.accounts["carla"],
        hours=A_LITTLE,
        activity=Activity.CARRY_OVER,
    )
    item = transfers.OpeningBalance(key=key, transfer=move)
    by, second = world.cora, world.colin
    return Act(
        lambda uow: first(
            transfers.carry_over(uow, [item], by=by, approved_by=second, reason="carry-over")
        )
    )


def _open(acts: Acts, key: str) -> Act:
    return call(accounts.open, kind="activity", label=f"room-{key}", by=acts.world.cora, key=key)


def _freeze(acts: Acts, key: str) -> Act:
    account, by = acts.newcomer().account_id, acts.world.olga
    return call(accounts.freeze, account, frozen="out", reason="safeguarding", by=by, key=key)


MAKERS: dict[str, Maker] = {
    "transfers.post": lambda acts, key: acts.post(key),
    "transfers.post of three": lambda acts, key: acts.post(key, acts.key(), acts.key()),
    "transfers.grant": _grant,
    "transfers.donate": _donate,
    "transfers.adjust": _adjust,
    "transfers.reverse": _reverse,
    "transfers.carry_over": _carry_over,
    "accounts.open": _open,
    "accounts.set_limits": _set_limits,
    "accounts.freeze": _freeze,
}
