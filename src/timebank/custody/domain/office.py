"""Who may act in the scheme: a role that is held on the day itself, and where they sit."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from timebank.domain.actor import Actor, Role
from timebank.domain.conditions import Conditions
from timebank.errors import InputError, NotPermitted

_SEAT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")


def checked_seat(name: str) -> str:
    """The short name that the scheme gave a computer. *Refuses* other text, with ``InputError``."""
    if not isinstance(name, str) or not _SEAT.fullmatch(name):
        raise InputError(
            field="seat", problem=f"{name!r} is no seat: 1 to 20 of a to z, 0 to 9 and -, as desk-2"
        )
    return name


def require_role(action: str, by: Actor, roles: Collection[Role], conditions: Conditions) -> None:
    """*Refuses* another role, and one that is not held today, with ``NotPermitted``."""
    if by.role not in roles or by.person is None:
        needed = " or ".join(sorted(role.value for role in roles))
        raise NotPermitted(action=action, who=str(by), needed=f"it takes a {needed}")
    if not conditions.standing(by.person).holds(by.role, conditions.today):
        raise NotPermitted(action=action, who=str(by), needed=f"the role of {by.role.value} today")
