"""``timebank expire``: end what time has ended."""

from __future__ import annotations

import typer

import timebank
from timebank.cli.command import Desk, writing
from timebank.domain.receipt import Receipt

_BATCH = 1000


def register(app: typer.Typer) -> None:
    """Add ``expire``."""
    writing(app, "expire", example="timebank expire", unnamed="system")(expire)


def expire(desk: Desk) -> tuple[Receipt, ...]:
    """End proposals, agreements and holds past their deadline. A late sweep changes no answer.

    The program itself acts where nobody is named: made for a daily job.
    """
    done: tuple[Receipt, ...] = ()
    while batch := timebank.exchanges.expire(desk.uow, by=desk.by, limit=_BATCH):
        done += batch
    return done
