"""Banks: creating one, its house rules, and its calendar when the clock is in doubt."""

from __future__ import annotations

from datetime import date

from timebank.actions._gather import LABELS, conditions
from timebank.actions._request import action
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import Bank, DayStatement, checked_day, checked_zone
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.events import BankCreated, DayStated, PolicySet
from timebank.domain.ids import FactId, PersonId, bank_id_of
from timebank.domain.member import Person, PersonKind, checked_text
from timebank.domain.membership import add_staff, opened
from timebank.domain.policy import Policy, PolicyVersion, house_rules
from timebank.domain.policy_text import policy_text
from timebank.errors import InputError, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork


@action("banks.create")
def create(
    uow: UnitOfWork,
    *,
    name: str | None = None,
    policy: Policy | str = "neighbourhood",
    zone: str = "Europe/London",
    first_coordinator: str | None = None,
    key: str | None = None,
) -> Changes:
    """Create the bank that the unit of work names, with its own accounts at 0:00.

    ``policy`` is a preset's name or a ``Policy``; ``first_coordinator`` the ref under which the
    first member of staff is registered (the receipt's ``person_id``).

    *Refuses*, in this order: a slug that is taken (``RefTaken``), an unknown policy or zone, an
    unfit name or ref.
    """
    if uow.banks.find() is not None:
        raise RefTaken(kind="bank", ref=uow.slug)
    rules = house_rules(policy)
    now = uow.now()
    bank = Bank(
        id=bank_id_of(uow.slug),
        slug=uow.slug,
        name=checked_text(name, field="name") or uow.slug,
        zone=checked_zone(zone),
        hash_domain=uow.fresh.salt() + uow.fresh.salt(),
        secret=uow.fresh.salt() + uow.fresh.salt(),
        created_at=now,
    )
    first = PolicyVersion(
        id=FactId(uow.fresh.id()),
        version=1,
        policy=rules,
        body=policy_text(rules),
        recorded_at=now,
        actor=Actor.system(),
    )
    founding = Conditions(
        bank=bank,
        policy=rules,
        policy_version=1,
        closed_until=None,
        now=now,
        by=Actor.system(),
        approved_by=None,
        people={},
        fresh=uow.fresh,
    )
    accounts = tuple(opened(kind, founding, label=label) for label, kind in LABELS.items())
    changes = Changes(added=(bank, first, *accounts), events=(BankCreated(slug=bank.slug),))
    return changes + _first_coordinator(first_coordinator, founding)


def _first_coordinator(ref: str | None, founding: Conditions) -> Changes:
    if ref is None:
        return Changes()
    person = Person(
        id=PersonId(founding.fresh.id()),
        kind=PersonKind.STAFF,
        ref=checked_text(ref, field="first_coordinator", limit=60),
        name=None,
        contact=None,
    )
    return add_staff(
        person, Role.COORDINATOR, new=True, starts_on=None, ends_on=None, conditions=founding
    )


@action("banks.set_policy")
def set_policy(
    uow: UnitOfWork, policy: Policy | str, *, by: Actor, key: str | None = None
) -> Changes:
    """New house rules from now on; each fact names the version under which it was decided.

    Limits of accounts that exist stay as they are: ``accounts.set_limits`` changes those.

    *Refuses*, in this order: an unknown policy, the actor.
    """
    rules = house_rules(policy)
    now = conditions(uow, by=by)
    require_actor("banks.set_policy", now)
    version = PolicyVersion(
        id=FactId(uow.fresh.id()),
        version=now.policy_version + 1,
        policy=rules,
        body=policy_text(rules),
        recorded_at=now.now,
        actor=by,
    )
    return Changes(added=(version,), events=(PolicySet(version=version.version),))


@action("banks.state_day")
def state_day(uow: UnitOfWork, day: date, *, by: Actor, key: str | None = None) -> Changes:
    """Somebody looked at a calendar: today is ``day``. It vouches for the clock on that day.

    *Refuses*, in this order: the actor, a day that the clock does not show (``InputError``: set
    the clock first).
    """
    now = conditions(uow, by=by, clock_vouched=True)
    require_actor("banks.state_day", now)
    if checked_day(day, field="day") != now.today:
        raise InputError(
            field="day", problem=f"the clock shows {now.today}, not {day}; set the clock first"
        )
    stated = DayStatement(
        id=FactId(uow.fresh.id()),
        day=day,
        recorded_at=now.now,
        actor=by,
        policy_version=now.policy_version,
    )
    return Changes(added=(stated,), events=(DayStated(day=day),))


def get(uow: ReadingUnit) -> Bank:
    """The bank of this unit. *Refuses* a slug nobody created, with ``NotFoundError``."""
    return uow.banks.get()


def policy(uow: ReadingUnit) -> PolicyVersion:
    """The house rules that hold now."""
    return uow.banks.house().policy
