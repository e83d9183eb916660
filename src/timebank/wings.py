"""For those who build a wing: what stands on the ledger, with rules and tables of its own.

A wing writes its own facts and things in the ledger's one write, in the host's transaction, under
the ledger's keys; moves hours by the ledger's own actions; and is known to ``migrate`` by an
entry point of the group ``timebank.wings``. How: docs/how-to/build-a-wing.md.
"""

from timebank.actions._gather import bank_today, check_page, conditions, person_id
from timebank.actions._request import action
from timebank.domain.audit import CheckInfo, Finding
from timebank.domain.changes import Changes, WingValue
from timebank.domain.conditions import Conditions, Fresh
from timebank.domain.events import WingActed
from timebank.domain.logged import LogEntry, LogKind
from timebank.ports import WingAudit
from timebank.storage.sql import blocks, types
from timebank.storage.sql import schema as core
from timebank.storage.sql._migrate import migrations_dir
from timebank.storage.sql.link import Link
from timebank.storage.sql.rows import _common as rows
from timebank.storage.sql.stores._common import ID_DIGITS, Store, page, slices, with_prefix
from timebank.storage.sql.stores.accounts import SqlAccountStore
from timebank.storage.sql.wings import Shape, Wing, link_of, linked, register

__all__ = [
    "ID_DIGITS",
    "Changes",
    "CheckInfo",
    "Conditions",
    "Finding",
    "Fresh",
    "Link",
    "LogEntry",
    "LogKind",
    "Shape",
    "SqlAccountStore",
    "Store",
    "Wing",
    "WingActed",
    "WingAudit",
    "WingValue",
    "action",
    "bank_today",
    "blocks",
    "check_page",
    "conditions",
    "core",
    "link_of",
    "linked",
    "migrations_dir",
    "page",
    "person_id",
    "register",
    "rows",
    "slices",
    "types",
    "with_prefix",
]
