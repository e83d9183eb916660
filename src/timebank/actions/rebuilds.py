"""Rebuilding derived figures from the facts: looked at first, recorded, and audited afterwards."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from timebank.actions import audits
from timebank.actions._gather import conditions, main_accounts
from timebank.actions._request import action
from timebank.domain.actor import Actor
from timebank.domain.audit import NAMES, ExchangeTie
from timebank.domain.changes import Changes
from timebank.domain.ids import AccountId
from timebank.domain.rebuilding import CAN_BE_DONE, Drift, by_acts, drifted_accounts, rebuild
from timebank.domain.receipt import Receipt
from timebank.errors import WrongState
from timebank.ports import ReadingUnit, UnitOfWork

_APART: Final = {"sealed_in_time", "extends_kept_checkpoint", "schema_is_as_released"}
"""Checks of the sealer, of an outsider's checkpoint and of the tables: not of the books."""
_DERIVED: Final = {
    "balances_match_transfers",
    "sum_is_zero",
    "holds_match_held",
    "limits_or_overrides",
    "exchanges_match_acts",
    "exchanges_follow_acts",
    "constraints_hold",
}
"""Checks that a wrong figure fails although the facts are in order."""
BOOKS: Final = tuple(name for name in NAMES if name not in _APART)
FACTS: Final = tuple(name for name in BOOKS if name not in _DERIVED)


def drifts(uow: ReadingUnit) -> tuple[Drift, ...]:
    """What is kept otherwise than the facts say; nothing is written.

    *Refuses* facts that have findings themselves, with ``WrongState``.
    """
    _require_clean(uow, FACTS, "in doubt")
    return (*_of_accounts(uow), *_of_exchanges(uow, [*_ties(uow)]))


def run(
    uow: UnitOfWork, *, reason: str, by: Actor, approved_by: Actor, key: str | None = None
) -> Receipt:
    """Rebuild balances, numbers, times and held minutes of accounts, and states of exchanges.

    Every figure that changes is recorded as a change of the account, with its old value. Best done
    while nobody writes. After an error leave the unit of work, so that nothing is kept.

    *Refuses*, in this order: facts that have findings themselves, the actor, a missing second
    person, a missing reason, a number that would go back, books that are not clean afterwards.
    """
    receipt = _run(uow, reason=reason, by=by, approved_by=approved_by, key=key)
    if not receipt.replayed:
        _require_clean(uow, BOOKS, "not in order even so")
    return receipt


@action("accounts.rebuild")
def _run(
    uow: UnitOfWork, *, reason: str, by: Actor, approved_by: Actor, key: str | None = None
) -> Changes:
    _require_clean(uow, FACTS, "in doubt")
    exchanges = {tie.exchange for tie in _ties(uow) if uow.exchanges.lock(tie.exchange)}
    accounts = uow.accounts.lock({drift.account.id for drift in _of_accounts(uow)})
    found = (  # read again under the locks: what is not locked was somebody's work just now
        *(drift for drift in _of_accounts(uow) if drift.account.id in accounts),
        *_of_exchanges(uow, [tie for tie in _ties(uow) if tie.exchange in exchanges]),
    )
    return rebuild(found, conditions(uow, by=by, approved_by=approved_by), reason=reason)


def _require_clean(uow: ReadingUnit, checks: Collection[str], how: str) -> None:
    report = audits.run(uow, checks)
    uow.audit.require_answered()
    failed = [result.name for result in report.checks if result.findings]
    unread = [name for name, why in report.not_checked if why == "unreadable"]
    if failed or unread:
        raise WrongState(
            kind="bank",
            id=uow.slug,
            state=f"{how} ({', '.join([*failed, *unread])}; see timebank audit)",
            act="be rebuilt",
            possible=CAN_BE_DONE,
        )


def _of_accounts(uow: ReadingUnit) -> tuple[Drift, ...]:
    source = uow.audit
    held: dict[AccountId, int] = {sums.account: sums.holds_minutes for sums in source.held()}
    return tuple(drifted_accounts(source.accounts(), source.entries(), held))


def _ties(uow: ReadingUnit) -> tuple[ExchangeTie, ...]:
    """Exchanges that do not stand where their last act left them, in order of id."""
    found = (
        tie
        for tie in uow.audit.exchanges()
        if (tie.acts, tie.state) != (tie.last_n, tie.last_state)
    )
    return tuple(sorted(found, key=lambda tie: tie.exchange))


def _of_exchanges(uow: ReadingUnit, ties: Collection[ExchangeTie]) -> list[Drift]:
    """Recorded under the first receiver's account."""
    kept = ((tie, exchange) for tie in ties if (exchange := uow.exchanges.get(tie.exchange)))
    found = []
    for tie, exchange in kept:
        id_ = main_accounts(uow, [exchange.receiver])[exchange.receiver]
        account = uow.accounts.many([id_])[id_]
        found.append(Drift(account=account, kept=exchange, derived=by_acts(exchange, tie)))
    return [drift for drift in found if drift.figures]
