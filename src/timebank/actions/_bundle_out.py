"""What a bundle carries out of a bank: the facts since a size, and everything as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from timebank.actions._archive import (
    KINDS,
    PEOPLE_SCHEMA,
    anonymous,
    ended,
    line_of,
    nameless,
    people_lines,
)
from timebank.domain.bank import require_own
from timebank.domain.listing import Listing
from timebank.domain.member import Person
from timebank.domain.note import Note
from timebank.domain.sealed import fact_of
from timebank.errors import BrokenInvariantError, CopiesDiffer, InputError, WrongState
from timebank.formats import bundle
from timebank.formats.bundle import Row, Sign
from timebank.formats.canonical import plain
from timebank.ports import Leaf, ReadingUnit, TreeHead, WingRow
from timebank.proof import tree
from timebank.proof.checkpoint import Checkpoint

ERASABLE: Final[dict[type, tuple[str, ...]]] = {
    Person: ("ref", "name", "contact"),
    Listing: ("title",),
    Note: ("salt", "text"),
}
"""What may hold words about people, and in which fields: none of them is in a bundle."""

FACTS: Final = frozenset(
    {"account_change", "day_statement", "exchange_act", "period_close", "policy", "transaction"}
)
"""The words of kinds that are leaves; all others are carried as they stand."""

WHOLE: Final = "Bring a bundle from size 0, which names the facts: bundle export --from-size 0"
"""What to do where only the roots differ."""


def export(
    uow: ReadingUnit,
    *,
    since: Checkpoint | int = 0,
    people: Sequence[str] | None = None,
    sign: Sign | None = None,
) -> Iterator[str]:
    """The lines of a bundle: every fact that was sealed ``since``, and what stands now.

    ``since`` is the checkpoint that the copy's import answered with, or a size. It holds no names;
    ``people`` are the lines of ``export_people`` of the same unit, which the copy will take with
    this bundle only.

    *Refuses* the copy of a bank (``BankIsCopy``), a bank of which facts wait for the sealer
    (``WrongState``), a checkpoint that is not one of this bank (``InputError``) or of which it
    has other facts (``CopiesDiffer``).
    """
    bank = uow.banks.get()
    require_own(bank)
    head = _sealed(uow)
    start = _start(uow, head.size, since)
    first = {
        "type": bundle.HEAD,
        "schema": bundle.SCHEMA,
        "bank": nameless(bank),
        "from": {"size": start, "root": tree.root(start, uow.seals.node).hex()},
        "to": {"size": head.size, "root": head.root.hex()},
        "receipts": uow.outbox.count(),
        "people": None if people is None else digest_of(people),
    }
    return bundle.written(_rows(uow, first, start), sign)


def export_people(uow: ReadingUnit) -> Iterator[str]:
    """Names, refs, contacts, titles and notes as they stand: personal data, for one bundle."""
    bank = uow.banks.get()
    head = {"schema": PEOPLE_SCHEMA, "bank": bank.slug, "name": bank.name}
    yield from ended(people_lines(uow, head))


def digest_of(people: Sequence[str]) -> str:
    """The digest in the last line of a file of people, by which its bundle knows it.

    *Refuses* other lines with ``InputError``.
    """
    try:
        found = json.loads(people[-1])["sha256"]
    except (ValueError, LookupError, TypeError):
        raise InputError(field="people", problem="these are not lines of export_people") from None
    return str(found)


def _sealed(uow: ReadingUnit) -> TreeHead:
    """The latest checkpoint. *Refuses* a bank of which facts wait, with ``WrongState``."""
    waiting, _ = uow.audit.unsealed()
    head = uow.seals.head()
    if waiting or head is None:
        raise WrongState(
            kind="bank",
            id=uow.slug,
            state=f"not sealed yet ({waiting} facts wait)",
            act="be bundled",
            possible=("timebank seal",),
        )
    return head


def _start(uow: ReadingUnit, size: int, since: Checkpoint | int) -> int:
    """The size from which on facts are wanted."""
    if isinstance(since, int):
        if not 0 <= since <= size:
            raise InputError(field="from_size", problem=f"{since} does not lie in 0 to {size}")
        return since
    if since.bank != uow.slug:
        raise InputError(field="since", problem=f"it is of the bank {since.bank}, not {uow.slug}")
    if since.size > size:
        raise CopiesDiffer(
            bank=uow.slug,
            size=since.size,
            differences=(),
            next_step=f"It ends at size {size} here: was it restored from a backup? {WHOLE}",
        )
    if tree.root(since.size, uow.seals.node) != since.root:
        raise CopiesDiffer(bank=uow.slug, size=since.size, differences=(), next_step=WHOLE)
    return since.size


def _rows(uow: ReadingUnit, first: Row, start: int) -> Iterator[Row]:
    """The leaves come first, so that who reads knows what is new; then as foreign keys accept."""
    yield first
    for leaf in uow.seals.leaves(start):
        yield {"type": "leaf", **plain(leaf)}
    kinds: dict[str, type[Any]] = {**KINDS, "note": Note}
    for word, kind in kinds.items():
        if kind is TreeHead:
            heads = (head for head in uow.seals.heads() if head.size > start)
            yield from ({"type": word, **plain(head)} for head in heads)
        elif word in FACTS:
            yield from _facts(uow, word, start)
        elif kind is WingRow:
            yield from (line_of(word, row) for row in uow.archive.values(WingRow))
        elif kind is not Leaf:
            for value in uow.archive.values(kind):
                yield {"type": word, **_standing(value)}


def _standing(value: Any) -> Row:
    """The value without words about people, and which fields of them the bank still has."""
    fields = ERASABLE.get(type(value), ())
    found: Row = anonymous(value)
    found |= dict.fromkeys(fields)
    return found | {"kept": [f for f in fields if getattr(value, f) is not None]}


def _facts(uow: ReadingUnit, word: str, start: int) -> Iterator[Row]:
    leaves = (leaf for leaf in uow.seals.leaves(start) if leaf.kind == word)
    while part := list(islice(leaves, bundle.AT_ONCE)):
        found = uow.seals.facts([(leaf.kind, leaf.fact) for leaf in part])
        for leaf in part:
            if (leaf.kind, leaf.fact) not in found:
                raise BrokenInvariantError(f"{leaf.kind} {leaf.fact} was sealed and is gone")
            yield {"type": word, **anonymous(fact_of(found[leaf.kind, leaf.fact]))}
