"""timebank: the ledger under a time bank, in double entry.

Hours are whole minutes; every write is an action on a unit of work; the host owns the commit.
"""

from timebank import aio, errors
from timebank.actions import (
    accounts,
    audits,
    banks,
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
from timebank.domain.policy import Policy
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.transaction import Activity, TransactionDraft, Transfer
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
    "Hours",
    "Outcome",
    "Policy",
    "Receipt",
    "Role",
    "TransactionDraft",
    "Transfer",
    "accounts",
    "aio",
    "audits",
    "bank_slugs",
    "banks",
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
