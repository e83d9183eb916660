"""The acts of an exchange that move no hours: from the proposal to the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from timebank.domain import hold as holds
from timebank.domain import listing as listings
from timebank.domain.account import Account
from timebank.domain.actor import Role
from timebank.domain.bank import day_of
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, coded_reason, digest, require_actor
from timebank.domain.events import (
    Event,
    ExchangeAgreed,
    ExchangeCancelled,
    ExchangeConfirmed,
    ExchangeDeclined,
    ExchangeDisputed,
    ExchangeEvent,
    ExchangeExpired,
    ExchangeProposed,
    ExchangeReported,
    ExchangeReversed,
    HoldEnded,
    HoldPlaced,
)
from timebank.domain.exchange import (
    Act,
    Exchange,
    ExchangeAct,
    Side,
    State,
    require_act,
    require_side,
)
from timebank.domain.hold import Hold, HoldOutcome
from timebank.domain.hours import Hours, positive
from timebank.domain.ids import AccountId, ExchangeId, FactId, HoldId, PersonId
from timebank.domain.ledger import OUTGOING, require_open
from timebank.domain.listing import Listing
from timebank.domain.member import require_active
from timebank.errors import (
    HoursNotAllowed,
    InputError,
    NotPermitted,
    SelfTransfer,
    TooLate,
    WrongState,
)

_EVENT: Final[Mapping[State, type[ExchangeEvent]]] = {
    State.PROPOSED: ExchangeProposed,
    State.AGREED: ExchangeAgreed,
    State.REPORTED: ExchangeReported,
    State.DISPUTED: ExchangeDisputed,
    State.CONFIRMED: ExchangeConfirmed,
    State.DECLINED: ExchangeDeclined,
    State.CANCELLED: ExchangeCancelled,
    State.EXPIRED: ExchangeExpired,
    State.REVERSED: ExchangeReversed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An exchange with what its acts touch, read under the locks.

    ``hold`` is the open hold, if any, and ``holds`` every open hold on the accounts, so that those
    past their deadline end first. ``account_of`` names each party's account and the pot's.
    """

    exchange: Exchange
    accounts: Mapping[AccountId, Account]
    holds: tuple[Hold, ...]
    account_of: Mapping[PersonId, AccountId]
    pot: AccountId

    @property
    def hold(self) -> Hold | None:
        """The open hold of this exchange."""
        return next((h for h in self.holds if h.id == self.exchange.hold), None)


def propose(
    *,
    giver: PersonId,
    receiver: PersonId,
    hours: Hours,
    happens_on: date | None,
    category: str | None,
    listing: Listing | None,
    conditions: Conditions,
) -> Changes:
    """A new exchange, proposed by one of its sides.

    *Refuses*, in this order: the actor (``require_actor``), giver and receiver the same, hours
    that are not positive or not allowed, an outsider, members who are not active, an unknown
    category, a listing that no longer stands or is not of the right side.
    """
    require_actor("exchanges.propose", conditions)
    if giver == receiver:
        raise SelfTransfer(field="receiver", problem="giver and receiver are the same member")
    minutes = conditions.policy.credited_minutes(positive(hours))
    exchange = Exchange(
        id=ExchangeId(conditions.fresh.id()),
        state=State.PROPOSED,
        givers=(giver,),
        receivers=(receiver,),
        proposed_by=None,
        agreed_minutes=minutes,
        giver_minutes=None,
        receiver_minutes=None,
        category=category or (listing.category if listing else None),
        listing=listing.id if listing else None,
        happens_on=happens_on,
        rule=None,
        hold=None,
        transaction=None,
        deadline=conditions.after_days(conditions.policy.proposal_days),
        recorded_at=conditions.now,
        acts=0,
    )
    side = require_side(exchange, Act.PROPOSE, conditions.by)
    for party in exchange.parties:
        require_active(conditions.standing(party))
    conditions.policy.checked_category(exchange.category)
    if listing is not None:
        _check_listing(listing, exchange, conditions)
    proposed = replace(exchange, proposed_by=side)
    changes, _ = acted(proposed, Act.PROPOSE, side, minutes, conditions, new=True)
    return changes


def _check_listing(listing: Listing, exchange: Exchange, conditions: Conditions) -> None:
    offered = listing.kind is listings.ListingKind.OFFER
    expected = exchange.giver if offered else exchange.receiver
    if listing.member != expected:
        role = "giver" if offered else "receiver"
        raise InputError(field="listing", problem=f"its member must be the {role}")
    if not listing.stands_on(conditions.today):
        state = "expired" if listing.withdrawn_at is None else "withdrawn"
        raise WrongState(kind="listing", id=listing.id, state=state, act="take up", possible=())


def agree(case: Case, conditions: Conditions) -> Changes:
    """The other side agrees; the receiver's hours are set aside.

    *Refuses*, in this order: the actor, the state, an outsider, the proposer's own side
    (``NotPermitted``), members who are not active, a receiver's account that is frozen, more
    hours than are available.
    """
    exchange = case.exchange
    require_actor("exchanges.agree", conditions)
    require_act(exchange, Act.AGREE, now=conditions.now)
    side = _other_side(exchange, Act.AGREE, conditions)
    for party in exchange.parties:
        require_active(conditions.standing(party))
    accounts, lapsed = holds.lapse(case.accounts, case.holds, now=conditions.now)
    account = accounts[case.account_of[exchange.receiver]]
    require_open(account, conditions, blocked=OUTGOING)
    deadline = conditions.after_days(conditions.policy.agreement_days)
    hold = Hold(
        id=HoldId(conditions.fresh.id()),
        account=account.id,
        exchange=exchange.id,
        minutes=exchange.agreed_minutes,
        placed_at=conditions.now,
        deadline=deadline,
    )
    held = holds.place(account, hold)
    agreed = replace(exchange, state=State.AGREED, hold=hold.id, deadline=deadline)
    changes, _ = acted(agreed, Act.AGREE, side, exchange.agreed_minutes, conditions)
    placed = HoldPlaced(hold=hold.id, account=account.id, minutes=hold.minutes)
    return (
        swept(accounts, lapsed)
        + changes
        + Changes(added=(hold,), changed=(held,), events=(placed,))
    )


def decline(case: Case, conditions: Conditions, *, reason: str | None = None) -> Changes:
    """The other side says no. *Refuses* the actor, the state, and the proposer's own side."""
    exchange = case.exchange
    require_actor("exchanges.decline", conditions)
    require_act(exchange, Act.DECLINE, now=conditions.now)
    side = _other_side(exchange, Act.DECLINE, conditions)
    declined = replace(exchange, state=State.DECLINED, deadline=None)
    changes, _ = acted(declined, Act.DECLINE, side, None, conditions, reason=reason)
    return changes


def report(case: Case, conditions: Conditions, *, hours: Hours) -> Changes:
    """A side says how long it took; raw minutes, rounded only when hours move.

    Reports further apart than the policy's band make the exchange disputed.

    *Refuses*, in this order: the actor, the state, an outsider, hours that are not positive, not
    allowed, or more than agreed and the band (``HoursNotAllowed``).
    """
    exchange = case.exchange
    require_actor("exchanges.report", conditions)
    require_act(exchange, Act.REPORT, now=conditions.now)
    side = require_side(exchange, Act.REPORT, conditions.by)
    minutes = checked_minutes(exchange, hours, conditions)
    changed = with_report(exchange, side, minutes)
    state = State.DISPUTED if in_dispute(changed, conditions) else State.REPORTED
    reported = replace(changed, state=state, deadline=None)
    changes, _ = acted(reported, Act.REPORT, side, minutes, conditions)
    return changes


def cancel(case: Case, conditions: Conditions, *, reason: str | None = None) -> Changes:
    """It will not take place: by a party, or by a coordinator; the hold is released.

    *Refuses*, in this order: the actor, the state, an outsider, a proposal that is the other
    side's to decline (``NotPermitted``).
    """
    exchange = case.exchange
    require_actor("exchanges.cancel", conditions)
    require_act(exchange, Act.CANCEL, now=conditions.now)
    coordinates = conditions.by.role is Role.COORDINATOR and conditions.by.on_behalf_of is None
    side = None if coordinates else require_side(exchange, Act.CANCEL, conditions.by)
    if exchange.state is State.PROPOSED and side not in (None, exchange.proposed_by):
        raise NotPermitted(
            action="exchanges.cancel", who=str(conditions.by), needed="the other side declines"
        )
    return closed(case, State.CANCELLED, Act.CANCEL, side, conditions, reason=reason)


def dispute(case: Case, conditions: Conditions, *, reason: str | None = None) -> Changes:
    """A party says it was not like that.

    *Refuses*, in this order: the actor, the state, an outsider, a confirmed exchange after the
    policy's days (``TooLate``).
    """
    exchange = case.exchange
    require_actor("exchanges.dispute", conditions)
    require_act(exchange, Act.DISPUTE, now=conditions.now)
    side = require_side(exchange, Act.DISPUTE, conditions.by)
    if exchange.state is State.CONFIRMED:
        _check_in_time(exchange, conditions)
    disputed = replace(exchange, state=State.DISPUTED)
    changes, _ = acted(disputed, Act.DISPUTE, side, None, conditions, reason=reason)
    return changes


def _check_in_time(exchange: Exchange, conditions: Conditions) -> None:
    days = conditions.policy.dispute_days
    age = conditions.now - exchange.recorded_at
    if age.days >= days:
        until = day_of(conditions.after_days(days) - age, conditions.bank.zone)
        raise TooLate(act="dispute", until=until.isoformat(), days=days, rule="dispute_days")


def expire(case: Case, conditions: Conditions) -> Changes:
    """What time did to an exchange: a proposal or agreement lapses, a hold past its deadline ends.

    Never refuses: where nothing has lapsed the changes are empty.
    """
    exchange = case.exchange
    if exchange.state_at(conditions.now) is State.EXPIRED is not exchange.state:
        return closed(case, State.EXPIRED, Act.EXPIRE, None, conditions)
    return swept(*holds.lapse(case.accounts, case.holds, now=conditions.now))


def closed(
    case: Case,
    state: State,
    act: Act,
    side: Side | None,
    conditions: Conditions,
    *,
    reason: str | None = None,
) -> Changes:
    """The exchange ends without hours moving; an open hold is released or has expired."""
    accounts, lapsed = holds.lapse(case.accounts, case.holds, now=conditions.now)
    changes = swept(accounts, lapsed)
    hold = case.hold
    if hold is not None and hold.id not in {ended.id for ended in lapsed}:
        after, released = holds.end(
            accounts[hold.account], hold, outcome=HoldOutcome.RELEASED, at=conditions.now
        )
        changes += Changes(changed=(after, released), events=(_ended(released),))
    over = replace(case.exchange, state=state, deadline=None)
    return changes + acted(over, act, side, None, conditions, reason=reason)[0]


def swept(accounts: Mapping[AccountId, Account], lapsed: tuple[Hold, ...]) -> Changes:
    """The holds that lapsed, and the accounts that are free of them."""
    touched = dict.fromkeys(hold.account for hold in lapsed)
    return Changes(
        changed=(*(accounts[account] for account in touched), *lapsed),
        events=tuple(_ended(hold) for hold in lapsed),
    )


def _ended(hold: Hold) -> Event:
    outcome = hold.outcome.value if hold.outcome else ""
    return HoldEnded(hold=hold.id, outcome=outcome, settled_minutes=hold.settled_minutes)


def _other_side(exchange: Exchange, act: Act, conditions: Conditions) -> Side:
    side = require_side(exchange, act, conditions.by)
    if side is exchange.proposed_by:
        raise NotPermitted(
            action=f"exchanges.{act.value}",
            who=str(conditions.by),
            needed="the side that did not propose it",
        )
    return side


def checked_minutes(exchange: Exchange, hours: Hours, conditions: Conditions) -> int:
    """Raw minutes of a report.

    *Refuses* hours that are not positive, not allowed, or beyond what was agreed and the band.
    """
    minutes = positive(hours)
    conditions.policy.credited_minutes(minutes)
    limit = exchange.agreed_minutes + conditions.policy.band_minutes
    if minutes > limit:
        raise HoursNotAllowed(
            minutes=minutes,
            rule="band",
            limit_minutes=limit,
            next_step="report at most that, or cancel and agree on more",
        )
    return minutes


def with_report(exchange: Exchange, side: Side, minutes: int) -> Exchange:
    """The exchange with one side's raw minutes."""
    if side is Side.GIVER:
        return replace(exchange, giver_minutes=minutes)
    return replace(exchange, receiver_minutes=minutes)


def in_dispute(exchange: Exchange, conditions: Conditions) -> bool:
    """Whether both sides reported and lie further apart than the policy's band."""
    if exchange.giver_minutes is None or exchange.receiver_minutes is None:
        return False
    apart = abs(exchange.giver_minutes - exchange.receiver_minutes)
    return apart > conditions.policy.band_minutes


def acted(
    exchange: Exchange,
    act: Act,
    side: Side | None,
    minutes: int | None,
    conditions: Conditions,
    *,
    reason: str | None = None,
    new: bool = False,
    credited: int | None = None,
) -> tuple[Changes, Exchange]:
    """The exchange with one more act appended, and the event of the state it is in now.

    The act keeps the ``minutes`` that were said; the event tells the ``credited`` ones where
    rounding made them others.
    """
    after = replace(exchange, acts=exchange.acts + 1)
    fact = FactId(conditions.fresh.id())
    code, note = coded_reason(reason, about=fact, conditions=conditions)
    recorded = ExchangeAct(
        id=fact,
        exchange=exchange.id,
        n=after.acts,
        act=act,
        side=side,
        state=after.state,
        minutes=minutes,
        recorded_at=conditions.now,
        actor=conditions.by,
        approver=conditions.approved_by,
        reason=code,
        transaction=after.transaction,
        note_digest=digest(note),
        policy_version=conditions.policy_version,
    )
    told = minutes if credited is None else credited
    event = _EVENT[after.state](exchange=after.id, state=after.state.value, minutes=told)
    notes = () if note is None else (note,)
    changes = Changes(
        added=((after,) if new else ()) + (recorded, *notes),
        changed=() if new else (after,),
        events=(event,),
    )
    return changes, after
