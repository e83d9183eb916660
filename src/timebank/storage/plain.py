"""Receipts as JSON text, in one canonical form."""

from __future__ import annotations

import json
from typing import Any

from timebank.domain.changes import Warning
from timebank.domain.events import as_plain, from_plain
from timebank.domain.ids import TransactionId
from timebank.domain.policy_text import dumped
from timebank.ports import StoredReceipt


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
