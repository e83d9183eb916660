"""Who acts, in which role, and which roles may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from timebank.domain.ids import PersonId, checked_id
from timebank.domain.words import checked_word
from timebank.errors import InputError, NotPermitted, SecondPersonNeeded


class Role(Enum):
    """In which capacity somebody acts."""

    MEMBER = "member"
    BROKER = "broker"
    COORDINATOR = "coordinator"
    OFFICER = "officer"
    SYSTEM = "system"


STAFF_ROLES: Final = frozenset({Role.BROKER, Role.COORDINATOR, Role.OFFICER})
APPROVERS: Final = frozenset({Role.COORDINATOR, Role.OFFICER})
"""Roles that may be the second person of a two-person action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts now. The host answers for who it is; we check the role on that day.

    ``person`` is the opaque id of a registered person (None only for the system);
    ``on_behalf_of`` is the member for whom a broker or coordinator acts.

    *Refuses:* an unknown role, a person missing or given for the system, and members acting for
    others, with ``InputError``.
    """

    person: PersonId | None
    role: Role
    on_behalf_of: PersonId | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", checked_word(Role, self.role, field="role"))
        if (self.person is None) != (self.role is Role.SYSTEM):
            raise InputError(field="person", problem="every actor but the system names a person")
        for name in ("person", "on_behalf_of"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, PersonId(checked_id(value, field=name)))
        if self.on_behalf_of is not None and self.role not in STAFF_ROLES:
            raise InputError(field="on_behalf_of", problem="only staff act for somebody else")

    @classmethod
    def system(cls) -> Actor:
        """The program itself: expiry, imports without a person, a host's own jobs."""
        return cls(person=None, role=Role.SYSTEM)

    @property
    def acts_for(self) -> PersonId | None:
        """The member whose side this actor takes: the one represented, or the member itself."""
        return self.on_behalf_of or (self.person if self.role is Role.MEMBER else None)

    def __str__(self) -> str:
        who = f"{self.role.value} {self.person}" if self.person else self.role.value
        return f"{who} for {self.on_behalf_of}" if self.on_behalf_of else who


_COORDINATOR: Final = frozenset({Role.COORDINATOR, Role.SYSTEM})
_STAFF: Final = frozenset({Role.BROKER, Role.COORDINATOR, Role.SYSTEM})
_PARTIES: Final = frozenset({Role.MEMBER, Role.BROKER, Role.COORDINATOR})

MAY: Final[Mapping[str, frozenset[Role]]] = {
    "banks.create": _COORDINATOR,
    "banks.set_policy": _COORDINATOR,
    "banks.state_day": frozenset({Role.COORDINATOR, Role.OFFICER}),
    "staff.add": _COORDINATOR,
    "staff.end": _COORDINATOR,
    "members.join": _STAFF,
    "members.update": _PARTIES | {Role.SYSTEM},
    "members.approve": _COORDINATOR | {Role.OFFICER},
    "members.suspend": _COORDINATOR | {Role.OFFICER},
    "members.resume": _COORDINATOR | {Role.OFFICER},
    "members.leave": _PARTIES | {Role.SYSTEM},
    "members.forget": _COORDINATOR,
    "listings.offer": _PARTIES,
    "listings.request": _PARTIES,
    "listings.withdraw": _PARTIES,
    "exchanges.propose": _PARTIES,
    "exchanges.agree": _PARTIES,
    "exchanges.decline": _PARTIES,
    "exchanges.report": _PARTIES,
    "exchanges.confirm": _PARTIES,
    "exchanges.cancel": _PARTIES,
    "exchanges.dispute": _PARTIES,
    "exchanges.resolve": frozenset({Role.COORDINATOR}),
    "exchanges.reverse": frozenset({Role.COORDINATOR}),
    "exchanges.record": _STAFF,
    "exchanges.group": _STAFF,
    "exchanges.expire": frozenset(Role) - {Role.MEMBER},
    "transfers.post": _COORDINATOR,
    "transfers.donate": _PARTIES | {Role.SYSTEM},
    "transfers.grant": _COORDINATOR,
    "transfers.adjust": frozenset({Role.COORDINATOR}),
    "transfers.reverse": frozenset({Role.COORDINATOR}),
    "transfers.carry_over": _COORDINATOR,
    "accounts.open": _COORDINATOR,
    "accounts.set_limits": frozenset({Role.COORDINATOR}),
    "accounts.rebuild": frozenset({Role.COORDINATOR, Role.OFFICER}),
    "accounts.freeze": frozenset({Role.COORDINATOR, Role.OFFICER}),
    "periods.close": frozenset({Role.COORDINATOR}),
}
"""Action → the roles that may ask for it. Rules about *whose* thing it is come on top."""


def checked_actor(by: object, *, field: str) -> Actor:
    """The actor. *Refuses* a ref and anything else with ``InputError``: it says how to get one."""
    if not isinstance(by, Actor):
        raise InputError(
            field=field, problem=f"{by!r} is not an Actor; get one: staff.actor(uow, ref)"
        )
    return by


def require_role(action: str, by: Actor) -> None:
    """*Refuses* an actor whose role may not ask for the action, with ``NotPermitted``."""
    allowed = MAY[action]
    if by.role not in allowed:
        needed = " or ".join(sorted(role.value for role in allowed))
        raise NotPermitted(action=action, who=str(by), needed=f"it takes a {needed}")


def is_second_person(by: Actor, approved_by: Actor | None) -> bool:
    """Whether the approver is there, is somebody else and has a role that may approve."""
    return (
        approved_by is not None
        and approved_by.person != by.person
        and approved_by.role in APPROVERS
    )


def require_second_person(action: str, by: Actor, approved_by: Actor | None) -> Actor:
    """The approver of a two-person action.

    *Refuses* a missing approver and the actor's own approval with ``SecondPersonNeeded``, and a
    role that may not approve with ``NotPermitted``.
    """
    if approved_by is None or approved_by.person == by.person:
        raise SecondPersonNeeded(action=action)
    if not is_second_person(by, approved_by):
        raise NotPermitted(
            action=action, who=str(approved_by), needed="a coordinator or officer approves"
        )
    return approved_by
