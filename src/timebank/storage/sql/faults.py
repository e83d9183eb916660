"""What a database says when it fails, as our errors: by code and by the constraint's name."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from timebank.errors import (
    BrokenInvariantError,
    ConflictError,
    DatabaseUnavailable,
    OutcomeUnknownError,
    RefTaken,
    SchemaError,
    TimebankError,
)

RETRYABLE: Final = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "lock not available",
}
_LOST: Final = ("08000", "08003", "08006", "57P01", "57P02", "57P03")
_SHARD: Final = "could not commit transaction for shard"
_BUSY: Final = ("database is locked", "database table is locked", "database schema is locked")
_CONSTRAINT: Final = re.compile(r"\b((?:pk|uq|fk|ck)_timebank_[a-z_]+?)(?:_\d+)?\b")
_SQLITE_UNIQUE: Final = re.compile(
    r"UNIQUE constraint failed: (timebank_[a-z_]+)|(timebank_[a-z_]+) is never replaced"
)
"""SQLite names the table and the columns instead of the constraint."""
_UNSERVED: Final = (
    ("readonly database", "the database is read-only"),
    ("read-only transaction", "the database is read-only"),
    ("database or disk is full", "the disk is full"),
    ("disk I/O error", "the disk cannot be read or written"),
    ("malformed", "the file is damaged"),
    ("not a database", "the file is not a database"),
    ("unable to open database", "the file cannot be opened"),
)
_SQLSTATE_UNSERVED: Final = {"53100": "the disk is full", "25006": "the database is read-only"}


def code_of(error: DBAPIError) -> str:
    """The SQLSTATE, or an empty text where the driver has none."""
    original = error.orig
    code = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return str(code or "")


def lost(error: DBAPIError) -> bool:
    """Whether the connection is gone, so that nobody knows what became of a commit."""
    return error.connection_invalidated or code_of(error) in _LOST


def translated(error: SQLAlchemyError) -> Exception:
    """The error as one of ours; one that we do not know comes back as it is."""
    if not isinstance(error, DBAPIError):
        return error
    said, code = str(error.orig), code_of(error)
    if code in RETRYABLE:
        return ConflictError(reason=RETRYABLE[code])
    if _SHARD in said:
        return ConflictError(reason=_SHARD)
    if any(words in said for words in _BUSY):
        return ConflictError(reason="the database was busy for too long")
    if lost(error):
        return ConflictError(reason="the connection was lost before the commit")
    for words, reason in _UNSERVED:
        if words in said:
            return DatabaseUnavailable(reason=reason)
    if code in _SQLSTATE_UNSERVED:
        return DatabaseUnavailable(reason=_SQLSTATE_UNSERVED[code])
    return _schema_or_constraint(error, said, code)


def _schema_or_constraint(error: DBAPIError, said: str, code: str) -> Exception:
    if code in ("42P01", "42703") or "no such table" in said or "no such column" in said:
        return SchemaError(found="missing or older", expected="that of this release")
    if code in ("42501",):
        return DatabaseUnavailable(reason="the database role lacks a right", next_step=said)
    if found := _CONSTRAINT.search(said):
        return _constraint(found.group(1))
    if found := _SQLITE_UNIQUE.search(said):
        is_ref = said.endswith("timebank_person.ref")
        return _constraint(
            "uq_timebank_person_ref" if is_ref else f"uq_{found.group(found.lastindex or 1)}"
        )
    return error


def _constraint(name: str) -> Exception:
    if name == "uq_timebank_person_ref":
        return RefTaken(kind="ref", ref="?")
    if name.startswith(("uq_", "pk_")):
        return ConflictError(reason=f"{name}: somebody was faster")
    return BrokenInvariantError(f"the database refused a row: {name}")


def is_clash(error: TimebankError) -> bool:
    """Whether rows that were written have a key that others have: those of a bank itself aside,
    which a rival may be making.
    """
    reason = error.reason if isinstance(error, ConflictError) else ""
    return reason.startswith(("uq_", "pk_")) and "timebank_bank" not in reason


def misfits(error: DBAPIError) -> bool:
    """Whether the database said that a row can not stand in its table."""
    names = {kind.__name__ for kind in type(error.orig).__mro__}
    return bool(names & {"IntegrityError", "DataError"})


def at_connect(error: SQLAlchemyError) -> Exception:
    """The error of somebody who has no connection yet: nothing can have been written."""
    if isinstance(error, PoolTimeoutError):
        return ConflictError(reason="no connection of the pool came free in time")
    found = translated(error)
    if found is error and isinstance(error, OperationalError):
        return DatabaseUnavailable(reason="it cannot be reached")
    return found


def at_commit(error: SQLAlchemyError) -> Exception:
    """The error of a COMMIT: with the connection lost, nobody knows the outcome."""
    if isinstance(error, DBAPIError) and lost(error):
        return OutcomeUnknownError()
    return translated(error)


def is_retryable(error: BaseException) -> bool:
    """Whether the whole unit of work may be repeated without a key."""
    return (
        isinstance(error, TimebankError)
        and error.retryable
        and not isinstance(error, OutcomeUnknownError)
    )
