"""Streams for the checks of accounts, members and exchanges against what made them so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import and_, case, func, or_, select

from timebank.domain.account import AccountChange
from timebank.domain.audit_accounts import Owned, Owner
from timebank.domain.audit_exchanges import ExchangeFile
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.ids import PersonId, TransactionId
from timebank.domain.member import ACCOUNT_KIND, Member, PersonKind, Status
from timebank.domain.transaction import Transaction
from timebank.storage.sql import schema
from timebank.storage.sql.rows import exchanges, ledger
from timebank.storage.sql.stores._common import slices
from timebank.storage.sql.stores.audit_scope import Scoped
from timebank.storage.sql.stores.exchanges import SqlExchangeStore
from timebank.storage.sql.stores.journal import SqlJournal

_PAGE: Final = 1_000
"""How many exchanges are in memory with all that belongs to them."""


class SqlAuditStanding(Scoped):
    """The part of ``AuditSource`` that looks at what stands now."""

    def owned(self) -> Iterator[Owned]:
        """Every account with the membership it belongs to, in order of account."""
        account, member = schema.account, schema.member
        query = (
            select(
                account,
                member.c.id.label("member_id"),
                member.c.kind.label("member_kind"),
                member.c.status,
                member.c.status_since,
                member.c.joined_on,
            )
            .outerjoin(
                member,
                and_(member.c.bank_id == account.c.bank_id, member.c.id == account.c.owner_id),
            )
            .where(account.c.bank_id == self.link.bank)
            .order_by(account.c.id)
        )
        for row in self.link.stream(query):
            yield Owned(account=ledger.account_from(row), member=_member(row))

    def account_changes(self) -> Iterator[AccountChange]:
        """Every change of an account, in order of account."""
        change = schema.account_change
        query = self._of_bank(change).order_by(change.c.account_id, change.c.id)
        return (ledger.change_from(row) for row in self.link.stream(query))

    def owners(self) -> Iterator[Owner]:
        """Members who have not exactly one account of their own kind, or are not what they are."""
        account, member, person = schema.account, schema.member, schema.person
        kind = case({k.value: own.value for k, own in ACCOUNT_KIND.items()}, value=member.c.kind)
        count = func.count(account.c.id)
        query = (
            select(
                member.c.id, member.c.kind, person.c.kind.label("person"), count.label("accounts")
            )
            .outerjoin(
                person, and_(person.c.bank_id == member.c.bank_id, person.c.id == member.c.id)
            )
            .outerjoin(
                account,
                and_(
                    account.c.bank_id == member.c.bank_id,
                    account.c.owner_id == member.c.id,
                    account.c.kind == kind,
                ),
            )
            .where(member.c.bank_id == self.link.bank)
            .group_by(member.c.id, member.c.kind, person.c.kind)
            .having(or_(count != 1, person.c.kind.is_distinct_from(member.c.kind)))
            .order_by(member.c.id)
        )
        for row in self.link.stream(query):
            yield Owner(member=row.id, kind=row.kind, person_kind=row.person, accounts=row.accounts)

    def exchange_files(self) -> Iterator[ExchangeFile]:
        """Each exchange with all that belongs to it, page by page, in order of id."""
        exchange, store = schema.exchange, SqlExchangeStore(self.link)
        query = select(exchange.c.id).where(self._in_scope(exchange)).order_by(exchange.c.id)
        ids = (row.id for row in self.link.stream(query))
        while part := store.many(list(islice(ids, _PAGE))):
            yield from self._files(part)

    def _files(self, part: Collection[Exchange]) -> Iterator[ExchangeFile]:
        acts = self._acts(part)
        holds = self._holds({x.hold for x in part if x.hold is not None})
        moved = SqlJournal(self.link).many({x.transaction for x in part if x.transaction})
        owners = self._owners(holds.values(), moved.values())
        for exchange in part:
            yield ExchangeFile(
                exchange=exchange,
                acts=tuple(acts[exchange.id]),
                hold=holds.get(exchange.hold or ""),
                transaction=moved.get(exchange.transaction or TransactionId("")),
                owners=owners,
            )

    def _acts(self, part: Collection[Exchange]) -> dict[str, list[ExchangeAct]]:
        act = schema.exchange_act
        found: dict[str, list[ExchangeAct]] = defaultdict(list)
        query = (
            self._of_bank(act)
            .where(act.c.exchange_id.in_([exchange.id for exchange in part]))
            .order_by(act.c.exchange_id, act.c.n)
        )
        for row in self.link.all(query):
            found[row.exchange_id].append(exchanges.act_from(row))
        return found

    def _holds(self, ids: Collection[str]) -> dict[str, Hold]:
        hold = schema.hold
        query = self._of_bank(hold).where(hold.c.id.in_(sorted(ids)))
        return {row.id: ledger.hold_from(row) for row in self.link.all(query)} if ids else {}

    def _owners(
        self, holds: Collection[Hold], moved: Collection[Transaction]
    ) -> dict[str, PersonId | None]:
        sides = {side for t in moved for x in t.transfers for side in (x.source, x.target)}
        account = schema.account.c
        found: dict[str, PersonId | None] = {}
        for part in slices(sides | {hold.account for hold in holds}):
            query = select(account.id, account.owner_id).where(
                account.bank_id == self.link.bank, account.id.in_(part)
            )
            found |= {row.id: row.owner_id for row in self.link.all(query)}
        return found

    def stray_holds(self) -> Iterator[tuple[str, str]]:
        """Holds (id, exchange) that their exchange does not name."""
        hold, exchange = schema.hold, schema.exchange
        query = (
            select(hold.c.id, hold.c.exchange_id)
            .outerjoin(
                exchange,
                and_(exchange.c.bank_id == hold.c.bank_id, exchange.c.id == hold.c.exchange_id),
            )
            .where(self._in_scope(hold), exchange.c.hold_id.is_distinct_from(hold.c.id))
            .order_by(hold.c.id)
        )
        for row in self.link.stream(query):
            yield row.id, row.exchange_id


def _member(row: Any) -> Member | None:
    if row.member_id is None:
        return None
    return Member(
        id=row.member_id,
        kind=PersonKind(row.member_kind),
        status=Status(row.status),
        status_since=row.status_since,
        joined_on=row.joined_on,
    )
