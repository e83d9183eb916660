"""Exchanges and their acts as rows, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from timebank.domain.exchange import Act, Exchange, ExchangeAct, GroupRule, Side, State
from timebank.storage.sql.rows._common import (
    Values,
    actor_from,
    actor_to,
    approver_from,
    approver_to,
    maybe,
    word,
)


def exchange_to(exchange: Exchange) -> Values:
    """An exchange as a row, without its parties."""
    return {
        "id": exchange.id,
        "state": exchange.state.value,
        "proposed_by": word(exchange.proposed_by),
        "agreed_minutes": exchange.agreed_minutes,
        "giver_minutes": exchange.giver_minutes,
        "receiver_minutes": exchange.receiver_minutes,
        "category": exchange.category,
        "listing_id": exchange.listing,
        "happens_on": exchange.happens_on,
        "rule": word(exchange.rule),
        "hold_id": exchange.hold,
        "transaction_id": exchange.transaction,
        "deadline": exchange.deadline,
        "recorded_at": exchange.recorded_at,
        "acts": exchange.acts,
    }


def parties_to(exchange: Exchange) -> list[Values]:
    """The parties of an exchange as rows."""
    return [
        {"exchange_id": exchange.id, "side": side.value, "n": n, "member_id": member}
        for side, members in ((Side.GIVER, exchange.givers), (Side.RECEIVER, exchange.receivers))
        for n, member in enumerate(members, start=1)
    ]


def exchange_from(row: Row[Any], parties: Iterable[Row[Any]]) -> Exchange:
    """A row and its parties (in order of side and n) as an exchange."""
    sides: Mapping[Side, list[Any]] = {Side.GIVER: [], Side.RECEIVER: []}
    for party in parties:
        sides[Side(party.side)].append(party.member_id)
    return Exchange(
        id=row.id,
        state=State(row.state),
        givers=tuple(sides[Side.GIVER]),
        receivers=tuple(sides[Side.RECEIVER]),
        proposed_by=maybe(Side, row.proposed_by),
        agreed_minutes=row.agreed_minutes,
        giver_minutes=row.giver_minutes,
        receiver_minutes=row.receiver_minutes,
        category=row.category,
        listing=row.listing_id,
        happens_on=row.happens_on,
        rule=maybe(GroupRule, row.rule),
        hold=row.hold_id,
        transaction=row.transaction_id,
        deadline=row.deadline,
        recorded_at=row.recorded_at,
        acts=row.acts,
    )


def act_to(act: ExchangeAct) -> Values:
    """An act of an exchange as a row."""
    return {
        "id": act.id,
        "exchange_id": act.exchange,
        "n": act.n,
        "act": act.act.value,
        "side": word(act.side),
        "state": act.state.value,
        "minutes": act.minutes,
        "recorded_at": act.recorded_at,
        "reason": act.reason,
        "transaction_id": act.transaction,
        "note_digest": act.note_digest,
        "policy_version": act.policy_version,
        **actor_to(act.actor),
        **approver_to(act.approver),
    }


def act_from(row: Row[Any]) -> ExchangeAct:
    """A row as an act of an exchange."""
    return ExchangeAct(
        id=row.id,
        exchange=row.exchange_id,
        n=row.n,
        act=Act(row.act),
        side=maybe(Side, row.side),
        state=State(row.state),
        minutes=row.minutes,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        approver=approver_from(row),
        reason=row.reason,
        transaction=row.transaction_id,
        note_digest=maybe(bytes, row.note_digest),
        policy_version=row.policy_version,
    )
