"""The scheme's own rules, beside the house rules of the bank: one frozen value per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from timebank.custody.errors import GoodsNotAllowed
from timebank.domain.actor import Actor
from timebank.domain.changes import WingValue
from timebank.domain.ids import FactId
from timebank.errors import InputError

QUARTER: Final = 15
PERIOD_DAYS: Final = 7
"""The shortest period of a confidential total: a day could tell who called."""


class Rounding(Enum):
    """How the raw minutes of a line become credited minutes, once."""

    UP_TO_QUARTER = "up_to_quarter"
    NONE = "none"


class DestinationClass(Enum):
    """Where hours of an activity may go: the earner's choice, the pot alone, or nowhere at all.

    Hours that are only recognised are counted in reports and never posted.
    """

    OWN = "own"
    POT_ONLY = "pot_only"
    RECOGNISED_ONLY = "recognised_only"


class Basis(Enum):
    """On what ground somebody worked: the same hour is never both paid or imposed and credited."""

    VOLUNTARY = "voluntary"
    PAID = "paid"
    SENTENCE_REQUIREMENT = "sentence_requirement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds in this scheme. Minutes and days; categories are those of the house rules.

    ``classes`` has the destination class of a category where it is not ``own``. Activities in
    ``goods`` make goods: none is credited but those in ``goods_allowed``. Those in
    ``confidential`` are entered as totals of a period and nothing else. ``gift_percent`` and
    ``gift_days`` say when a gift to a new beneficiary is shown to human eyes. ``lawful_basis`` and
    ``retention_days`` hold for what names somebody who applies (``retention``). ``pins`` says that
    whoever signs at the program types a PIN of their own.

    *Refuses* caps that are not positive, a weekly cap below the daily one, a share that is no
    percentage, and goods allowed that are none, with ``InputError``.
    """

    rounding: Rounding = Rounding.UP_TO_QUARTER
    session_minutes: int = 8 * 60
    daily_minutes: int = 8 * 60
    weekly_minutes: int = 35 * 60
    classes: Mapping[str, DestinationClass] = field(default_factory=dict)
    goods: frozenset[str] = frozenset()
    goods_allowed: frozenset[str] = frozenset()
    confidential: frozenset[str] = frozenset()
    held_allowed: bool = True
    beneficiary_days: int = 180
    gift_percent: int = 50
    gift_days: int = 30
    lawful_basis: str = "consent"
    retention_days: int = 3 * 365
    pins: bool = True

    def __post_init__(self) -> None:
        counted = ("session_minutes", "daily_minutes", "beneficiary_days", "gift_days")
        for name in (*counted, "retention_days"):
            if getattr(self, name) < 1:
                raise InputError(field=name, problem="must be at least 1")
        if self.weekly_minutes < self.daily_minutes:
            raise InputError(field="weekly_minutes", problem="is below the daily cap")
        if not 0 < self.gift_percent <= 100:
            raise InputError(field="gift_percent", problem="must lie in 1 to 100")
        if not self.goods_allowed <= self.goods:
            raise InputError(field="goods_allowed", problem="names what is not in goods")

    def destination_class(self, category: str) -> DestinationClass:
        """Where hours of this activity may go."""
        return self.classes.get(category, DestinationClass.OWN)

    def require_no_goods(self, category: str) -> None:
        """*Refuses* an activity that makes goods and is not allowed by name."""
        if category in self.goods - self.goods_allowed:
            raise GoodsNotAllowed(category=category)

    def credited_minutes(self, raw_minutes: int, basis: Basis) -> int:
        """What a line earns: the raw minutes after the named rule, 0 for what is not voluntary."""
        if basis is not Basis.VOLUNTARY:
            return 0
        return rounded(raw_minutes, self.rounding)


def rounded(raw_minutes: int, rule: Rounding) -> int:
    """Raw minutes under a named rule: 52 → 60, 70 → 75, 60 → 60, 0 → 0 up to the quarter."""
    if rule is Rounding.NONE:
        return raw_minutes
    return -(-raw_minutes // QUARTER) * QUARTER


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesVersion(WingValue):
    """The rules as they were set: a number from 1 up, by whom, approved by whom."""

    id: FactId
    version: int
    rules: Rules
    recorded_at: datetime
    actor: Actor
    approver: Actor | None


DEFAULT: Final = Rules()
"""What holds until somebody sets rules."""
