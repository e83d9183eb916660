"""A database on PostgreSQL that nobody has migrated yet: pages begin at the beginning."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from tests.postgres import Server, create_database, drop_database


@pytest.fixture
def bare_postgres_engine(postgres_server: Server) -> Iterator[Engine]:
    """An engine on a fresh, empty PostgreSQL database."""
    url = create_database(postgres_server)
    engine = create_engine(url)
    yield engine
    engine.dispose()
    drop_database(postgres_server, url)
