"""The sealed tree and the queue before it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, Table, bindparam, delete, exists, insert, select, update

from timebank.domain.account import NO_STATUS, UNOPENED, Account, ChangeField
from timebank.domain.changes import Fact
from timebank.domain.exchange import Exchange
from timebank.domain.ids import ExchangeId, FactId, TransactionId
from timebank.domain.sealed import Sealed, begins, founds, opens, whole
from timebank.errors import InputError
from timebank.ports import Leaf, LeafPage, TreeHead, Waiting
from timebank.storage.sql import schema, wing_rows, wings
from timebank.storage.sql.link import STREAM_ROWS, Link
from timebank.storage.sql.prepared import Prepared
from timebank.storage.sql.rows import exchanges, ledger, people
from timebank.storage.sql.stores import leaf_pages
from timebank.storage.sql.stores._common import Store, page, slices
from timebank.storage.sql.stores.accounts import SqlAccountStore
from timebank.storage.sql.stores.exchanges import SqlExchangeStore
from timebank.storage.sql.stores.journal import SqlJournal
from timebank.storage.sql.writing import Part, insert_rows, write_new

_READERS: Final[dict[str, tuple[Table, Callable[[Row[Any]], Fact]]]] = {
    "account_change": (schema.account_change, ledger.change_from),
    "policy": (schema.policy, people.version_from),
    "exchange_act": (schema.exchange_act, exchanges.act_from),
    "period_close": (schema.period_close, people.period_from),
    "day_statement": (schema.day_statement, people.day_from),
}
"""The queue's word for a kind → its table and its row; transactions come from the journal."""

Place = tuple[str, FactId]
"""The queue's word for a kind, and an id."""

_DELETED_AT_ONCE: Final = 512

_QUEUE: Final = schema.seal_queue.c
_DEQUEUED: Final = Prepared(
    lambda ids: delete(schema.seal_queue).where(
        _QUEUE.bank_id == bindparam("bank", type_=_QUEUE.bank_id.type),
        _QUEUE.kind == bindparam("kind", type_=_QUEUE.kind.type),
        ids.hold(_QUEUE.fact_id),
    )
)


class SqlSealStore(Store):
    """``SealStore`` in SQL."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._journal = SqlJournal(link)
        self._accounts = SqlAccountStore(link)
        self._exchanges = SqlExchangeStore(link)

    def lock(self) -> int:
        """The tree's size under its row lock; a new bank's head is laid here."""
        self.link.require_writing()
        write_new(self.link, Part(schema.tree_head, [{"size": 0}]))
        query = select(schema.tree_head.c.size).where(schema.tree_head.c.bank_id == self.link.bank)
        if not self.link.is_sqlite:
            query = query.with_for_update()
        return int(self.link.run(query).scalar_one())

    def waiting(self, size: int, limit: int) -> LeafPage | None:
        """Facts in order of time, then kind and id, with the columns of their transactions."""
        return leaf_pages.waiting(self.link, size, limit)

    def facts(self, named: Collection[Place]) -> dict[Place, Sealed]:
        """Facts by kind and id; those that are gone, or say nothing we know, are left out."""
        return self._readable([*named])

    def _readable(self, places: Sequence[Place]) -> dict[Place, Sealed]:
        """What can be read of these, by halves around what cannot."""
        try:
            return self._load(places)
        except (InputError, ValueError, TypeError, LookupError, OverflowError):
            if len(places) == 1:
                return {}
        middle = len(places) // 2
        return self._readable(places[:middle]) | self._readable(places[middle:])

    def _load(self, places: Collection[Place]) -> dict[Place, Sealed]:
        """Facts by kind and id, with what they made."""
        facts = self._facts(places)
        made = self._of_wings([place for place in places if wing_rows.is_of_wing(place[0])])
        accounts = self._accounts.many({f.account for f in facts.values() if opens(f)})
        exchanges = self._exchanges_of({f.exchange for f in facts.values() if begins(f)})
        own = self._own_accounts() if any(map(founds, facts.values())) else ()
        ours = {p: whole(fact, accounts, exchanges, own) for p, fact in facts.items()}
        return {**ours, **made}

    def _of_wings(self, places: Collection[Place]) -> dict[Place, Sealed]:
        """What wings made, where this database has them.

        *Refuses* what a wing made that this program has not, with ``SchemaError``.
        """
        found: dict[Place, Sealed] = {}
        wanted = _by_kind(places)
        for kind in wanted:
            wing_rows.require_known(kind)
        for wing in wings.installed(self.link.connection, self.link.schema) if wanted else ():
            for kind, shape in wing.kinds.items():
                for part in slices(wanted.get(kind, ())):
                    made = wing_rows.made(self.link, kind, shape, part)
                    found |= {(kind, rows.id): rows for rows in made}
        return found

    def _exchanges_of(self, ids: Collection[ExchangeId]) -> dict[ExchangeId, Exchange]:
        read = self._exchanges.many
        return {exchange.id: exchange for part in slices(ids) for exchange in read(part)}

    def _own_accounts(self) -> tuple[Account, ...]:
        """The bank's accounts that no change opened, in order of id."""
        account, change = schema.account, schema.account_change.c
        opened = exists().where(
            change.bank_id == self.link.bank,
            change.account_id == account.c.id,
            change.field == ChangeField.STATUS.value,
            change.was.in_([NO_STATUS, UNOPENED]),
        )
        query = self._of_bank(account).where(account.c.label.is_not(None), ~opened)
        return tuple(sorted(map(ledger.account_from, self.link.all(query)), key=lambda own: own.id))

    def _facts(self, places: Collection[Place]) -> dict[Place, Fact]:
        """Facts by kind and id: one query per kind and slice."""
        wanted = _by_kind(places)
        found: dict[Place, Fact] = {}
        transactions = [TransactionId(id_) for id_ in wanted.pop("transaction", ())]
        for id_, transaction in self._journal.many(transactions).items():
            found["transaction", FactId(id_)] = transaction
        for kind, (table, from_row) in _READERS.items():
            for part in slices(wanted.get(kind, ())):
                query = self._of_bank(table).where(table.c.id.in_(part))
                found |= {(kind, row.id): from_row(row) for row in self.link.all(query)}
        return found

    def node(self, level: int, index: int) -> bytes:
        """A complete node; those of level 0 are the leaves."""
        if level == 0:
            query = select(schema.leaf.c.hash).where(
                schema.leaf.c.bank_id == self.link.bank, schema.leaf.c.position == index
            )
        else:
            node = schema.tree_node.c
            query = select(node.hash).where(
                node.bank_id == self.link.bank, node.level == level, node.place == index
            )
        return bytes(self.link.run(query).scalar_one())

    def append(
        self, leaves: Collection[Leaf], nodes: Mapping[tuple[int, int], bytes], head: TreeHead
    ) -> None:
        """One transaction's worth of sealing: all of it or nothing is committed."""
        self._insert_leaves(leaves)
        self._dequeue(leaves)
        above = [
            {"level": level, "place": place, "hash": hash_}
            for (level, place), hash_ in nodes.items()
            if level > 0
        ]
        insert_rows(self.link, schema.tree_node, above)
        self._insert_head(head)

    def restore_queue(self, waiting: Collection[Waiting]) -> None:
        """What waited in a bank that is being loaded."""
        rows = [
            {"kind": one.kind, "fact_id": one.fact, "recorded_at": one.recorded_at}
            for one in waiting
        ]
        insert_rows(self.link, schema.seal_queue, rows)

    def restore_leaves(self, leaves: Collection[Leaf]) -> None:
        """Leaves of a bank that is being loaded."""
        self._insert_leaves(leaves)

    def restore_heads(self, heads: Collection[TreeHead]) -> None:
        """Checkpoints of a bank that is being loaded, smallest first."""
        if heads:
            self.lock()
        for head in heads:
            self._insert_head(head)

    def _insert_leaves(self, leaves: Collection[Leaf]) -> None:
        rows = [
            {"position": leaf.position, "kind": leaf.kind, "fact_id": leaf.fact, "hash": leaf.hash}
            for leaf in leaves
        ]
        insert_rows(self.link, schema.leaf, rows)

    def _insert_head(self, head: TreeHead) -> None:
        before = self.head()
        checkpoint = {
            "bank_id": self.link.bank,
            "size": head.size,
            "root": head.root,
            "sealed_at": head.sealed_at,
            "previous_size": None if before is None else before.size,
        }
        self.link.run(insert(schema.checkpoint), checkpoint)
        grown = update(schema.tree_head).where(schema.tree_head.c.bank_id == self.link.bank)
        self.link.run(grown.values(size=head.size))

    def _dequeue(self, leaves: Collection[Leaf]) -> None:
        """The facts of the leaves wait no longer.

        They are named one by one: joins are planned by what statistics say of the queue, and
        mostly it is empty when they are made.
        """
        for kind, facts in _by_kind((leaf.kind, leaf.fact) for leaf in leaves).items():
            remaining = iter(facts)
            while part := list(islice(remaining, _DELETED_AT_ONCE)):
                self.link.rows(_DEQUEUED, bank=self.link.bank, kind=kind, ids=part)

    def head(self) -> TreeHead | None:
        """The latest checkpoint."""
        query = self._of_bank(schema.checkpoint).order_by(schema.checkpoint.c.size.desc()).limit(1)
        row = self.link.one(query)
        return None if row is None else _head(row)

    def heads(self) -> Iterator[TreeHead]:
        """Every checkpoint, smallest first."""
        query = self._of_bank(schema.checkpoint).order_by(schema.checkpoint.c.size)
        return (_head(row) for row in self.link.stream(query))

    def leaves(self, start: int = 0) -> Iterator[Leaf]:
        """Every leaf from that position on, in order."""
        leaf = schema.leaf
        query = self._of_bank(leaf).where(leaf.c.position >= start).order_by(leaf.c.position)
        for row in self.link.stream(query):
            yield Leaf(position=row.position, kind=row.kind, fact=row.fact_id, hash=bytes(row.hash))

    def pages(self, start: int = 0) -> Iterator[LeafPage]:
        """The same in pages, with the columns of their transactions."""
        return leaf_pages.pages(self.link, start)

    def queue(self) -> Iterator[Waiting]:
        """What waits, in order of kind and id."""
        queue = schema.seal_queue
        for row in self.link.stream(self._of_bank(queue).order_by(queue.c.kind, queue.c.fact_id)):
            yield Waiting(kind=row.kind, fact=row.fact_id, recorded_at=row.recorded_at)

    def position(self, kind: str, fact: str) -> int | None:
        """Where a fact is sealed, if it is."""
        leaf = schema.leaf.c
        query = select(leaf.position).where(
            leaf.bank_id == self.link.bank, leaf.kind == kind, leaf.fact_id == fact
        )
        row = self.link.one(query)
        return None if row is None else int(row.position)

    def nodes(self, level: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Every kept node of a level from that index on, in pages: several levels are read side by
        side.
        """
        node, after = schema.tree_node.c, start - 1
        query = self._of_bank(schema.tree_node).where(node.level == level)
        while rows := self.link.all(page(query, node.place, after, STREAM_ROWS)):
            yield from ((row.place, bytes(row.hash)) for row in rows)
            after = rows[-1].place


def _by_kind(places: Iterable[Place]) -> dict[str, list[FactId]]:
    found: dict[str, list[FactId]] = {}
    for kind, fact in places:
        found.setdefault(kind, []).append(fact)
    return found


def _head(row: Row[Any]) -> TreeHead:
    return TreeHead(size=row.size, root=bytes(row.root), sealed_at=row.sealed_at)
