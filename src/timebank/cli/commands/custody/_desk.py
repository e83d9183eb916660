"""What the commands of the scheme share: attempts that leave a trace, ids by their beginning."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import typer

from timebank import custody
from timebank.cli import names
from timebank.cli.command import Desk, writing
from timebank.errors import RefusedError
from timebank.ports import ReadingUnit

F = TypeVar("F", bound=Callable[..., Any])

_ID = re.compile("[0-9a-f]{32}")


def acting(
    app: typer.Typer, name: str, *, action: str, example: str, each_time: bool = False
) -> Callable[[F], F]:
    """A command of the scheme: what the rules refuse is kept as an attempt, and then said."""
    attempted = partial(_attempted, action)
    return writing(app, name, example=example, on_refusal=attempted, each_time=each_time)


def _attempted(action: str, desk: Desk, error: RefusedError) -> None:
    subjects = [v for v in error.data.values() if isinstance(v, str) and _ID.fullmatch(v)]
    custody.scheme.record_attempt(
        desk.uow, action=action, error=error.code, subjects=subjects, by=desk.by
    )


def sheet_id(uow: ReadingUnit, name: str) -> str:
    """A sheet by its paper number, or by the beginning of its id; the newest entry of a paper."""
    entries = custody.sheets.of_paper(uow, name)
    return entries[-1].id if entries else _beginning(uow, "sheet", name)


def beneficiary_id(uow: ReadingUnit, name: str) -> str:
    """A beneficiary by the beginning of its id."""
    return _beginning(uow, "beneficiary", name)


def exception_id(uow: ReadingUnit, name: str) -> str:
    """An exception by the beginning of its id."""
    return _beginning(uow, "exceptional", name, field="exception")


def _beginning(uow: ReadingUnit, table: str, name: str, *, field: str | None = None) -> str:
    by_prefix = partial(custody.scheme.by_prefix, uow, table)
    return names.beginning_of(name, by_prefix, field=field or table)
