"""What the actions need from a storage: reads, locks, and one way to write.

Every write is one ``record(changes, receipt, keys)``; no store has a generic save or a delete.
"""

from timebank.ports.evidence import (
    Archive,
    AuditSource,
    Leaf,
    LeafPage,
    SealStore,
    TreeHead,
    Waiting,
    WingAudit,
    WingErasure,
    WingLog,
    WingRow,
)
from timebank.ports.stores import (
    AccountStore,
    BankStore,
    ExchangeStore,
    House,
    Journal,
    ListingStore,
    Outbox,
    PersonStore,
    RequestKey,
    RequestStore,
    StoredReceipt,
)
from timebank.ports.units import ReadingUnit, UnitOfWork

__all__ = [
    "AccountStore",
    "Archive",
    "AuditSource",
    "BankStore",
    "ExchangeStore",
    "House",
    "Journal",
    "Leaf",
    "LeafPage",
    "ListingStore",
    "Outbox",
    "PersonStore",
    "ReadingUnit",
    "RequestKey",
    "RequestStore",
    "SealStore",
    "StoredReceipt",
    "TreeHead",
    "UnitOfWork",
    "Waiting",
    "WingAudit",
    "WingErasure",
    "WingLog",
    "WingRow",
]
