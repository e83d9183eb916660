"""PINs of staff: at a keyboard that several share, nobody signs as somebody else.

What is kept of a PIN is a salted digest that is slow to make, apart from all facts: it is in no
export and no leaf, and it is erased. That a PIN was set, by whom and when, is a fact.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from hashlib import scrypt
from typing import Final

from timebank.custody.domain.membership import require_outside
from timebank.custody.domain.office import require_role
from timebank.custody.errors import NoPin, PinLocked, WrongPin
from timebank.domain.actor import STAFF_ROLES, Actor, Role
from timebank.domain.changes import WingValue
from timebank.domain.conditions import Conditions
from timebank.domain.ids import FactId, PersonId
from timebank.errors import InputError, NotPermitted, RefusedError, WrongState

LEAST_DIGITS: Final = 6
MOST_DIGITS: Final = 12
TRIES: Final = 5
"""After so many wrong ones in a row even the right PIN is refused, until a coordinator resets."""

_RUNS: Final = ("01234567890", "98765432109")


class PinAct(Enum):
    """What was done to a PIN."""

    SET = "set"
    RESET = "reset"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(WingValue):
    """What is kept of a person's PIN; without a digest it is erased. ``failures``: in a row."""

    id: PersonId
    salt: bytes | None = field(repr=False)
    digest: bytes | None = field(repr=False)
    failures: int

    @property
    def locked(self) -> bool:
        """Whether it takes a coordinator first."""
        return self.failures >= TRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange(WingValue):
    """That a PIN was set, reset or erased: whose, by whom, when. Nothing of the PIN itself."""

    id: FactId
    person: PersonId
    act: PinAct
    recorded_at: datetime
    actor: Actor


def stands(pin: Pin | None) -> bool:
    """Whether there is a PIN to be asked for."""
    return pin is not None and pin.digest is not None


def checked_pin(text: str, *, name: str = "pin") -> str:
    """A PIN that is worth having: the error never repeats it.

    *Refuses* what is not 6 to 12 digits, and what is too plain, with ``InputError``.
    """
    plain = text if isinstance(text, str) else ""
    fits = plain.isascii() and plain.isdigit() and LEAST_DIGITS <= len(plain) <= MOST_DIGITS
    if not fits:
        raise InputError(field=name, problem=f"it has {LEAST_DIGITS} to {MOST_DIGITS} digits")
    if too_plain(plain):
        problem = "one digit over and over, or digits in a row, are guessed first"
        raise InputError(field=name, problem=problem)
    return plain


def too_plain(pin: str) -> bool:
    """Whether all digits but one at most are the same, or they run up or down."""
    return max(map(pin.count, pin)) >= len(pin) - 1 or any(pin in run * 2 for run in _RUNS)


def derived(pin: str, salt: bytes) -> bytes:
    """The digest that is kept: slow on purpose, since a PIN is short."""
    return scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)


def judged(person: PersonId, known: Pin | None, pin: str) -> RefusedError | None:
    """Why this is not to be taken as the person's PIN; None where it is theirs."""
    if known is None or known.salt is None or known.digest is None:
        return NoPin(person=person)
    if known.locked:
        return PinLocked(person=person, tries=TRIES)
    if hmac.compare_digest(known.digest, derived(pin, known.salt)):
        return None
    left = TRIES - known.failures - 1
    then = f"tries left before it is locked: {left}."
    if left == 0:
        then = "it is locked now; another coordinator unlocks it: timebank custody pin reset"
    return WrongPin(person=person, left=left, next_step=then)


def counted(known: Pin, error: RefusedError | None) -> Pin:
    """The PIN after a try: a wrong one counts, and the right one ends the row."""
    if error is None:
        return replace(known, failures=0)
    return replace(known, failures=known.failures + isinstance(error, WrongPin))


def set_anew(
    person: PersonId,
    pin: str,
    known: Pin | None,
    conditions: Conditions,
    *,
    inside: frozenset[PersonId],
) -> tuple[Pin, PinChange]:
    """A PIN for a member of staff; it is not locked any more.

    *Refuses*, in this order: an unfit PIN, a person in custody as the actor, who holds no role of
    staff for whom it is, who is neither a coordinator nor the person, and a person's own first PIN
    but a coordinator's.
    """
    action, by = "custody.pin_set", conditions.by
    plain = checked_pin(pin)
    require_outside(action, by, inside)
    roles = conditions.standing(person)
    if person in inside or not any(roles.holds(role, conditions.today) for role in STAFF_ROLES):
        raise NotPermitted(action=action, who=person, needed="a PIN is for members of staff")
    own = by.person == person and stands(known)
    require_role(action, by, STAFF_ROLES if own else {Role.COORDINATOR}, conditions)
    salt = conditions.fresh.salt()
    made = Pin(id=person, salt=salt, digest=derived(plain, salt), failures=0)
    return made, _changed(person, PinAct.SET, conditions)


def undone(
    known: Pin | None,
    person: PersonId,
    act: PinAct,
    conditions: Conditions,
    *,
    inside: frozenset[PersonId],
) -> tuple[Pin, PinChange]:
    """The PIN without its wrong tries (``RESET``), or no PIN at all (``ERASE``).

    *Refuses*, in this order: a person in custody as the actor, who is no coordinator, one's own,
    and a person who has none.
    """
    action, by = f"custody.pin_{act.value}", conditions.by
    require_outside(action, by, inside)
    require_role(action, by, {Role.COORDINATOR}, conditions)
    if by.person == person and act is PinAct.RESET:
        raise NotPermitted(action=action, who=str(by), needed="another coordinator")
    if known is None or not stands(known):
        raise WrongState(kind="pin", id=person, state="none", act=act.value, possible=("set",))
    after = replace(known, failures=0) if act is PinAct.RESET else erased(known)
    return after, _changed(person, act, conditions)


def erased(pin: Pin) -> Pin:
    """The row without anything to try a PIN against."""
    return replace(pin, salt=None, digest=None, failures=0)


def _changed(person: PersonId, act: PinAct, conditions: Conditions) -> PinChange:
    return PinChange(
        id=FactId(conditions.fresh.id()),
        person=person,
        act=act,
        recorded_at=conditions.now,
        actor=conditions.by,
    )
