"""Closed periods: every day up to one is closed, and stays closed."""

from __future__ import annotations

from datetime import date

from timebank.actions._gather import conditions
from timebank.actions._request import action
from timebank.domain.actor import Actor, require_second_person
from timebank.domain.bank import PeriodClose, checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import require_actor
from timebank.domain.events import PeriodWasClosed
from timebank.domain.ids import FactId
from timebank.errors import InputError
from timebank.ports import ReadingUnit, UnitOfWork


@action("periods.close")
def close(
    uow: UnitOfWork, *, until: date, by: Actor, approved_by: Actor, key: str | None = None
) -> Changes:
    """Close every day up to and including ``until``. There is no reopening.

    What happened on a closed day counts on the first open one, and only for those whom the policy
    lets post late. Whoever is moving hours meanwhile is waited for, and whoever begins waits: no
    hour counts in a closed period that was recorded after the close.

    *Refuses*, in this order: the actor, a missing second person, a day that is not over yet, a day
    that is closed already.
    """
    uow.accounts.lock_all()
    now = conditions(uow, by=by, approved_by=approved_by)
    require_actor("periods.close", now)
    require_second_person("periods.close", by, approved_by)
    if checked_day(until, field="until") >= now.today:
        raise InputError(field="until", problem=f"{until} is not over yet; it is {now.today}")
    if now.closed_until is not None and until <= now.closed_until:
        raise InputError(field="until", problem=f"closed until {now.closed_until} already")
    closed = PeriodClose(
        id=FactId(uow.fresh.id()),
        until=until,
        recorded_at=now.now,
        actor=by,
        approver=approved_by,
        policy_version=now.policy_version,
    )
    return Changes(added=(closed,), events=(PeriodWasClosed(until=until),))


def closed_until(uow: ReadingUnit) -> date | None:
    """The last closed day, or None."""
    return uow.banks.house().closed_until


def list(uow: ReadingUnit) -> tuple[PeriodClose, ...]:
    """Every close: until which day, when, by whom, in order."""
    return tuple(uow.archive.values(PeriodClose))
