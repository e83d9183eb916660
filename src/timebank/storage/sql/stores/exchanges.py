"""Exchanges, their parties and their acts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, or_, select

from timebank.domain.exchange import ACTS, Act, Exchange, ExchangeAct, State
from timebank.domain.ids import ExchangeId, PersonId
from timebank.storage.sql import schema
from timebank.storage.sql.prepared import Prepared
from timebank.storage.sql.rows import exchanges
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, slices, with_prefix

_OPEN: Final = [
    state.value for state in (State.PROPOSED, State.AGREED, State.REPORTED, State.DISPUTED)
]
_BANK: Final = bindparam("bank", type_=schema.exchange.c.bank_id.type)
_ONE: Final = select(schema.exchange).where(
    schema.exchange.c.bank_id == _BANK,
    schema.exchange.c.id == bindparam("id", type_=schema.exchange.c.id.type),
)
_FOUND: Final = Prepared(_ONE)
_LOCKED: Final = Prepared(_ONE.with_for_update(key_share=True))
_PARTY: Final = schema.exchange_party.c
_PARTIES: Final = Prepared(
    lambda ids: (
        select(schema.exchange_party)
        .where(_PARTY.bank_id == _BANK, ids.hold(_PARTY.exchange_id))
        .order_by(_PARTY.exchange_id, _PARTY.side, _PARTY.n)
    )
)
"""Built once: every act of an exchange asks them."""
_EXPIRING: Final = [state.value for state, acts in ACTS.items() if Act.EXPIRE in acts]


class SqlExchangeStore(Store):
    """``ExchangeStore`` in SQL."""

    def lock(self, id: ExchangeId) -> Exchange | None:
        """The exchange under its row lock."""
        self.link.require_writing()
        return self._one(id, _FOUND if self.link.is_sqlite else _LOCKED)

    def get(self, id: ExchangeId) -> Exchange | None:
        """An exchange by id."""
        return self._one(id, _FOUND)

    def many(self, ids: Collection[ExchangeId]) -> tuple[Exchange, ...]:
        """The exchanges of these ids, as many as a statement can carry, in order of id."""
        query = self._of_bank(schema.exchange).where(schema.exchange.c.id.in_(ids))
        return self._with_parties(self.link.all(query.order_by(schema.exchange.c.id)))

    def _one(self, id: ExchangeId, query: Prepared) -> Exchange | None:
        rows = self.link.rows(query, bank=self.link.bank, id=id)
        return self._with_parties(rows)[0] if rows else None

    def list(
        self,
        *,
        member: PersonId | None,
        state: State | None,
        after: ExchangeId | None,
        limit: int,
    ) -> tuple[Exchange, ...]:
        """A page of exchanges in order of id."""
        query = self._of_bank(schema.exchange)
        if member is not None:
            party = schema.exchange_party.c
            theirs = select(party.exchange_id).where(
                party.bank_id == self.link.bank, party.member_id == member
            )
            query = query.where(schema.exchange.c.id.in_(theirs))
        if state is not None:
            query = query.where(schema.exchange.c.state == state.value)
        return self._with_parties(self.link.all(page(query, schema.exchange.c.id, after, limit)))

    def by_prefix(self, prefix: str) -> tuple[ExchangeId, ...]:
        """Ids that begin so, at most two."""
        exchange = schema.exchange.c
        query = select(exchange.id).where(
            exchange.bank_id == self.link.bank, with_prefix(exchange.id, prefix, ID_DIGITS)
        )
        return tuple(row.id for row in self.link.all(query.limit(2)))

    def acts(self, id: ExchangeId) -> tuple[ExchangeAct, ...]:
        """What was done to an exchange, in order."""
        act = schema.exchange_act
        query = self._of_bank(act).where(act.c.exchange_id == id).order_by(act.c.n)
        return tuple(exchanges.act_from(row) for row in self.link.all(query))

    def open_of(self, member: PersonId) -> int:
        """How many exchanges of a member are neither done nor off."""
        exchange, party = schema.exchange, schema.exchange_party
        query = (
            select(func.count())
            .select_from(exchange)
            .join(
                party,
                (party.c.bank_id == exchange.c.bank_id) & (party.c.exchange_id == exchange.c.id),
            )
            .where(
                exchange.c.bank_id == self.link.bank,
                party.c.member_id == member,
                exchange.c.state.in_(_OPEN),
            )
        )
        return int(self.link.run(query).scalar_one())

    def due(self, now: datetime, limit: int) -> tuple[ExchangeId, ...]:
        """Exchanges that lapsed, or whose hold did, in order of id."""
        exchange, hold = schema.exchange.c, schema.hold.c
        lapsed = select(hold.exchange_id).where(
            hold.bank_id == self.link.bank, hold.outcome.is_(None), hold.deadline <= now
        )
        query = (
            select(exchange.id)
            .where(
                exchange.bank_id == self.link.bank,
                or_(
                    exchange.state.in_(_EXPIRING) & (exchange.deadline <= now),
                    exchange.id.in_(lapsed),
                ),
            )
            .order_by(exchange.id)
            .limit(limit)
        )
        return tuple(row.id for row in self.link.all(query))

    def _with_parties(self, rows: Collection[Row[Any]]) -> tuple[Exchange, ...]:
        parties: dict[str, list[Row[Any]]] = {row.id: [] for row in rows}
        for part in slices(list(parties)):
            for row in self.link.rows(_PARTIES, bank=self.link.bank, ids=part):
                parties[row.exchange_id].append(row)
        return tuple(exchanges.exchange_from(row, parties[row.id]) for row in rows)
