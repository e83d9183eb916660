"""A site as a whole: people who move to another one, and the end of it all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Final

from timebank.custody.errors import SiteStillOpen
from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, FactId, PersonId, TransactionId
from timebank.domain.transaction import Activity, Transfer
from timebank.errors import InputError, NotYetEmpty

CLEARING: Final = "clearing"
"""The label of the account through which hours leave for another site, or come from one."""


class Direction(Enum):
    """Which half of a move this is."""

    OUT = "out"
    IN = "in"


class Outcome(Enum):
    """How a half ended: taken at the other site, or taken back."""

    ARRIVED = "arrived"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(WingValue):
    """One half of a move between two sites, each a bank of its own. Both halves have one ``code``.

    Nothing personal crosses: a code, minutes, and the other site's slug. ``entry`` counts how often
    this site took the code: a half that was taken back can be taken again.
    """

    id: FactId
    code: str
    direction: Direction
    entry: int
    site: str
    person: PersonId
    custody_minutes: int
    held_minutes: int
    recorded_at: datetime
    actor: Actor
    approver: Actor | None

    @property
    def minutes(self) -> int:
        """Everything that goes along."""
        return self.custody_minutes + self.held_minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageEnd(WingValue):
    """What became of a half: of one that came in, only that it was taken back."""

    id: FactId
    passage: FactId
    outcome: Outcome
    recorded_at: datetime
    actor: Actor
    approver: Actor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Windup(WingValue):
    """The site was wound up: every account is at 0:00 by this transaction, if any was needed."""

    id: FactId
    transaction: TransactionId | None
    minutes: int
    recorded_at: datetime
    actor: Actor
    approver: Actor | None


_CODE: Final = re.compile(r"([0-9a-f]{12})-([0-9]{1,7})-([0-9]{1,7})-([0-9a-f]{4})")


def code_of(seed: str, custody_minutes: int, held_minutes: int) -> str:
    """The one-time code of a move: it says the minutes, and a slip of the pen is noticed."""
    said = f"{seed[-12:]}-{custody_minutes}-{held_minutes}"
    return f"{said}-{sha256(said.encode()).hexdigest()[:4]}"


def read_code(code: str) -> tuple[str, int, int]:
    """The code as it is kept, and its minutes in custody and held.

    *Refuses* what is no code, or one with a slip of the pen, with ``InputError``.
    """
    plain = code.strip().lower()
    found = _CODE.fullmatch(plain)
    if found is None or code_of(found[1], int(found[2]), int(found[3])) != plain:
        raise InputError(field="code", problem=f"{code!r} is no code of a move; read it again")
    return plain, int(found[2]), int(found[3])


_TO_POT: Final = frozenset({AccountKind.MEMBER, AccountKind.ORGANISATION})
_TO_CLOSURE: Final = frozenset({AccountKind.POT, AccountKind.ACTIVITY, AccountKind.CLEARING})
_INSIDE: Final = frozenset({AccountKind.CUSTODY, AccountKind.HELD})
_MUST_BE_EMPTY: Final = _INSIDE | {AccountKind.RESERVE}


def wound_up(
    accounts: Iterable[Account],
    *,
    open_matters: Mapping[str, Sequence[str]],
    pot: AccountId,
    closure: AccountId,
) -> tuple[Transfer, ...]:
    """The transfers that bring every account of the site to 0:00, each hour with its destination.

    What people outside have goes to the pot, what they owe is made up by the closure; the pot, the
    activities and the clearing go to the closure, and the closure gives back what was issued.

    *Refuses*, in this order: anything open, all of it by name (``SiteStillOpen``), hours still
    inside, on hold, or carried over (``NotYetEmpty``).
    """
    found = tuple(sorted(accounts, key=lambda account: account.id))
    if left_open := [f"{what} ({', '.join(each)})" for what, each in open_matters.items() if each]:
        raise SiteStillOpen(what=tuple(left_open))
    for account in found:
        if account.held_minutes:
            raise NotYetEmpty(member=account.owner or "", what="hours on hold")
        if account.kind in _MUST_BE_EMPTY and account.balance_minutes:
            left = Hours(minutes=account.balance_minutes)
            raise NotYetEmpty(member=account.owner or "", what=f"{left} {account.kind.value}")
    balances = {account.id: account.balance_minutes for account in found}
    moves: list[Transfer] = []

    def move(source: AccountId, target: AccountId, minutes: int) -> None:
        if minutes > 0:
            moves.append(
                Transfer(
                    source=source,
                    target=target,
                    hours=Hours(minutes=minutes),
                    activity=Activity.SETTLEMENT,
                )
            )
            balances[source] -= minutes
            balances[target] += minutes

    for account in found:
        if account.kind in _TO_POT:
            move(account.id, pot, balances[account.id])
            move(closure, account.id, -balances[account.id])
    for account in found:
        if account.kind in _TO_CLOSURE:
            move(account.id, closure, balances[account.id])
            move(closure, account.id, -balances[account.id])
    for account in found:
        if account.kind is AccountKind.ISSUANCE:
            move(closure, account.id, -balances[account.id])
    return tuple(moves)
