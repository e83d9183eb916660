"""Triggers that keep facts append-only: a fence in the database, beside the rules in the domain.

They are not migrations: a rebuild of a SQLite table drops its triggers without a word. One list
per dialect, put up again at the end of every ``migrate``, compared by ``check_schema``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from timebank.storage.sql import schema

_IDENTITY: Final = {
    "bank": ("bank_id", "slug", "hash_domain", "secret"),
    "account": ("bank_id", "id", "kind", "owner_id", "label", "unit"),
    "hold": ("bank_id", "id", "account_id", "exchange_id", "minutes", "placed_at", "deadline"),
    "exchange": (
        *("bank_id", "id", "proposed_by", "agreed_minutes"),
        *("category", "listing_id", "happens_on", "rule"),
    ),
    "exchange_party": ("bank_id", "exchange_id", "side", "n", "member_id"),
    "outbox": ("bank_id", "id", "action", "recorded_at", "body"),
    "seal_queue": ("bank_id", "kind", "fact_id", "recorded_at"),
}
"""Columns of changing tables that never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Tables to be guarded: facts, what is kept but may change, and which columns of it may not."""

    facts: tuple[Table, ...]
    kept: tuple[Table, ...]
    identity: Mapping[Table, tuple[str, ...]]


def guards(dialect: str, fence: Fence | None = None) -> dict[str, str]:
    """Name → DDL of every trigger for this dialect; empty where privileges have to do.

    Of our own tables, or of those that a wing fences in.
    """
    if dialect == "sqlite":
        return dict(_sqlite() if fence is None else _fenced_on_sqlite(fence))
    if dialect == "postgresql":
        return dict(_postgresql() if fence is None else _fenced_on_postgresql(fence))
    return {}


def install(connection: Connection, fence: Fence | None = None) -> None:
    """Put the guards up anew."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        if _is_citus(connection):
            return
        for ddl in FUNCTIONS.values():
            connection.exec_driver_sql(ddl)
    for name, ddl in guards(dialect, fence).items():
        if dialect == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        else:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {_table_of(ddl)}"))
        connection.exec_driver_sql(ddl)


def missing(
    connection: Connection, schema_name: str | None, fence: Fence | None = None
) -> tuple[str, ...]:
    """Guards that are not there, or not as they should be."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        live = {row.name: row.sql for row in rows}
        return tuple(n for n, ddl in guards(dialect, fence).items() if live.get(n) != ddl)
    if dialect != "postgresql" or _is_citus(connection):
        return ()
    live = _live_on_postgresql(connection, schema_name)
    wanted = guards(dialect, fence) | FUNCTIONS
    return tuple(n for n, ddl in wanted.items() if live.get(n) != _plain(n, ddl))


def _live_on_postgresql(connection: Connection, schema_name: str | None) -> dict[str, str]:
    """Triggers that fire and the functions they call, by name, in plain form."""
    found = connection.execute(
        text(
            "SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
            " AND n.nspname = COALESCE(CAST(:schema AS text), current_schema())"
            " UNION ALL SELECT p.proname, p.prosrc FROM pg_proc p"
            " JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = COALESCE(CAST(:schema AS text), current_schema())"
        ),
        {"schema": schema_name},
    )
    return {name: _plain(name, definition) for name, definition in found}


def _plain(name: str, definition: str) -> str:
    """What a trigger or function is, however PostgreSQL words it: no brackets, casts, schemas."""
    if name in FUNCTIONS:
        return definition.split("$$")[1] if "$$" in definition else definition
    return re.sub(r'::text|("[^"]+"|\w+)\.(?=timebank_)|[\s()]', "", definition).lower()


def _is_citus(connection: Connection) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'"))
    return found.first() is not None


def _table_of(ddl: str) -> str:
    return ddl.split(" ON ", 1)[1].split(" ", 1)[0]


def _short(table: Table) -> str:
    return table.name.removeprefix(schema.PREFIX)


def _own() -> Fence:
    return Fence(
        facts=schema.FACTS,
        kept=schema.KEPT,
        identity={
            schema.metadata.tables[f"{schema.PREFIX}{short}"]: columns
            for short, columns in _IDENTITY.items()
        },
    )


def _fenced_on_sqlite(fence: Fence) -> Iterator[tuple[str, str]]:
    for table in fence.facts:
        yield _refusing(table, "update", f"BEFORE UPDATE ON {table.name}", "is never edited")
    for table in (*fence.facts, *fence.kept):
        yield _not_replaced(table)
        yield _refusing(table, "delete", f"BEFORE DELETE ON {table.name}", "is never deleted")
    for table, columns in fence.identity.items():
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)
        when = f"BEFORE UPDATE ON {table.name} WHEN {changed}"
        yield _refusing(table, "identity", when, "keeps its identity")


def _sqlite() -> Iterator[tuple[str, str]]:
    yield from _fenced_on_sqlite(_own())
    yield _refusing(
        schema.account,
        "number",
        "BEFORE UPDATE ON timebank_account WHEN NEW.number < OLD.number",
        "counts forward only",
    )
    yield _refusing(
        schema.hold,
        "ended",
        "BEFORE UPDATE ON timebank_hold WHEN OLD.outcome IS NOT NULL",
        "has ended",
    )
    yield _refusing(schema.tree_head, "size", _ROLLED_BACK, "never shrinks")
    turned = (
        "BEFORE UPDATE ON timebank_bank WHEN (NEW.copy_size IS NULL) <> (OLD.copy_size IS NULL)"
    )
    yield _refusing(schema.bank, "copy", turned, _COPY)
    written = f"BEFORE INSERT ON timebank_outbox WHEN {_IN_COPY}"
    yield _refusing(schema.outbox, "copy", written, "is not written in a copy")
    unsealed = f"BEFORE DELETE ON timebank_seal_queue WHEN {_UNSEALED}"
    yield _refusing(schema.seal_queue, "delete", unsealed, "keeps what is not sealed")


_ROLLED_BACK: Final = "BEFORE UPDATE ON timebank_tree_head WHEN NEW.size < OLD.size"
_COPY: Final = "stays what it is, a bank or a copy"
_IN_COPY: Final = (
    "EXISTS (SELECT 1 FROM timebank_bank WHERE bank_id = NEW.bank_id AND copy_size IS NOT NULL)"
)
"""Every action writes one row of the outbox: so none writes in a copy, whoever calls it."""
_UNSEALED: Final = (
    "NOT EXISTS (SELECT 1 FROM timebank_leaf WHERE bank_id = OLD.bank_id"
    " AND kind = OLD.kind AND fact_id = OLD.fact_id)"
)
"""What may not leave the sealer's queue: a fact that is no leaf yet."""


def _refusing(table: Table, name: str, when: str, why: str) -> tuple[str, str]:
    trigger = f"tg_timebank_{_short(table)}_{name}"
    message = f"{table.name} {why}"
    body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    return trigger, f"CREATE TRIGGER {trigger} {when} {body}"


def _not_replaced(table: Table) -> tuple[str, str]:
    """INSERT OR REPLACE deletes a row without firing the guard against deletion.

    A key that comes again is passed over instead, so that ON CONFLICT DO NOTHING still works.
    """
    uniques = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    sparse = [index for index in table.indexes if index.unique]
    others: list[UniqueConstraint | Index] = sorted(
        (*uniques, *sparse), key=lambda key: str(key.name)
    )
    keys: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [table.primary_key, *others]
    same = " OR ".join(_taken(table, [column.name for column in key.columns]) for key in keys)
    trigger = f"tg_timebank_{_short(table)}_replace"
    refusal = f"RAISE(ABORT, '{table.name} is never replaced')"
    outcome = "RAISE(IGNORE)" if table in (schema.request_key, schema.tree_head) else refusal
    body = f"BEGIN SELECT {outcome}; END"
    return trigger, f"CREATE TRIGGER {trigger} BEFORE INSERT ON {table.name} WHEN {same} {body}"


def _taken(table: Table, columns: list[str]) -> str:
    same = " AND ".join(f"{name} = NEW.{name}" for name in columns)
    return f"EXISTS (SELECT 1 FROM {table.name} WHERE {same})"


FUNCTIONS: Final = {
    "timebank_refuse_copy": """
CREATE OR REPLACE FUNCTION timebank_refuse_copy() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM timebank_bank WHERE bank_id = NEW.bank_id AND copy_size IS NOT NULL
    ) THEN
        RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' is not written in a copy';
    END IF;
    RETURN NEW;
END $$""".strip(),
    "timebank_refuse": """
CREATE OR REPLACE FUNCTION timebank_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' ' || TG_ARGV[0];
END $$""".strip(),
    "timebank_refuse_unsealed": """
CREATE OR REPLACE FUNCTION timebank_refuse_unsealed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM timebank_leaf
        WHERE bank_id = OLD.bank_id AND kind = OLD.kind AND fact_id = OLD.fact_id
    ) THEN
        RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' keeps what is not sealed';
    END IF;
    RETURN OLD;
END $$""".strip(),
}
"""What the triggers on PostgreSQL call, by name."""


def _fenced_on_postgresql(fence: Fence) -> Iterator[tuple[str, str]]:
    for table in fence.facts:
        yield _refusing_row(table, "update", "UPDATE", "is never edited")
    for table in (*fence.facts, *fence.kept):
        yield _refusing_row(table, "delete", "DELETE", "is never deleted")
        trigger = f"tg_timebank_{_short(table)}_truncate"
        yield (
            trigger,
            f"CREATE TRIGGER {trigger} BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT"
            " EXECUTE FUNCTION timebank_refuse('is never emptied')",
        )
    for table, columns in fence.identity.items():
        changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
        when = f"WHEN ({changed})"
        yield _refusing_row(table, "identity", "UPDATE", "keeps its identity", when)


def _postgresql() -> Iterator[tuple[str, str]]:
    yield from _fenced_on_postgresql(_own())
    yield _refusing_row(
        schema.account, "number", "UPDATE", "counts forward only", "WHEN (NEW.number < OLD.number)"
    )
    yield _refusing_row(
        schema.hold, "ended", "UPDATE", "has ended", "WHEN (OLD.outcome IS NOT NULL)"
    )
    yield _refusing_row(
        schema.tree_head, "size", "UPDATE", "never shrinks", "WHEN (NEW.size < OLD.size)"
    )
    turned = "WHEN ((NEW.copy_size IS NULL) <> (OLD.copy_size IS NULL))"
    yield _refusing_row(schema.bank, "copy", "UPDATE", _COPY, turned)
    yield (
        "tg_timebank_outbox_copy",
        "CREATE TRIGGER tg_timebank_outbox_copy BEFORE INSERT ON timebank_outbox"
        " FOR EACH ROW EXECUTE FUNCTION timebank_refuse_copy()",
    )
    yield (
        "tg_timebank_seal_queue_delete",
        "CREATE TRIGGER tg_timebank_seal_queue_delete BEFORE DELETE ON timebank_seal_queue"
        " FOR EACH ROW EXECUTE FUNCTION timebank_refuse_unsealed()",
    )


def _refusing_row(table: Table, name: str, act: str, why: str, when: str = "") -> tuple[str, str]:
    trigger = f"tg_timebank_{_short(table)}_{name}"
    each = f"FOR EACH ROW {when} EXECUTE FUNCTION timebank_refuse('{why}')"
    return trigger, f"CREATE TRIGGER {trigger} BEFORE {act} ON {table.name} {each}"
