"""Where somebody stands in the scheme, which moves there are, and what an account may then do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.custody.errors import InCustody
from timebank.domain.account import AccountKind, Frozen
from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.flows import Verdict
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.domain.policy import Policy
from timebank.errors import InputError, WrongState


class State(Enum):
    """Where a custody membership stands."""

    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TRANSFERRING = "transferring"
    RELEASED_ON_LICENCE = "released_on_licence"
    RELEASED = "released"
    RECALLED = "recalled"
    UNLAWFULLY_AT_LARGE = "unlawfully_at_large"
    DECEASED = "deceased"
    CLOSED = "closed"


HERE: Final = frozenset({State.ACTIVE, State.SUSPENDED, State.RECALLED})
"""States in which somebody is inside, at this site."""

_REF: Final = re.compile(r"[A-Za-z]{0,3}(?:-?[0-9]{1,8}){0,4}")

TRANSITIONS: Final[Mapping[str, tuple[frozenset[State], State]]] = {
    "admit": (frozenset({State.APPLIED}), State.ACTIVE),
    "suspend": (frozenset({State.ACTIVE, State.RECALLED}), State.SUSPENDED),
    "resume": (frozenset({State.SUSPENDED, State.RECALLED}), State.ACTIVE),
    "depart": (HERE, State.TRANSFERRING),
    "stay": (frozenset({State.TRANSFERRING}), State.ACTIVE),
    "arrive": (frozenset({State.TRANSFERRING}), State.CLOSED),
    "license": (HERE, State.RELEASED_ON_LICENCE),
    "release": (HERE | {State.RELEASED_ON_LICENCE}, State.RELEASED),
    "recall": (
        frozenset({State.RELEASED_ON_LICENCE, State.UNLAWFULLY_AT_LARGE}),
        State.RECALLED,
    ),
    "abscond": (
        HERE | {State.TRANSFERRING, State.RELEASED_ON_LICENCE},
        State.UNLAWFULLY_AT_LARGE,
    ),
    "death": (frozenset(State) - {State.DECEASED, State.CLOSED}, State.DECEASED),
    "close": (
        frozenset({State.APPLIED, State.RELEASED, State.DECEASED, State.UNLAWFULLY_AT_LARGE}),
        State.CLOSED,
    ),
}
"""Act → the states it may start from, and the state it leads to. Nothing else moves anybody."""

OUTSIDE: Final = frozenset({State.RELEASED, State.CLOSED})
"""States in which somebody is no longer a person in custody."""

EARNING: Final = frozenset({State.ACTIVE})
"""States in which work is credited, judged on the day it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(WingValue):
    """A person in the scheme: opaque. ``since`` is the first day of the present state.

    There is no field for an offence, a sentence, a risk or a place inside, and none will come.
    """

    id: PersonId
    state: State
    since: date
    custody: AccountId
    held: AccountId
    community: AccountId

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The person's accounts, inside and outside."""
        return self.custody, self.held, self.community

    def account(self, kind: AccountKind) -> AccountId:
        """The person's account of this kind."""
        return {
            AccountKind.CUSTODY: self.custody,
            AccountKind.HELD: self.held,
            AccountKind.MEMBER: self.community,
        }[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange(WingValue):
    """A move from one state to another: from which day on, by whom, approved by whom, and why."""

    id: FactId
    person: PersonId
    act: str
    was: State | None
    becomes: State
    effective_on: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All moves of one person in order of effect, then of record; applying comes first.

    An admission may take effect on a day before the application was keyed.
    """

    changes: tuple[StateChange, ...]

    def state_on(self, day: date) -> State | None:
        """The state at the end of that day; None before the first."""
        found = [change for change in self.changes if change.effective_on <= day]
        return found[-1].becomes if found else None


def moved(membership: Membership, act: str, *, on: date) -> Membership:
    """The membership after an act.

    *Refuses* what the table of transitions does not have, with ``WrongState``.
    """
    allowed, becomes = TRANSITIONS[act]
    if membership.state not in allowed:
        possible = tuple(a for a, (starts, _) in TRANSITIONS.items() if membership.state in starts)
        raise WrongState(
            kind="custody membership",
            id=membership.id,
            state=membership.state.value,
            act=act,
            possible=possible,
        )
    return replace(membership, state=becomes, since=on)


_KEPT_AS_IT_IS: Final = None

FREEZES: Final[Mapping[State, Mapping[AccountKind, Frozen | None]]] = {
    state: {AccountKind.CUSTODY: inside, AccountKind.HELD: inside, AccountKind.MEMBER: community}
    for state, inside, community in (
        (State.APPLIED, Frozen.NONE, Frozen.ALL),
        (State.ACTIVE, Frozen.NONE, Frozen.ALL),
        (State.SUSPENDED, Frozen.OUT, Frozen.ALL),
        (State.TRANSFERRING, Frozen.OUT, Frozen.ALL),
        (State.RELEASED_ON_LICENCE, Frozen.NONE, Frozen.NONE),
        (State.RELEASED, Frozen.NONE, Frozen.NONE),
        (State.RECALLED, Frozen.OUT, Frozen.OUT),
        (State.UNLAWFULLY_AT_LARGE, Frozen.ALL, Frozen.ALL),
        (State.DECEASED, Frozen.ALL, Frozen.ALL),
        (State.CLOSED, Frozen.ALL, _KEPT_AS_IT_IS),
    )
}
"""What is blocked in each state, by kind of account; None leaves the account as it was.

Earned time is no tool of punishment: suspension and recall block what goes out, never what comes
in. Absconding and death block everything until two people decide.
"""


def freezes_of(state: State, *, left: bool) -> Mapping[AccountKind, Frozen | None]:
    """What is blocked of somebody: as the state says; everything once they are outside and left
    the bank, as the ledger closes accounts.
    """
    if left and state in OUTSIDE:
        return dict.fromkeys(FREEZES[state], Frozen.ALL)
    return FREEZES[state]


def checked_ref(ref: str) -> str:
    """What staff call somebody inside, as ``R7-0412``: it is on the outside of a folded statement,
    so there is no room for a name.

    *Refuses* other text, with ``InputError``.
    """
    plain = ref.strip() if isinstance(ref, str) else ""
    if not plain or not _REF.fullmatch(plain):
        raise InputError(
            field="ref",
            problem=f"{ref!r} could be a name, and anybody sees it on the outside of a statement:"
            " at most three letters, then numbers, as R7-0412",
        )
    return plain


def require_paid(policy: Policy) -> None:
    """*Refuses* house rules under which no hours ever reach anybody inside, with ``InputError``.

    A sheet is paid by the site's issuance account or by an organisation.
    """
    payers = (AccountKind.ISSUANCE, AccountKind.ORGANISATION)
    if all(policy.flow(payer, AccountKind.CUSTODY)[0] is Verdict.NEVER for payer in payers):
        raise InputError(
            field="policy",
            problem="under this bank's house rules no hours reach anybody in custody;"
            " a coordinator sets others: timebank bank set-policy custody",
        )


def require_outside(action: str, actor: Actor | None, inside: frozenset[PersonId]) -> None:
    """*Refuses* an office to a person in custody, with ``InCustody``: no configuration lifts it."""
    if actor is not None and actor.person in inside:
        raise InCustody(
            action=action, who=str(actor), needed="somebody who is not in custody themselves"
        )
