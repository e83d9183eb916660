"""The ports over SQLAlchemy Core, on SQLite and PostgreSQL."""

from timebank.storage.sql._migrate import (
    bank_slugs,
    check_schema,
    current_revision,
    head_revision,
    include_name,
    migrate,
    migration_script,
    wing_names,
)
from timebank.storage.sql.sqlite import prepare_sqlite
from timebank.storage.sql.unit_of_work import reading, standalone, unit_of_work

__all__ = [
    "bank_slugs",
    "check_schema",
    "current_revision",
    "head_revision",
    "include_name",
    "migrate",
    "migration_script",
    "prepare_sqlite",
    "reading",
    "standalone",
    "unit_of_work",
    "wing_names",
]
