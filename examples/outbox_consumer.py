"""Follow what happened: python outbox_consumer.py sqlite:///riverside.sqlite riverside inbox.sqlite

For a job that runs every minute. It hands each receipt over at least once, and the inbox drops what
comes twice: it may be killed at any moment.
"""

import json
import sqlite3
import sys
from dataclasses import asdict

from sqlalchemy import Engine, create_engine

import timebank
from timebank import outbox

TABLE = "CREATE TABLE IF NOT EXISTS inbox (receipt TEXT PRIMARY KEY, action TEXT, events TEXT)"
KEEP = "INSERT INTO inbox VALUES (?, ?, ?) ON CONFLICT (receipt) DO NOTHING"


def follow(engine: Engine, bank: str, inbox: sqlite3.Connection) -> int:
    """Take over what waits, a page at a time; how many receipts were new to the inbox."""
    inbox.execute(TABLE)
    new = 0
    while True:
        with timebank.reading(engine, bank=bank) as uow:
            page = outbox.read(uow)
        if not page:
            return new
        for row in page:
            events = [{"type": type(event).__name__, **asdict(event)} for event in row.events]
            new += inbox.execute(
                KEEP, (row.id, row.action, json.dumps(events, default=str))
            ).rowcount
        inbox.commit()  # first there, then done here: the other way round something could be lost
        with timebank.standalone(engine, bank=bank) as uow:
            outbox.done(uow, [row.id for row in page])


if __name__ == "__main__":
    url, name, file = sys.argv[1:]
    print(f"{follow(create_engine(url), name, sqlite3.connect(file))} new")
