"""Keys and receipts as rows, and back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from timebank.domain.policy_text import dumped
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.plain import (
    receipt_parts,
    receipt_text,
)
from timebank.storage.sql.rows._common import Values


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


def receipt_to(receipt: StoredReceipt) -> Values:
    """A receipt as a row of the outbox."""
    return {
        "id": receipt.id,
        "action": receipt.action,
        "recorded_at": receipt.recorded_at,
        "body": receipt_text(receipt),
        "done_at": receipt.done_at,
    }


def receipt_from(row: Row[Any]) -> StoredReceipt:
    """A row of the outbox as a receipt."""
    return StoredReceipt(
        id=row.id,
        action=row.action,
        recorded_at=row.recorded_at,
        done_at=row.done_at,
        **receipt_parts(row.body),
    )
