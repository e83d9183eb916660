"""Where hours go: the earner's own dated instruction, in whole minutes, and the pot by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.custody.domain.beneficiary import Beneficiary
from timebank.custody.domain.rules import DestinationClass, Rules
from timebank.custody.domain.sheet import checked_whole
from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.hours import Hours
from timebank.domain.ids import FactId, PersonId
from timebank.errors import InputError


class Place(Enum):
    """Where a part goes: it stays on the earner's account, is held until release, or is given."""

    OWN = "own"
    HELD = "held"
    POT = "pot"
    BENEFICIARY = "beneficiary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A share of the hours for one place. Shares are whole weights: 1 and 2 are a third and two."""

    place: Place
    weight: int = 1
    beneficiary: FactId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(WingValue):
    """What the earner said, and when: for everything from that day on, or for one sheet.

    ``paper`` is the number of the paper the earner signed; staff record it, a second person
    approves it, and nobody else decides it.
    """

    id: FactId
    person: PersonId
    sheet: FactId | None
    given_on: date
    paper: str
    parts: tuple[Part, ...]
    recorded_at: datetime
    actor: Actor
    approver: Actor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Minutes of a line that go to one place; ``lapsed`` where the pot stands in for another."""

    place: Place
    minutes: int
    beneficiary: FactId | None = None
    lapsed: bool = False


TO_THE_POT: Final = (Part(place=Place.POT),)
"""What holds until the earner says otherwise."""


def check_parts(
    parts: tuple[Part, ...], beneficiaries: Mapping[FactId, Beneficiary], rules: Rules
) -> None:
    """*Refuses*, with ``InputError``: what is no part, no parts, a place twice, a weight
    that is not whole or below 1, a beneficiary missing or not of this earner, a held account that
    the rules do not allow.
    """
    for part in parts:
        if not isinstance(part, Part):
            raise InputError(field="parts", problem=f"{part!r} is not a custody.Part")
    places = [(part.place, part.beneficiary) for part in parts]
    if not parts or len(set(places)) < len(places):
        raise InputError(field="parts", problem="each place is named once, and there is one")
    for part in parts:
        if checked_whole(part.weight, field="parts") < 1:
            raise InputError(field="parts", problem="a share is at least 1")
        if (part.place is Place.BENEFICIARY) != (part.beneficiary is not None):
            raise InputError(field="parts", problem="say which beneficiary, and only then")
        if part.beneficiary is not None and part.beneficiary not in beneficiaries:
            raise InputError(field="parts", problem="it is not on this person's list")
        if part.place is Place.HELD and not rules.held_allowed:
            raise InputError(field="parts", problem="this scheme holds nothing until release")


def in_force(
    instructions: Iterable[Instruction], *, sheet: FactId, day: date
) -> Instruction | None:
    """The one for this very sheet, else the latest given on the day of the work or before."""
    found = sorted(instructions, key=lambda one: (one.given_on, one.id))
    for_sheet = [one for one in found if one.sheet == sheet]
    standing = [one for one in found if one.sheet is None and one.given_on <= day]
    return next(reversed(for_sheet or standing), None)


def legs_of(
    minutes: int,
    instruction: Instruction | None,
    beneficiaries: Mapping[FactId, Beneficiary],
    *,
    class_: DestinationClass,
    today: date,
    inside: frozenset[PersonId],
    owners: Mapping[FactId, PersonId | None],
) -> tuple[Leg, ...]:
    """The credited minutes of a line by place; they sum exactly. None for recognised hours.

    A beneficiary whose approval has lapsed or ended by today, or who is in custody by now, gets
    nothing: the pot does.
    """
    if class_ is DestinationClass.RECOGNISED_ONLY or minutes == 0:
        return ()
    own_choice = instruction is not None and class_ is DestinationClass.OWN
    parts = instruction.parts if instruction is not None and own_choice else TO_THE_POT
    shares = Hours(minutes=minutes).share([part.weight for part in parts])
    found = []
    for part, share in zip(parts, shares, strict=True):
        if share.minutes == 0:
            continue
        lapsed = part.beneficiary is not None and not (
            beneficiaries[part.beneficiary].may_receive(today)
            and owners.get(part.beneficiary) not in inside
        )
        found.append(
            Leg(
                place=Place.POT if lapsed else part.place,
                minutes=share.minutes,
                beneficiary=None if lapsed else part.beneficiary,
                lapsed=lapsed,
            )
        )
    return tuple(found)


def parts_text(parts: tuple[Part, ...]) -> str:
    """The parts as one line of text: ``pot 1, beneficiary 2 <id>``."""
    return ", ".join(
        " ".join(str(x) for x in (p.place.value, p.weight, p.beneficiary) if x is not None)
        for p in parts
    )


def parts_from(text: str) -> tuple[Part, ...]:
    """What ``parts_text`` gave."""
    found = []
    for each in text.split(", "):
        place, weight, *which = each.split(" ")
        beneficiary = FactId(which[0]) if which else None
        found.append(Part(place=Place(place), weight=int(weight), beneficiary=beneficiary))
    return tuple(found)
