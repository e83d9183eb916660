"""Exchanges in which something is made to go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.load.acts import A_LITTLE, Act, Acts, Maker, Once, call, first
from timebank import exchanges
from timebank.actions.exchanges import PastExchange
from timebank.domain.actor import Actor
from timebank.domain.ids import ExchangeId
from timebank.domain.receipt import Receipt
from timebank.ports import UnitOfWork

STEPS = ("proposed", "agreed", "reported", "confirmed")


def an_exchange(acts: Acts, upto: str) -> ExchangeId:
    """Ben gives Anna a little, and it has come so far."""
    world, made = acts.world, STEPS.index(upto)
    anna, ben = world.member("anna"), world.member("ben")
    id_ = world.do(
        exchanges.propose, giver="ben", receiver="anna", hours=A_LITTLE, by=anna
    ).exchange_id
    if made >= STEPS.index("agreed"):
        world.do(exchanges.agree, id_, by=ben)
    if made >= STEPS.index("reported"):
        world.do(exchanges.report, id_, hours=A_LITTLE, by=ben)
    if made >= STEPS.index("confirmed"):
        world.do(exchanges.confirm, id_, by=anna)
    return id_


def a_recorded_one(acts: Acts) -> ExchangeId:
    """The broker recorded that Ben gave Anna a little."""
    by = acts.world.broker()
    return acts.world.do(
        exchanges.record, giver="ben", receiver="anna", hours=A_LITTLE, by=by
    ).exchange_id


def _on(action: Callable[..., Receipt], upto: str, who: str) -> Maker:
    """One of the two acts on an exchange that has come so far."""
    return lambda acts, key: call(
        action, an_exchange(acts, upto), by=acts.world.member(who), key=key
    )


def _propose(acts: Acts, key: str) -> Act:
    by = acts.world.member("anna")
    return call(exchanges.propose, giver="ben", receiver="anna", hours=A_LITTLE, by=by, key=key)


def _report(acts: Acts, key: str) -> Act:
    id_, by = an_exchange(acts, "agreed"), acts.world.member("ben")
    return call(exchanges.report, id_, hours=A_LITTLE, by=by, key=key)


def _dispute(acts: Acts, key: str) -> Act:
    by = acts.world.member("anna")
    return call(exchanges.dispute, a_recorded_one(acts), reason="not so", by=by, key=key)


def _resolve(acts: Acts, key: str) -> Act:
    id_, by = a_recorded_one(acts), acts.world.cora
    acts.world.do(exchanges.dispute, id_, reason="not so", by=acts.world.member("anna"))
    return call(exchanges.resolve, id_, hours=None, reason="not as agreed", by=by, key=key)


def _reverse(acts: Acts, key: str) -> Act:
    id_ = an_exchange(acts, "confirmed")
    return call(exchanges.reverse, id_, reason="not as agreed", by=acts.world.cora, key=key)


def _record(acts: Acts, key: str) -> Act:
    by = acts.world.broker()
    return call(exchanges.record, giver="ben", receiver="anna", hours=A_LITTLE, by=by, key=key)


def _record_all(acts: Acts, key: str) -> Act:
    people, by = acts.world.people, acts.world.broker()
    past = [
        PastExchange(giver=people["ben"], receiver=people["anna"], hours=A_LITTLE, key=one)
        for one in (key, acts.key(), acts.key())
    ]
    return Act(lambda uow: first(exchanges.record_all(uow, past, by=by)))


def _group(acts: Acts, key: str) -> Act:
    return call(
        exchanges.group,
        givers=["ben"],
        receivers=["anna", "carla"],
        hours=A_LITTLE,
        rule="each",
        by=acts.world.broker(),
        key=key,
    )


def _expire(acts: Acts, _key: str) -> Act:
    by, pause = Actor.system(), timedelta(days=2)
    acts.world.backend.clock.advance(pause)
    acts.world.do(exchanges.expire, by=by)
    an_exchange(acts, "proposed")
    acts.world.backend.clock.advance(pause)

    def act(uow: UnitOfWork) -> Once:
        return Once(replayed=not exchanges.expire(uow, by=by))

    return Act(act)


MAKERS: dict[str, Maker] = {
    "exchanges.propose": _propose,
    "exchanges.agree": _on(exchanges.agree, "proposed", "ben"),
    "exchanges.decline": _on(exchanges.decline, "proposed", "ben"),
    "exchanges.report": _report,
    "exchanges.confirm": _on(exchanges.confirm, "reported", "anna"),
    "exchanges.cancel": _on(exchanges.cancel, "agreed", "anna"),
    "exchanges.dispute": _dispute,
    "exchanges.resolve": _resolve,
    "exchanges.reverse": _reverse,
    "exchanges.record": _record,
    "exchanges.record_all": _record_all,
    "exchanges.group": _group,
    "exchanges.expire": _expire,
}
