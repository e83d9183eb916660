"""What is shown to human eyes: never a silent block, always with the reason (and attempts)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.custody.domain.beneficiary import Beneficiary, Standing
from timebank.custody.domain.rules import Rules
from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.errors import InputError

_NAME: Final = re.compile(r"[a-z_.]{1,60}")


class Rule(Enum):
    """Why something is shown: debts inside are known to be settled through people outside.

    And two people who take a code back where it came in, and anew for another, give hours of one
    person inside to that other. So does a gift to somebody outside, where an admission from an
    earlier day says that they were inside by then. ``account`` is then whose hours they were.
    """

    SHARED_BENEFICIARY = "shared_beneficiary"
    LARGE_GIFT = "large_gift"
    MOVE_TAKEN_BACK = "move_taken_back"
    CODE_TAKEN_ANEW = "code_taken_anew"
    GIFT_SINCE_ADMISSION = "gift_since_admission"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptional(WingValue):
    """Something that took place and that somebody should look at: the rule, who, which account."""

    id: FactId
    rule: Rule
    person: PersonId
    account: AccountId
    minutes: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(WingValue):
    """Somebody looked at it and says what came of it."""

    id: FactId
    exceptional: FactId
    recorded_at: datetime
    actor: Actor
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(WingValue):
    """What was refused: who, which action, which rule, about whom. No word of anybody's."""

    id: FactId
    action: str
    code: str
    subjects: tuple[str, ...]
    recorded_at: datetime
    actor: Actor


def checked_name(name: str, *, field: str) -> str:
    """The name of an action or error. An attempt is kept for good, so *refuses* all other words."""
    if not _NAME.fullmatch(name):
        raise InputError(field=field, problem="it is no name of an action or error")
    return name


def is_shared(account: AccountId, person: PersonId, others: Iterable[Beneficiary]) -> bool:
    """Whether the account is an approved beneficiary of somebody else in custody already."""
    return any(
        one.account == account and one.person != person and one.standing is Standing.APPROVED
        for one in others
    )


def is_large(
    minutes: int, balance_minutes: int, beneficiary: Beneficiary, *, today: date, rules: Rules
) -> bool:
    """Whether a gift takes more than the set share of a balance soon after the approval."""
    if beneficiary.approved_on is None:
        return False
    soon = (today - beneficiary.approved_on).days < rules.gift_days
    return soon and minutes * 100 > balance_minutes * rules.gift_percent
