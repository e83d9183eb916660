"""Confirming an exchange as a careful host would write it with SQLAlchemy Core, on our tables.

The rows that a confirmation reads and writes, in as few statements as they take: the exchange and
the accounts locked, the hold settled, the key, the act, the transaction and its transfer, the
sealer's queue and the outbox. No house rules beyond them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_new

from benchmarks.world import World, key_hash, new_id
from timebank.storage.sql import schema

SCOPE: Final = "exchanges.confirm"
MICROSECOND: Final = timedelta(microseconds=1)

_x, _p, _a, _h = schema.exchange, schema.exchange_party, schema.account, schema.hold

EXCHANGE: Final = select(_x).where(
    _x.c.bank_id == bindparam("bank"), _x.c.id == bindparam("exchange")
)
ACCOUNTS: Final = (
    select(_a, _p.c.side, _p.c.member_id)
    .join(_p, (_p.c.bank_id == _a.c.bank_id) & (_p.c.member_id == _a.c.owner_id))
    .where(_p.c.bank_id == bindparam("bank"), _p.c.exchange_id == bindparam("exchange"))
    .order_by(_a.c.id)
)
HOLD: Final = select(_h).where(_h.c.bank_id == bindparam("bank"), _h.c.id == bindparam("hold"))
KEY: Final = (
    insert_new(schema.request_key)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
)
SETTLE: Final = (
    update(_h)
    .where(_h.c.bank_id == bindparam("bank"), _h.c.id == bindparam("hold"), _h.c.outcome.is_(None))
    .values(ended_at=bindparam("at"), outcome="settled", settled_minutes=bindparam("settled"))
)
ADVANCE: Final = (
    update(_a)
    .where(_a.c.bank_id == bindparam("bank"), _a.c.id == bindparam("account"))
    .values(
        balance_minutes=bindparam("balance"),
        held_minutes=bindparam("held"),
        number=bindparam("next"),
        recorded_at=bindparam("at"),
    )
)
CONFIRM: Final = (
    update(_x)
    .where(_x.c.bank_id == bindparam("bank"), _x.c.id == bindparam("exchange"))
    .values(
        state="confirmed",
        receiver_minutes=bindparam("minutes"),
        transaction_id=bindparam("transaction"),
        deadline=None,
        recorded_at=bindparam("at"),
        acts=bindparam("n"),
    )
)
BODY: Final = (
    '{{"events":[{{"hold":"{hold}","outcome":"settled","settled_minutes":{minutes},'
    '"type":"HoldEnded"}},{{"kind":"exchange","minutes":{minutes},"transaction":"{transaction}",'
    '"type":"TransactionRecorded"}},{{"exchange":"{exchange}","minutes":{minutes},'
    '"state":"confirmed","type":"ExchangeConfirmed"}}],"transactions":["{transaction}"],'
    '"warnings":[]}}'
)


class Refused(Exception):
    """Not the receiver, not reported, not enough hours, or a key used before."""


class HandCore:
    """Confirming by hand."""

    def __init__(self, world: World) -> None:
        self._world = world
        locked = not world.place.is_sqlite
        self._exchange = EXCHANGE.with_for_update(key_share=True) if locked else EXCHANGE
        self._accounts = ACCOUNTS.with_for_update(key_share=True, of=_a) if locked else ACCOUNTS

    def confirm(self, exchange: str, receiver: str, key: str) -> None:
        """One exchange confirmed by its receiver, in one commit."""
        with self._world.place.engine.connect() as connection:
            if self._world.place.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            self._confirm(connection, exchange, receiver, key)
            connection.commit()

    def _confirm(self, connection: Connection, exchange: str, receiver: str, key: str) -> None:
        named = {"bank": self._world.bank_id, "exchange": exchange}
        found = connection.execute(self._exchange, named).one()
        sides = {row.side: row for row in connection.execute(self._accounts, named)}
        hold = connection.execute(HOLD, {**named, "hold": found.hold_id}).one()
        payer, payee = sides["receiver"], sides["giver"]
        minutes = found.giver_minutes
        if found.state != "reported" or payer.member_id != receiver or hold.outcome is not None:
            raise Refused("not the receiver's to confirm now")
        if (
            payer.balance_minutes - payer.held_minutes + hold.minutes - minutes
            < payer.floor_minutes
        ):
            raise Refused("not enough hours")
        last = [r.recorded_at + MICROSECOND for r in (payer, payee) if r.recorded_at]
        ids = {name: new_id().hex() for name in ("transaction", "act", "receipt")}
        self._take_key(connection, exchange, key, ids)
        self._write(connection, found, (payer, payee), hold, max([datetime.now(UTC), *last]), ids)

    def _take_key(
        self, connection: Connection, exchange: str, key: str, ids: dict[str, str]
    ) -> None:
        row = {
            "bank_id": self._world.bank_id,
            "scope": SCOPE,
            "key_hash": key_hash(self._world.secret, SCOPE, key),
            "digests": f'{{"exchange":"{exchange}"}}',
            "receipt_id": ids["receipt"],
        }
        if connection.execute(KEY, row).rowcount != 1:
            raise Refused("a key was used before")

    def _write(
        self,
        connection: Connection,
        exchange: Row[Any],
        accounts: tuple[Row[Any], Row[Any]],
        hold: Row[Any],
        at: datetime,
        ids: dict[str, str],
    ) -> None:
        bank, minutes = self._world.bank_id, exchange.giver_minutes
        payer, payee = accounts
        who = {"actor_role": "member", "actor_id": payer.member_id, "policy_version": 1}
        common = {"bank_id": bank, "recorded_at": at}
        named = {"bank": bank, "at": at}
        transaction, act, receipt = ids["transaction"], ids["act"], ids["receipt"]
        connection.execute(
            insert(schema.transaction), _transaction(common | who, transaction, exchange.id, at)
        )
        connection.execute(
            insert(schema.transfer), _transfer(common, transaction, payer, payee, minutes)
        )
        n = exchange.acts + 1
        connection.execute(
            insert(schema.exchange_act),
            {
                **(common | who),
                **{"id": act, "exchange_id": exchange.id, "n": n, "act": "confirm"},
                **{"side": "receiver", "state": "confirmed", "minutes": minutes},
                "transaction_id": transaction,
            },
        )
        settled = min(minutes, hold.minutes)
        connection.execute(SETTLE, {**named, "hold": hold.id, "settled": settled})
        advanced = ((payer, -minutes, hold.minutes), (payee, minutes, 0))
        connection.execute(ADVANCE, [{**named, **_advanced(*change)} for change in advanced])
        changed = {"exchange": exchange.id, "minutes": minutes, "transaction": transaction, "n": n}
        connection.execute(CONFIRM, named | changed)
        facts = (("transaction", transaction), ("exchange_act", act))
        connection.execute(
            insert(schema.seal_queue), [{**common, "kind": k, "fact_id": f} for k, f in facts]
        )
        body = BODY.format(
            hold=hold.id, minutes=minutes, transaction=transaction, exchange=exchange.id
        )
        row = {**common, "id": receipt, "action": SCOPE, "body": body}
        connection.execute(insert(schema.outbox), row)


def _transaction(common: dict[str, Any], id_: str, exchange: str, at: datetime) -> dict[str, Any]:
    return {
        **common,
        "id": id_,
        "kind": "exchange",
        "happened_on": at.date(),
        "counts_on": at.date(),
        "exchange_id": exchange,
        "imported": 0,
        "overrides": 0,
        "salt": urandom(16),
        "encoding": 1,
    }


def _transfer(
    common: dict[str, Any], transaction: str, payer: Row[Any], payee: Row[Any], minutes: int
) -> dict[str, Any]:
    return {
        **common,
        "transaction_id": transaction,
        "n": 1,
        "source_id": payer.id,
        "target_id": payee.id,
        "minutes": minutes,
        "activity": "service",
        "source_number": payer.number + 1,
        "source_balance_minutes": payer.balance_minutes - minutes,
        "target_number": payee.number + 1,
        "target_balance_minutes": payee.balance_minutes + minutes,
    }


def _advanced(account: Row[Any], change: int, released: int) -> dict[str, Any]:
    return {
        "account": account.id,
        "balance": account.balance_minutes + change,
        "held": account.held_minutes - released,
        "next": account.number + 1,
    }
