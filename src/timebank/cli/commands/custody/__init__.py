"""``timebank custody``: the prison volunteering scheme."""

from __future__ import annotations

import typer

from timebank.cli.command import group
from timebank.cli.commands.custody import (
    attention,
    destination,
    person,
    pin,
    printing,
    query,
    sheet,
    site,
)


def register(app: typer.Typer) -> None:
    """Add the group ``custody``."""
    custody = group(
        app, "custody", "The prison volunteering scheme: timebank db upgrade --wing custody."
    )
    for part in (pin, person, sheet, destination, site, printing, query, attention):
        part.register(custody)
