"""How SQLAlchemy speaks on a connection that belongs to Django."""

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg


class OnDjangosConnection(PGDialect_psycopg):
    """PostgreSQL by psycopg, without any say in when a transaction ends."""

    supports_statement_cache = True

    def on_connect(self) -> None:
        """Leave the connection as Django has set it up."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Django commits."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Django rolls back."""

    def do_close(self, dbapi_connection: Any) -> None:
        """Django closes."""

    def do_terminate(self, dbapi_connection: Any) -> None:
        """Django closes."""
