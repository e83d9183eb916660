"""Whether rows of different tables agree, asked of all of them at once.

Each entry is a step of its account from (number − 1, balance before) to (number, balance after).
If the steps of an account, and the account itself from its last number and balance back to (0, 0),
are one closed chain, then every place is left as often as it is reached. Numbers rise with every
step, so the reverse holds as well: where that is so of all places, each account has one chain.

That is a comparison of two multisets, by sums of numbers (``audit_marks``). Where numbers can be
had for ids, facts are compared with leaves, and transfers with transactions, in the same way;
elsewhere rows that find their counterpart are counted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, func, literal, select

from timebank.storage.sql import schema
from timebank.storage.sql.stores.audit_glance import KINDS, SqlAuditGlance


class SqlAuditTies(SqlAuditGlance):
    """The part of ``AuditSource`` that asks whether there is anything wrong between tables."""

    def is_chained(self) -> bool:
        """Whether the entries of all accounts close, and the last of each has its account's time.

        False where only some accounts are looked at: those are quickly read.
        """
        moved = self._glance(schema.transfer)
        return moved is not None and moved["steps"] + self._back() == 0 and not self._untimely()

    def _back(self) -> int:
        """From where the accounts are to where they began."""
        account, line, number = schema.account.c, self._places.line, self._places.number
        begin = number(line(account.id, literal(0), literal(0)))
        back = begin - number(line(account.id, account.number, account.balance_minutes))
        return self._number(select(func.sum(back)).where(self._scanned(schema.account)))

    def _untimely(self) -> bool:
        """Whether some account has another time than the entry of its number."""
        account, transfer = schema.account, schema.transfer
        last = [
            select(transfer.c.recorded_at)
            .where(
                transfer.c.bank_id == account.c.bank_id,
                transfer.c[f"{side}_id"] == account.c.id,
                transfer.c[f"{side}_number"] == account.c.number,
            )
            .scalar_subquery()
            for side in ("source", "target")
        ]
        other = account.c.recorded_at.is_distinct_from(func.coalesce(*last))
        query = select(account.c.id).where(self._own(account), other).limit(1)
        return self.link.one(query) is not None

    def _is_tied(self) -> bool:
        """Whether it is known that each transfer was recorded with its transaction, and each
        transaction with a first transfer.
        """
        moved, headed = self._glance(schema.transfer), self._glance(schema.transaction)
        if moved is None or headed is None or moved["first"] != headed["rows"]:
            return False
        if self._hashes is None:
            return self._known(self._together) == moved["rows"]
        if moved["recorded"] != headed["recorded"]:
            return False
        further, n = moved["rows"] - moved["first"], schema.transfer.c.n
        return further == 0 or self._known(lambda: self._together(n != 1)) == further

    def _together(self, *conditions: ColumnElement[bool]) -> int:
        """How many transfers have a transaction that was recorded when they were."""
        transfer, transaction = schema.transfer, schema.transaction
        ours = and_(
            transaction.c.bank_id == transfer.c.bank_id,
            transaction.c.id == transfer.c.transaction_id,
            transaction.c.recorded_at == transfer.c.recorded_at,
        )
        found = select(func.count()).select_from(transfer).join(transaction, ours)
        return self._number(found.where(self._scanned(transfer), *conditions))

    def _is_accounted(self) -> bool:
        """Whether it is known that each fact is either a leaf or in the queue, under its time, and
        that nothing else is in the queue.
        """
        if self._later is not None or self._beside:  # a wing's tables are small: row by row
            return False
        return bool(self._known(lambda: self._waits() and self._stands()))

    def _waits(self) -> bool:
        """Whether all that is queued are facts, under their time, and no leaves."""
        queue, leaf = schema.seal_queue, schema.leaf
        rows = self._number(select(func.count()).where(self._own(queue)))
        if rows == 0:
            return True
        known = sum(
            self._paired(queue, word, table, queue.c.recorded_at == table.c.recorded_at)
            for table, word in KINDS.items()
        )
        sealed = and_(*(leaf.c[name] == queue.c[name] for name in ("bank_id", "kind", "fact_id")))
        both = select(func.count(leaf.c.position)).select_from(queue).outerjoin(leaf, sealed)
        return known == rows and self._number(both.where(self._own(queue))) == 0

    def _stands(self) -> bool:
        """Whether leaves and queue are as many as there are facts, and of the same."""
        facts = {table: self._glance(table) for table in KINDS}
        if self._hashes is None:
            return all(
                found is not None and found["rows"] == self._places_of(table, found["rows"])
                for table, found in facts.items()
            )
        places = [self._glance(table) for table in (schema.leaf, schema.seal_queue)]
        made, named = (
            None if None in seen else sum(each["facts"] for each in seen if each)
            for seen in (facts.values(), places)
        )
        return made is not None and made == named

    def _places_of(self, table: Table, rows: int) -> int:
        """How many leaves and rows of the queue are about facts of a table with so many."""
        if rows == 0:
            return 0
        return sum(
            self._paired(place, KINDS[table], table) for place in (schema.leaf, schema.seal_queue)
        )

    def _paired(
        self, place: Table, word: str, table: Table, *conditions: ColumnElement[bool]
    ) -> int:
        """How many leaves, or rows of the queue, of a kind are about a fact that is there.

        An outer join, since SQLite begins with its left side, and should.
        """
        found = select(func.count(table.c.id)).select_from(place)
        found = found.outerjoin(table, and_(is_about(place, table.c.id, word), *conditions))
        return self._number(found.where(self._own(place), place.c.kind == word))


def is_about(place: Table, id_: Column[Any], word: str) -> ColumnElement[bool]:
    """That a leaf, or a row of the queue, is about the fact that this column names."""
    return and_(
        place.c.bank_id == id_.table.c.bank_id,
        place.c.kind == word,
        place.c.fact_id == id_,
    )
