"""Whoever signs types a PIN of their own: at a hidden prompt, or on standard input for scripts."""

from __future__ import annotations

import getpass
import platform
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any, Final

from timebank import custody
from timebank.cli.command import Desk
from timebank.cli.session import Place, actor
from timebank.domain.ids import PersonId
from timebank.errors import InputError, NotFoundError, RefusedError, TimebankError
from timebank.ports import UnitOfWork

_ID: Final = re.compile("[0-9a-f]{32}")


def sign(action: str, where: Place, given: Mapping[str, Any]) -> None:
    """Each of the people who are named types their PIN; wrong ones are counted for good.

    *Refuses* nobody named, and what ``pins.check`` finds. Where the second person is missing
    nobody is asked: the action itself refuses that.
    """
    if given.get("dry_run"):
        return
    refs = {named(given["by"]): given["by_role"]}
    if "approved_by" in given:
        refs.setdefault(given["approved_by"], None)
    if None in refs:
        return
    with where.reading(given["bank"]) as uow:
        for ref, role in refs.items():
            actor(uow, ref, role=role)
        if not custody.pins.asked(uow, action):
            return
    for ref, role in refs.items():
        prove(where, given["bank"], ref, role=role, action=action)


def named(by: str | None) -> str:
    """Who signs. *Refuses* nobody: it is never whoever the environment names."""
    if by is None:
        raise InputError(field="by", problem="say who acts, each time anew: --by REF")
    return by


def prove(where: Place, bank: str | None, ref: str, *, role: str | None, action: str) -> None:
    """One person types their PIN. *Refuses* a wrong one, after it was counted, and says whose."""
    pin = typed(f"PIN of {ref}")

    def tried(uow: UnitOfWork) -> custody.pins.PinTry:
        return custody.pins.check(uow, pin=pin, by=actor(uow, ref, role=role), doing=action)

    try:
        where.write(bank, tried).or_raise()
    except RefusedError as error:
        person = error.data.get("person")
        error.add_note(f"{person} is {ref}")
        raise


def new_pin(ref: str) -> str:
    """A new PIN, typed twice at a terminal. *Refuses* two that differ, with ``InputError``."""
    pin = typed(f"New PIN of {ref}")
    if sys.stdin.isatty() and typed("The same again") != pin:
        raise InputError(field="pin", problem="the two are not the same")
    return pin


def typed(prompt: str) -> str:
    """What somebody types without showing it, or the next line of standard input.

    *Refuses* no answer, and a terminal that would show it, with ``InputError``.
    """
    if not sys.stdin.isatty():
        if line := sys.stdin.readline():
            return line.rstrip("\r\n")
        raise InputError(
            field="pin",
            problem=f"{prompt} is asked for: at a terminal, or as a line of standard input",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{prompt}: ", stream=sys.stderr)
    except (EOFError, getpass.GetPassWarning):
        raise InputError(field="pin", problem=f"{prompt} cannot be asked for here") from None


def this_seat() -> str:
    """The same name for this computer at any time, which does not tell its own."""
    return f"seat-{sha256(platform.node().encode()).hexdigest()[:8]}"


@contextmanager
def remembering(
    where: Place, bank: str | None, ref: str, *, role: str | None, action: str
) -> Iterator[None]:
    """What the rules refuse in here is kept as an attempt, in a commit of its own."""
    try:
        yield
    except RefusedError as error:
        refused = error

        def keep(uow: UnitOfWork) -> None:
            attempted(action, Desk(uow=uow, by=actor(uow, ref, role=role), key=None), refused)

        with suppress(TimebankError):  # the refusal is what the person has to see
            where.write(bank, keep)
        raise


def attempted(action: str, desk: Desk, error: RefusedError) -> None:
    """Keep that the rules refused something: codes and ids, no words.

    The error, which only the person who sits here sees, says beside its ids what staff call them.
    """
    subjects = [v for v in error.data.values() if isinstance(v, str) and _ID.fullmatch(v)]
    custody.scheme.record_attempt(
        desk.uow, action=action, error=error.code, subjects=subjects, by=desk.by
    )
    said = " ".join((str(error), *getattr(error, "__notes__", ())))
    if called := [*_called(desk.uow, sorted({*_ID.findall(said)}))]:
        error.add_note("; ".join(called))


def _called(uow: UnitOfWork, ids: Sequence[str]) -> Iterator[str]:
    """The ref of each person, and the paper number of each sheet, among these ids."""
    people = uow.people.many([PersonId(id_) for id_ in ids])
    for id_ in ids:
        who = people.get(PersonId(id_))
        if who is not None and who.ref:
            yield f"{id_} is {who.ref}"
        with suppress(NotFoundError):
            yield f"{id_} is {custody.sheets.get(uow, id_).sheet.paper}"
