"""The units of work: one bank, read or written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from timebank.domain.changes import Changes
from timebank.domain.conditions import Fresh
from timebank.ports.evidence import (
    Archive,
    AuditSource,
    SealStore,
    WingAudit,
    WingErasure,
    WingLog,
)
from timebank.ports.stores import (
    AccountStore,
    BankStore,
    ExchangeStore,
    Journal,
    ListingStore,
    Outbox,
    PersonStore,
    RequestKey,
    RequestStore,
    StoredReceipt,
)


class ReadingUnit(Protocol):
    """One bank, read: what lists, balances, statements and audits accept."""

    @property
    def slug(self) -> str: ...
    @property
    def banks(self) -> BankStore: ...
    @property
    def people(self) -> PersonStore: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def exchanges(self) -> ExchangeStore: ...
    @property
    def listings(self) -> ListingStore: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def seals(self) -> SealStore: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def audit(self) -> AuditSource: ...
    @property
    def wing_audits(self) -> tuple[WingAudit, ...]:
        """What the wings of this database add to an audit."""
        ...

    @property
    def wing_erasures(self) -> tuple[WingErasure, ...]:
        """What the wings of this database take out with a person."""
        ...

    @property
    def wing_logs(self) -> tuple[WingLog, ...]:
        """What the wings of this database add to the log."""
        ...

    @property
    def schema_revision(self) -> str: ...
    def now(self) -> datetime: ...


class UnitOfWork(ReadingUnit, Protocol):
    """One bank, written: inside the host's transaction, which the host commits."""

    @property
    def requests(self) -> RequestStore: ...
    @property
    def fresh(self) -> Fresh: ...

    def record(
        self, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey]
    ) -> bool:
        """Write everything, keys first, and say whether it was written.

        False, and nothing written, if one of the keys was taken by somebody faster.
        """
        ...
