"""For developers: ``alembic revision --autogenerate`` and ``alembic check`` on a scratch database.

At run time the library does not come here: ``timebank.migrate`` runs the revisions itself, on the
caller's connection and without Alembic's process-global state.
"""

import alembic
from alembic import context
from sqlalchemy import create_engine

from timebank.storage.sql.schema import PREFIX, VERSION_TABLE, metadata


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """A host's tables in the same database are not ours to drop."""
    return kind != "table" or (name or "").startswith(PREFIX)


url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///scratch.sqlite")
with create_engine(url).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        include_name=ours,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations(op=alembic.op)
