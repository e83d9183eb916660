"""Transactions and their notes: read only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Row, and_, or_, select, union

from timebank.domain.actor import Role
from timebank.domain.ids import AccountId, PersonId, TransactionId
from timebank.domain.note import Note
from timebank.domain.transaction import CORRECTIONS, PostedTransfer, Transaction
from timebank.storage.sql import schema
from timebank.storage.sql.link import STREAM_ROWS
from timebank.storage.sql.rows import ledger
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, slices, with_prefix


class SqlJournal(Store):
    """``Journal`` in SQL."""

    def get(self, id: TransactionId) -> Transaction | None:
        """A transaction by id."""
        return self.many([id]).get(id)

    def many(self, ids: Collection[TransactionId]) -> dict[TransactionId, Transaction]:
        """Transactions by id; unknown ids are left out."""
        found: dict[TransactionId, Transaction] = {}
        for part in slices(ids):
            query = self._of_bank(schema.transaction).where(schema.transaction.c.id.in_(part))
            found |= {t.id: t for t in self._with_transfers(self.link.all(query))}
        return found

    def list(
        self, *, account: AccountId | None, after: TransactionId | None, limit: int
    ) -> tuple[Transaction, ...]:
        """A page of transactions in order of id."""
        query = self._of_bank(schema.transaction)
        if account is not None:
            transfer = schema.transfer.c
            touching = select(transfer.transaction_id).where(
                transfer.bank_id == self.link.bank,
                or_(transfer.source_id == account, transfer.target_id == account),
            )
            query = query.where(schema.transaction.c.id.in_(touching))
        rows = self.link.all(page(query, schema.transaction.c.id, after, limit))
        return tuple(self._with_transfers(rows))

    def answered_for(self, from_: datetime, until: datetime) -> Iterator[Transaction]:
        """Corrections and what a second person approved, recorded then, in order of id."""
        transaction, after = schema.transaction.c, None
        query = self._of_bank(schema.transaction).where(
            transaction.recorded_at >= from_,
            transaction.recorded_at < until,
            or_(
                transaction.kind.in_([kind.value for kind in CORRECTIONS]),
                transaction.approver_role.is_not(None),
            ),
        )
        while rows := self.link.all(page(query, transaction.id, after, STREAM_ROWS)):
            yield from self._with_transfers(rows)
            after = rows[-1].id

    def reversal_of(self, id: TransactionId) -> TransactionId | None:
        """The transaction that reverses this one, if any."""
        transaction = schema.transaction.c
        query = select(transaction.id).where(
            transaction.bank_id == self.link.bank, transaction.reverses == id
        )
        row = self.link.one(query)
        return None if row is None else TransactionId(row.id)

    def by_prefix(self, prefix: str) -> tuple[TransactionId, ...]:
        """Ids that begin so, at most two."""
        transaction = schema.transaction.c
        query = select(transaction.id).where(
            transaction.bank_id == self.link.bank, with_prefix(transaction.id, prefix, ID_DIGITS)
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

    def note(self, about: str) -> Note | None:
        """The free words beside a fact."""
        row = self.link.one(self._of_bank(schema.note).where(schema.note.c.about_id == about))
        return None if row is None else ledger.note_from(row)

    def notes_about(self, person: PersonId, accounts: Collection[AccountId]) -> tuple[Note, ...]:
        """Notes with words beside facts of this person, in order of the facts."""
        note = schema.note
        query = (
            self._of_bank(note)
            .where(note.c.text.is_not(None), note.c.about_id.in_(self._facts(person, accounts)))
            .order_by(note.c.about_id)
        )
        return tuple(ledger.note_from(row) for row in self.link.all(query))

    def _facts(self, person: PersonId, accounts: Collection[AccountId]) -> CompoundSelect[Any]:
        """The ids of facts that touch the accounts, belong to an exchange with the person, or were
        done by the person as a member or by staff for the person.
        """
        transfer, change = schema.transfer.c, schema.account_change.c
        act, party = schema.exchange_act.c, schema.exchange_party.c
        parties = select(party.exchange_id).where(
            party.bank_id == self.link.bank, party.member_id == person
        )
        touching = [
            select(transfer.transaction_id).where(
                transfer.bank_id == self.link.bank, transfer[f"{side}_id"].in_(accounts)
            )
            for side in ("source", "target")
        ]
        did = [
            select(fact.c.id).where(
                fact.c.bank_id == self.link.bank,
                or_(
                    fact.c.actor_for == person,
                    and_(fact.c.actor_id == person, fact.c.actor_role == Role.MEMBER.value),
                ),
            )
            for fact in (schema.transaction, schema.account_change, schema.exchange_act)
        ]
        transaction = schema.transaction.c
        return union(
            *touching,
            select(change.id).where(
                change.bank_id == self.link.bank, change.account_id.in_(accounts)
            ),
            select(act.id).where(act.bank_id == self.link.bank, act.exchange_id.in_(parties)),
            select(transaction.id).where(
                transaction.bank_id == self.link.bank, transaction.exchange_id.in_(parties)
            ),
            *did,
        )

    def _with_transfers(self, rows: Collection[Row[Any]]) -> Iterable[Transaction]:
        transfers: dict[str, list[PostedTransfer]] = {row.id: [] for row in rows}
        table = schema.transfer
        for part in slices(list(transfers)):
            query = (
                self._of_bank(table)
                .where(table.c.transaction_id.in_(part))
                .order_by(table.c.transaction_id, table.c.n)
            )
            for row in self.link.all(query):
                transfers[row.transaction_id].append(ledger.transfer_from(row))
        return (ledger.transaction_from(row, transfers[row.id]) for row in rows)
