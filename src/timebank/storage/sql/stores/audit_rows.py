"""Streams for the checks of single rows: constraints, pairs that belong together, sums."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    ForeignKeyConstraint,
    Row,
    Select,
    Table,
    and_,
    case,
    exists,
    literal,
    null,
    or_,
    select,
    text,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on

from timebank.domain.audit_rows import (
    BrokenRule,
    ChainedHead,
    CodedWord,
    NotedFact,
    StrayTransfer,
)
from timebank.errors import SchemaError
from timebank.storage.sql import _migrate, schema
from timebank.storage.sql.rows import requests
from timebank.storage.sql.stores.audit_rules import (
    CODED,
    FACTS,
    STAFF,
    acting,
    is_large,
    references_of,
    rules_of,
)
from timebank.storage.sql.stores.audit_ties import SqlAuditTies

_OURS: Final = tuple(schema.metadata.sorted_tables)


class SqlAuditRows(SqlAuditTies):
    """The part of ``AuditSource`` that looks at rows one by one."""

    def schema_differences(self) -> tuple[str, ...]:
        """What differs between the live schema and that of the release.

        *Refuses* a schema without some table or column, with ``SchemaError``: that is not wrong
        but unreadable.
        """
        found = _migrate.check_schema(self.link.connection, schema=self.link.schema)
        if gone := [each for each in found if each.startswith(("table ", "column "))]:
            raise SchemaError(found="; ".join(gone), expected=schema.REVISION)
        return found

    def broken_rules(self) -> Iterator[BrokenRule]:
        """Rows that a CHECK or a foreign key of the release would refuse, table by table."""
        beside = chain.from_iterable(_breaches(wing.tables) for wing in self._beside)
        for table, of, query in (*_breaches(_OURS), *beside):
            if self._is_sound(table) and (of is None or self._is_empty(table, of)):
                continue
            for row in self.link.stream(query.where(self._scanned(table))):
                yield BrokenRule(
                    table=table.name.removeprefix(schema.PREFIX),
                    row=_named(table, row),
                    rule=row.broken_rule,
                    names=row.named,
                )

    def stray_transfers(self) -> Iterator[StrayTransfer]:
        """Transfers that were not recorded with their transaction; transactions without any."""
        if self._is_tied():
            return
        transfer, transaction = schema.transfer, schema.transaction
        ours = and_(
            transaction.c.bank_id == transfer.c.bank_id,
            transaction.c.id == transfer.c.transaction_id,
        )
        query = (
            select(
                transfer.c.transaction_id,
                transfer.c.recorded_at.label("own"),
                transaction.c.recorded_at,
            )
            .outerjoin(transaction, ours)
            .where(
                self._scanned(transfer),
                or_(
                    transaction.c.id.is_(None),
                    transaction.c.recorded_at != transfer.c.recorded_at,
                ),
            )
            .order_by(transfer.c.transaction_id, transfer.c.n)
        )
        for row in self.link.stream(query):
            yield StrayTransfer(
                transaction=row.transaction_id,
                transfer_recorded_at=row.own,
                recorded_at=row.recorded_at,
            )
        empty = select(transaction.c.id, transaction.c.recorded_at).where(
            self._in_scope(transaction), ~exists().where(ours)
        )
        for row in self.link.stream(empty.order_by(transaction.c.id)):
            yield StrayTransfer(
                transaction=row.id, transfer_recorded_at=None, recorded_at=row.recorded_at
            )

    def noted(self) -> Iterator[NotedFact]:
        """Facts that keep the digest of a note, each beside the note."""
        note = schema.note
        for fact in (schema.transaction, schema.account_change, schema.exchange_act):
            if self._is_empty(fact, "note_digest"):
                continue
            here = and_(note.c.bank_id == fact.c.bank_id, note.c.about_id == fact.c.id)
            query = (
                select(fact.c.id, fact.c.note_digest, note.c.about_id, note.c.salt, note.c.text)
                .outerjoin(note, here)
                .where(self._scanned(fact), fact.c.note_digest.is_not(None))
                .order_by(fact.c.id)
            )
            for row in self.link.stream(query):
                yield NotedFact(
                    fact=row.id,
                    digest=bytes(row.note_digest),
                    there=row.about_id is not None,
                    salt=None if row.salt is None else bytes(row.salt),
                    text=row.text,
                )

    def stray_notes(self) -> Iterator[str]:
        """Notes with words of which no fact keeps the digest."""
        note = schema.note
        kept = or_(
            *(
                exists().where(
                    fact.c.bank_id == note.c.bank_id,
                    fact.c.id == note.c.about_id,
                    fact.c.note_digest.is_not(None),
                )
                for fact in (schema.transaction, schema.account_change, schema.exchange_act)
            )
        )
        query = select(note).where(self._in_scope(note), note.c.text.is_not(None), ~kept)
        for row in self.link.stream(query.order_by(note.c.about_id)):
            yield row.about_id

    def unappointed(self) -> Iterator[tuple[str, str]]:
        """Who acted (person, role) in a role that nobody gave them; each once."""
        if all(self._is_sound(fact) for fact in FACTS):
            return
        staff = schema.staff
        acted = union(
            *(
                select(
                    fact.c[f"{who}_id"].label("person"), fact.c[f"{who}_role"].label("role")
                ).where(self._scanned(fact), fact.c[f"{who}_role"].in_(STAFF))
                for fact in FACTS
                for who in acting(fact)
            )
        ).subquery()
        given = exists().where(
            staff.c.bank_id == self.link.bank,
            staff.c.person_id == acted.c.person,
            staff.c.role == acted.c.role,
        )
        for row in self.link.stream(select(acted).where(~given).order_by(acted.c.person)):
            yield row.person, row.role

    def coded_words(self) -> Iterator[CodedWord]:
        """Each word in a column for codes, once per table; none of a table where all are codes."""
        for table, column in ((table, name) for table, names in CODED.items() for name in names):
            if self._is_sound(table):
                continue
            word, id_ = table.c[column], table.c.id
            query = select(word.label("word"), id_).where(self._scanned(table), word.is_not(None))
            if self.link.is_sqlite:  # of a group's columns it takes any row's
                seen = query.group_by(word).order_by(word)
            else:
                seen = query.ext(distinct_on(word)).order_by(word, id_)
            short = table.name.removeprefix(schema.PREFIX)
            for row in self.link.stream(seen):
                yield CodedWord(column=column, word=row.word, row=f"{short} {row.id}")

    def chain(self) -> Iterator[ChainedHead]:
        """Every checkpoint's own row, smallest first."""
        query = self._of_bank(schema.checkpoint).order_by(schema.checkpoint.c.size)
        for row in self.link.stream(query):
            yield ChainedHead(
                size=row.size, previous_size=row.previous_size, sealed_at=row.sealed_at
            )

    def tree_size(self) -> int | None:
        """What the tree's head says of its size."""
        row = self.link.one(self._of_bank(schema.tree_head))
        return None if row is None else int(row.size)

    def torn_receipts(self) -> Iterator[tuple[str, str]]:
        """Receipts (action, id) whose sum is not that of the row and of the keys it answers."""
        outbox, key = schema.outbox, schema.request_key
        receipts = self.link.stream(
            select(outbox).where(self._in_scope(outbox)).order_by(outbox.c.id)
        )
        keys = self.link.stream(select(key).where(self._in_scope(key)).order_by(key.c.receipt_id))
        groups = groupby(keys, key=attrgetter("receipt_id"))
        group = next(groups, None)
        for row in receipts:
            while group is not None and group[0] < row.id:
                group = next(groups, None)  # ``orphaned_keys`` has those
            own = [k._asdict() for k in group[1]] if group and group[0] == row.id else []
            if not requests.is_whole(row._asdict(), own):
                yield row.action, row.id


@cache
def _breaches(
    tables: tuple[Table, ...],
) -> tuple[tuple[Table, str | None, Select[Any]], ...]:
    """The questions of ``broken_rules``, of all banks; with the column that leads to a large table,
    if one does."""
    return tuple((table, of, query) for table in tables for of, query in _breaches_of(table))


def _breaches_of(table: Table) -> Iterator[tuple[str | None, Select[Any]]]:
    if rules := rules_of(table):
        broken = case(*((text(f"NOT ({rule})"), name) for name, rule in rules.items()))
        query = _keys(table, broken.label("broken_rule"), null().label("named"))
        yield None, query.where(broken.is_not(None))
    for column, key in references_of(table):
        yield column.name if is_large(key) else None, _orphans(table, key)


def _orphans(table: Table, key: ForeignKeyConstraint) -> Select[Any]:
    """Rows that name a row of another table that is not there."""
    parent = key.referred_table.alias("parent")
    pairs = [(e.parent, parent.c[e.column.name]) for e in key.elements]
    there = exists().where(*(own == other for own, other in pairs))
    column = next(c for c in key.columns if c.name != "bank_id")
    name = literal(f"{column.name} of a row that is there").label("broken_rule")
    return _keys(table, name, column.label("named")).where(column.is_not(None), ~there)


def _keys(table: Table, *more: ColumnElement[Any]) -> Select[Any]:
    key = [c for c in table.primary_key.columns if c.name != "bank_id"]
    return select(*key, *more)


def _named(table: Table, row: Row[Any]) -> str:
    key = [c.name for c in table.primary_key.columns if c.name != "bank_id"]
    found = row._mapping
    return " ".join(_plain(found[name]) for name in key) or "of the bank"


def _plain(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else str(value)
