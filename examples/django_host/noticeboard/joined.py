"""One database transaction for both: SQLAlchemy speaks on the connection that Django has open.

Django begins, commits, rolls back and closes. SQLAlchemy sends statements and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from sqlalchemy import create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

import timebank
from timebank.ports import UnitOfWork


def _djangos_connection() -> Any:
    """That of this thread. *Refuses* one that would commit each statement by itself."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("timebank needs transaction.atomic()")
    connection.ensure_connection()
    return connection.connection


registry.register("postgresql.django", f"{__package__}.dialect", "OnDjangosConnection")
engine = create_engine("postgresql+django://", creator=_djangos_connection, poolclass=NullPool)


@contextmanager
def unit_of_work(bank: str) -> Iterator[UnitOfWork]:
    """Ours is a savepoint in the transaction of ``transaction.atomic()``."""
    with Session(engine) as session, timebank.unit_of_work(session, bank=bank) as uow:
        yield uow
