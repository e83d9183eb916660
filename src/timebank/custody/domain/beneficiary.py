"""Who outside may be given hours: approved for one earner, reviewed, and lapsing to the pot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.custody.domain.membership import require_outside
from timebank.custody.domain.office import require_role
from timebank.domain.account import Account, AccountKind
from timebank.domain.actor import STAFF_ROLES, Actor, require_second_person
from timebank.domain.bank import checked_day
from timebank.domain.changes import WingValue
from timebank.domain.conditions import Conditions
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.errors import InputError, WrongState


class Standing(Enum):
    """Where a beneficiary stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    ENDED = "ended"


ACTS: Final[Mapping[str, tuple[frozenset[Standing], Standing]]] = {
    "approve": (frozenset({Standing.PROPOSED}), Standing.APPROVED),
    "review": (frozenset({Standing.APPROVED}), Standing.APPROVED),
    "end": (frozenset({Standing.PROPOSED, Standing.APPROVED}), Standing.ENDED),
}
"""Act → where it may start from, and where it leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary(WingValue):
    """An account outside that one earner may give hours to, up to and including ``review_on``."""

    id: FactId
    person: PersonId
    account: AccountId
    standing: Standing
    approved_on: date | None
    review_on: date | None

    def may_receive(self, day: date) -> bool:
        """Whether hours may go there on this day: approved, and not past its review."""
        return (
            self.standing is Standing.APPROVED
            and self.review_on is not None
            and day <= self.review_on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneficiaryAct(WingValue):
    """What was decided on a beneficiary: by whom, approved by whom, until when, and why."""

    id: FactId
    beneficiary: FactId
    act: str
    becomes: Standing
    review_on: date | None
    recorded_at: datetime
    actor: Actor
    approver: Actor | None
    reason: str | None


def proposed(
    person: PersonId, account: Account, conditions: Conditions, *, inside: frozenset[PersonId]
) -> tuple[Beneficiary, BeneficiaryAct]:
    """An account for an earner's list; nothing may go there until two people approved it.

    *Refuses*, in this order: a person in custody as the actor, somebody who is no staff, an account
    that is no member's, the earner's own, and that of a person in custody.
    """
    action = "custody.beneficiary_propose"
    require_outside(action, conditions.by, inside)
    require_staff(action, conditions)
    if account.kind is not AccountKind.MEMBER or account.owner is None:
        raise InputError(field="account", problem="a beneficiary is a member outside")
    if account.owner == person or account.owner in inside:
        raise InputError(field="account", problem="it belongs to a person in custody")
    found = Beneficiary(
        id=FactId(conditions.fresh.id()),
        person=person,
        account=account.id,
        standing=Standing.PROPOSED,
        approved_on=None,
        review_on=None,
    )
    return found, _act(found, "propose", conditions, reason=None)


def decided(
    beneficiary: Beneficiary,
    act: str,
    conditions: Conditions,
    *,
    inside: frozenset[PersonId],
    review_on: date | None = None,
    reason: str | None = None,
) -> tuple[Beneficiary, BeneficiaryAct]:
    """Approve, look again, or end.

    *Refuses*, in this order: a person in custody as one of the two, somebody who is no staff, a
    missing second person (an end takes one alone: it can only protect), a standing that does not
    allow it, a review date that does not lie ahead, an end without a reason.
    """
    action = f"custody.beneficiary_{act}"
    require_outside(action, conditions.by, inside)
    require_outside(action, conditions.approved_by, inside)
    require_staff(action, conditions)
    if act != "end":
        require_second_person(action, conditions.by, conditions.approved_by)
    allowed, becomes = ACTS[act]
    if beneficiary.standing not in allowed:
        raise WrongState(
            kind="beneficiary",
            id=beneficiary.id,
            state=beneficiary.standing.value,
            act=act,
            possible=tuple(a for a, (s, _) in ACTS.items() if beneficiary.standing in s),
        )
    if act == "end":
        if reason is None:
            raise InputError(field="reason", problem="this needs a reason")
        ended = replace(beneficiary, standing=becomes)
        return ended, _act(ended, act, conditions, reason=reason)
    if review_on is None or checked_day(review_on, field="review_on") <= conditions.today:
        raise InputError(field="review_on", problem="the day to look at it again lies ahead")
    after = replace(
        beneficiary,
        standing=becomes,
        review_on=review_on,
        approved_on=beneficiary.approved_on or conditions.today,
    )
    return after, _act(after, act, conditions, reason=reason)


def require_staff(action: str, conditions: Conditions) -> None:
    """*Refuses* whoever holds no role of staff today, with ``NotPermitted``."""
    for actor in (conditions.by, conditions.approved_by):
        if actor is not None:
            require_role(action, actor, STAFF_ROLES, conditions)


def _act(
    beneficiary: Beneficiary, act: str, conditions: Conditions, *, reason: str | None
) -> BeneficiaryAct:
    return BeneficiaryAct(
        id=FactId(conditions.fresh.id()),
        beneficiary=beneficiary.id,
        act=act,
        becomes=beneficiary.standing,
        review_on=beneficiary.review_on,
        recorded_at=conditions.now,
        actor=conditions.by,
        approver=conditions.approved_by,
        reason=reason,
    )
