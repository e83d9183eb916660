"""What several row shapes share: actors, approvers, words."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from timebank.domain.actor import Actor, Role
from timebank.domain.ids import PersonId

Values = dict[str, Any]


def maybe(kind: Any, value: Any) -> Any:
    """The value made into ``kind``, unless there is none."""
    return None if value is None else kind(value)


def word(value: Any) -> str | None:
    """The word an enumeration stands for, unless there is none."""
    return None if value is None else value.value


def actor_to(actor: Actor) -> Values:
    """An actor as the columns every fact has."""
    return {
        "actor_role": actor.role.value,
        "actor_id": actor.person,
        "actor_for": actor.on_behalf_of,
    }


def approver_to(approver: Actor | None) -> Values:
    """An approver as the columns most facts have."""
    return {
        "approver_role": None if approver is None else approver.role.value,
        "approver_id": None if approver is None else approver.person,
    }


def actor_from(row: Row[Any]) -> Actor:
    """The columns as an actor."""
    return _actor(row.actor_id, row.actor_role, row.actor_for)


def approver_from(row: Row[Any]) -> Actor | None:
    """The columns as an approver, if there was one."""
    if row.approver_role is None:
        return None
    return _actor(row.approver_id, row.approver_role, None)


@lru_cache(maxsize=256)
def _actor(person: PersonId | None, role: str, on_behalf_of: PersonId | None) -> Actor:
    """Checked once: few act, and often."""
    return Actor(person=person, role=Role(role), on_behalf_of=on_behalf_of)
