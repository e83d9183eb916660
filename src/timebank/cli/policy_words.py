"""House rules for people: as a table, and explained in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from timebank.cli.documents import plain
from timebank.cli.render import Grid, grid
from timebank.domain.flows import Verdict
from timebank.domain.hours import Hours
from timebank.domain.policy import BandRule, Policy, PolicyVersion, Rounding

_ROUNDING = {
    Rounding.NONE: "are taken as they are; others than whole steps are refused",
    Rounding.NEAREST: "are rounded to the nearest step",
    Rounding.UP: "are rounded up to a whole step",
}
_BAND = {
    BandRule.LOWER: "the lower of the two counts",
    BandRule.HIGHER: "the higher of the two counts",
    BandRule.GIVER: "the giver's report counts",
    BandRule.RECEIVER: "the receiver's report counts",
}
_MINUTES: Final = "_minutes"
"""What the policy file leaves out of a key, since it writes hours."""


def listed(version: PolicyVersion) -> Grid:
    """Every rule by its name in the policy file."""
    rules = {n: v for n, v in plain(version.policy).items() if n not in ("flows", "flow_table")}
    return grid(("Rule", "Value"), [("version", version.version), *_rows(rules)])


def _rows(rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in rules.items():
        if value is None:
            text = "none"
        elif name.endswith(_MINUTES):
            text = _h(value)
        else:
            text = ", ".join(value) if isinstance(value, list) else str(value)
        yield name.removesuffix(_MINUTES), text


def explained(version: PolicyVersion) -> list[str]:
    """What the rules mean, one sentence a line."""
    policy = version.policy
    return [
        f"Version {version.version}, from the preset {policy.preset}.",
        f"A member's account {_limits(policy.member_floor_minutes, policy.member_ceiling_minutes)}",
        "An organisation's account "
        f"{_limits(policy.organisation_floor_minutes, policy.organisation_ceiling_minutes)}",
        f"The bank may issue {_upto(policy.allotment_minutes)} by grants.",
        *_amounts(policy),
        *_days(policy),
        *(_flows(policy)),
        f"Categories: {', '.join(policy.categories)}.",
        f"Reasons: {', '.join(policy.reasons)}; other words become an erasable note.",
    ]


def _amounts(policy: Policy) -> Iterator[str]:
    yield f"Hours come in steps of {_h(policy.step_minutes)}; they {_ROUNDING[policy.rounding]}."
    yield f"One exchange has at most {_h(policy.max_exchange_minutes)}."
    yield (
        f"Reports of the two sides may differ by {_h(policy.band_minutes)}: then "
        f"{_BAND[policy.band_rule]}; beyond that the exchange is disputed."
    )
    levy = policy.levy_percent
    yield f"The community pot takes {levy} percent of each exchange." if levy else "No levy."
    if policy.warn_below_minutes is not None:
        yield f"A balance below {_h(policy.warn_below_minutes)} gives a warning."


def _days(policy: Policy) -> Iterator[str]:
    waits = "waits for a coordinator's approval" if policy.joining_needs_approval else "is active"
    yield f"Who joins {waits}."
    yield f"A proposal stands {policy.proposal_days} days, an agreement {policy.agreement_days}."
    yield f"A confirmed exchange can be disputed for {policy.dispute_days} days."
    late = ", ".join(sorted(role.value for role in policy.late_roles)) or "nobody"
    yield f"Into a closed period may post: {late}."


def _flows(policy: Policy) -> Iterator[str]:
    for verdict, words in (
        (Verdict.ALLOWED, "Hours may go"),
        (Verdict.APPROVAL, "With a second person's approval hours may go"),
    ):
        pairs = [
            f"{flow.source.value} to {flow.target.value}"
            for flow in policy.flows
            if flow.verdict is verdict
        ]
        if pairs:
            yield f"{words}: {'; '.join(pairs)}."


def _limits(floor: int | None, ceiling: int | None) -> str:
    low = "has no floor" if floor is None else f"may go down to {_h(floor)}"
    high = "has no ceiling" if ceiling is None else f"up to {_h(ceiling)}"
    return f"{low} and {high}."


def _upto(minutes: int | None) -> str:
    return "any number of hours" if minutes is None else f"up to {_h(minutes)}"


def _h(minutes: int) -> str:
    return str(Hours(minutes=minutes))
