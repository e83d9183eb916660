"""timebank: the ledger under a time bank, in double entry.

Hours are whole minutes; every write is an action on a unit of work; the host owns the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from timebank import aio, errors
    from timebank.actions import (
        accounts,
        audits,
        banks,
        bundles,
        exchanges,
        holds,
        imports,
        journal,
        listings,
        log,
        members,
        outbox,
        periods,
        staff,
        transfers,
    )
    from timebank.domain.actor import Actor, Role
    from timebank.domain.hours import Hours
    from timebank.domain.policy import BandRule, Policy, Rounding
    from timebank.domain.receipt import Outcome, Receipt
    from timebank.domain.transaction import Activity, TransactionDraft, Transfer
    from timebank.poster import Poster
    from timebank.storage.sql import (
        bank_slugs,
        check_schema,
        current_revision,
        head_revision,
        include_name,
        migrate,
        migration_script,
        prepare_sqlite,
        reading,
        standalone,
        unit_of_work,
        wing_names,
    )

__version__ = "0.1.0"

__all__ = [
    "Activity",
    "Actor",
    "BandRule",
    "Hours",
    "Outcome",
    "Policy",
    "Poster",
    "Receipt",
    "Role",
    "Rounding",
    "TransactionDraft",
    "Transfer",
    "accounts",
    "aio",
    "audits",
    "bank_slugs",
    "banks",
    "bundles",
    "check_schema",
    "current_revision",
    "errors",
    "exchanges",
    "head_revision",
    "holds",
    "imports",
    "include_name",
    "journal",
    "listings",
    "log",
    "members",
    "migrate",
    "migration_script",
    "outbox",
    "periods",
    "prepare_sqlite",
    "reading",
    "staff",
    "standalone",
    "transfers",
    "unit_of_work",
    "wing_names",
]

_PLACES: Final = {
    "Activity": "domain.transaction:Activity",
    "Actor": "domain.actor:Actor",
    "BandRule": "domain.policy:BandRule",
    "Hours": "domain.hours:Hours",
    "Outcome": "domain.receipt:Outcome",
    "Policy": "domain.policy:Policy",
    "Poster": "poster:Poster",
    "Receipt": "domain.receipt:Receipt",
    "Role": "domain.actor:Role",
    "Rounding": "domain.policy:Rounding",
    "TransactionDraft": "domain.transaction:TransactionDraft",
    "Transfer": "domain.transaction:Transfer",
    "accounts": "actions.accounts",
    "aio": "aio",
    "audits": "actions.audits",
    "bank_slugs": "storage.sql:bank_slugs",
    "banks": "actions.banks",
    "bundles": "actions.bundles",
    "check_schema": "storage.sql:check_schema",
    "current_revision": "storage.sql:current_revision",
    "errors": "errors",
    "exchanges": "actions.exchanges",
    "head_revision": "storage.sql:head_revision",
    "holds": "actions.holds",
    "imports": "actions.imports",
    "include_name": "storage.sql:include_name",
    "journal": "actions.journal",
    "listings": "actions.listings",
    "log": "actions.log",
    "members": "actions.members",
    "migrate": "storage.sql:migrate",
    "migration_script": "storage.sql:migration_script",
    "outbox": "actions.outbox",
    "periods": "actions.periods",
    "prepare_sqlite": "storage.sql:prepare_sqlite",
    "reading": "storage.sql:reading",
    "staff": "actions.staff",
    "standalone": "storage.sql:standalone",
    "transfers": "actions.transfers",
    "unit_of_work": "storage.sql:unit_of_work",
    "wing_names": "storage.sql:wing_names",
}
"""Where each name lives: a room, or a name in one."""

if not TYPE_CHECKING:  # else a type checker would believe in every name

    def __getattr__(name: str) -> object:
        """Open a room when its name is first called: nobody waits for what they do not use."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from pkgutil import resolve_name

        found = globals()[name] = resolve_name(f"{__name__}.{_PLACES[name]}")
        return found


def __dir__() -> list[str]:
    """What there is, opened or not."""
    return sorted({*globals(), *__all__})
