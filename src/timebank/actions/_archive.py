"""The whole of a bank as lines of canonical JSON, and back into an empty one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.listing import Listing
from timebank.domain.member import Member, Person, Staff
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.policy_text import dumped, policy_from
from timebank.domain.transaction import Transaction
from timebank.errors import InputError, RefTaken
from timebank.formats.canonical import plain, restored
from timebank.ports import Leaf, ReadingUnit, TreeHead, UnitOfWork, Waiting, WingRow
from timebank.proof import tree

SCHEMA: Final = "timebank.journal/1"
PEOPLE_SCHEMA: Final = "timebank.people/1"
AT_ONCE: Final = 1_000

_AGAIN: Final = "; nothing was kept. Export the bank again: the file is not as it was written"

KINDS: Final[Mapping[str, type[Any]]] = {
    "person": Person,
    "policy": PolicyVersion,
    "member": Member,
    "staff": Staff,
    "account": Account,
    "listing": Listing,
    "exchange": Exchange,
    "hold": Hold,
    "transaction": Transaction,
    "account_change": AccountChange,
    "exchange_act": ExchangeAct,
    "period_close": PeriodClose,
    "day_statement": DayStatement,
    "wing": WingRow,
    "waiting": Waiting,
    "leaf": Leaf,
    "checkpoint": TreeHead,
}
"""The word of a line → what it holds; in the order of the file, which foreign keys accept.

A line of a wing has the names of the wing and its table for a word: ``custody.sheet``.
"""


def export(uow: ReadingUnit) -> Iterator[str]:
    """Every line of the journal file, ending with one that counts and hashes those before.

    It holds no names, refs, contacts, titles or notes: those are in ``export_people``.
    """
    bank = uow.banks.get()
    head = {"schema": SCHEMA, "bank": nameless(bank)}
    yield from ended(_lines(uow, head))


def _lines(uow: ReadingUnit, head: Mapping[str, Any]) -> Iterator[str]:
    yield dumped(head)
    for word, kind in KINDS.items():
        for value in uow.archive.values(kind):
            yield dumped(line_of(word, value))


def line_of(word: str, value: Any) -> dict[str, Any]:
    """A value as a line of the file, without what identifies a person."""
    if isinstance(value, WingRow):
        return {"type": value.kind, "row": plain(value.row)}
    return {"type": word, **anonymous(value)}


def nameless(bank: Bank) -> dict[str, Any]:
    """The bank without its name and secret, as a bank of its own."""
    found: dict[str, Any] = plain(replace(bank, name=bank.slug, secret=b""))
    return {name: value for name, value in found.items() if not name.startswith("copy_")}


def anonymous(value: Any) -> dict[str, Any]:
    """The value without what identifies a person; a policy only as its text."""
    if isinstance(value, Person):
        value = replace(value, ref=None, name=None, contact=None)
    elif isinstance(value, Listing):
        value = replace(value, title=None)
    found: dict[str, Any] = plain(value)
    if isinstance(value, PolicyVersion):
        del found["policy"]
    return found


def ended(lines: Iterator[str]) -> Iterator[str]:
    """The lines, and a last one by which a torn or edited file is known."""
    digest, count = sha256(), 0
    for line in lines:
        digest.update(line.encode() + b"\n")
        count += 1
        yield line
    yield dumped({"type": "end", "lines": count, "sha256": digest.hexdigest()})


def export_people(uow: ReadingUnit) -> Iterator[str]:
    """Names, refs, contacts, titles and notes, and the bank's name and secret: personal data.

    Keep it apart from the journal file, and as long as the law allows.
    """
    bank = uow.banks.get()
    head = {"schema": PEOPLE_SCHEMA, "bank": bank.slug, "name": bank.name}
    yield from ended(people_lines(uow, {**head, "secret": bank.secret.hex()}))


def people_lines(uow: ReadingUnit, head: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a file of people but its end."""
    yield dumped(head)
    for person in uow.archive.values(Person):
        yield dumped({"type": "person", **plain(person)})
    for listing in uow.archive.values(Listing):
        yield dumped({"type": "title", "id": listing.id, "title": listing.title})
    for note in uow.archive.values(Note):
        yield dumped({"type": "note", **plain(note)})


def load(uow: UnitOfWork, lines: Iterable[str], people: Iterable[str] | None = None) -> int:
    """Read a journal file into the bank that the unit of work names, which must not exist yet.

    Ids, numbers, balances and roots come out as they were; the tree is grown again from the
    leaves and compared with every checkpoint of the file. Without ``people`` nobody has a name, and
    notes are as if erased.
    How many lines were read, the first and the last included, is the answer.

    *Refuses* a bank that exists (``RefTaken``), rows of a wing that the database has not
    (``SchemaError``), and a file of another bank or form, torn, edited, or with leaves that do not
    lead to its checkpoints (``InputError``): nothing is kept of it.
    """
    if uow.banks.find() is not None:
        raise RefTaken(kind="bank", ref=uow.slug)
    rows = _checked(lines, SCHEMA)
    head = next(rows)
    persons, titles, notes, secret = read_people(uow, people)
    bank = restored(Bank, _field(head, "bank", 1))
    if bank.slug != uow.slug:
        raise InputError(field="file", problem=f"it holds the bank {bank.slug}, not {uow.slug}")
    uow.archive.restore([replace(bank, **secret)])
    read = ((n, value_of(row, line=n)) for n, row in enumerate(rows, 2))
    ordered, count = _originals_first(read), 0
    while part := list(islice(ordered, AT_ONCE)):
        values = [_named(value, persons, titles) for _, value in part]
        with _saying_where([n for n, _ in part]):
            uow.archive.restore([*values, *(_wordless(values) if people is None else ())])
        count += len(part)
    uow.archive.restore(notes)
    _grow_again(uow)
    return count + 2


def _originals_first(read: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Lines as they can be written: a reversal has the smaller id, and stands before what it
    reverses, where the clock went back between them.
    """
    early: dict[str, list[tuple[int, Any]]] = {}
    for n, value in read:
        is_moved = isinstance(value, Transaction)
        if is_moved and value.reverses is not None and value.reverses > value.id:
            early.setdefault(value.reverses, []).append((n, value))
            continue
        yield n, value
        yield from early.pop(value.id, ()) if is_moved else ()
    for lines in early.values():  # of what is not in the file: the database refuses them
        yield from lines


@contextmanager
def _saying_where(lines: Sequence[int]) -> Iterator[None]:
    """*Refuses* what the database has no place for with the lines that were being written."""
    try:
        yield
    except InputError as error:
        if error.field != "file":
            raise
        where = f"lines {min(lines)} to {max(lines)}"
        raise InputError(field="file", problem=f"{where}: {error.problem}{_AGAIN}") from error


def value_of(row: dict[str, Any], *, line: int | None = None) -> Any:
    """What a line of the journal file holds. *Refuses* unknown kinds, and a line that lacks what
    its kind has, with ``InputError``.
    """
    word = str(row.pop("type", ""))
    if "." in word:
        return WingRow(kind=word, row=_row_of(word, row))
    if word not in KINDS:
        raise InputError(field="file", problem=f"a line of it holds an unknown {word!r}")
    if word == "policy":
        row["policy"] = policy_from(_field(row, "body", line))
    return restored(KINDS[word], row)


def _row_of(word: str, line: Mapping[str, Any]) -> dict[str, Any]:
    row = line.get("row")
    if not isinstance(row, dict):
        raise InputError(field="file", problem=f"a line of {word} has no row")
    return row


def _field(row: Mapping[str, Any], name: str, line: int | None) -> Any:
    """A field that the line must have. *Refuses* a line without it, with ``InputError``."""
    if name not in row:
        where = "a line of it" if line is None else f"line {line}"
        raise InputError(field="file", problem=f"{where} has no {name}")
    return row[name]


def _named(value: Any, persons: Mapping[str, Person], titles: Mapping[str, str | None]) -> Any:
    """The value with what the people file knows of it."""
    if isinstance(value, Person):
        return persons.get(value.id, value)
    if isinstance(value, Listing):
        return replace(value, title=titles.get(value.id))
    return value


def _wordless(values: Iterable[Any]) -> Iterator[Note]:
    """The notes of facts whose words are in no file: as if they had been erased."""
    for value in values:
        if getattr(value, "note_digest", None) is not None:
            yield Note(about=value.id, salt=None, text=None)


def read_people(
    uow: UnitOfWork, lines: Iterable[str] | None
) -> tuple[dict[str, Person], dict[str, str | None], list[Note], dict[str, Any]]:
    """Persons and titles by id, notes, and what belongs to the bank: its secret, its name."""
    of_bank: dict[str, Any] = {"secret": uow.fresh.salt() + uow.fresh.salt()}
    if lines is None:
        return {}, {}, [], of_bank
    rows = _checked(lines, PEOPLE_SCHEMA)
    head = next(rows)
    if (bank := _field(head, "bank", 1)) != uow.slug:
        raise InputError(field="people", problem=f"it holds the people of {bank}")
    persons: dict[str, Person] = {}
    titles: dict[str, str | None] = {}
    notes = []
    for row in rows:
        word = row.pop("type", "")
        if word == "person":
            person = restored(Person, row)
            persons[person.id] = person
        elif word == "title":
            titles[_field(row, "id", None)] = _field(row, "title", None)
        else:
            notes.append(restored(Note, row))
    of_bank["name"] = _field(head, "name", 1)
    if "secret" in head:  # a bundle's people come without it
        of_bank["secret"] = bytes.fromhex(head["secret"])
    return persons, titles, notes, of_bank


def _checked(lines: Iterable[str], schema: str) -> Iterator[dict[str, Any]]:
    """The rows of a file but for its end, which is compared with what was read."""
    digest, count, over = sha256(), 0, False
    for line in lines:
        text = line.rstrip("\r\n")
        row = _parsed(text, count + 1)
        if over:
            raise InputError(field="file", problem="something stands after its end")
        if row.get("type") == "end":
            over = True
            if (row.get("lines"), row.get("sha256")) != (count, digest.hexdigest()):
                raise InputError(field="file", problem="it was edited, or lines are missing")
            continue
        if count == 0 and row.get("schema") != schema:
            raise InputError(field="file", problem=f"its first line is not that of {schema}")
        digest.update(text.encode() + b"\n")
        count += 1
        yield row
    if not over:
        raise InputError(field="file", problem="it is torn: its last line is missing")


def _parsed(text: str, n: int) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise InputError(field="file", problem=f"line {n} cannot be read")
    return row


def _grow_again(uow: UnitOfWork) -> None:
    """The nodes of the tree from its leaves, and every checkpoint's root from the nodes."""
    size, leaves = 0, uow.seals.leaves()
    while part := list(islice(leaves, AT_ONCE)):
        fresh = tree.grown(size, [leaf.hash for leaf in part], uow.seals.node)
        uow.archive.restore_nodes({place: h for place, h in fresh.items() if place[0] > 0})
        size += len(part)
    for head in uow.seals.heads():
        if head.size > size or tree.root(head.size, uow.seals.node) != head.root:
            raise InputError(field="file", problem=f"its leaves do not lead to {head.root.hex()}")
