"""``timebank custody pin``: the PINs with which staff sign. No option and no variable holds one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from timebank import custody
from timebank.cli import names, options
from timebank.cli.command import group, place, reading, receipts
from timebank.cli.commands.custody._signing import named, new_pin, prove, remembering
from timebank.cli.documents import plain
from timebank.cli.names import Labels
from timebank.cli.render import Answer, grid
from timebank.cli.session import Place, actor
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit, UnitOfWork

Who = Annotated[str, typer.Argument(metavar="REF", help="The member of staff: ref or id.")]


def register(app: typer.Typer) -> None:
    """Add the group ``pin``."""
    pin = group(app, "pin", "The PINs with which staff sign: typed at a prompt, never an option.")
    start = "timebank custody pin"
    place(pin, "set", example=f"{start} set olga --by cora")(set_)
    place(pin, "reset", example=f"{start} reset olga --by cora")(reset)
    place(pin, "erase", example=f"{start} erase olga --by cora")(erase)
    reading(pin, "list", example=f"{start} list")(list_)


def set_(
    where: Place,
    person: Who,
    by: options.NamedBy = None,
    by_role: options.ByRole = None,
    bank: options.Bank = None,
) -> Answer:
    """Set a PIN of 6 to 12 digits: a coordinator for somebody, or anybody another one of their own.

    Whoever acts types their own PIN first; a coordinator's first own PIN needs none. For scripts
    each is a line of standard input.
    """
    ref = named(by)
    if not _is_first_of_own(where, bank, ref, by_role, person):
        prove(where, bank, ref, role=by_role, action="custody.pin_set")
    pin = new_pin(person)
    act = partial(custody.pins.set, pin=pin)
    return _kept(where, bank, ref, by_role, "custody.pin_set", person, act)


def reset(
    where: Place,
    person: Who,
    by: options.NamedBy = None,
    by_role: options.ByRole = None,
    bank: options.Bank = None,
) -> Answer:
    """Unlock a PIN after too many wrong ones: another coordinator, with their own PIN."""
    return _undone(where, bank, by, by_role, "custody.pin_reset", person, custody.pins.reset)


def erase(
    where: Place,
    person: Who,
    by: options.NamedBy = None,
    by_role: options.ByRole = None,
    bank: options.Bank = None,
) -> Answer:
    """Take a PIN away for good, as from somebody who left: a coordinator, with their own PIN."""
    return _undone(where, bank, by, by_role, "custody.pin_erase", person, custody.pins.erase)


def list_(uow: ReadingUnit) -> Answer:
    """List who has a PIN, and whose is locked."""
    found = custody.pins.list(uow)
    labels = Labels(uow).learn(people={one.person for one in found})
    rows = [
        (labels.short(one.person), one.failures, "locked" if one.locked else "") for one in found
    ]
    document = {
        "schema": "timebank.custody-pins/1",
        "bank": uow.slug,
        "pins": [plain(one) for one in found],
    }
    return Answer(document=document, text=(grid(("Who", ">Wrong in a row", ""), rows),))


def _is_first_of_own(
    where: Place, bank: str | None, ref: str, role: str | None, person: str
) -> bool:
    with where.reading(bank) as uow:
        who = actor(uow, ref, role=role).person
        known = {one.person for one in custody.pins.list(uow)}
        return who not in known and names.person(uow, person, field="person") == who


def _undone(
    where: Place,
    bank: str | None,
    by: str | None,
    role: str | None,
    action: str,
    person: str,
    act: Callable[..., Receipt],
) -> Answer:
    ref = named(by)
    prove(where, bank, ref, role=role, action=action)
    return _kept(where, bank, ref, role, action, person, act)


def _kept(
    where: Place,
    bank: str | None,
    ref: str,
    role: str | None,
    action: str,
    person: str,
    act: Callable[..., Receipt],
) -> Answer:
    def done(uow: UnitOfWork) -> Answer:
        who = names.person(uow, person, field="person")
        return receipts(uow, act(uow, who, by=actor(uow, ref, role=role)))

    with remembering(where, bank, ref, role=role, action=action):
        return where.write(bank, done)
