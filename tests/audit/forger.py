"""Somebody with full access to the database, who makes the past another one and all of it agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, insert, select, update

from timebank.domain.ids import bank_id_of
from timebank.proof import tree
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash
from timebank.storage.sql import guards, schema
from timebank.storage.sql.unit_of_work import SqlUnit
from timebank.testing import FrozenClock

BANK = "riverside"
BANK_ID = bank_id_of(BANK)


def rewrite(engine: Engine, transaction: str, more: int) -> None:
    """Make a grant larger, and everything that follows from it: the guards stand as before."""
    with engine.connect() as connection, _unguarded(connection):
        _move_more(connection, transaction, more)
        _seal_again(connection)
        connection.commit()


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
        yield
        connection.exec_driver_sql("SET session_replication_role = origin")
        connection.commit()
        return
    for name in guards.guards("sqlite"):
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    guards.install(connection)
    connection.commit()


def _move_more(connection: Connection, transaction: str, more: int) -> None:
    """The transfer, every later balance of both accounts, and the accounts."""
    transfer, account = schema.transfer, schema.account
    moved = connection.execute(
        select(transfer).where(transfer.c.transaction_id == transaction)
    ).one()
    connection.execute(
        update(transfer)
        .where(transfer.c.transaction_id == transaction)
        .values(minutes=moved.minutes + more)
    )
    for owner, number, change in (
        (moved.source_id, moved.source_number, -more),
        (moved.target_id, moved.target_number, more),
    ):
        for side in ("source", "target"):
            balance = transfer.c[f"{side}_balance_minutes"]
            connection.execute(
                update(transfer)
                .where(transfer.c[f"{side}_id"] == owner, transfer.c[f"{side}_number"] >= number)
                .values({balance: balance + change})
            )
        connection.execute(
            update(account)
            .where(account.c.id == owner)
            .values(balance_minutes=account.c.balance_minutes + change)
        )


def _seal_again(connection: Connection) -> None:
    """Leaves, nodes and roots of what the facts say now, under the sizes of before."""
    unit = SqlUnit(connection, BANK, None, FrozenClock(), schema.REVISION)
    leaves, domain = list(unit.seals.leaves()), unit.banks.get().hash_domain
    facts = unit.seals.facts([(leaf.kind, leaf.fact) for leaf in leaves])
    hashes = [leaf_hash(leaf_data(facts[x.kind, x.fact], domain)) for x in leaves]
    nodes = tree.grown(0, hashes, unit.seals.node)
    for leaf, found in zip(leaves, hashes, strict=True):
        here = schema.leaf.c.position == leaf.position
        connection.execute(update(schema.leaf).where(here).values(hash=found))
    connection.execute(delete(schema.tree_node))
    connection.execute(
        insert(schema.tree_node),
        [
            {"bank_id": BANK_ID, "level": level, "place": place, "hash": found}
            for (level, place), found in nodes.items()
            if level
        ],
    )
    for head in list(unit.seals.heads()):
        root = tree.root(head.size, lambda level, index: nodes[level, index])
        here = schema.checkpoint.c.size == head.size
        connection.execute(update(schema.checkpoint).where(here).values(root=root))
