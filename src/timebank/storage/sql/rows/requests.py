"""Keys and receipts as rows, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import UTC
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row

from timebank.domain.policy_text import dumped
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.plain import (
    receipt_parts,
    receipt_text,
)
from timebank.storage.sql.rows._common import Values

_SUM: Final = re.compile(r',"sum":"([0-9a-f]{32})"\}\Z')


def key_to(key: RequestKey) -> Values:
    """A request's key as a row."""
    return {
        "scope": key.scope,
        "key_hash": key.key_hash,
        "digests": dumped(dict(key.digests)),
        "note_id": key.note,
        "receipt_id": key.receipt,
        "transaction_id": key.transaction,
    }


def key_from(row: Row[Any]) -> RequestKey:
    """A row as a request's key."""
    return RequestKey(
        scope=row.scope,
        key_hash=bytes(row.key_hash),
        digests=json.loads(row.digests),
        note=row.note_id,
        receipt=row.receipt_id,
        transaction=row.transaction_id,
    )


def receipt_to(receipt: StoredReceipt, keys: Collection[RequestKey] = ()) -> Values:
    """A receipt as a row of the outbox; its last word is a sum over itself and its keys."""
    row: Values = {
        "id": receipt.id,
        "action": receipt.action,
        "recorded_at": receipt.recorded_at,
        "body": receipt_text(receipt),
        "done_at": receipt.done_at,
    }
    found = _sum(row, map(key_to, keys))
    return {**row, "body": f'{row["body"][:-1]},"sum":"{found}"}}'}


def is_whole(row: Values, keys: Iterable[Values]) -> bool:
    """Whether a row of the outbox and the keys that it answers are as they were written."""
    kept = _SUM.search(row["body"])
    if kept is None:
        return False
    return _sum({**row, "body": _SUM.sub("}", row["body"])}, keys) == kept[1]


def _sum(row: Values, keys: Iterable[Values]) -> str:
    """Not a seal: whoever changes both can make it again."""
    parts = [row["id"], row["action"], row["recorded_at"].astimezone(UTC).isoformat(), row["body"]]
    parts += sorted(
        "\0".join(
            (
                key["scope"],
                bytes(key["key_hash"]).hex(),
                key["digests"],
                key["note_id"] or "",
                key["receipt_id"],
                key["transaction_id"] or "",
            )
        )
        for key in keys
    )
    return sha256("\0\0".join(parts).encode()).hexdigest()[:32]


def receipt_from(row: Row[Any]) -> StoredReceipt:
    """A row of the outbox as a receipt."""
    return StoredReceipt(
        id=row.id,
        action=row.action,
        recorded_at=row.recorded_at,
        done_at=row.done_at,
        **receipt_parts(row.body),
    )
