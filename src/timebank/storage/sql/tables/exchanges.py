"""Exchanges, their acts and holds."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Index,
    UniqueConstraint,
)

from timebank.domain.exchange import Act, GroupRule, Side, State
from timebank.domain.hold import HoldOutcome
from timebank.storage.sql.blocks import PREFIX as PREFIX
from timebank.storage.sql.blocks import (
    actor,
    among,
    column,
    foreign,
    maybe,
    table,
)
from timebank.storage.sql.blocks import metadata as metadata
from timebank.storage.sql.types import AccountKey, Day, Id, Moment, big, raw, small, text

exchange = table(
    "exchange",
    column("id", Id),
    column("state", text(12)),
    maybe("proposed_by", text(8)),
    column("agreed_minutes", big()),
    maybe("giver_minutes", big()),
    maybe("receiver_minutes", big()),
    maybe("category", text(60)),
    maybe("listing_id", Id),
    maybe("happens_on", Day),
    maybe("rule", text(8)),
    maybe("hold_id", Id),
    maybe("transaction_id", Id),
    maybe("deadline", Moment),
    column("recorded_at", Moment),
    column("acts", small()),
    foreign("exchange", "listing_id", "listing"),
    CheckConstraint("agreed_minutes > 0", name="ck_timebank_exchange_agreed_minutes"),
    among("exchange", "state", State),
    among("exchange", "rule", GroupRule),
    Index("ix_timebank_exchange_deadline", "bank_id", "deadline"),
    key=("id",),
)

exchange_party = table(
    "exchange_party",
    column("exchange_id", Id),
    column("side", text(8)),
    column("n", small()),
    column("member_id", Id),
    foreign("exchange_party", "exchange_id", "exchange"),
    foreign("exchange_party", "member_id", "member"),
    among("exchange_party", "side", Side),
    Index("ix_timebank_exchange_party_member", "bank_id", "member_id", "exchange_id"),
    key=("exchange_id", "side", "n"),
)

hold = table(
    "hold",
    column("id", Id),
    column("account_id", AccountKey),
    column("exchange_id", Id),
    column("minutes", big()),
    column("placed_at", Moment),
    column("deadline", Moment),
    maybe("ended_at", Moment),
    maybe("outcome", text(12)),
    column("settled_minutes", big()),
    foreign("hold", "account_id", "account"),
    foreign("hold", "exchange_id", "exchange"),
    CheckConstraint("minutes > 0", name="ck_timebank_hold_minutes"),
    CheckConstraint(
        "settled_minutes >= 0 AND settled_minutes <= minutes",
        name="ck_timebank_hold_settled_minutes",
    ),
    CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ck_timebank_hold_ended_at"),
    among("hold", "outcome", HoldOutcome),
    Index("ix_timebank_hold_account", "bank_id", "account_id", "outcome", "deadline"),
    key=("id",),
)

exchange_act = table(
    "exchange_act",
    column("id", Id),
    column("exchange_id", Id),
    column("n", small()),
    column("act", text(12)),
    maybe("side", text(8)),
    column("state", text(12)),
    maybe("minutes", big()),
    column("recorded_at", Moment),
    *actor("exchange_act"),
    maybe("reason", text(60)),
    maybe("transaction_id", Id),
    maybe("note_digest", raw(32)),
    column("policy_version", small()),
    foreign("exchange_act", "exchange_id", "exchange"),
    UniqueConstraint("bank_id", "exchange_id", "n", name="uq_timebank_exchange_act_n"),
    among("exchange_act", "act", Act),
    among("exchange_act", "state", State),
    key=("id",),
)
