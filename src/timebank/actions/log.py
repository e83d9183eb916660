"""Who did what that needed answering for, from the facts: days, persons, kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final, assert_never

from timebank.actions._gather import person_id
from timebank.domain.account import AccountChange, ChangeField
from timebank.domain.actor import Actor
from timebank.domain.bank import DayStatement, PeriodClose, checked_day, start_of_day
from timebank.domain.ids import AccountId
from timebank.domain.logged import LogEntry, LogKind
from timebank.domain.policy import PolicyVersion
from timebank.domain.transaction import CORRECTIONS, Transaction
from timebank.domain.words import checked_word
from timebank.errors import InputError
from timebank.ports import ReadingUnit

_Other = AccountChange | DayStatement | PeriodClose | PolicyVersion

_JOINED: Final = "none"
"""What a status was before somebody joined."""


_CHANGE_KINDS: Final = {ChangeField.IDENTITY: LogKind.ERASURE}


def entries(
    uow: ReadingUnit,
    *,
    start: date,
    end: date,
    staff: str | None = None,
    kind: LogKind | str | None = None,
) -> Iterator[LogEntry]:
    """What was recorded from ``start`` up to, but not on, ``end``, in order of time.

    ``staff`` leaves what this person did or approved. Only what is given is kept in memory, never
    the journal.

    *Refuses*, in this order: days that are none, an ``end`` before the ``start``, an unknown
    kind (``InputError``), an unknown person (``NotFoundError``).
    """
    first, last = checked_day(start, field="start"), checked_day(end, field="end")
    if last < first:
        raise InputError(field="end", problem=f"{end} lies before {start}")
    wanted = None if kind is None else checked_word(LogKind, kind, field="kind")
    person = None if staff is None else person_id(uow, staff, field="staff")
    zone = uow.banks.get().zone
    found = (
        entry
        for entry in _within(uow, start_of_day(first, zone), start_of_day(last, zone))
        if wanted in (None, *entry.kinds) and person in (None, *_people(entry))
    )
    return iter(sorted(found, key=lambda entry: (entry.recorded_at, entry.id)))


def _within(uow: ReadingUnit, from_: datetime, until: datetime) -> Iterator[LogEntry]:
    yield from (_moved(fact) for fact in uow.journal.answered_for(from_, until))
    for fact in _others(uow):
        if from_ <= fact.recorded_at < until:
            yield _entry(fact)
    for of_wing in uow.wing_logs:
        yield from of_wing(uow, from_, until)


def _others(uow: ReadingUnit) -> Iterator[_Other]:
    """Facts beside the transactions; joining changes a status too, but answers for nothing."""
    for change in uow.archive.values(AccountChange):
        if change.field is not ChangeField.STATUS or change.was != _JOINED:
            yield change
    yield from uow.archive.values(PolicyVersion)
    yield from uow.archive.values(PeriodClose)
    yield from uow.archive.values(DayStatement)


def _entry(fact: _Other) -> LogEntry:
    match fact:
        case AccountChange():
            return _changed(fact)
        case PolicyVersion():
            return _ruled(fact, "policy", str(fact.version), fact.approver)
        case PeriodClose():
            return _ruled(fact, "period close", fact.until.isoformat(), fact.approver)
        case DayStatement():
            return _ruled(fact, "day statement", fact.day.isoformat(), None)
        case _ as unreachable:
            assert_never(unreachable)


def _moved(fact: Transaction) -> LogEntry:
    sides = (side for t in fact.transfers for side in (t.source, t.target))
    kinds = (LogKind.REVERSAL,) if fact.kind in CORRECTIONS else ()
    return LogEntry(
        id=fact.id,
        recorded_at=fact.recorded_at,
        kinds=kinds + _approved(fact.approver),
        act=fact.kind.value,
        actor=fact.actor,
        approver=fact.approver,
        accounts=tuple(dict.fromkeys(sides)),
        minutes=_brought(fact),
        reason=fact.reason,
        about=fact.reverses,
    )


def _brought(fact: Transaction) -> int:
    """What the accounts that have more by it have more."""
    net: Counter[AccountId] = Counter()
    for transfer in fact.transfers:
        net[transfer.source] -= transfer.minutes
        net[transfer.target] += transfer.minutes
    return (+net).total()


def _changed(fact: AccountChange) -> LogEntry:
    return LogEntry(
        id=fact.id,
        recorded_at=fact.recorded_at,
        kinds=(_CHANGE_KINDS.get(fact.field, LogKind.OVERRIDE), *_approved(fact.approver)),
        act=fact.field.value,
        actor=fact.actor,
        approver=fact.approver,
        accounts=(fact.account,),
        was=fact.was,
        becomes=fact.becomes,
        reason=fact.reason,
        review_on=fact.review_on,
        about=fact.transaction,
    )


def _ruled(
    fact: PolicyVersion | PeriodClose | DayStatement, act: str, becomes: str, approver: Actor | None
) -> LogEntry:
    return LogEntry(
        id=fact.id,
        recorded_at=fact.recorded_at,
        kinds=(LogKind.POLICY, *_approved(approver)),
        act=act,
        actor=fact.actor,
        approver=approver,
        becomes=becomes,
    )


def _approved(approver: Actor | None) -> tuple[LogKind, ...]:
    return () if approver is None else (LogKind.APPROVAL,)


def _people(entry: LogEntry) -> tuple[str | None, ...]:
    return tuple(actor.person for actor in (entry.actor, entry.approver) if actor is not None)
