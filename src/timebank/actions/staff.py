"""Staff: who holds which role, from one day to another."""

from __future__ import annotations

from datetime import date

from timebank.actions._gather import bank_today, conditions, known_person, person_id
from timebank.actions._request import action
from timebank.domain.actor import Actor, Role
from timebank.domain.changes import Changes
from timebank.domain.ids import PersonId
from timebank.domain.member import Person, PersonKind, Staff, checked_text
from timebank.domain.membership import add_staff, end_staff
from timebank.domain.words import checked_word
from timebank.errors import NotFoundError, NotPermitted
from timebank.ports import ReadingUnit, UnitOfWork


@action("staff.add")
def add(
    uow: UnitOfWork,
    ref: str,
    *,
    role: Role | str,
    by: Actor,
    name: str | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Give a role to the person of this ref or id: a member, or somebody registered by it now.

    *Refuses*, in this order: an unknown role, an unfit ref or name, the actor, member and system
    as roles, an end before the start.
    """
    person = known_person(uow, ref)
    new = person is None
    if person is None:
        person = Person(
            id=PersonId(uow.fresh.id()),
            kind=PersonKind.STAFF,
            ref=checked_text(ref, field="ref", limit=60),
            name=checked_text(name, field="name"),
            contact=None,
        )
    return add_staff(
        person,
        checked_word(Role, role, field="role"),
        new=new,
        starts_on=starts_on,
        ends_on=ends_on,
        conditions=conditions(uow, by=by),
    )


@action("staff.end")
def end(
    uow: UnitOfWork,
    ref: str,
    *,
    role: Role | str,
    by: Actor,
    ends_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """The last day (today) on which a person holds a role.

    *Refuses*, in this order: an unknown person or role, the actor, a role that has ended.
    """
    wanted = checked_word(Role, role, field="role")
    now = conditions(uow, by=by)
    held = uow.people.staff(person=person_id(uow, ref))
    for staff, _ in sorted(held, key=lambda pair: pair[0].starts_on, reverse=True):
        if staff.role is wanted:
            return end_staff(staff, ends_on=ends_on, conditions=now)
    raise NotFoundError(kind=wanted.value, ref=ref)


def list(uow: ReadingUnit) -> tuple[tuple[Staff, Person], ...]:
    """Every role ever held, with the person, in order of first day."""
    return uow.people.staff()


def actor(
    uow: ReadingUnit,
    ref: str,
    *,
    role: Role | str | None = None,
    on_behalf_of: str | None = None,
) -> Actor:
    """The registered person of this ref as an actor: in ``role``, or in the one held today.

    Staff who hold several roles act in the first of coordinator, broker, officer; a member
    without a role acts as a member. This is a look-up, not a login.

    *Refuses*, in this order: an unknown person (``NotFoundError``), a role not held today
    (``NotPermitted``), a member who would act for somebody else (``InputError``).
    """
    id_ = person_id(uow, ref, field="person")
    today = bank_today(uow)
    standing = uow.people.standings([id_])[id_]
    ranked = (Role.COORDINATOR, Role.BROKER, Role.OFFICER, Role.MEMBER)
    held = [r for r in ranked if standing.holds(r, today)]
    wanted = (
        checked_word(Role, role, field="role") if role is not None else (held[0] if held else None)
    )
    if wanted is None or wanted not in held:
        raise NotPermitted(
            action="acting", who=ref, needed=f"the role of {wanted.value if wanted else 'anybody'}"
        )
    behalf = None if on_behalf_of is None else person_id(uow, on_behalf_of, field="on_behalf_of")
    return Actor(person=id_, role=wanted, on_behalf_of=behalf)
