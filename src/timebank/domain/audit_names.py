"""The names of the checks, and what each says must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInfo:
    """A check's name and what must hold, in one line."""

    name: str
    holds: str


CHECKS: Final = (
    CheckInfo(
        name="balances_match_transfers",
        holds="Each account's balance, number and time follow from its transfers.",
    ),
    CheckInfo(
        name="numbers_without_gap",
        holds="Each account's entries are numbered 1, 2, 3 … across both sides.",
    ),
    CheckInfo(
        name="running_balances_add_up",
        holds="Each entry's balance is the one before plus its change.",
    ),
    CheckInfo(name="sum_is_zero", holds="The balances of all accounts sum to 0."),
    CheckInfo(
        name="holds_match_held",
        holds="Each account's held minutes are the sum of its open holds.",
    ),
    CheckInfo(
        name="limits_or_overrides",
        holds="Each account outside its limits got there by a named override or a changed limit.",
    ),
    CheckInfo(
        name="reversals_mirror_originals",
        holds="Each reversal moves back exactly what its original moved.",
    ),
    CheckInfo(
        name="exchanges_match_acts",
        holds="Each exchange stands where its last act left it, with the transaction it names.",
    ),
    CheckInfo(
        name="keys_match_receipts",
        holds="Each key that answered a request has the receipt and transaction it made.",
    ),
    CheckInfo(
        name="transfers_match_transactions",
        holds="Each transfer was recorded with its transaction, and each transaction has one.",
    ),
    CheckInfo(
        name="accounts_match_changes",
        holds="Each account's limits and freeze, and its owner's status, follow from the changes.",
    ),
    CheckInfo(
        name="members_own_accounts",
        holds="Each member has exactly one account of the member's own kind.",
    ),
    CheckInfo(
        name="exchanges_follow_acts",
        holds="Each exchange, its hold and its hours are those that its acts led to.",
    ),
    CheckInfo(name="holds_match_exchanges", holds="Each hold is the one that its exchange names."),
    CheckInfo(
        name="receipts_are_whole",
        holds="Each receipt, with the keys that it answers, is as it was written.",
    ),
    CheckInfo(
        name="notes_match_digests",
        holds="Each note is the one whose digest its fact keeps, or was erased whole.",
    ),
    CheckInfo(
        name="facts_hold_codes_only",
        holds="No fact holds free words, which may be personal, where a code belongs.",
    ),
    CheckInfo(
        name="actors_hold_roles",
        holds="Whoever acted or approved as staff was given that role.",
    ),
    CheckInfo(
        name="bank_matches_founding",
        holds="The bank is the one of its id, in a known zone, as old as its first policy; a copy "
        "stands where its last bundle led, and nobody acted in it.",
    ),
    CheckInfo(
        name="constraints_hold",
        holds="Each row is one that the constraints of the release would take.",
    ),
    CheckInfo(
        name="schema_is_as_released",
        holds="Tables, constraints and guards are those of the release.",
    ),
    CheckInfo(
        name="facts_queued_or_sealed",
        holds="Each fact waits for the sealer or is a leaf of the tree, and not both.",
    ),
    CheckInfo(
        name="sealed_in_time",
        holds="No fact has waited for the sealer for longer than the auditor allows.",
    ),
    CheckInfo(name="leaves_match_facts", holds="Each leaf is the hash of its fact as it stands."),
    CheckInfo(
        name="tree_matches_leaves", holds="Each kept node of the tree follows from the leaves."
    ),
    CheckInfo(
        name="checkpoints_match_tree", holds="Each checkpoint's root follows from the leaves."
    ),
    CheckInfo(
        name="extends_kept_checkpoint",
        holds="The journal still begins with what the auditor's own checkpoint sealed.",
    ),
)
"""All checks, in the order in which they are reported."""

NAMES: Final = tuple(check.name for check in CHECKS)
