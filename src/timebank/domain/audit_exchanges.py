"""Checks of what exchanges and holds are now, against the acts that made them so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from timebank.domain.audit import Finding
from timebank.domain.exchange import Act, Exchange, ExchangeAct, GroupRule, Side, State
from timebank.domain.hold import Hold, HoldOutcome
from timebank.domain.ids import PersonId
from timebank.domain.policy import BandRule, Policy
from timebank.domain.transaction import Activity, Transaction, TransactionKind
from timebank.errors import TimebankError

_LAPSING: Final = {
    (State.PROPOSED, Act.PROPOSE): "proposal_days",
    (State.AGREED, Act.AGREE): "agreement_days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFile:
    """An exchange with all that belongs to it, and who owns the accounts that are touched."""

    exchange: Exchange
    acts: tuple[ExchangeAct, ...]
    hold: Hold | None
    transaction: Transaction | None
    owners: Mapping[str, PersonId | None]


Fault = tuple[str, Any, Any]
"""What was looked at, what it should be, what it is."""


def check_files(files: Iterable[ExchangeFile], policies: Mapping[int, Policy]) -> Iterator[Finding]:
    """Each exchange is what its acts led to, and its hold and hours are those of its parties."""
    for file in files:
        if not file.acts:
            continue  # ``exchanges_match_acts`` says so
        looks = (_figures, _deadline, _parties, _hold, _hours)
        faults = [fault for look in looks for fault in look(file, policies)]
        for what, expected, found in faults:
            if expected != found:
                yield Finding(
                    check="exchanges_follow_acts",
                    subject=f"exchange {file.exchange.id}",
                    expected=f"{what} {expected}",
                    found=f"{what} {found}",
                    message=f"not what its acts led to (hold {file.exchange.hold})",
                )


def check_stray_holds(strays: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Each hold is the one that its exchange names."""
    for hold, exchange in strays:
        yield Finding(
            check="holds_match_exchanges",
            subject=f"hold {hold}",
            expected=f"the hold of exchange {exchange}",
            found="another, or no such exchange",
            message="the hold belongs to nothing that could end it",
        )


def _figures(file: ExchangeFile, policies: Mapping[int, Policy]) -> Iterator[Fault]:
    exchange, acts = file.exchange, file.acts
    first = acts[0]
    moved = next((act for act in acts if act.transaction is not None), first)
    yield "proposed_by", first.side, exchange.proposed_by
    if first.act is Act.PROPOSE:
        yield "rule", None, exchange.rule
    yield "transaction", acts[-1].transaction, exchange.transaction
    yield "recorded_at", moved.recorded_at, exchange.recorded_at
    yield "agreed_minutes", _agreed(first, policies), exchange.agreed_minutes
    giver, receiver = (_reported(acts, side) for side in (Side.GIVER, Side.RECEIVER))
    yield "giver_minutes", giver, exchange.giver_minutes
    settled = next((act for act in acts if _settles(act) and act.act is Act.CONFIRM), None)
    if settled is None:
        yield "receiver_minutes", receiver, exchange.receiver_minutes
    else:
        yield "receiver_minutes", True, exchange.receiver_minutes is not None
        yield "minutes", _credited(exchange, policies[settled.policy_version]), settled.minutes


def _agreed(first: ExchangeAct, policies: Mapping[int, Policy]) -> int | None:
    """What was proposed; a session's raw minutes are rounded by the rule of then."""
    if first.act is not Act.RECORD or first.minutes is None:
        return first.minutes
    try:
        return policies[first.policy_version].credited_minutes(first.minutes)
    except TimebankError:
        return None


def _reported(acts: tuple[ExchangeAct, ...], side: Side) -> int | None:
    said = [
        act.minutes
        for act in acts
        if act.side is side and (act.act is Act.REPORT or _disputes(act))
    ]
    return said[-1] if said else None


def _disputes(act: ExchangeAct) -> bool:
    """A confirmation that lies too far from what the giver said: nothing moves."""
    return act.act is Act.CONFIRM and act.state is State.DISPUTED


def _settles(act: ExchangeAct) -> bool:
    return act.act in (Act.CONFIRM, Act.RESOLVE) and act.state is State.CONFIRMED


def _credited(exchange: Exchange, policy: Policy) -> int | None:
    """The minutes that two reports within the band come to."""
    receiver = exchange.receiver_minutes or exchange.agreed_minutes
    giver = exchange.giver_minutes or receiver
    said = {
        BandRule.LOWER: min(giver, receiver),
        BandRule.HIGHER: max(giver, receiver),
        BandRule.GIVER: giver,
        BandRule.RECEIVER: receiver,
    }[policy.band_rule]
    try:
        return policy.credited_minutes(said)
    except TimebankError:
        return None


def _deadline(file: ExchangeFile, policies: Mapping[int, Policy]) -> Iterator[Fault]:
    last = file.acts[-1]
    days = _LAPSING.get((file.exchange.state, last.act))
    expected = None
    if days is not None:
        policy = policies[last.policy_version]
        expected = last.recorded_at + timedelta(days=getattr(policy, days))
    yield "deadline", expected, file.exchange.deadline


def _parties(file: ExchangeFile, policies: Mapping[int, Policy]) -> Iterator[Fault]:
    """Who acted for a side is on it; nobody is in it twice."""
    exchange = file.exchange
    many = len(exchange.givers) > 1 and len(exchange.receivers) > 1
    whole = bool(exchange.givers) and bool(exchange.receivers) and not many
    yield "parties", True, whole and len({*exchange.parties}) == len(exchange.parties)
    for act in file.acts:
        if act.side is not None:
            on_side = exchange.givers if act.side is Side.GIVER else exchange.receivers
            yield f"{act.side.value} {act.actor.acts_for}", True, act.actor.acts_for in on_side


def _hold(file: ExchangeFile, policies: Mapping[int, Policy]) -> Iterator[Fault]:
    agreed = next((act for act in file.acts if act.act is Act.AGREE), None)
    yield "hold", agreed is not None, file.exchange.hold is not None
    if agreed is None or file.exchange.hold is None:
        return
    hold = file.hold
    if hold is None:
        yield f"hold {file.exchange.hold}", "a hold", None
        return
    days = policies[agreed.policy_version].agreement_days
    yield "hold's exchange", file.exchange.id, hold.exchange
    yield "hold's minutes", file.exchange.agreed_minutes, hold.minutes
    yield "hold's placed_at", agreed.recorded_at, hold.placed_at
    yield "hold's deadline", agreed.recorded_at + timedelta(days=days), hold.deadline
    yield "hold's owner", True, file.owners.get(hold.account) in file.exchange.receivers
    yield from _end_of(hold, file.acts)


def _end_of(hold: Hold, acts: tuple[ExchangeAct, ...]) -> Iterator[Fault]:
    """A hold lapses by itself, or ends with the act that ends the exchange."""
    if hold.outcome is HoldOutcome.EXPIRED:
        yield "hold's ended_at", True, hold.ended_at is not None and hold.ended_at >= hold.deadline
        yield "hold's settled_minutes", 0, hold.settled_minutes
        return
    ending = next((act for act in acts if _settles(act) or act.state in _OVER), None)
    settled = ending is not None and ending.state is State.CONFIRMED
    outcome = HoldOutcome.SETTLED if settled else HoldOutcome.RELEASED
    yield "hold's outcome", None if ending is None else outcome, hold.outcome
    yield "hold's ended_at", None if ending is None else ending.recorded_at, hold.ended_at
    minutes = min((ending.minutes if ending else None) or 0, hold.minutes) if settled else 0
    yield "hold's settled_minutes", minutes, hold.settled_minutes


_OVER: Final = frozenset({State.CANCELLED, State.EXPIRED, State.DECLINED})


def _hours(file: ExchangeFile, policies: Mapping[int, Policy]) -> Iterator[Fault]:
    """The hours that moved are those of the parties, by the rule of the group."""
    moved, exchange = file.transaction, file.exchange
    if moved is None:
        return
    kind = TransactionKind.EXCHANGE if exchange.rule is None else TransactionKind.GROUP
    services = [t for t in moved.transfers if t.activity is Activity.SERVICE]
    givers = {file.owners.get(t.target) for t in services}
    receivers = {file.owners.get(t.source) for t in services}
    by_pot = exchange.rule is GroupRule.POT
    yield "kind", kind, moved.kind
    yield "category", moved.category, exchange.category
    yield "givers", {*exchange.givers}, givers
    yield "receivers", {None} if by_pot else {*exchange.receivers}, receivers
    if exchange.rule is None:
        return
    yield "happens_on", moved.happened_on, exchange.happens_on
    times = 1 if exchange.rule is GroupRule.SHARED else len(services)
    yield "minutes", exchange.agreed_minutes * times, sum(t.minutes for t in services)
