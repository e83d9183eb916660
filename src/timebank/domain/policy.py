"""The house rules of a bank: one frozen value per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, Role
from timebank.domain.flows import OPEN_FLOWS, Flow, Pair, Verdict, flow_table, verdict_for
from timebank.domain.ids import FactId
from timebank.errors import HoursNotAllowed, InputError, UnknownCategory

STEPS: Final = (1, 5, 15, 30)
OTHER: Final = "other"
MAX_CODE: Final = 60

CATEGORIES: Final = (
    "care",
    "children",
    "company",
    "food",
    "garden",
    "home repairs",
    "learning",
    "office",
    "transport",
    OTHER,
)
REASONS: Final = (
    "welcome",
    "community work",
    "correction",
    "entered twice",
    "not as agreed",
    "hardship",
    "safeguarding",
    "left the bank",
    "carry-over",
    "history",
    OTHER,
)
CUSTODY_STATE: Final = "custody state"
"""Why a scheme blocks an account or lifts that: the state somebody is in says so, nobody else."""


class Rounding(Enum):
    """How raw minutes become credited minutes."""

    NONE = "none"
    NEAREST = "nearest"
    UP = "up"


class BandRule(Enum):
    """Which of two reports counts when they differ within the band."""

    LOWER = "lower"
    HIGHER = "higher"
    GIVER = "giver"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """House rules. Amounts in minutes, times in days; a limit of None means: none, on purpose.

    *Refuses* values of another type than the field's, and such as contradict themselves, with
    ``InputError``: what is recorded has to be readable for good.
    """

    preset: str
    member_floor_minutes: int | None
    member_ceiling_minutes: int | None
    organisation_floor_minutes: int | None
    organisation_ceiling_minutes: int | None
    allotment_minutes: int | None
    """How far below zero the issuance account may go."""
    warn_below_minutes: int | None = None
    """A soft limit: a member's balance below it puts a warning in the receipt."""
    step_minutes: int = 1
    rounding: Rounding = Rounding.NONE
    max_exchange_minutes: int = 24 * 60
    band_minutes: int = 15
    band_rule: BandRule = BandRule.LOWER
    levy_percent: int = 0
    joining_needs_approval: bool = False
    proposal_days: int = 30
    agreement_days: int = 90
    dispute_days: int = 14
    clock_ahead_days: int = 60
    clock_behind_minutes: int = 5
    late_roles: frozenset[Role] = frozenset({Role.COORDINATOR, Role.SYSTEM})
    categories: tuple[str, ...] = CATEGORIES
    reasons: tuple[str, ...] = REASONS
    flows: tuple[Flow, ...] = OPEN_FLOWS
    flow_table: Mapping[Pair, Verdict] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, kind in _kinds().items():
            if not _is_a(kind, getattr(self, name)):
                problem = f"{getattr(self, name)!r} is not {_IN_WORDS[kind]}"
                raise InputError(field=name, problem=problem)
        object.__setattr__(self, "flow_table", flow_table(self.flows))
        if self.step_minutes not in STEPS:
            raise InputError(field="step_minutes", problem=f"must be one of {STEPS}")
        for name in ("member", "organisation"):
            _check_band(name, getattr(self, f"{name}_floor_minutes"), self._ceiling(name))
        if not 0 <= self.levy_percent <= 100:
            raise InputError(field="levy_percent", problem="must lie in 0 to 100")
        for name in ("max_exchange_minutes", "proposal_days", "agreement_days", "clock_ahead_days"):
            if getattr(self, name) < 1:
                raise InputError(field=name, problem="must be at least 1")
        for name in ("band_minutes", "dispute_days", "clock_behind_minutes", "allotment_minutes"):
            if (getattr(self, name) or 0) < 0:
                raise InputError(field=name, problem="must be 0 or more")
        for name in ("categories", "reasons"):
            if not all(0 < len(code) <= MAX_CODE for code in getattr(self, name)):
                raise InputError(field=name, problem=f"a code has 1 to {MAX_CODE} characters")
        if OTHER not in self.reasons:
            raise InputError(field="reasons", problem=f"the list needs {OTHER!r} for free words")

    def _ceiling(self, name: str) -> int | None:
        ceiling: int | None = getattr(self, f"{name}_ceiling_minutes")
        return ceiling

    def limits_for(self, kind: AccountKind) -> tuple[int | None, int | None]:
        """Floor and ceiling of a new account of this kind, in minutes."""
        if kind is AccountKind.MEMBER:
            return self.member_floor_minutes, self.member_ceiling_minutes
        if kind is AccountKind.ORGANISATION:
            return self.organisation_floor_minutes, self.organisation_ceiling_minutes
        if kind is AccountKind.ISSUANCE:
            return (None if self.allotment_minutes is None else -self.allotment_minutes), None
        if kind in (AccountKind.CLOSURE, AccountKind.RESERVE, AccountKind.CLEARING):
            return None, None
        return 0, None

    def flow(self, source: AccountKind, target: AccountKind) -> tuple[Verdict, str]:
        """What holds for hours from ``source`` to ``target``, and which rule says so."""
        return verdict_for(self.flow_table, (source, target))

    def checked_category(self, category: str | None) -> str | None:
        """The category, if the bank's list has it. *Refuses* others with ``UnknownCategory``."""
        if category is not None and category not in self.categories:
            raise UnknownCategory(category=category, allowed=self.categories)
        return category

    def credited_minutes(self, raw_minutes: int) -> int:
        """Raw minutes after the bank's named rounding rule, applied once.

        *Refuses* minutes off the step where nothing is rounded, more than the bank's maximum, and
        amounts that round to nothing, with ``HoursNotAllowed``.
        """
        step = self.step_minutes
        if self.rounding is Rounding.UP:
            credited = -(-raw_minutes // step) * step
        elif self.rounding is Rounding.NEAREST:
            credited = (2 * raw_minutes + step) // (2 * step) * step
        else:
            credited = raw_minutes
        if credited % step or credited < 1:
            raise HoursNotAllowed(
                minutes=raw_minutes,
                rule="step",
                limit_minutes=step,
                next_step="use whole steps",
            )
        if credited > self.max_exchange_minutes:
            raise HoursNotAllowed(
                minutes=raw_minutes,
                rule="max_exchange",
                limit_minutes=self.max_exchange_minutes,
                next_step="record a day's work at a time",
            )
        return credited

    def levy_minutes(self, minutes: int) -> int:
        """What the pot takes of one transfer: ``levy_percent`` of it, rounded down."""
        return minutes * self.levy_percent // 100


_IN_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    bool: "True or False",
    int: "a whole number",
    int | None: "a whole number or None",
    Rounding: f"one of {', '.join(map(str, Rounding))}",
    BandRule: f"one of {', '.join(map(str, BandRule))}",
    frozenset[Role]: "a frozenset of Role",
    tuple[str, ...]: "a tuple of texts",
    tuple[Flow, ...]: "a tuple of Flow",
}


@cache
def _kinds() -> Mapping[str, Any]:
    """Field → its type, of those that are given."""
    kinds = get_type_hints(Policy)
    return {one.name: kinds[one.name] for one in fields(Policy) if one.init}


def _is_a(kind: Any, value: object) -> bool:
    """Whether the value is of that type: a class, a union, or a container of one class."""
    if isinstance(kind, UnionType):
        return any(_is_a(one, value) for one in get_args(kind))
    if container := get_origin(kind):
        inside = get_args(kind)[0]
        return isinstance(value, container) and all(_is_a(inside, one) for one in value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _check_band(name: str, floor: int | None, ceiling: int | None) -> None:
    if floor is not None and floor > 0:
        raise InputError(field=f"{name}_floor_minutes", problem="must be 0 or less")
    if ceiling is not None and ceiling <= 0:
        raise InputError(field=f"{name}_ceiling_minutes", problem="must be more than 0")


NEIGHBOURHOOD: Final = Policy(
    preset="neighbourhood",
    member_floor_minutes=-20 * 60,
    member_ceiling_minutes=None,
    organisation_floor_minutes=-100 * 60,
    organisation_ceiling_minutes=None,
    allotment_minutes=500 * 60,
)
"""Mutual credit among neighbours: the receiver confirms, no rounding, no levy."""

AGENCY_ISSUED: Final = Policy(
    preset="agency-issued",
    member_floor_minutes=0,
    member_ceiling_minutes=None,
    organisation_floor_minutes=0,
    organisation_ceiling_minutes=None,
    allotment_minutes=10_000 * 60,
    joining_needs_approval=True,
)
"""An agency issues hours for voluntary work; nobody owes any."""

_CUSTODY_FLOWS = tuple(
    Flow(source=source, target=target, verdict=verdict)
    for source, target, verdict in (
        (AccountKind.ISSUANCE, AccountKind.CUSTODY, Verdict.APPROVAL),
        (AccountKind.ORGANISATION, AccountKind.CUSTODY, Verdict.APPROVAL),
        (AccountKind.CUSTODY, AccountKind.POT, Verdict.ALLOWED),
        (AccountKind.CUSTODY, AccountKind.HELD, Verdict.ALLOWED),
        (AccountKind.CUSTODY, AccountKind.ACTIVITY, Verdict.ALLOWED),
        (AccountKind.CUSTODY, AccountKind.MEMBER, Verdict.APPROVAL),
        (AccountKind.HELD, AccountKind.MEMBER, Verdict.APPROVAL),
        (AccountKind.HELD, AccountKind.POT, Verdict.APPROVAL),
        (AccountKind.POT, AccountKind.CUSTODY, Verdict.APPROVAL),
        (AccountKind.CLEARING, AccountKind.CUSTODY, Verdict.APPROVAL),
        (AccountKind.CUSTODY, AccountKind.CLEARING, Verdict.APPROVAL),
        (AccountKind.CLEARING, AccountKind.HELD, Verdict.APPROVAL),
        (AccountKind.HELD, AccountKind.CLEARING, Verdict.APPROVAL),
        (AccountKind.POT, AccountKind.CLEARING, Verdict.APPROVAL),
        (AccountKind.CLEARING, AccountKind.POT, Verdict.APPROVAL),
        (AccountKind.CLEARING, AccountKind.CLOSURE, Verdict.APPROVAL),
        (AccountKind.CLOSURE, AccountKind.CLEARING, Verdict.APPROVAL),
        (AccountKind.ACTIVITY, AccountKind.CLOSURE, Verdict.APPROVAL),
        (AccountKind.CLOSURE, AccountKind.ISSUANCE, Verdict.APPROVAL),
        (AccountKind.CUSTODY, AccountKind.CLOSURE, Verdict.APPROVAL),
        (AccountKind.HELD, AccountKind.CLOSURE, Verdict.APPROVAL),
    )
)

CUSTODY: Final = Policy(
    preset="custody",
    member_floor_minutes=0,
    member_ceiling_minutes=None,
    organisation_floor_minutes=-1000 * 60,
    organisation_ceiling_minutes=None,
    allotment_minutes=10_000 * 60,
    step_minutes=15,
    rounding=Rounding.UP,
    max_exchange_minutes=10 * 60,
    joining_needs_approval=True,
    clock_ahead_days=7,
    reasons=(*REASONS, CUSTODY_STATE),
    flows=(*OPEN_FLOWS, *_CUSTODY_FLOWS),
)
"""A prison volunteering scheme: no floor below zero, quarter hours rounded up, a strict clock."""

PRESETS: Final = {policy.preset: policy for policy in (NEIGHBOURHOOD, AGENCY_ISSUED, CUSTODY)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A policy as the bank recorded it: a number from 1 up, who set it and when.

    ``body`` is the canonical text that was recorded and is sealed, ``policy`` what it means.
    """

    id: FactId
    version: int
    policy: Policy
    body: str
    recorded_at: datetime
    actor: Actor
    approver: Actor | None = field(default=None)


def house_rules(given: object) -> Policy:
    """A ``Policy`` itself, or the preset of that name.

    *Refuses* other names and other things with ``InputError``.
    """
    if isinstance(given, Policy):
        return given
    if isinstance(given, str):
        return preset(given)
    problem = f"{type(given).__name__} is no Policy; change one with dataclasses.replace"
    raise InputError(field="policy", problem=problem)


def preset(name: str) -> Policy:
    """The shipped policy of that name. *Refuses* other names with ``InputError``."""
    if name not in PRESETS:
        raise InputError(field="policy", problem=f"{name!r} is not one of {', '.join(PRESETS)}")
    return PRESETS[name]
