"""Exchanges: the states, the acts each allows, and who may do them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.domain.actor import Actor, Role
from timebank.domain.ids import ExchangeId, FactId, HoldId, ListingId, PersonId, TransactionId
from timebank.errors import InputError, NotPermitted, WrongState


class State(Enum):
    """Where an exchange stands."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    REPORTED = "reported"
    DISPUTED = "disputed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVERSED = "reversed"


class Act(Enum):
    """What somebody did to an exchange."""

    PROPOSE = "propose"
    AGREE = "agree"
    DECLINE = "decline"
    REPORT = "report"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    EXPIRE = "expire"
    REVERSE = "reverse"
    RECORD = "record"


ACTS: Final[Mapping[State, frozenset[Act]]] = {
    State.PROPOSED: frozenset({Act.AGREE, Act.DECLINE, Act.CANCEL, Act.EXPIRE}),
    State.AGREED: frozenset({Act.REPORT, Act.CANCEL, Act.EXPIRE}),
    State.REPORTED: frozenset({Act.REPORT, Act.CONFIRM, Act.CANCEL, Act.DISPUTE}),
    State.DISPUTED: frozenset({Act.RESOLVE}),
    State.CONFIRMED: frozenset({Act.REVERSE, Act.DISPUTE}),
    State.DECLINED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REVERSED: frozenset(),
}
"""State → the acts it allows. The code, the stateful test and the reference page read this."""


class Side(Enum):
    """Which side of the exchange a member is on."""

    GIVER = "giver"
    RECEIVER = "receiver"


class GroupRule(Enum):
    """Who pays what in a group exchange."""

    SHARED = "shared"
    EACH = "each"
    POT = "pot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An agreement as it stands, from proposal to confirmation. Amounts in minutes.

    One giver and one receiver; several on one side only in a group exchange, recorded in one act.
    ``deadline`` is when a proposal or an agreement expires if nobody acts; ``recorded_at`` is when
    it was proposed and, once confirmed, when the hours moved.
    """

    id: ExchangeId
    state: State
    givers: tuple[PersonId, ...]
    receivers: tuple[PersonId, ...]
    proposed_by: Side | None
    agreed_minutes: int
    giver_minutes: int | None
    receiver_minutes: int | None
    category: str | None
    listing: ListingId | None
    happens_on: date | None
    rule: GroupRule | None
    hold: HoldId | None
    transaction: TransactionId | None
    deadline: datetime | None
    recorded_at: datetime
    acts: int

    @property
    def giver(self) -> PersonId:
        """The one giver of an exchange between two."""
        return self.givers[0]

    @property
    def receiver(self) -> PersonId:
        """The one receiver of an exchange between two."""
        return self.receivers[0]

    @property
    def parties(self) -> tuple[PersonId, ...]:
        """Everybody in it, givers first."""
        return self.givers + self.receivers

    def side_of(self, person: PersonId | None) -> Side | None:
        """The side this member is on, or None."""
        if person in self.givers:
            return Side.GIVER
        return Side.RECEIVER if person in self.receivers else None

    def state_at(self, now: datetime) -> State:
        """The state with deadlines counted, so that a late sweeper changes nothing."""
        lapsed = self.deadline is not None and self.deadline <= now
        if lapsed and Act.EXPIRE in ACTS[self.state]:
            return State.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAct:
    """Who did what to an exchange, with how many raw minutes, when: appended for each act."""

    id: FactId
    exchange: ExchangeId
    n: int
    act: Act
    side: Side | None
    state: State
    minutes: int | None
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str | None
    transaction: TransactionId | None
    note_digest: bytes | None
    policy_version: int


def require_act(exchange: Exchange, act: Act, *, now: datetime) -> None:
    """*Refuses* an act that the state (deadlines counted) does not allow, with ``WrongState``."""
    state = exchange.state_at(now)
    if act not in ACTS[state]:
        raise WrongState(
            kind="exchange",
            id=exchange.id,
            state=state.value,
            act=act.value,
            possible=tuple(sorted(possible.value for possible in ACTS[state])),
        )


def require_side(exchange: Exchange, act: Act, by: Actor) -> Side:
    """The side for which the actor acts.

    *Refuses* staff who do not say on whose behalf (``InputError``), outsiders, and staff who act
    for the other side of their own exchange (``NotPermitted``).
    """
    action = f"exchanges.{act.value}"
    if by.acts_for is None:
        problem = f"{action}: staff say for whom they act, or act in the role of a member"
        raise InputError(field="on_behalf_of", problem=problem)
    side = exchange.side_of(by.acts_for)
    if side is None:
        raise NotPermitted(action=action, who=str(by), needed="a party of the exchange")
    own = exchange.side_of(by.person)
    if own is not None and own is not side:
        raise NotPermitted(
            action=action, who=str(by), needed="nobody acts for the other side of their exchange"
        )
    return side


def require_disinterested(action: str, parties: tuple[PersonId, ...], by: Actor) -> None:
    """*Refuses* staff who judge their own exchange, with ``NotPermitted``."""
    if by.role is not Role.SYSTEM and by.person in parties:
        raise NotPermitted(action=action, who=str(by), needed="somebody who is not a party")
