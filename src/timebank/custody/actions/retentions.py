"""How long what names somebody is kept: stated, changed by two people, and what is due."""

from __future__ import annotations

from datetime import date

from timebank.custody.actions._gather import acted, case, locked_membership, store_of
from timebank.custody.actions._turning import require_two
from timebank.custody.domain import retention
from timebank.custody.domain.beneficiary import require_staff
from timebank.custody.domain.retention import Basis, Record, Retention
from timebank.domain.actor import Actor
from timebank.domain.words import checked_word
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, bank_today, person_id


@action("custody.keep")
def keep(
    uow: UnitOfWork,
    person: str,
    *,
    record: Record | str,
    lawful_basis: Basis | str,
    until: date,
    by: Actor,
    approved_by: Actor,
    key: str | None = None,
) -> Changes:
    """A record is kept until a day, on a ground: longer or shorter than the rules said.

    *Refuses*, in this order: an unknown record or ground, an unknown person, a person in custody as
    one of the two, a missing second person, who is no staff, a day that does not lie ahead.
    """
    kept = checked_word(Record, record, field="record")
    ground = checked_word(Basis, lawful_basis, field="lawful_basis")
    own = locked_membership(uow, person)
    found = case(uow, by=by, approved_by=approved_by)
    require_two(found, "custody.keep")
    require_staff("custody.keep", found.now)
    one = retention.stated(own.id, kept, ground, until, found.now)
    return Changes(added=(one,), events=(acted(f"{kept.value} is kept for", own.id),))


def list(uow: ReadingUnit, person: str) -> tuple[Retention, ...]:
    """What was stated for a person's records, in order of record."""
    return store_of(uow).retentions([person_id(uow, person, field="person")])


def due(uow: ReadingUnit) -> tuple[Retention, ...]:
    """Records whose day is over, of people who are not forgotten yet."""
    store = store_of(uow)
    today = bank_today(uow)
    over = tuple(retention.due(store.retentions(), today))
    known = uow.people.many({one.person for one in over})
    return tuple(
        one
        for one in over
        if known[one.person].name is not None or known[one.person].ref is not None
    )
