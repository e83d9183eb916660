"""What the audit has to say of each fault: by which check, of which row. One line per column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Row = dict[str, Any]

SEALED: Final = "leaves_match_facts"
RULES: Final = "constraints_hold"
ENTRIES: Final = "balances_match_transfers"
CHANGES: Final = "accounts_match_changes"
OWNERS: Final = "members_own_accounts"
ACTS: Final = "exchanges_follow_acts"
ENDS: Final = "checkpoints_match_tree"
RECEIPTS: Final = "receipts_are_whole"
BANK: Final = "bank_matches_founding"
NOTES: Final = "notes_match_digests"

EXPECTED: Final[Mapping[str, str]] = {
    # facts that are sealed: every column is in a leaf
    "policy": SEALED,
    "account_change": SEALED,
    "transaction": SEALED,
    "transfer": SEALED,
    "exchange_act": SEALED,
    "period_close": SEALED,
    "day_statement": SEALED,
    "policy.approver_id-filled": RULES,
    "account_change.approver_id-filled": RULES,
    "transaction.approver_id-filled": RULES,
    "exchange_act.approver_id-filled": RULES,
    "transaction.encoding": RULES,
    "transfer.recorded_at": "transfers_match_transactions",
    # the tree
    "leaf": SEALED,
    "leaf.bank_id": "facts_queued_or_sealed",
    "leaf-deleted": "facts_queued_or_sealed",
    "tree_node": "tree_matches_leaves",
    "checkpoint": ENDS,
    "checkpoint.sealed_at": "extends_kept_checkpoint",
    "tree_head": ENDS,
    "seal_queue": "facts_queued_or_sealed",
    # what follows from facts
    "account": CHANGES,
    "account.bank_id": ENTRIES,
    "account.id": ENTRIES,
    "account.kind": SEALED,
    "account.kind-garbled": RULES,
    "account.owner_id": SEALED,
    "account.owner_id-filled": RULES,
    "account.label-filled": RULES,
    "account.unit": RULES,
    "account.frozen-garbled": RULES,
    "account.balance_minutes": ENTRIES,
    "account.held_minutes": "holds_match_held",
    "account.number": ENTRIES,
    "account.recorded_at": ENTRIES,
    "account-deleted": ENTRIES,
    "member": CHANGES,
    "member.bank_id": RULES,
    "member.id": RULES,
    "member.kind": OWNERS,
    "member.status-garbled": RULES,
    "member-deleted": RULES,
    "exchange": ACTS,
    "exchange.bank_id": RULES,
    "exchange.id": RULES,
    "exchange.state": "exchanges_match_acts",
    "exchange.proposed_by": SEALED,
    "exchange.proposed_by-garbled": RULES,
    "exchange.agreed_minutes": SEALED,
    "exchange.category": SEALED,
    "exchange.listing_id": SEALED,
    "exchange.happens_on": SEALED,
    "exchange.rule": SEALED,
    "exchange.rule-garbled": RULES,
    "exchange.listing_id-changed": RULES,
    "exchange.acts": "exchanges_match_acts",
    "exchange-deleted": RULES,
    "exchange_party": SEALED,
    "exchange_party.bank_id": SEALED,
    "exchange_party.side-garbled": RULES,
    "hold": ACTS,
    "hold.id": "holds_match_exchanges",
    "hold.account_id": RULES,
    "hold.exchange_id": RULES,
    "hold.outcome-garbled": RULES,
    # what stands beside the books
    "bank": BANK,
    "bank.hash_domain": SEALED,
    "request_key": RECEIPTS,
    "outbox": RECEIPTS,
    "outbox.bank_id": "keys_match_receipts",
    "outbox-deleted": "keys_match_receipts",
    "note": NOTES,
    "person.bank_id": RULES,
    "person.id": RULES,
    "person.kind": OWNERS,
    "person-deleted": RULES,
    "staff": "actors_hold_roles",
    "listing.bank_id": RULES,
    "listing.id": RULES,
    "listing.member_id": RULES,
    "listing.kind-garbled": RULES,
    "listing-deleted": RULES,
}
"""Fault, column or table → the check that finds it; the closest one counts."""

_ERASABLE: Final = "personal, and erasable by right: nothing is computed from it"
_NOTICE: Final = "a notice on the board: nothing is computed from it"

UNRELIED: Final[Mapping[str, str]] = {
    "bank.name": "a display name, free to change",
    "bank.zone-changed": "another zone is as good a zone; the days of facts are in the facts",
    "bank.secret": "shows when a key is repeated; there is nothing else to compare it to",
    "person.ref": _ERASABLE,
    "person.name": _ERASABLE,
    "person.contact": _ERASABLE,
    "note.salt-filled": "no note lost its salt alone",
    "staff.id": "names a row that nothing refers to",
    "staff.starts_on": "who may act from now on; who acted, in which role, is in the facts",
    "staff.ends_on": "who may act from now on; who acted, in which role, is in the facts",
    "listing.kind": _NOTICE,
    "listing.title": _NOTICE,
    "listing.category": _NOTICE,
    "listing.expires_on": _NOTICE,
    "listing.placed_at": _NOTICE,
    "listing.withdrawn_at": _NOTICE,
    "exchange_party.n": "the order among the many of one side is sealed; its numbers are not told",
    "outbox.done_at": "what the host's own consumer has read",
}
"""Columns (or faults) that carry no information that anyone relies on, each with the reason."""

PREFERRED: Final[Mapping[str, tuple[Callable[[Row], bool], str]]] = {
    "account": (lambda row: row["number"] > 0, "one that took part in something"),
    "account.owner_id-filled": (lambda row: row["label"] == "pot", "one that took part"),
    "account.recorded_at-filled": (lambda row: row["number"] == 0, "nothing moved there yet"),
    "checkpoint.sealed_at": (lambda row: row["size"] > 70, "the last, which the auditor kept"),
    "exchange.receiver_minutes-changed": (
        lambda row: not row["transaction_id"],
        "nothing moved yet: of what was confirmed the act has the minutes that count",
    ),
    "exchange_party": (lambda row: row["n"] == 2, "one of many: SQLite keeps its keys"),
    "outbox.bank_id": (
        lambda row: row["action"] == "transfers.carry_over",
        "one that a key answers",
    ),
    "outbox-deleted": (
        lambda row: row["action"] == "transfers.carry_over",
        "one that a key answers",
    ),
    "person.kind": (lambda row: row["kind"] != "staff", "one that is a member"),
    "listing": (lambda row: row["title"] == "Lessons", "one that was taken up"),
    "staff": (lambda row: row["ends_on"] is None, "one that acted"),
}
"""Where not any row will do: which, and why."""

_NOBODY: Final = "nobody who may do this acts for another"
_UNAPPROVED: Final = "it needs no approval"
_NO_SYSTEM: Final = "the system never does this by itself"

NOWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (f"bank.copy_{n}-{way}" for n in ("size", "receipts") for way in ("changed", "emptied")),
        "it is a bank of its own; what is wrong with a copy is planted by its own test",
    ),
    **dict.fromkeys(
        (
            f"{table}.actor_for-{way}"
            for table in ("policy", "account_change", "period_close", "day_statement")
            for way in ("changed", "emptied")
        ),
        _NOBODY,
    ),
    **dict.fromkeys(
        (
            f"policy.approver_{what}"
            for what in (
                "role-changed",
                "role-emptied",
                "role-garbled",
                "id-changed",
                "id-emptied",
            )
        ),
        _UNAPPROVED,
    ),
    **dict.fromkeys(
        (
            f"{table}.actor_id-filled"
            for table in ("account_change", "period_close", "day_statement")
        ),
        _NO_SYSTEM,
    ),
    "period_close.approver_role-filled": "it always needs approval",
    "period_close.approver_id-filled": "it always needs approval",
    "exchange_act.actor_id-filled": _NO_SYSTEM,
    "transaction.actor_id-filled": _NO_SYSTEM,
}
"""Faults for which no bank has a row, each with the reason."""

NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "policy": ("id",),
    "transfer": ("transaction_id",),
    "exchange_act": ("id", "exchange_id"),
    "exchange_party": ("exchange_id",),
    "leaf": ("fact_id",),
    "seal_queue": ("fact_id",),
    "request_key": ("receipt_id",),
    "note": ("about_id",),
    "account": ("id", "owner_id", "label"),
    "hold": ("id", "exchange_id", "account_id"),
    "listing": ("id", "member_id"),
    "staff": ("person_id",),
}
"""Columns of which one value, as it was or is now, is in the finding; elsewhere the id."""

NAMED_AS: Final[Mapping[str, str]] = {
    "policy.approver_id-filled": "policy {version}",
    "tree_node": "node {level}/{place}",
    "checkpoint": "checkpoint {size}",
    "tree_head": "tree",
    "bank": "bank riverside",
    "bank.hash_domain": "policy",
}
"""Rows without an id: how the finding speaks of them."""


def closest(table: Mapping[str, Any], fault: str) -> Any:
    """The entry of the fault, else of its column, else of its table."""
    column = fault.rpartition("-")[0]
    for name in (fault, column, column.partition(".")[0]):
        if name in table:
            return table[name]
    return None
