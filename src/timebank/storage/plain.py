"""Values that are stored as JSON text: house rules and receipts, in one canonical form."""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from functools import lru_cache
from typing import Any

from timebank.domain.account import AccountKind
from timebank.domain.actor import Role
from timebank.domain.changes import Warning
from timebank.domain.events import as_plain, from_plain
from timebank.domain.flows import Flow, Verdict
from timebank.domain.ids import TransactionId
from timebank.domain.policy import BandRule, Policy, Rounding
from timebank.ports import StoredReceipt


def dumped(value: Any) -> str:
    """Canonical JSON: sorted keys, no blanks, plain characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


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


def receipt_text(receipt: StoredReceipt) -> str:
    """What a receipt says, apart from its own columns, as canonical JSON."""
    return dumped(
        {
            "events": [as_plain(event) for event in receipt.events],
            "warnings": [[w.code, w.subject, w.minutes] for w in receipt.warnings],
            "transactions": list(receipt.transactions),
        }
    )


def receipt_parts(body: str) -> dict[str, Any]:
    """The fields that ``receipt_text`` kept."""
    plain = json.loads(body)
    return {
        "events": tuple(from_plain(event) for event in plain["events"]),
        "warnings": tuple(Warning(code=c, subject=s, minutes=m) for c, s, m in plain["warnings"]),
        "transactions": tuple(TransactionId(id_) for id_ in plain["transactions"]),
    }
