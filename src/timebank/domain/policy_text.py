"""House rules as canonical text: what a bank records, seals and reads back."""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from timebank.domain.account import AccountKind
from timebank.domain.actor import Role
from timebank.domain.flows import Flow, Verdict
from timebank.domain.policy import BandRule, Policy, Rounding


def dumped(value: Any) -> str:
    """Canonical JSON: sorted keys, no blanks, plain characters as they are."""
    return _CANONICAL.encode(value)


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def policy_text(policy: Policy) -> str:
    """House rules as canonical JSON."""
    plain = {f.name: getattr(policy, f.name) for f in fields(policy) if f.init}
    plain["late_roles"] = sorted(role.value for role in policy.late_roles)
    plain["flows"] = [[f.source.value, f.target.value, f.verdict.value] for f in policy.flows]
    return dumped({n: v.value if isinstance(v, Enum) else v for n, v in plain.items()})


@lru_cache(maxsize=64)
def policy_from(body: str) -> Policy:
    """The house rules that ``policy_text`` gave."""
    plain = json.loads(body)
    plain["rounding"] = Rounding(plain["rounding"])
    plain["band_rule"] = BandRule(plain["band_rule"])
    plain["late_roles"] = frozenset(Role(role) for role in plain["late_roles"])
    plain["categories"] = tuple(plain["categories"])
    plain["reasons"] = tuple(plain["reasons"])
    plain["flows"] = tuple(
        Flow(source=AccountKind(s), target=AccountKind(t), verdict=Verdict(v))
        for s, t, v in plain["flows"]
    )
    return Policy(**plain)
