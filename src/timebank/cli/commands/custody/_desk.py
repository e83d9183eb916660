"""What the commands of the scheme share: attempts that leave a trace, ids by their beginning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from inspect import signature
from typing import Any, TypeVar

import typer

from timebank import custody
from timebank.cli import names
from timebank.cli.command import writing
from timebank.cli.commands.custody._signing import attempted, sign
from timebank.domain.bank import day_of
from timebank.errors import NotFoundError
from timebank.ports import ReadingUnit

F = TypeVar("F", bound=Callable[..., Any])


def acting(
    app: typer.Typer, name: str, *, action: str, example: str, signs: bool = False
) -> Callable[[F], F]:
    """A command of the scheme: what the rules refuse is kept as an attempt, and then said.

    Who ``signs``, and both people of an action of two, are named each time, never by the
    environment, and type their PINs.
    """

    def made(fn: F) -> F:
        signed = signs or "approved_by" in signature(fn).parameters
        return writing(
            app,
            name,
            example=example,
            on_refusal=partial(attempted, action),
            each_time=signed,
            before=partial(sign, action) if signed else None,
        )(fn)

    return made


def bank_days(uow: ReadingUnit) -> Callable[[datetime], date]:
    """Which day of the bank a moment is on."""
    return partial(day_of, zone=uow.banks.get().zone)


def sheet_id(uow: ReadingUnit, name: str) -> str:
    """A sheet by its paper number, or by the beginning of its id; the newest entry of a paper."""
    entries = custody.sheets.of_paper(uow, name)
    return entries[-1].id if entries else _beginning(uow, "sheet", name)


def beneficiary_id(uow: ReadingUnit, name: str) -> str:
    """A beneficiary by the beginning of its id."""
    return _beginning(uow, "beneficiary", name)


def beneficiary_of(uow: ReadingUnit, person: str, name: str) -> str:
    """A person's beneficiary by the ref of the member outside, or by the beginning of its id."""
    outside = uow.people.by_ref(name)
    if outside is None:
        return beneficiary_id(uow, name)
    owned = uow.accounts.of_members([outside.id]).get(outside.id, ())
    found = [one.id for one in custody.beneficiaries.list(uow, person) if one.account in owned]
    if not found:
        raise NotFoundError(kind="beneficiary", ref=name)
    return found[-1]


def query_id(uow: ReadingUnit, name: str) -> str:
    """A slip by its number, or by the beginning of its id."""
    known = {one.paper: one.id for one, _ in custody.queries.list(uow)}
    return known.get(name) or _beginning(uow, "query", name)


def exception_id(uow: ReadingUnit, name: str) -> str:
    """An exception by the beginning of its id."""
    return _beginning(uow, "exceptional", name, field="exception")


def _beginning(uow: ReadingUnit, table: str, name: str, *, field: str | None = None) -> str:
    by_prefix = partial(custody.scheme.by_prefix, uow, table)
    return names.beginning_of(name, by_prefix, field=field or table)
