"""Exchanges: from a proposal to hours that have moved; and their reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from timebank.actions import _batch
from timebank.actions._batch import Mode
from timebank.actions._gather import (
    POT,
    books,
    case,
    conditions,
    labelled,
    levied,
    main_accounts,
    owners,
    person_id,
)
from timebank.actions._request import Request, action
from timebank.domain import agreement, movement, settlement
from timebank.domain.actor import Actor
from timebank.domain.agreement import Case
from timebank.domain.bank import checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions
from timebank.domain.exchange import Exchange, ExchangeAct, GroupRule, State
from timebank.domain.hours import Hours
from timebank.domain.ids import ExchangeId, ListingId, PersonId, checked_id
from timebank.domain.movement import Books
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.transaction import Transaction
from timebank.errors import InputError, NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork


@action("exchanges.propose")
def propose(
    uow: UnitOfWork,
    *,
    giver: PersonId,
    receiver: PersonId,
    hours: Hours,
    by: Actor,
    happens_on: date | None = None,
    category: str | None = None,
    listing: ListingId | None = None,
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
def agree(uow: UnitOfWork, exchange: ExchangeId, *, by: Actor, key: str | None = None) -> Changes:
    """The other side agrees; the receiver's hours are set aside until the policy's deadline.

    *Refuses*, in this order: an unknown exchange, the actor, the state, an outsider, the
    proposer's own side, members who are not active, more hours than are available.
    """
    found, now = _gathered(uow, exchange, by=by)
    return agreement.agree(found, now)


@action("exchanges.decline")
def decline(
    uow: UnitOfWork,
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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
    exchange: ExchangeId,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExchange:
    """What already took place between a giver and a receiver, to be recorded in one act."""

    giver: PersonId
    receiver: PersonId
    hours: Hours
    happened_on: date | None = None
    category: str | None = None
    reason: str | None = None
    key: str | None = None


def record(
    uow: UnitOfWork,
    *,
    giver: PersonId,
    receiver: PersonId,
    hours: Hours,
    by: Actor,
    happened_on: date | None = None,
    category: str | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Receipt:
    """Record in one act what already took place: staff's daily work. Disputable by the parties.

    *Refuses*, in this order: unknown members, the actor, staff who are the giver, the same member
    twice, hours that are not positive or not allowed, and what ``ledger.post`` refuses.
    """
    past = PastExchange(
        giver=person_id(uow, giver, field="giver"),
        receiver=person_id(uow, receiver, field="receiver"),
        hours=hours,
        happened_on=None if happened_on is None else checked_day(happened_on, field="happened_on"),
        category=category,
        reason=reason,
        key=key,
    )
    outcome = record_all(
        uow, [past], by=by, approved_by=approved_by, reason=reason, review_on=review_on
    )[0]
    if outcome.receipt is None:  # atomic mode raises refusals
        raise LookupError("an accepted item has a receipt")
    return outcome.receipt


def record_all(
    uow: UnitOfWork,
    items: Sequence[PastExchange],
    *,
    by: Actor,
    mode: Mode = "atomic",
    imported: bool = False,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
) -> tuple[Outcome, ...]:
    """``record`` for many, in order, with a constant number of reads and writes.

    Members are named by id. ``imported`` marks them as brought from elsewhere.

    *Refuses*, per item, what ``record`` refuses.
    """
    requests = [_request(item, by) for item in items]
    pot = labelled(uow, POT)
    with_pot = levied(uow)
    owned = uow.accounts.of_members({p for item in items for p in (item.giver, item.receiver)})
    account_of = {person: accounts[0] for person, accounts in owned.items()}

    def gather(waiting: Sequence[int]) -> tuple[Books, Conditions]:
        people = {p for i in waiting for p in (items[i].giver, items[i].receiver)}
        touched = {account_of[person] for person in people if person in account_of}
        found = books(uow, touched | ({pot} if with_pot else set()))
        return found, conditions(uow, by=by, approved_by=approved_by, people=people)

    def decide(i: int, found: Books, now: Conditions) -> tuple[Changes, Books]:
        for person in (items[i].giver, items[i].receiver):
            if person not in account_of:
                raise NotFoundError(kind="member", ref=person)
        override = movement.override_of(
            approved_by, reason, review_on, now, action="exchanges.record"
        )
        return settlement.record(
            settlement.Session(
                givers=(items[i].giver,),
                receivers=(items[i].receiver,),
                hours=items[i].hours,
                rule=None,
                happened_on=items[i].happened_on,
                category=items[i].category,
                note=items[i].reason,
                imported=imported,
            ),
            found,
            account_of=account_of,
            pot=pot,
            conditions=now,
            override=override,
        )

    return _batch.run(uow, requests, gather=gather, decide=decide, mode=mode)


def _request(item: PastExchange, by: Actor) -> Request:
    values = {
        "giver": item.giver,
        "receiver": item.receiver,
        "hours": item.hours,
        "happened_on": item.happened_on,
        "category": item.category,
        "reason": item.reason,
        "by": by,
    }
    return Request(action="exchanges.record", key=item.key, values=values)


@action("exchanges.group")
def group(
    uow: UnitOfWork,
    *,
    givers: Sequence[PersonId],
    receivers: Sequence[PersonId],
    hours: Hours,
    rule: GroupRule | str,
    by: Actor,
    happened_on: date | None = None,
    category: str | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Record a session of one giver and many receivers, or many and one, in one transaction.

    ``shared``: the hours are the one's and the many share them exactly. ``each``: everybody of
    the many counts them in full. ``pot``: the community pot pays each giver in full.

    *Refuses*, in this order: unknown members, an unknown rule, the actor, many on both sides, a
    member twice, staff among the givers, hours that are not positive or not allowed, and what
    ``ledger.post`` refuses.
    """
    sides = [
        tuple(person_id(uow, who, field="giver") for who in givers),
        tuple(person_id(uow, who, field="receiver") for who in receivers),
    ]
    try:
        rule = GroupRule(rule)
    except ValueError:
        raise InputError(field="rule", problem=f"{rule!r} is not shared, each or pot") from None
    people = {*sides[0], *sides[1]}
    account_of = main_accounts(uow, people)
    pot = labelled(uow, POT)
    with_pot = rule is GroupRule.POT or levied(uow)
    found = books(uow, {*account_of.values(), *((pot,) if with_pot else ())})
    now = conditions(uow, by=by, approved_by=approved_by, people=people)
    override = movement.override_of(approved_by, reason, review_on, now, action="exchanges.group")
    session = settlement.Session(
        givers=sides[0],
        receivers=sides[1],
        hours=hours,
        rule=rule,
        happened_on=happened_on,
        category=category,
        note=reason,
    )
    return settlement.record(
        session, found, account_of=account_of, pot=pot, conditions=now, override=override
    )[0]


def expire(uow: UnitOfWork, *, by: Actor, limit: int = 1000) -> tuple[Receipt, ...]:
    """End what time has ended: proposals, agreements and holds past their deadline.

    Everything else treats them as ended already; a late sweep changes no answer. At most ``limit``
    exchanges a call. *Refuses* the actor and a suspect clock (``ClockSuspect``).
    """
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
    member: PersonId | None = None,
    state: State | str | None = None,
    after: ExchangeId | None = None,
    limit: int = 100,
) -> tuple[Exchange, ...]:
    """Exchanges in order of id, of one member or in one state if asked; a page of ``limit``."""
    who = None if member is None else person_id(uow, member)
    return uow.exchanges.list(
        member=who, state=None if state is None else State(state), after=after, limit=limit
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
