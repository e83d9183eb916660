"""Everything that the scheme holds on one person: others appear as roles alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from timebank.actions import members
from timebank.custody.actions._gather import store_of
from timebank.custody.domain.destination import Part
from timebank.custody.domain.sheet import SheetFile
from timebank.custody.store import CustodyStore
from timebank.domain.actor import Actor
from timebank.domain.ids import PersonId
from timebank.errors import NotFoundError
from timebank.formats.canonical import plain
from timebank.ports import ReadingUnit
from timebank.wings import person_id

SCHEMA: Final = "timebank.custody-access/1"
_WHO: Final = ("actor", "approver")
EVERY: Final = 2**31 - 1


def access(uow: ReadingUnit, person: str) -> dict[str, Any]:
    """``timebank.custody-access/1``: what the scheme and the ledger under it hold on a person.

    States, lines of sheets, instructions, the list of beneficiaries, what transfers were for,
    what was shown to human eyes, what was refused about them; and the ledger's own part.
    Others on a sheet are a number, staff a role, beneficiaries "somebody on your list".

    *Refuses* people who are not in the scheme, with ``NotFoundError``.
    """
    store, id_ = store_of(uow), person_id(uow, person, field="person")
    own = store.membership(id_)
    if own is None:
        raise NotFoundError(kind="person in the scheme", ref=person)
    return {
        "schema": SCHEMA,
        "bank": uow.slug,
        "made_at": uow.now().isoformat(),
        "state": own.state.value,
        "since": own.since.isoformat(),
        "changes": [_told(change, id_, "person") for change in store.histories([id_])[id_].changes],
        "kept_until": [_told(one, id_, "person") for one in store.retentions([id_])],
        "sheets": [_sheet(f, id_) for f in store.files() if id_ in {x.person for x in f.lines}],
        **_choices(store, id_),
        **_attention(store, id_),
        "ledger": members.access(uow, id_),
    }


def _sheet(file: SheetFile, id_: PersonId) -> dict[str, Any]:
    return {
        **_told(file.sheet, id_, "supervisor", "drafted_by", "entered_by", "transaction"),
        "lines": [plain(line) for line in file.lines if line.person == id_],
        "others": sum(line.person != id_ for line in file.lines),
        "acts": [_told(act, id_, "sheet") for act in file.acts],
    }


def _choices(store: CustodyStore, id_: PersonId) -> dict[str, Any]:
    """What the person said, and where hours went."""
    return {
        "instructions": [
            {**_told(said, id_, "person", "parts"), "parts": [_part(part) for part in said.parts]}
            for said in store.instructions([id_])
        ],
        "beneficiaries": [
            {
                **_told(one, id_, "person", "account"),
                "who": "somebody on your list",
                "acts": [_told(a, id_, "beneficiary") for a in store.beneficiary_acts(one.id)],
            }
            for one in store.beneficiaries(people=[id_])
        ],
        "movements": [_told(one, id_, "person") for one in store.movements([id_])],
        "moves": [
            {**_told(half, id_, "person"), "ended": None if end is None else end.outcome.value}
            for half, end in store.passages()
            if half.person == id_
        ],
    }


def _attention(store: CustodyStore, id_: PersonId) -> dict[str, Any]:
    """What was shown to human eyes, and what was refused."""
    return {
        "exceptions": [
            {
                **_told(one, id_, "person", "account"),
                "closed": None if looked is None else looked.reason,
            }
            for one, looked in store.exceptionals()
            if one.person == id_
        ],
        "queries": [
            {
                **_told(one, id_, "person"),
                "answer": None if answer is None else answer.outcome.value,
                "put_right_by": None if answer is None else answer.by_what,
            }
            for one, answer in store.queries()
            if one.person == id_
        ],
        "attempts": [
            _told(one, id_, "subjects")
            for one in store.attempts(after=None, limit=EVERY)
            if id_ in one.subjects or one.actor.person == id_
        ],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"place": part.place.value, "weight": part.weight}


def _told(value: Any, id_: PersonId, *left_out: str) -> dict[str, Any]:
    """The value's fields, but for some; who acted and approved as a role."""
    told = {
        f.name: plain(getattr(value, f.name))
        for f in fields(value)
        if f.name not in (*left_out, *_WHO)
    }
    for name in _WHO:
        if hasattr(value, name):
            told[name] = _called(getattr(value, name), id_)
    return told


def _called(actor: Actor | None, id_: PersonId) -> str | None:
    if actor is None:
        return None
    return f"you, as {actor.role.value}" if actor.person == id_ else actor.role.value
