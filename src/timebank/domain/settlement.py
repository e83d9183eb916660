"""The acts of an exchange that move the hours it agreed on: confirm, resolve, reverse."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import assert_never

from timebank.domain import hold as holds
from timebank.domain.agreement import (
    Case,
    acted,
    checked_minutes,
    closed,
    in_dispute,
    swept,
    with_report,
)
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor, required_reason
from timebank.domain.events import HoldEnded
from timebank.domain.exchange import (
    Act,
    Exchange,
    Side,
    State,
    require_act,
    require_disinterested,
    require_side,
)
from timebank.domain.hold import HoldOutcome
from timebank.domain.hours import Hours, positive
from timebank.domain.ids import AccountId, TransactionId
from timebank.domain.ledger import Override, Posting, post
from timebank.domain.movement import Books, posted_on
from timebank.domain.policy import BandRule
from timebank.domain.transaction import (
    Activity,
    Transaction,
    TransactionKind,
    Transfer,
    reversal_of,
)
from timebank.errors import HoursNotAllowed, NotPermitted


def confirm(
    case: Case,
    conditions: Conditions,
    *,
    hours: Hours | None = None,
    happened_on: date | None = None,
    override: Override | None = None,
) -> Changes:
    """The receiver says it took place: the hold is settled and the hours move to the giver.

    ``hours`` is the receiver's own report where there was none. Reports within the band are
    settled by the policy's rule; further apart, the exchange is disputed and nothing moves.

    *Refuses*, in this order: the actor, the state, the giver's side (``NotPermitted``), hours that
    are not positive or not allowed, and all that ``ledger.post`` refuses.
    """
    exchange = case.exchange
    require_actor("exchanges.confirm", conditions)
    require_act(exchange, Act.CONFIRM, now=conditions.now)
    side = require_side(exchange, Act.CONFIRM, conditions.by)
    if side is not Side.RECEIVER:
        raise NotPermitted(
            action="exchanges.confirm", who=str(conditions.by), needed="the receiver confirms"
        )
    said = _receivers_minutes(exchange, hours, conditions)
    reported = with_report(exchange, Side.RECEIVER, said)
    if in_dispute(reported, conditions):
        disputed = replace(reported, state=State.DISPUTED)
        return acted(disputed, Act.CONFIRM, side, said, conditions)[0]
    minutes = conditions.policy.credited_minutes(_by_rule(reported, conditions.policy.band_rule))
    return _settled(
        replace(case, exchange=reported),
        minutes,
        Act.CONFIRM,
        side,
        conditions,
        happened_on=happened_on,
        override=override,
    )


def resolve(
    case: Case,
    conditions: Conditions,
    *,
    original: Transaction | None,
    hours: Hours | None,
    reason: str,
    happened_on: date | None = None,
    override: Override | None = None,
) -> Changes:
    """A coordinator ends a dispute: with ``hours`` it took place, without it did not.

    ``original`` is what had moved already, if anything: it stands where ``hours`` are those that
    moved, and is reversed where they are None.

    *Refuses*, in this order: the actor, the state, a coordinator who is a party, a missing
    reason, hours that are not positive or not allowed, and all that ``ledger.post`` refuses.
    """
    exchange = case.exchange
    require_actor("exchanges.resolve", conditions)
    require_act(exchange, Act.RESOLVE, now=conditions.now)
    require_disinterested("exchanges.resolve", exchange.parties, conditions.by)
    required_reason(reason, about=exchange.id, conditions=conditions)
    if hours is None and original is None:
        return closed(case, State.CANCELLED, Act.RESOLVE, None, conditions, reason=reason)
    if hours is None:
        return _moved_back(
            case, original, Act.RESOLVE, conditions, reason=reason, override=override
        )
    minutes = conditions.policy.credited_minutes(positive(hours))
    if original is not None:
        return _upheld(exchange, original, minutes, conditions, reason=reason)
    return _settled(
        case,
        minutes,
        Act.RESOLVE,
        None,
        conditions,
        happened_on=happened_on,
        override=override,
        reason=reason,
    )


def _upheld(
    exchange: Exchange,
    original: Transaction,
    minutes: int,
    conditions: Conditions,
    *,
    reason: str,
) -> Changes:
    """What moved stands. *Refuses* other hours: reverse first, then record what is right."""
    moved = _moved_minutes(exchange, original)
    if minutes != moved:
        raise HoursNotAllowed(
            minutes=minutes,
            rule="the hours that moved",
            limit_minutes=moved,
            next_step="uphold those, or cancel it and record what is right",
        )
    confirmed = replace(exchange, state=State.CONFIRMED)
    return acted(confirmed, Act.RESOLVE, None, minutes, conditions, reason=reason)[0]


def reverse(
    case: Case,
    conditions: Conditions,
    *,
    original: Transaction | None,
    reason: str,
    override: Override | None = None,
) -> Changes:
    """The hours of a confirmed exchange are moved back, levy and all, by a second transaction.

    *Refuses*, in this order: the actor, the state, a coordinator who is a party, a missing
    reason, and what ``ledger.post`` refuses of a reversal.
    """
    require_actor("exchanges.reverse", conditions)
    require_act(case.exchange, Act.REVERSE, now=conditions.now)
    require_disinterested("exchanges.reverse", case.exchange.parties, conditions.by)
    return _moved_back(case, original, Act.REVERSE, conditions, reason=reason, override=override)


def service_posting(
    exchange: Exchange,
    moves: tuple[tuple[AccountId, AccountId, int], ...],
    conditions: Conditions,
    pot: AccountId,
    *,
    happened_on: date | None,
    override: Override | None,
) -> Posting:
    """The service transfers of an exchange, and each giver's levy as a transfer of its own."""
    services = tuple(
        Transfer(source=source, target=target, hours=Hours(minutes=minutes))
        for source, target, minutes in moves
    )
    levies = tuple(
        Transfer(source=target, target=pot, hours=Hours(minutes=levy), activity=Activity.LEVY)
        for source, target, minutes in moves
        if source != pot and (levy := conditions.policy.levy_minutes(minutes))
    )
    return Posting(
        id=exchange.transaction or TransactionId(conditions.fresh.id()),
        kind=TransactionKind.GROUP if exchange.rule else TransactionKind.EXCHANGE,
        transfers=services + levies,
        happened_on=happened_on,
        category=exchange.category,
        override=override,
        exchange=exchange.id,
    )


def _receivers_minutes(exchange: Exchange, hours: Hours | None, conditions: Conditions) -> int:
    if hours is not None:
        return checked_minutes(exchange, hours, conditions)
    if exchange.receiver_minutes is not None:
        return exchange.receiver_minutes
    return exchange.giver_minutes or exchange.agreed_minutes


def _by_rule(exchange: Exchange, rule: BandRule) -> int:
    """The minutes that count of two reports within the band."""
    receiver = exchange.receiver_minutes or exchange.agreed_minutes
    giver = exchange.giver_minutes or receiver
    match rule:
        case BandRule.LOWER:
            return min(giver, receiver)
        case BandRule.HIGHER:
            return max(giver, receiver)
        case BandRule.GIVER:
            return giver
        case BandRule.RECEIVER:
            return receiver
        case _ as unreachable:
            assert_never(unreachable)


def _settled(
    case: Case,
    minutes: int,
    act: Act,
    side: Side | None,
    conditions: Conditions,
    *,
    happened_on: date | None,
    override: Override | None,
    reason: str | None = None,
) -> Changes:
    """The hold ends, the hours move, the exchange is confirmed."""
    exchange = case.exchange
    found, lapsed = holds.lapse(case.accounts, case.holds, now=conditions.now)
    accounts, changes = dict(found), swept(found, lapsed)
    hold = case.hold
    if hold is not None and hold.id not in {ended.id for ended in lapsed}:
        accounts[hold.account], settled = holds.end(
            accounts[hold.account],
            hold,
            outcome=HoldOutcome.SETTLED,
            at=conditions.now,
            settled_minutes=minutes,
        )
        ended = HoldEnded(hold=hold.id, outcome="settled", settled_minutes=settled.settled_minutes)
        changes += Changes(changed=(settled,), events=(ended,))
    confirmed = replace(
        exchange,
        state=State.CONFIRMED,
        deadline=None,
        transaction=TransactionId(conditions.fresh.id()),
        recorded_at=conditions.now,
    )
    receiver, giver = case.account_of[exchange.receiver], case.account_of[exchange.giver]
    posting = service_posting(
        confirmed,
        ((receiver, giver, minutes),),
        conditions,
        case.pot,
        happened_on=happened_on or exchange.happens_on,
        override=override,
    )
    posted, _ = post(accounts, posting, conditions)
    return changes + posted + acted(confirmed, act, side, minutes, conditions, reason=reason)[0]


def _moved_back(
    case: Case,
    original: Transaction | None,
    act: Act,
    conditions: Conditions,
    *,
    reason: str,
    override: Override | None,
) -> Changes:
    """The reversal of what the exchange moved, and the exchange reversed."""
    exchange = case.exchange
    if original is None:
        raise LookupError(f"exchange {exchange.id} has moved nothing")
    undone = TransactionId(conditions.fresh.id())
    code, note = required_reason(reason, about=undone, conditions=conditions)
    posting = Posting(
        id=undone,
        kind=TransactionKind.REVERSAL,
        transfers=reversal_of(original),
        category=original.category,
        reason=code,
        override=override,
        exchange=exchange.id,
        reverses=original.id,
        note=note,
    )
    books = Books(accounts=case.accounts, holds=case.holds)
    posted, _ = posted_on(books, posting, conditions)
    reversed_ = replace(exchange, state=State.REVERSED)
    moved = _moved_minutes(exchange, original)
    return posted + acted(reversed_, act, None, moved, conditions, reason=code)[0]


def _moved_minutes(exchange: Exchange, original: Transaction) -> int:
    """The minutes an exchange is about: what moved between two, the session's in a group."""
    return exchange.agreed_minutes if exchange.rule else original.transfers[0].minutes
