"""Accounts as several commands show them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from timebank.actions.accounts import AccountView
from timebank.cli.names import Labels
from timebank.cli.render import Grid, grid
from timebank.domain.hours import Hours
from timebank.ports import ReadingUnit


def document(view: AccountView) -> dict[str, Any]:
    """One account as JSON; a limit of null means that there is none."""
    return {
        "account": view.id,
        "kind": view.kind.value,
        "owner": view.owner,
        "label": view.label,
        "balance_minutes": view.balance.minutes,
        "held_minutes": view.held.minutes,
        "available_minutes": _minutes(view.available),
        "floor_minutes": _minutes(view.floor),
        "ceiling_minutes": _minutes(view.ceiling),
        "frozen": view.frozen.value,
    }


def table(uow: ReadingUnit, views: Collection[AccountView]) -> Grid:
    """Accounts for people."""
    labels = Labels(uow).learn(accounts=[view.id for view in views])
    return grid(
        (
            "Account",
            "Id",
            "Kind",
            ">Balance",
            ">Held",
            ">Available",
            ">Floor",
            ">Ceiling",
            "Frozen",
        ),
        [
            (
                labels.short(v.id),
                v.id,
                v.kind.value,
                v.balance,
                v.held,
                _limit(v.available),
                _limit(v.floor),
                _limit(v.ceiling),
                v.frozen.value,
            )
            for v in views
        ],
    )


def _minutes(hours: Hours | None) -> int | None:
    return None if hours is None else hours.minutes


def _limit(hours: Hours | None) -> str:
    return "none" if hours is None else str(hours)
