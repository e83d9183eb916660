"""Whether all entries chain up to what their accounts say, in one scan of the transfers.

Each entry is a step of its account from (number − 1, balance before) to (number, balance after).
If the steps of an account, and the account itself from its last number and balance back to (0, 0),
are one closed chain, then every place is left as often as it is reached. Numbers rise with every
step, so the reverse holds as well: where that is so of all places, each account has one chain.

That is a comparison of two multisets, and those are compared by the sum of a function of each
place whose coefficients are drawn anew for every audit (fingerprints of sets by sums: Clarke et
al., "Incremental multiset hash functions", ASIACRYPT 2003). It is plain arithmetic below 2^63, the
same on both databases. A chain that does not close passes with a chance of about 2^-30.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, func, literal, select, type_coerce

from timebank.storage.sql import schema
from timebank.storage.sql.stores.audit_scope import Scoped

_BITS: Final = 31
"""Coefficients are below 2^31: the product of two, twice, stays below 2^63."""

Place = Callable[[Any, Any, Any], ColumnElement[int]]
"""Account, number, balance → a number."""


class SqlAuditChain(Scoped):
    """The part of ``AuditSource`` that asks whether there is anything wrong with entries at all."""

    def is_chained(self) -> bool:
        """Whether the entries of all accounts close, and the last of each has its account's time.

        False where only some accounts are looked at: those are quickly read.
        """
        return self._later is None and self._closes(_place()) and not self._untimely()

    def _closes(self, place: Place) -> bool:
        transfer, account = schema.transfer.c, schema.account.c
        source, target, minutes = transfer.source_id, transfer.target_id, transfer.minutes
        out, into = transfer.source_number, transfer.target_number
        left, reached = transfer.source_balance_minutes, transfer.target_balance_minutes
        steps = (
            place(source, out, left)
            - place(source, out - 1, left + minutes)
            + place(target, into, reached)
            - place(target, into - 1, reached - minutes)
        )
        back = place(account.id, literal(0), literal(0)) - place(
            account.id, account.number, account.balance_minutes
        )
        sums = (
            select(func.coalesce(func.sum(each), 0)).where(self._scanned(table))
            for each, table in ((steps, schema.transfer), (back, schema.account))
        )
        return sum(int(self.link.run(query).scalar_one()) for query in sums) == 0

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


def _place() -> Place:
    first, second = (secrets.randbits(_BITS) | 1 << _BITS - 1 | 1 for _ in range(2))
    a, b, c, d, e = (secrets.randbelow(first) for _ in range(5))

    def place(account: Any, number: Any, balance: Any) -> ColumnElement[int]:
        line = (a * (_whole(account) % first) + b * (_whole(number) % first)) % first
        line = (line + c * (_whole(balance) % first)) % first
        return (line * ((d * line + e) % first)) % second  # no sum of lines hides in this

    return place


def _whole(value: Any) -> ColumnElement[int]:
    return type_coerce(value, BigInteger)
