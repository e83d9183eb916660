"""Banks, their house rules, and people."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
)

from timebank.domain.listing import ListingKind
from timebank.domain.member import PersonKind, Status
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
from timebank.storage.sql.types import Day, Id, Moment, big, raw, small, text

bank = table(
    "bank",
    column("slug", text(63)),
    column("name", text(200)),
    column("zone", text(60)),
    column("hash_domain", raw(32)),
    column("secret", raw(32)),
    column("created_at", Moment),
    maybe("copy_size", big()),
    maybe("copy_receipts", big()),
    CheckConstraint(
        "(copy_size IS NULL) = (copy_receipts IS NULL)", name="ck_timebank_bank_copy_size"
    ),
    key=(),
)

person = table(
    "person",
    column("id", Id),
    column("kind", text(12)),
    maybe("ref", text(60)),
    maybe("name", text(200)),
    maybe("contact", text(200)),
    foreign("person", "bank_id", "bank"),
    UniqueConstraint("bank_id", "ref", name="uq_timebank_person_ref"),
    among("person", "kind", PersonKind),
    key=("id",),
)

policy = table(
    "policy",
    column("version", small()),
    column("id", Id),
    column("body", Text()),
    column("recorded_at", Moment),
    *actor("policy"),
    foreign("policy", "bank_id", "bank"),
    UniqueConstraint("bank_id", "id", name="uq_timebank_policy_id"),
    CheckConstraint("version > 0", name="ck_timebank_policy_version"),
    key=("version",),
)

period_close = table(
    "period_close",
    column("id", Id),
    column("until", Day),
    column("recorded_at", Moment),
    *actor("period_close"),
    column("policy_version", small()),
    UniqueConstraint("bank_id", "until", name="uq_timebank_period_close_until"),
    key=("id",),
)

day_statement = table(
    "day_statement",
    column("id", Id),
    column("day", Day),
    column("recorded_at", Moment),
    *actor("day_statement", approver=False),
    column("policy_version", small()),
    key=("id",),
)

member = table(
    "member",
    column("id", Id),
    column("kind", text(12)),
    column("status", text(12)),
    column("status_since", Day),
    column("joined_on", Day),
    foreign("member", "id", "person"),
    among("member", "status", Status),
    key=("id",),
)

staff = table(
    "staff",
    column("id", Id),
    column("person_id", Id),
    column("role", text(12)),
    column("starts_on", Day),
    maybe("ends_on", Day),
    foreign("staff", "person_id", "person"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ck_timebank_staff_ends_on"),
    Index("ix_timebank_staff_person", "bank_id", "person_id"),
    key=("id",),
)

listing = table(
    "listing",
    column("id", Id),
    column("kind", text(8)),
    column("member_id", Id),
    maybe("title", text(200)),
    column("category", text(60)),
    maybe("expires_on", Day),
    column("placed_at", Moment),
    maybe("withdrawn_at", Moment),
    foreign("listing", "member_id", "member"),
    among("listing", "kind", ListingKind),
    Index("ix_timebank_listing_member", "bank_id", "member_id"),
    key=("id",),
)
