"""PINs of staff: set and changed, asked for, unlocked, erased. None is ever part of a fact.

The program asks for them at its commands. A host, which answers for who it is, may use ``check``.
No call here takes a key: what is kept with a key could be tried against every PIN.
"""

from __future__ import annotations

from dataclasses import dataclass

from timebank.custody.actions._gather import acted, case, in_force, store_of
from timebank.custody.domain import pin as rules
from timebank.custody.domain.attention import Attempt, checked_name
from timebank.custody.domain.pin import Pin, PinAct
from timebank.domain.actor import Actor, checked_actor
from timebank.domain.ids import FactId, PersonId
from timebank.errors import InputError, RefusedError
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, person_id

RULES_SET = "custody.rules_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinTry:
    """What came of a try. It is counted with the unit: commit, then ask ``or_raise``."""

    error: RefusedError | None

    def or_raise(self) -> None:
        """*Refuses* a wrong PIN, a locked one, and a person without one."""
        if self.error is not None:
            raise self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class PinView:
    """Whether a person has a PIN, and how many wrong ones came in a row. Never the PIN."""

    person: PersonId
    stands: bool
    locked: bool
    failures: int


@action("custody.pin_set")
def set(uow: UnitOfWork, person: str, *, pin: str, by: Actor) -> Changes:
    """A PIN for a member of staff, by a coordinator, or another one by the person themselves.

    *Refuses*, in this order: an unknown person, an unfit PIN (6 to 12 digits that are no run), a
    person in custody as the actor, who is no staff today, who is neither a coordinator nor the
    person, and a person's own first PIN but a coordinator's.
    """
    id_ = person_id(uow, person, field="person")
    known = store_of(uow).pin(id_, lock=True)
    found = case(uow, by=by, people=(id_,))
    made, change = rules.set_anew(id_, pin, known, found.now, inside=found.inside)
    if known is None:
        return Changes(added=(made, change), events=(acted("set PIN", id_),))
    return Changes(added=(change,), changed=(made,), events=(acted("set PIN", id_),))


@action("custody.pin_reset")
def reset(uow: UnitOfWork, person: str, *, by: Actor) -> Changes:
    """Unlock a PIN after too many wrong ones: it is the same as before.

    *Refuses*, in this order: an unknown person, a person in custody as the actor, who is no
    coordinator, one's own, and a person who has none.
    """
    return _undone(uow, person, PinAct.RESET, by=by)


@action("custody.pin_erase")
def erase(uow: UnitOfWork, person: str, *, by: Actor) -> Changes:
    """Take a PIN away for good, as from somebody who left; a coordinator can set another.

    *Refuses*, in this order: an unknown person, a person in custody as the actor, who is no
    coordinator, and a person who has none.
    """
    return _undone(uow, person, PinAct.ERASE, by=by)


def check(uow: UnitOfWork, *, pin: str, by: Actor, doing: str) -> PinTry:
    """Whether this is the PIN of who acts; ``doing`` names what they want to do.

    A wrong one is counted and kept as an attempt: commit the unit, then ``or_raise()``. After five
    in a row the PIN is locked. It is for a host to check before an action, or to leave.

    *Refuses* an actor without a person, and what is no name of an action, with ``InputError``.
    """
    who = checked_actor(by, field="by").person
    if who is None:
        raise InputError(field="by", problem="the system has no PIN")
    wanted = checked_name(doing, field="doing")
    known = store_of(uow).pin(who, lock=True)
    error = rules.judged(who, known, pin)
    if error is not None or (known is not None and known.failures):
        _counted(uow, known=known, error=error, doing=wanted, by=by)
    return PinTry(error=error)


@action("custody.pin_check")
def _counted(
    uow: UnitOfWork, *, known: Pin | None, error: RefusedError | None, doing: str, by: Actor
) -> Changes:
    changed = () if known is None else (rules.counted(known, error),)
    if error is None:
        return Changes(changed=changed, events=(acted("gave PIN", by.person or ""),))
    kept = Attempt(
        id=FactId(uow.fresh.id()),
        action=doing,
        code=error.code,
        subjects=(),
        recorded_at=uow.now(),
        actor=by,
    )
    return Changes(added=(kept,), changed=changed, events=(acted("attempted", kept.id),))


def list(uow: ReadingUnit) -> tuple[PinView, ...]:
    """Everybody who has a PIN, in order of id."""
    return tuple(
        PinView(person=one.id, stands=True, locked=one.locked, failures=one.failures)
        for one in store_of(uow).pins()
        if rules.stands(one)
    )


def asked(uow: ReadingUnit, doing: str) -> bool:
    """Whether the scheme's rules ask for PINs.

    The rules themselves can be set without, as long as nobody has one: so a scheme says that it
    wants none.
    """
    wanted = in_force(store_of(uow)).pins
    return wanted and (doing != RULES_SET or bool(list(uow)))


def _undone(uow: UnitOfWork, person: str, act: PinAct, *, by: Actor) -> Changes:
    id_ = person_id(uow, person, field="person")
    known = store_of(uow).pin(id_, lock=True)
    found = case(uow, by=by)
    after, change = rules.undone(known, id_, act, found.now, inside=found.inside)
    events = (acted(f"{act.value} PIN", id_),)
    return Changes(added=(change,), changed=(after,), events=events)
