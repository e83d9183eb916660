"""Closed periods: every day up to one is closed, and stays closed."""

from __future__ import annotations

from datetime import date, datetime

from timebank.actions._gather import conditions
from timebank.actions._request import action
from timebank.domain.actor import Actor, require_role, require_second_person
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
    hour counts in a closed period that was recorded after the close. (On PostgreSQL at READ
    COMMITTED, as everything here: a host's older snapshot does not see the close.)

    *Refuses*, in this order: the actor's role, a missing second person, a role that is not held, a
    day that is not over yet, a day that is closed already.
    """
    require_role("periods.close", by)
    require_second_person("periods.close", by, approved_by)
    uow.accounts.lock_all()  # of all banks, so not before it is clear that they may ask
    now = conditions(uow, by=by, approved_by=approved_by)
    require_actor("periods.close", now)
    if checked_day(until, field="until") >= now.today:
        raise InputError(field="until", problem=f"{until} is not over yet; it is {now.today}")
    if now.closed_until is not None and until <= now.closed_until:
        raise InputError(field="until", problem=f"closed until {now.closed_until} already")
    moved = (account.recorded_at for account in uow.accounts.all() if account.recorded_at)
    closed = PeriodClose(
        id=FactId(uow.fresh.id()),
        until=until,
        recorded_at=max([now.now, *moved]),
        actor=by,
        approver=approved_by,
        policy_version=now.policy_version,
    )
    return Changes(added=(closed,), events=(PeriodWasClosed(until=until),))


def settled_at(uow: ReadingUnit, day: date) -> datetime | None:
    """Since when nothing more can come to count on this day: the time of the first close that
    covers it; None while the day is open.

    Whatever counts on a closed day was recorded no later than its close; whatever was recorded
    later counts on later days.
    """
    covering = [close for close in list(uow) if close.until >= day]
    return min(covering, key=lambda close: close.until).recorded_at if covering else None


def closed_until(uow: ReadingUnit) -> date | None:
    """The last closed day, or None."""
    return uow.banks.house().closed_until


def list(uow: ReadingUnit) -> tuple[PeriodClose, ...]:
    """Every close: until which day, when, by whom, in order."""
    return tuple(uow.archive.values(PeriodClose))
