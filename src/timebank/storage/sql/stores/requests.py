"""Keys, receipts and the outbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select, update

from timebank.domain.ids import FactId
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.sql import schema
from timebank.storage.sql.prepared import Prepared
from timebank.storage.sql.rows import requests
from timebank.storage.sql.stores._common import Store, page, slices

_KEY: Final = schema.request_key.c
_KEYS: Final = Prepared(
    lambda ids: select(schema.request_key).where(
        _KEY.bank_id == bindparam("bank"),
        _KEY.scope == bindparam("scope"),
        ids.hold(_KEY.key_hash),
    )
)
"""Built once: every request with a key asks it."""


class SqlRequestStore(Store):
    """``RequestStore`` in SQL."""

    def find(self, scope: str, key_hashes: Collection[bytes]) -> dict[bytes, RequestKey]:
        """The keys among these that were used in this scope."""
        found: dict[bytes, RequestKey] = {}
        for part in slices(key_hashes):
            rows = self.link.rows(_KEYS, bank=self.link.bank, scope=scope, ids=part)
            found |= {bytes(row.key_hash): requests.key_from(row) for row in rows}
        return found

    def salts(self, notes: Collection[FactId]) -> dict[FactId, bytes]:
        """The salts that have not been erased."""
        note = schema.note.c
        found: dict[FactId, bytes] = {}
        for part in slices(notes):
            query = select(note.about_id, note.salt).where(
                note.bank_id == self.link.bank, note.about_id.in_(part), note.salt.is_not(None)
            )
            found |= {row.about_id: bytes(row.salt) for row in self.link.all(query)}
        return found

    def receipts(self, ids: Collection[FactId]) -> dict[FactId, StoredReceipt]:
        """Receipts by id."""
        found: dict[FactId, StoredReceipt] = {}
        for part in slices(ids):
            query = self._of_bank(schema.outbox).where(schema.outbox.c.id.in_(part))
            found |= {row.id: requests.receipt_from(row) for row in self.link.all(query)}
        return found

    def worded(self) -> Iterator[RequestKey]:
        """The keys of requests with words, whose note keeps a salt."""
        key, note = schema.request_key, schema.note
        query = (
            self._of_bank(key)
            .join(note, (note.c.bank_id == key.c.bank_id) & (note.c.about_id == key.c.note_id))
            .where(note.c.salt.is_not(None))
        )
        return (requests.key_from(row) for row in self.link.stream(query))


class SqlOutbox(Store):
    """``Outbox`` in SQL."""

    def read(self, *, after: FactId | None, limit: int) -> tuple[StoredReceipt, ...]:
        """A page of rows that are not done, in order of id."""
        query = self._of_bank(schema.outbox).where(schema.outbox.c.done_at.is_(None))
        rows = self.link.all(page(query, schema.outbox.c.id, after, limit))
        return tuple(requests.receipt_from(row) for row in rows)

    def done(self, ids: Collection[FactId], at: datetime) -> int:
        """Mark rows done; how many were not before."""
        count = 0
        for part in slices(ids):
            statement = (
                update(schema.outbox)
                .where(
                    schema.outbox.c.bank_id == self.link.bank,
                    schema.outbox.c.id.in_(part),
                    schema.outbox.c.done_at.is_(None),
                )
                .values(done_at=at)
            )
            count += self.link.run(statement).rowcount
        return count

    def count(self) -> int:
        """How many receipts there are, done or not."""
        query = select(func.count()).select_from(schema.outbox).where(self._own(schema.outbox))
        return int(self.link.run(query).scalar_one())
