"""``exchange_confirm``: one durable two-sided exchange confirmed, beside hand-written Core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from benchmarks import books
from benchmarks.hand_core import HandCore
from benchmarks.lines import Line, interleaved, rates
from benchmarks.places import Place
from benchmarks.world import BANK, World, a_world
from timebank import Hours, exchanges, standalone
from timebank.domain.ids import ExchangeId
from timebank.storage.sql.unit_of_work import SqlUnit

TURNS: Final = 5


class Reported(NamedTuple):
    """An exchange that waits for its receiver, by place in the list of members."""

    exchange: ExchangeId
    receiver: int


class Supply:
    """Exchanges that were proposed, agreed and reported, a turn at a time.

    Neighbours pair up; after each turn giver and receiver change sides.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._served = 0
        self.waiting: list[Reported] = []

    def refill(self, n: int) -> None:
        """n more, in one unit of work."""
        turn = self._served % 2
        self._served += 1
        pairs = len(self._world.people) // 2
        with standalone(self._world.place.engine, bank=BANK) as uow:
            self.waiting = [
                self._reported(uow, 2 * (i % pairs) + turn, 2 * (i % pairs) + 1 - turn)
                for i in range(n)
            ]

    def _reported(self, uow: SqlUnit, giver: int, receiver: int) -> Reported:
        world = self._world
        minute = Hours(minutes=1)
        made = exchanges.propose(
            uow,
            giver=world.people[giver],
            receiver=world.people[receiver],
            hours=minute,
            by=world.member(giver),
        ).exchange_id
        exchanges.agree(uow, made, by=world.member(receiver))
        exchanges.report(uow, made, hours=minute, by=world.member(giver))
        return Reported(made, receiver)


def exchange_confirm(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """State, hold, key, transfer, act, queue and outbox, in a commit each; n a round."""
    world = a_world(place)
    supply, hand = Supply(world), HandCore(world)
    turns = min(TURNS, n)

    def run_ours() -> None:
        for found in supply.waiting:
            receiver = world.member(found.receiver)
            world.do(exchanges.confirm, found.exchange, by=receiver, key=f"ours-{found.exchange}")

    def run_limit() -> None:
        for found in supply.waiting:
            hand.confirm(found.exchange, world.people[found.receiver], f"hand-{found.exchange}")

    pairs = interleaved(
        run_ours,
        run_limit,
        prepare=lambda: supply.refill(n // turns),
        check=lambda: books.check(place),
        settle=place.settle,
        turns=turns,
        rounds=rounds,
    )
    books.audited(place)
    yield rates("exchange_confirm", place.backend, n // turns * turns, pairs, "exchanges/s")
