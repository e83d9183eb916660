"""Which pass over the books serves which checks, and what each of them counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from timebank.actions._gather import LABELS
from timebank.domain.audit import (
    Finding,
    check_accounted,
    check_entries,
    check_exchanges,
    check_holds,
    check_keys,
    check_limits,
    check_reversals,
    check_sealed_in_time,
    check_sum,
)
from timebank.domain.audit_accounts import check_owners, check_standing
from timebank.domain.audit_exchanges import check_files, check_stray_holds
from timebank.domain.audit_rows import (
    check_bank,
    check_chain,
    check_codes,
    check_copy,
    check_notes,
    check_receipts,
    check_roles,
    check_rules,
    check_schema,
    check_transfers,
)
from timebank.domain.policy import Policy
from timebank.ports import AuditSource, ReadingUnit
from timebank.proof.checkpoint import Checkpoint
from timebank.proof.checks import Spread, check_kept, check_leaves, check_tree

KEPT: Final = "extends_kept_checkpoint"
_ENTRIES = ("balances_match_transfers", "numbers_without_gap", "running_balances_add_up")
_LEAVES = ("leaves_match_facts",)
_TREE = ("tree_matches_leaves", "checkpoints_match_tree")
ALWAYS_WHOLE: Final = frozenset(
    {
        "sum_is_zero",
        "holds_match_held",
        "limits_or_overrides",
        "accounts_match_changes",
        "members_own_accounts",
        "bank_matches_founding",
        "schema_is_as_released",
        "sealed_in_time",
        KEPT,
    }
)
"""What stands now, in few rows: an audit since a checkpoint looks at all of it, as wings do."""

Passes = dict[tuple[str, ...], Callable[[], Iterable[Finding]]]
"""The checks that one pass over the books serves → the pass."""

SUBJECTS: Final = {
    "balances_match_transfers": "balances",
    "numbers_without_gap": "entries",
    "running_balances_add_up": "entries",
    "reversals_mirror_originals": "reversals",
    "exchanges_match_acts": "exchanges",
    "keys_match_receipts": "keys",
    "receipts_are_whole": "receipts",
    "transfers_match_transactions": "transfers",
    "exchanges_follow_acts": "exchanges",
    "holds_match_exchanges": "holds",
    "notes_match_digests": "facts",
    "facts_hold_codes_only": "facts",
    "actors_hold_roles": "facts",
    "constraints_hold": "tables",
    "schema_is_as_released": "tables",
    "facts_queued_or_sealed": "facts",
    "sealed_in_time": "facts",
    "leaves_match_facts": "leaves",
    "tree_matches_leaves": "leaves",
    "checkpoints_match_tree": "checkpoints",
    KEPT: "checkpoints",
}
"""What a check counts where it is not accounts."""


def passes(
    uow: ReadingUnit, source: AuditSource, kept: Checkpoint | None, max_unsealed_hours: int
) -> Passes:
    """The checks that the database answers with little more than what is wrong."""
    seals = uow.seals
    return {
        ("sum_is_zero",): lambda: check_sum(source.total_minutes(), uow.slug),
        ("holds_match_held",): lambda: check_holds(source.held()),
        ("limits_or_overrides",): lambda: check_limits(source.out_of_band()),
        ("reversals_mirror_originals",): lambda: check_reversals(source.reversals()),
        ("exchanges_match_acts",): lambda: check_exchanges(source.exchanges()),
        ("keys_match_receipts",): lambda: check_keys(source.orphaned_keys()),
        ("transfers_match_transactions",): lambda: check_transfers(source.stray_transfers()),
        ("accounts_match_changes",): lambda: check_standing(
            source.owned(), source.account_changes(), _policies(uow), LABELS
        ),
        ("members_own_accounts",): lambda: check_owners(source.owners()),
        ("exchanges_follow_acts",): lambda: check_files(source.exchange_files(), _policies(uow)),
        ("holds_match_exchanges",): lambda: check_stray_holds(source.stray_holds()),
        ("receipts_are_whole",): lambda: check_receipts(source.torn_receipts()),
        ("notes_match_digests",): lambda: check_notes(source.noted(), source.stray_notes()),
        ("facts_hold_codes_only",): lambda: check_codes(
            source.coded_words(), _policies(uow).values()
        ),
        ("actors_hold_roles",): lambda: check_roles(source.unappointed()),
        ("bank_matches_founding",): lambda: _bank(uow, source),
        ("constraints_hold",): lambda: check_rules(source.broken_rules()),
        ("schema_is_as_released",): lambda: check_schema(
            source.schema_differences(), uow.schema_revision
        ),
        ("facts_queued_or_sealed",): lambda: check_accounted(source.unaccounted()),
        ("sealed_in_time",): lambda: check_sealed_in_time(
            uow.slug, source.unsealed()[1], uow.now(), max_unsealed_hours
        ),
        (KEPT,): lambda: () if kept is None else check_kept(seals, uow.slug, kept),
    }


def streams(
    uow: ReadingUnit, source: AuditSource, since: Checkpoint | None, spread: Spread
) -> Passes:
    """The passes that look at things row by row."""
    seals, start = uow.seals, 0 if since is None else since.size

    def entries() -> Iterable[Finding]:
        if source.is_chained():
            return ()
        return check_entries(source.accounts(), source.entries(), source.starts())

    return {
        _ENTRIES: entries,
        _LEAVES: lambda: check_leaves(seals, uow.banks.get().hash_domain, start, spread),
        _TREE: lambda: chain(
            check_tree(seals, seals.heads(), since),
            check_chain(source.chain(), source.tree_size()),
        ),
    }


def _bank(uow: ReadingUnit, source: AuditSource) -> Iterator[Finding]:
    bank = uow.banks.get()
    founded = (version.recorded_at for version in uow.banks.policies() if version.version == 1)
    yield from check_bank(bank, uow.slug, min(founded, default=None))
    if bank.is_copy:
        yield from check_copy(bank, source.tree_size() or 0, uow.outbox.count())


def _policies(uow: ReadingUnit) -> dict[int, Policy]:
    return {version.version: version.policy for version in uow.banks.policies()}
