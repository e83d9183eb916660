"""``timebank db``: the database and its schema."""

from __future__ import annotations

from typing import Annotated

import typer

import timebank
from timebank.cli.command import group, place
from timebank.cli.commands import copies, rebuild
from timebank.cli.failures import STORAGE
from timebank.cli.render import Answer
from timebank.cli.session import Place
from timebank.errors import InputError

DIALECTS = ("sqlite", "postgresql")

Wings = Annotated[
    list[str] | None,
    typer.Option("--wing", metavar="NAME", help="A wing whose tables are to stand beside."),
]


def register(app: typer.Typer) -> None:
    """Add the group ``db``."""
    db = group(app, "db", "The database: its schema, backups, and what is derived in it.")
    place(db, "upgrade", example="timebank db upgrade --url sqlite:///timebank.sqlite")(upgrade)
    place(db, "check", example="timebank db check")(check)
    place(db, "current", example="timebank db current --json")(current)
    place(db, "sql", example="timebank db sql --dialect postgresql > upgrade.sql")(sql)
    copies.register(db)
    rebuild.register(db)


def upgrade(where: Place, wing: Wings = None) -> Answer:
    """Bring the schema to the one of this release; a new SQLite file is made if need be.

    Wings that the database has are taken along; --wing sets up one that it has not.
    """
    was = _revision(where)
    timebank.migrate(where.engine, schema=where.schema, wings=wing or ())
    now = timebank.current_revision(where.engine, schema=where.schema)
    wings = timebank.wing_names(where.engine, schema=where.schema)
    before = "as it was" if was == now else f"was {was or 'empty'}"
    document = {"schema": "timebank.db-upgrade/1", "was": was, "revision": now, "wings": [*wings]}
    beside = f", with {', '.join(wings)}" if wings else ""
    return Answer(document=document, text=(f"The schema is at {now} ({before}){beside}.",))


def check(where: Place) -> Answer:
    """Compare the tables with what this release expects. Exit code 3 where they differ."""
    where.require_schema()
    found = timebank.check_schema(where.engine, schema=where.schema)
    revision = timebank.head_revision()
    document = {"schema": "timebank.db-check/1", "revision": revision, "differences": list(found)}
    text = found or (f"The schema is in order at {revision}.",)
    return Answer(document=document, text=text, exit_code=STORAGE if found else 0)


def current(where: Place) -> Answer:
    """Print the schema's revision, and the one of this release."""
    where.require_database()
    found, head = _revision(where), timebank.head_revision()
    document = {"schema": "timebank.db-current/1", "revision": found, "head": head}
    return Answer(document=document, text=(f"{found or 'empty'} (this release: {head})",))


def sql(
    where: Place,
    dialect: Annotated[
        str | None, typer.Option("--dialect", help="sqlite or postgresql; else from --url.")
    ] = None,
    wing: Wings = None,
) -> Answer:
    """Print the script that makes the schema, for an administrator to run."""
    wanted = dialect or where.engine.dialect.name
    if wanted not in DIALECTS:
        raise InputError(field="dialect", problem=f"{wanted!r} is not one of {', '.join(DIALECTS)}")
    script = timebank.migration_script(wanted, schema=where.schema, wings=wing or ())
    document = {"schema": "timebank.db-sql/1", "dialect": wanted, "script": script}
    return Answer(document=document, text=(script,))


def _revision(where: Place) -> str | None:
    return timebank.current_revision(where.engine, schema=where.schema)
