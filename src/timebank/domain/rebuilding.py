"""Derived figures computed anew: accounts from their transfers and holds, exchanges from their
acts. Every figure that changes is recorded with its old and its new value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import groupby
from operator import attrgetter
from typing import Final

from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.account_changes import change_of, events_of, under_reason
from timebank.domain.actor import require_second_person
from timebank.domain.audit import AuditEntry, ExchangeTie
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor, required_reason
from timebank.domain.exchange import Exchange, State
from timebank.domain.ids import AccountId
from timebank.errors import WrongState

OF_ACCOUNTS: Final = ("balance_minutes", "number", "recorded_at", "held_minutes")
OF_EXCHANGES: Final = ("state", "acts")
CAN_BE_DONE: Final = (
    "restore a clean backup",
    "have an administrator mend it with the guards taken away, and then run timebank db upgrade",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A thing as it is kept and as its facts say, and the account under which that is recorded."""

    account: Account
    kept: Account | Exchange
    derived: Account | Exchange

    @property
    def figures(self) -> tuple[tuple[str, str, str], ...]:
        """The figures that differ: name, as kept, as derived."""
        ours = OF_ACCOUNTS if isinstance(self.kept, Account) else OF_EXCHANGES
        about = "" if isinstance(self.kept, Account) else f"exchange {self.kept.id} "
        values = ((n, _said(getattr(self.kept, n)), _said(getattr(self.derived, n))) for n in ours)
        return tuple(
            (about + name, was, becomes) for name, was, becomes in values if was != becomes
        )


def drifted_accounts(
    accounts: Iterable[Account], entries: Iterable[AuditEntry], held: Mapping[AccountId, int]
) -> Iterator[Drift]:
    """Accounts that are not what their entries and open holds make them.

    Both streams come sorted by account, the entries then by number.
    """
    groups = groupby(entries, key=attrgetter("account"))
    group = next(groups, None)
    for account in accounts:
        balance, number, last = 0, 0, None
        while group is not None and group[0] <= account.id:
            for entry in group[1] if group[0] == account.id else ():
                balance += entry.change_minutes
                number, last = entry.number, entry.recorded_at
            group = next(groups, None)
        derived = replace(
            account,
            balance_minutes=balance,
            number=number,
            recorded_at=last,
            held_minutes=held.get(account.id, 0),
        )
        if derived != account:
            yield Drift(account=account, kept=account, derived=derived)


def by_acts(exchange: Exchange, tie: ExchangeTie) -> Exchange:
    """The exchange as its last act left it; without any it stays what it is."""
    acts = exchange.acts if tie.last_n is None else tie.last_n
    return replace(exchange, acts=acts, state=State(tie.last_state or exchange.state))


def rebuild(drifts: Sequence[Drift], conditions: Conditions, *, reason: str) -> Changes:
    """What is derived as the facts say, every figure recorded with its old value.

    *Refuses*, in this order: the actor, a missing second person, a missing reason, a number that
    would go back (``WrongState``).
    """
    require_actor("accounts.rebuild", conditions)
    require_second_person("accounts.rebuild", conditions.by, conditions.approved_by)
    required_reason(reason, about=conditions.bank.slug, conditions=conditions)
    for drift in drifts:
        _require_forward(drift)
    changes = tuple(change for drift in drifts for change in _recorded(drift, conditions))
    return under_reason(changes, reason, conditions) + Changes(
        changed=tuple(drift.derived for drift in drifts), events=events_of(changes)
    )


def _require_forward(drift: Drift) -> None:
    """A number that is too high may mean that transfers are missing: nobody may reuse it."""
    kept, derived = drift.kept, drift.derived
    if isinstance(kept, Account) and isinstance(derived, Account) and derived.number < kept.number:
        raise WrongState(
            kind="account",
            id=kept.id,
            state=f"at number {kept.number}, its transfers end at {derived.number}, "
            "and a number never goes back",
            act="be rebuilt",
            possible=CAN_BE_DONE,
        )


def _recorded(drift: Drift, conditions: Conditions) -> Iterator[AccountChange]:
    for name, was, becomes in drift.figures:
        figure = ChangeField.REBUILT
        yield change_of(drift.account, figure, f"{name} {was}", f"{name} {becomes}", conditions)


def _said(value: int | datetime | Enum | None) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "none" if value is None else str(value.value if isinstance(value, Enum) else value)
