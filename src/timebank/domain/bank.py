"""A bank, its closed periods, and what its clock may say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from timebank.domain.actor import Actor
from timebank.domain.ids import BankId, FactId
from timebank.domain.policy import Policy
from timebank.errors import BankIsCopy, ClockSuspect, InputError, NaiveTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One time bank. Slug and hash domain never change; ``secret`` keys the request digests.

    Of a copy that bundles feed, ``copy_size`` and ``copy_receipts`` say how far they led: how many
    leaves the bank had, and how many things it had done. Both are None in a bank of its own.
    """

    id: BankId
    slug: str
    name: str
    zone: str
    hash_domain: bytes
    secret: bytes
    created_at: datetime
    copy_size: int | None = None
    copy_receipts: int | None = None

    @property
    def is_copy(self) -> bool:
        """Whether it is the copy of a bank that is kept elsewhere."""
        return self.copy_size is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClose:
    """Every day up to and including ``until`` is closed. The next close lies later."""

    id: FactId
    until: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    policy_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatement:
    """Somebody looked at a calendar: the day it was, when the clock was in doubt."""

    id: FactId
    day: date
    recorded_at: datetime
    actor: Actor
    policy_version: int


def require_own(bank: Bank) -> None:
    """*Refuses* to write in the copy of a bank that is kept elsewhere, with ``BankIsCopy``."""
    if bank.is_copy:
        raise BankIsCopy(bank=bank.slug)


def checked_zone(name: str) -> str:
    """The name of a time zone. *Refuses* names the zone database lacks, with ``InputError``."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            field="zone", problem=f"{name!r} is not a time zone; write Europe/London"
        ) from None
    return name


def checked_time(when: datetime, *, field: str) -> datetime:
    """The time in UTC. *Refuses* a time without a zone, with ``NaiveTime``."""
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise NaiveTime(field=field, problem=f"{when!r} has no time zone")
    return when.astimezone(UTC)


def checked_day(day: date, *, field: str) -> date:
    """The day. *Refuses* a ``datetime``, which names no zone's day, and other types."""
    if type(day) is not date:
        next_step = "; give its day: .date()" if isinstance(day, datetime) else ""
        raise InputError(field=field, problem=f"{day!r} is not a date{next_step}")
    return day


def day_of(when: datetime, zone: str) -> date:
    """The day it is in the bank's zone at that time."""
    return _day_of(when.astimezone(UTC), zone)


@lru_cache(maxsize=64)
def _day_of(utc: datetime, zone: str) -> date:
    """Kept for a while, since a batch asks again and again; of UTC, where no hour comes twice."""
    return utc.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The first moment of a day in the bank's zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def check_clock(now: datetime, last_recorded_at: datetime | None, policy: Policy) -> None:
    """*Refuses* a clock before the last fact or too far beyond it, with ``ClockSuspect``.

    A few minutes behind are taken for two computers that disagree; ``recorded at`` never runs
    backwards in an account anyway.
    """
    if last_recorded_at is None:
        return
    behind = last_recorded_at - timedelta(minutes=policy.clock_behind_minutes)
    ahead = last_recorded_at + timedelta(days=policy.clock_ahead_days)
    if not behind <= now <= ahead:
        raise ClockSuspect(
            now=now.isoformat(),
            last_recorded_at=last_recorded_at.isoformat(),
            rule="clock_behind" if now < behind else "clock_ahead_days",
        )
