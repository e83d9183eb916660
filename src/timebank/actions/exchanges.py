"""Exchanges: from a proposal to hours that have moved; and their reading."""

from __future__ import annotations

from datetime import date

from timebank.actions._gather import (
    case,
    check_page,
    conditions,
    levied,
    owners,
    person_id,
)
from timebank.actions._past import PastExchange, group, record, record_all
from timebank.actions._request import action
from timebank.domain import agreement, movement, settlement
from timebank.domain.actor import Actor, require_role
from timebank.domain.agreement import Case
from timebank.domain.bank import checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions
from timebank.domain.exchange import Exchange, ExchangeAct, State
from timebank.domain.hours import Hours
from timebank.domain.ids import ExchangeId, ListingId, checked_id
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Transaction
from timebank.domain.words import checked_word
from timebank.errors import NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork

__all__ = [
    "PastExchange",
    "acts",
    "agree",
    "cancel",
    "confirm",
    "decline",
    "dispute",
    "expire",
    "get",
    "group",
    "list",
    "propose",
    "record",
    "record_all",
    "report",
    "resolve",
    "reverse",
]


@action("exchanges.propose")
def propose(
    uow: UnitOfWork,
    *,
    giver: str,
    receiver: str,
    hours: Hours,
    by: Actor,
    happens_on: date | None = None,
    category: str | None = None,
    listing: str | None = None,
    key: str | None = None,
) -> Changes:
    """Propose an exchange, by one of its sides or by staff on a side's behalf.

    *Refuses*, in this order: unknown members or listing, the actor, giver and receiver the same,
    hours that are not positive or not allowed, an outsider, members who are not active, an
    unknown category, a listing that no longer stands or is not of the right side.
    """
    who = [person_id(uow, giver, field="giver"), person_id(uow, receiver, field="receiver")]
    if happens_on is not None:
        checked_day(happens_on, field="happens_on")
    found = None
    if listing is not None:
        found = uow.listings.get(ListingId(checked_id(listing, field="listing")))
        if found is None:
            raise NotFoundError(kind="listing", ref=listing)
    return agreement.propose(
        giver=who[0],
        receiver=who[1],
        hours=hours,
        happens_on=happens_on,
        category=category,
        listing=found,
        conditions=conditions(uow, by=by, people=who),
    )


@action("exchanges.agree")
def agree(uow: UnitOfWork, exchange: str, *, by: Actor, key: str | None = None) -> Changes:
    """The other side agrees; the receiver's hours are set aside until the policy's deadline.

    *Refuses*, in this order: an unknown exchange, the actor, the state, an outsider, the
    proposer's own side, members who are not active, more hours than are available.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.agree(found, now)


@action("exchanges.decline")
def decline(
    uow: UnitOfWork,
    exchange: str,
    *,
    by: Actor,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """The other side says no.

    *Refuses*, in this order: an unknown exchange, the actor, the state, the proposer's side.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.decline(found, now, reason=reason)


@action("exchanges.report")
def report(
    uow: UnitOfWork,
    exchange: str,
    *,
    hours: Hours,
    by: Actor,
    key: str | None = None,
) -> Changes:
    """A side says how long it took. Reports beyond the policy's band make it disputed.

    *Refuses*, in this order: an unknown exchange, the actor, the state, an outsider, hours that
    are not positive, not allowed, or more than agreed and the band.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.report(found, now, hours=hours)


@action("exchanges.confirm")
def confirm(
    uow: UnitOfWork,
    exchange: str,
    *,
    by: Actor,
    hours: Hours | None = None,
    happened_on: date | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """The receiver says it took place: the hold is settled and the hours move to the giver.

    ``hours`` is the receiver's own report. Where it lies beyond the band of the giver's, the
    exchange becomes disputed and nothing moves: see the receipt's events.

    *Refuses*, in this order: an unknown exchange, the actor, the state, the giver's side, hours
    that are not positive or not allowed, and all that ``ledger.post`` refuses.
    """
    found, now = _gathered(uow, exchange, by=by, approved_by=approved_by, with_pot=levied(uow))
    override = movement.override_of(approved_by, reason, review_on, now, action="exchanges.confirm")
    return settlement.confirm(found, now, hours=hours, happened_on=happened_on, override=override)


@action("exchanges.cancel")
def cancel(
    uow: UnitOfWork,
    exchange: str,
    *,
    by: Actor,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """It will not take place: by a party, or by a coordinator. The hold is released.

    *Refuses*, in this order: an unknown exchange, the actor, the state, an outsider.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.cancel(found, now, reason=reason)


@action("exchanges.dispute")
def dispute(
    uow: UnitOfWork,
    exchange: str,
    *,
    by: Actor,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """A party says it was not like that; a coordinator resolves it.

    *Refuses*, in this order: an unknown exchange, the actor, the state, an outsider, a confirmed
    exchange after the policy's days.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.dispute(found, now, reason=reason)


@action("exchanges.resolve")
def resolve(
    uow: UnitOfWork,
    exchange: str,
    *,
    hours: Hours | None,
    reason: str,
    by: Actor,
    happened_on: date | None = None,
    approved_by: Actor | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """A coordinator ends a dispute: with ``hours`` it took place, with None it did not.

    Where hours had moved already, they stand (``hours`` equal to them) or are moved back (None).

    *Refuses*, in this order: an unknown exchange, the actor, the state, a coordinator who is a
    party, a missing reason, other hours than those that moved, and what ``ledger.post`` refuses.
    """
    found, now = _gathered(uow, exchange, by=by, approved_by=approved_by, with_pot=levied(uow))
    override = movement.override_of(approved_by, reason, review_on, now, action="exchanges.resolve")
    return settlement.resolve(
        found,
        now,
        original=_moved(uow, found.exchange),
        hours=hours,
        reason=reason,
        happened_on=happened_on,
        override=override,
    )


@action("exchanges.reverse")
def reverse(
    uow: UnitOfWork,
    exchange: str,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """The hours of a confirmed exchange are moved back, levy and all.

    *Refuses*, in this order: an unknown exchange, the actor, the state, a coordinator who is a
    party, a missing reason, and what ``ledger.post`` refuses of a reversal.
    """
    found, now = _gathered(uow, exchange, by=by, approved_by=approved_by, with_pot=True)
    override = movement.override_of(approved_by, reason, review_on, now, action="exchanges.reverse")
    return settlement.reverse(
        found, now, original=_moved(uow, found.exchange), reason=reason, override=override
    )


def expire(uow: UnitOfWork, *, by: Actor, limit: int = 1000) -> tuple[Receipt, ...]:
    """End what time has ended: proposals, agreements and holds past their deadline.

    Everything else treats them as ended already; a late sweep changes no answer. At most ``limit``
    exchanges a call. *Refuses* the actor and a suspect clock (``ClockSuspect``).
    """
    require_role("exchanges.expire", by)
    due = uow.exchanges.due(uow.now(), limit)
    receipts = (_expire_one(uow, exchange, by=by) for exchange in due)
    return tuple(receipt for receipt in receipts if receipt.events)


@action("exchanges.expire")
def _expire_one(uow: UnitOfWork, exchange: ExchangeId, *, by: Actor) -> Changes:
    found, now = _gathered(uow, exchange, by=by)
    return agreement.expire(found, now)


def get(uow: ReadingUnit, exchange: str) -> Exchange:
    """An exchange by its id. *Refuses* unknown ones with ``NotFoundError``."""
    found = uow.exchanges.get(ExchangeId(checked_id(exchange, field="exchange")))
    if found is None:
        raise NotFoundError(kind="exchange", ref=exchange)
    return found


def acts(uow: ReadingUnit, exchange: str) -> tuple[ExchangeAct, ...]:
    """Everything that was done to an exchange, in order."""
    return uow.exchanges.acts(get(uow, exchange).id)


def list(
    uow: ReadingUnit,
    *,
    member: str | None = None,
    state: State | str | None = None,
    after: ExchangeId | None = None,
    limit: int = 100,
) -> tuple[Exchange, ...]:
    """Exchanges in order of id, of one member or in one state if asked; a page of ``limit``."""
    check_page(after, limit)
    who = None if member is None else person_id(uow, member)
    return uow.exchanges.list(
        member=who,
        state=None if state is None else checked_word(State, state, field="state"),
        after=after,
        limit=limit,
    )


def _moved(uow: UnitOfWork, exchange: Exchange) -> Transaction | None:
    """What the exchange moved, if anything."""
    return None if exchange.transaction is None else uow.journal.get(exchange.transaction)


def _gathered(
    uow: UnitOfWork,
    exchange: str,
    *,
    by: Actor,
    approved_by: Actor | None = None,
    with_pot: bool = False,
) -> tuple[Case, Conditions]:
    found = case(uow, exchange, with_pot=with_pot)
    people = owners(found.accounts.values())
    return found, conditions(uow, by=by, approved_by=approved_by, people=people)
