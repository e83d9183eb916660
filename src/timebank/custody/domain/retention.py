"""How long what names somebody is kept, and on what ground: stated for each record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from timebank.custody.domain.rules import Rules
from timebank.domain.actor import Actor
from timebank.domain.bank import checked_day
from timebank.domain.changes import WingValue
from timebank.domain.conditions import Conditions
from timebank.domain.ids import FactId, PersonId
from timebank.errors import InputError


class Record(Enum):
    """What is kept on somebody apart from the books: who they are, and their custody."""

    IDENTITY = "identity"
    CUSTODY_STATUS = "custody_status"


class Basis(Enum):
    """The lawful ground on which a record is kept."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(WingValue):
    """A record of a person is kept up to and including ``keep_until``; the newest of it holds."""

    id: FactId
    person: PersonId
    record: Record
    lawful_basis: Basis
    keep_until: date
    recorded_at: datetime
    actor: Actor
    approver: Actor | None


def at_first(person: PersonId, rules: Rules, conditions: Conditions) -> tuple[Retention, ...]:
    """What holds for somebody who applies: the ground and the days of the rules."""
    return tuple(
        stated(
            person,
            record,
            Basis(rules.lawful_basis),
            conditions.today + timedelta(days=rules.retention_days),
            conditions,
        )
        for record in Record
    )


def stated(
    person: PersonId,
    record: Record,
    lawful_basis: Basis,
    keep_until: date,
    conditions: Conditions,
) -> Retention:
    """A new ground and day for a record. *Refuses* a day that does not lie ahead."""
    if checked_day(keep_until, field="keep_until") <= conditions.today:
        raise InputError(field="keep_until", problem="lies ahead, or forget the person now")
    return Retention(
        id=FactId(conditions.fresh.id()),
        person=person,
        record=record,
        lawful_basis=lawful_basis,
        keep_until=keep_until,
        recorded_at=conditions.now,
        actor=conditions.by,
        approver=conditions.approved_by,
    )


def due(stated_: Iterable[Retention], today: date) -> Iterator[Retention]:
    """Of each person and record the newest, where its day is over."""
    newest = {(one.person, one.record): one for one in sorted(stated_, key=lambda one: one.id)}
    for key in sorted(newest, key=lambda key: (key[0], key[1].value)):
        if newest[key].keep_until < today:
            yield newest[key]
