"""Accounts: named places where hours are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.domain.actor import Actor
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.errors import CeilingReached, NotEnoughHours


class AccountKind(Enum):
    """What an account is for; who may pay whom follows from it (``flows``)."""

    MEMBER = "member"
    ORGANISATION = "organisation"
    CUSTODY = "custody"
    HELD = "held"
    POT = "pot"
    ISSUANCE = "issuance"
    ACTIVITY = "activity"
    CLEARING = "clearing"
    RESERVE = "reserve"
    CLOSURE = "closure"


PERSONAL: Final = frozenset(
    {AccountKind.MEMBER, AccountKind.ORGANISATION, AccountKind.CUSTODY, AccountKind.HELD}
)
"""Kinds that belong to a member; the others belong to the bank and carry a label instead."""

FIRST: Final = frozenset({AccountKind.MEMBER, AccountKind.ORGANISATION})
"""Kinds of the account that a member gets on joining, through which it takes part in exchanges;
any further ones come after it in every list."""

NEVER_OVERDRAWN: Final = frozenset({AccountKind.CUSTODY, AccountKind.HELD})
"""Kinds whose floor is 0:00 in every bank, and whose limits no override lifts: a debt inside a
prison is leverage."""

FLOOR_RULES: Final = {
    AccountKind.MEMBER: "member_floor",
    AccountKind.ORGANISATION: "organisation_floor",
    AccountKind.ISSUANCE: "allotment",
}
CEILING_RULES: Final = {
    AccountKind.MEMBER: "member_ceiling",
    AccountKind.ORGANISATION: "organisation_ceiling",
}
"""The house rule that gives a new account of that kind its limit: its key in the policy file."""

OWN_LIMIT: Final = "the account's own limit"
"""What a refusal names where two people set the limit and no house rule."""

FIXED: Final = "fixed in every bank"
"""What a refusal names as its rule where no policy can change it."""

BY_APPROVAL: Final = (
    "where the action takes one, an approver may allow it: approved_by, reason, review_on"
)
"""What a refusal says next where a named override would lift the limit."""

NO_STATUS: Final = "none"
UNOPENED: Final = "unopened"
"""What a member's first account was before it was opened, and what a further one was."""

UNIT: Final = "minute"


class Frozen(Enum):
    """Which directions are blocked: none, hours going out, or both."""

    NONE = "none"
    OUT = "out"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as it stands. Minutes throughout; the sum of all balances of a bank is 0.

    ``floor_minutes`` and ``ceiling_minutes`` are None where the policy says in so many words that
    there is no limit. ``number`` counts the account's entries; ``recorded_at`` is the time of the
    last one. ``held_minutes`` are set aside by open holds, expired ones included until swept.
    """

    id: AccountId
    kind: AccountKind
    owner: PersonId | None
    label: str | None
    floor_minutes: int | None
    ceiling_minutes: int | None
    frozen: Frozen = Frozen.NONE
    balance_minutes: int = 0
    held_minutes: int = 0
    number: int = 0
    recorded_at: datetime | None = None


def available_minutes(account: Account) -> int | None:
    """What may still go out: balance − held − floor. None where there is no floor."""
    if account.floor_minutes is None:
        return None
    return account.balance_minutes - account.held_minutes - account.floor_minutes


def room_minutes(account: Account) -> int | None:
    """What may still come in: ceiling − balance. None where there is no ceiling."""
    if account.ceiling_minutes is None:
        return None
    return account.ceiling_minutes - account.balance_minutes


def not_enough_hours(
    account: Account, *, available_minutes: int, needed_minutes: int
) -> NotEnoughHours:
    """The refusal for an account that would end below its floor; it names the rule."""
    fixed = account.kind in NEVER_OVERDRAWN
    return NotEnoughHours(
        account=account.id,
        available_minutes=available_minutes,
        needed_minutes=needed_minutes,
        rule=FIXED if fixed else FLOOR_RULES.get(account.kind, OWN_LIMIT),
        floor_minutes=account.floor_minutes or 0,
        next_step="nobody can allow it" if fixed else BY_APPROVAL,
    )


def ceiling_reached(account: Account, *, room_minutes: int, offered_minutes: int) -> CeilingReached:
    """The refusal for an account that would end above its ceiling; it names the rule."""
    return CeilingReached(
        account=account.id,
        room_minutes=room_minutes,
        offered_minutes=offered_minutes,
        rule=CEILING_RULES.get(account.kind, OWN_LIMIT),
        ceiling_minutes=account.ceiling_minutes or 0,
        next_step="two people can set another" if account.kind in NEVER_OVERDRAWN else BY_APPROVAL,
    )


class ChangeField(Enum):
    """What an account change is about."""

    FLOOR = "floor"
    CEILING = "ceiling"
    FROZEN = "frozen"
    STATUS = "status"
    OVERRIDE = "override"
    REBUILT = "rebuilt"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """A change of a limit, a freeze, a status or an identity, or a named override: who and why.

    ``was`` and ``becomes`` are the values as text. An override names the transaction that it
    lets out of the band, and ``becomes`` is the balance it allows. What was rebuilt names the
    figure with its value: ``balance_minutes 90``. ``effective_on`` is the first day on which a
    status holds, in the bank's zone.
    """

    id: FactId
    account: AccountId
    field: ChangeField
    was: str
    becomes: str
    effective_on: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str
    review_on: date | None
    transaction: TransactionId | None
    note_digest: bytes | None
    policy_version: int


def is_opening(change: AccountChange) -> bool:
    """Whether the change opened the account."""
    return change.field is ChangeField.STATUS and change.was in (NO_STATUS, UNOPENED)
