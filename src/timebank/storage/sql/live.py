"""A live database beside what a release expects of it."""

from __future__ import annotations

from sqlalchemy import Connection, Constraint, Index, MetaData, inspect

from timebank.errors import SchemaError
from timebank.storage.sql.schema import PREFIX


def table_differences(
    expected: MetaData, connection: Connection, schema: str | None
) -> tuple[str, ...]:
    """What the live tables lack of those of a release: tables, columns, named constraints."""
    live = inspect(connection)
    found = []
    for table in expected.sorted_tables:
        if not live.has_table(table.name, schema=schema):
            found.append(f"table {table.name} is missing")
            continue
        names = {column["name"] for column in live.get_columns(table.name, schema=schema)}
        found += [
            f"column {table.name}.{c.name} is missing" for c in table.c if c.name not in names
        ]
        checks = {c["name"] for c in live.get_check_constraints(table.name, schema=schema)}
        uniques = {c["name"] for c in live.get_unique_constraints(table.name, schema=schema)}
        foreign = {c["name"] for c in live.get_foreign_keys(table.name, schema=schema)}
        indexes = {i["name"] for i in live.get_indexes(table.name, schema=schema)}
        primary = {live.get_pk_constraint(table.name, schema=schema)["name"]}
        known = checks | uniques | foreign | indexes | primary
        parts: list[Constraint | Index] = [*table.constraints, *table.indexes]
        wanted = {str(part.name) for part in parts}
        found += [f"{name} is missing" for name in sorted(wanted - known)]
    return tuple(found)


def check_foreign_keys(connection: Connection) -> None:
    """*Refuses* a row of ours whose parent is missing, with ``SchemaError``.

    PostgreSQL has no such row. Those of a host's own tables are none of our business: SQLite checks
    them only where somebody asked it to.
    """
    if connection.dialect.name != "sqlite":
        return
    for table in inspect(connection).get_table_names():
        if not table.startswith(PREFIX):
            continue
        broken = connection.exec_driver_sql(f'PRAGMA foreign_key_check("{table}")').first()
        if broken is not None:
            raise SchemaError(
                found=f"one in which row {broken[1]} of {table} has no row of {broken[2]}",
                expected="both",
                command=f"PRAGMA foreign_key_check({table})",
            )
