"""What a copy takes from a bundle: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from timebank.actions._archive import read_people, value_of
from timebank.actions._bundle_out import ERASABLE, FACTS, WHOLE, digest_of
from timebank.domain.bank import Bank
from timebank.domain.ids import bank_id_of
from timebank.domain.listing import Listing
from timebank.domain.member import Person
from timebank.domain.note import Note
from timebank.errors import (
    BrokenInvariantError,
    BundleDamaged,
    BundleGap,
    CopiesDiffer,
    Difference,
    InputError,
    RefusedError,
    TimebankError,
    WrongState,
)
from timebank.formats import bundle
from timebank.formats.bundle import Section, Verify, damaged
from timebank.formats.canonical import restored
from timebank.ports import Leaf, TreeHead, UnitOfWork
from timebank.proof import tree
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.checks import check_leaves

MOST: Final = 1_000
"""How many differences are listed: a bank that was founded anew differs in every leaf."""

_MISFITS: Final = (
    *(BrokenInvariantError, RefusedError, InputError),
    *(AttributeError, OverflowError, TypeError, ValueError),
)
"""By what rows that do not fit are known, whatever is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an import did: from which size to which, how many facts came and how many other rows.

    ``checkpoint`` acknowledges it: the next bundle is exported since then.
    """

    bank: str
    before: Checkpoint | None
    facts: int
    things: int
    checkpoint: Checkpoint

    @property
    def written(self) -> bool:
        """Whether anything was new."""
        return bool(self.facts or self.things)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What the first section says of the bundle."""

    bank: Bank
    start: int
    start_root: bytes
    size: int
    root: bytes
    receipts: int
    people: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    persons: Sequence[Person]
    titles: dict[str, str | None]
    notes: Sequence[Note]
    bank: str


def load(
    uow: UnitOfWork,
    lines: Iterable[str],
    people: Iterable[str] | None = None,
    *,
    verify: Verify | None = None,
) -> Taken:
    """Bring the copy of a bank, which the unit of work names, to where a bundle leads.

    All of it is taken, or nothing. What the copy has already is compared and passed over; so a
    bundle may come twice, late, or overlap with another. Each fact is proven by its leaf and the
    leaves by the root. What the bank erased is erased here.

    *Refuses*, in this order: a bundle that is torn, edited, or not signed as ``verify`` wants
    (``BundleDamaged``), of another bank, or with people of another bundle (``InputError``); a bank
    that is kept here (``WrongState``); a bundle that begins after the end of the copy
    (``BundleGap``); other facts in the copy than in the bundle (``CopiesDiffer``).
    """
    sections = bundle.sections(lines, verify)
    head = _head(uow, next(sections, None))
    names = None if people is None else _names(uow, list(people), head)
    taking = _Taking(uow, head, names)
    for section in sections:
        taking.take(section)
    return taking.finish()


def _head(uow: UnitOfWork, section: Section | None) -> _Head:
    row = {} if section is None else section.rows[0]
    if row.get("schema") != bundle.SCHEMA:
        raise damaged(0, f"its head is not that of {bundle.SCHEMA}")
    try:
        head = _Head(
            bank=restored(Bank, row["bank"]),
            start=int(row["from"]["size"]),
            start_root=bytes.fromhex(row["from"]["root"]),
            size=int(row["to"]["size"]),
            root=bytes.fromhex(row["to"]["root"]),
            receipts=int(row["receipts"]),
            people=row["people"],
        )
    except (TimebankError, LookupError, TypeError, ValueError):
        raise damaged(0, "its head has another form") from None
    if (head.bank.slug, head.bank.id) != (uow.slug, bank_id_of(uow.slug)):
        raise InputError(field="file", problem=f"it is of {head.bank.slug}, not of {uow.slug}")
    return head


def _names(uow: UnitOfWork, lines: Sequence[str], head: _Head) -> _Names:
    """*Refuses* people who were not written with this bundle: they may be out of date."""
    persons, titles, notes, more = read_people(uow, lines)
    if head.people is None or digest_of(lines) != head.people:
        problem = "these people were not written with this bundle"
        raise InputError(field="people", problem=problem)
    return _Names(persons=[*persons.values()], titles=titles, notes=notes, bank=more["name"])


class _Taking:
    """A bundle on its way into a copy, section by section."""

    def __init__(self, uow: UnitOfWork, head: _Head, names: _Names | None) -> None:
        self._uow = uow
        self._head = head
        self._names = names
        self._bank = _bank(uow, head)
        self._size = uow.seals.lock()
        self._before = uow.seals.head()
        self._position = head.start
        self._known: set[tuple[str, str]] = set()
        self._differences: list[Difference] = []
        self._facts = self._things = self._ours_fresh = 0
        self._ours = uow.seals.leaves(head.start)
        self._is_news = self._leads_on()
        _require_reached(uow, head, self._size)

    def _leads_on(self) -> bool:
        """Whether it was written after what the copy took last; names may come later."""
        ours = (self._bank.copy_size or 0, self._bank.copy_receipts or 0)
        theirs = (self._head.size, self._head.receipts)
        return theirs > ours or (theirs == ours and self._names is not None)

    def take(self, section: Section) -> None:
        """*Refuses* rows that do not fit, with ``BundleDamaged``."""
        values = list(_values(section))
        with _fitting(section):
            if section.kind == "leaf":
                self._compare(section, values)
            elif self._is_news and not self._differences:
                self._write(section, values)

    def _compare(self, section: Section, leaves: list[Leaf]) -> None:
        """Leaves that the copy has are compared; the others become its own."""
        fresh = []
        for leaf in leaves:
            if leaf.position != self._position:
                raise damaged(section.number, f"leaf {self._position} is missing")
            self._position += 1
            ours = next(self._ours, None) if leaf.position < self._size else None
            if leaf.position >= self._size:
                fresh.append(leaf)
            elif ours != leaf:
                self._differ(leaf.position, ours, leaf)
            else:
                self._known.add((leaf.kind, leaf.fact))
        self._ours_fresh += sum(leaf.kind in FACTS for leaf in fresh)
        if fresh and self._is_news and not self._differences:
            self._uow.archive.restore(fresh)
            nodes = tree.grown(
                fresh[0].position, [leaf.hash for leaf in fresh], self._uow.seals.node
            )
            self._uow.archive.restore_nodes({place: h for place, h in nodes.items() if place[0]})
        elif fresh and self._differences:
            for leaf in fresh:
                self._differ(leaf.position, None, leaf)

    def _differ(self, position: int, ours: Leaf | None, theirs: Leaf | None) -> None:
        if len(self._differences) < MOST:
            copy, other = (None if x is None else f"{x.kind} {x.fact}" for x in (ours, theirs))
            self._differences.append(Difference(position=position, copy=copy, bundle=other))

    def _write(self, section: Section, values: list[Any]) -> None:
        archive = self._uow.archive
        if section.kind == "checkpoint":
            heads = [head for head in values if head.size > self._size]
            self._require_roots(section, heads)
            archive.restore(heads)
        elif section.kind in FACTS:
            fresh = [x for x in values if (section.kind, x.id) not in self._known]
            self._facts += archive.replace(fresh)
        else:
            for kept, rows in _by_kept(section, values):
                self._things += archive.replace(rows, but=kept, since=self._size)

    def _require_roots(self, section: Section, heads: Iterable[TreeHead]) -> None:
        for head in heads:
            reached = head.size <= self._position
            if not reached or tree.root(head.size, self._uow.seals.node) != head.root:
                raise damaged(section.number, f"the leaves do not lead to {head.root.hex()}")

    def finish(self) -> Taken:
        """Prove what was written; then the copy stands where the bundle leads."""
        head = self._head
        if self._position != head.size:
            raise damaged("leaf", f"leaf {self._position} is missing")
        if self._differences:
            raise self._differing()
        if self._is_news:
            self._prove()
            if self._names is not None:
                self._things += _name(self._uow, self._names)
                self._bank = replace(self._bank, name=self._names.bank)
            moved = replace(self._bank, copy_size=head.size, copy_receipts=head.receipts)
            self._uow.archive.replace([moved])
        now = self._uow.seals.head()
        if now is None:
            raise damaged("checkpoint", "it is missing")
        before = self._before
        return Taken(
            bank=self._uow.slug,
            before=None if before is None else checkpoint_of(self._uow.slug, before),
            facts=self._facts,
            things=self._things,
            checkpoint=checkpoint_of(self._uow.slug, now),
        )

    def _prove(self) -> None:
        """Each new leaf has its fact, each new fact its leaf, and the leaves have the root."""
        head, seals = self._head, self._uow.seals
        if tree.root(head.size, seals.node) != head.root:
            raise damaged("leaf", f"the leaves do not lead to {head.root.hex()}")
        for finding in check_leaves(seals, head.bank.hash_domain, self._size):
            raise damaged("leaf", f"{finding.subject} is not what was sealed")
        if self._facts != self._ours_fresh:
            raise damaged("facts", "it holds facts that were not sealed")

    def _differing(self) -> CopiesDiffer:
        for ours in self._ours:
            self._differ(ours.position, ours, None)
        listed = tuple(self._differences)
        said = f"They part at leaf {listed[0].position}, {len(listed)} listed; people have to say"
        return CopiesDiffer(
            bank=self._uow.slug,
            size=max(self._size, self._head.size),
            differences=listed,
            next_step=f"{said} which is right.",
        )


def _bank(uow: UnitOfWork, head: _Head) -> Bank:
    """The copy; a new one where there is none. *Refuses* a bank that is kept here."""
    found = uow.banks.find()
    if found is None:
        if head.start > 0:
            raise BundleGap(bank=uow.slug, have=0, begins=head.start)
        secret = uow.fresh.salt() + uow.fresh.salt()
        found = replace(head.bank, secret=secret, copy_size=0, copy_receipts=0)
        uow.archive.restore([found])
    if not found.is_copy:
        raise WrongState(
            kind="bank", id=uow.slug, state="kept here", act="take a bundle", possible=()
        )
    if found.hash_domain != head.bank.hash_domain:
        problem = f"it is of another bank with the name {uow.slug}"
        raise InputError(field="file", problem=problem)
    return found


def _require_reached(uow: UnitOfWork, head: _Head, size: int) -> None:
    if head.start > size:
        raise BundleGap(bank=uow.slug, have=size, begins=head.start)
    if tree.root(head.start, uow.seals.node) != head.start_root:
        raise CopiesDiffer(bank=uow.slug, size=head.start, differences=(), next_step=WHOLE)


@contextmanager
def _fitting(section: Section) -> Iterator[None]:
    """*Refuses* rows that cannot be written, with ``BundleDamaged``; a wing that is not here is
    no damage.
    """
    try:
        yield
    except _MISFITS as error:
        if isinstance(error, BundleDamaged) or getattr(error, "field", "file") != "file":
            raise
        said = getattr(error, "problem", error)
        raise damaged(section.number, f"its rows do not fit: {said}") from None


def _values(section: Section) -> Iterator[Any]:
    for row in section.rows:
        plain = {name: value for name, value in row.items() if name != "kept"}
        try:
            yield restored(Note, _untyped(plain)) if section.kind == "note" else value_of(plain)
        except (TimebankError, LookupError, TypeError, ValueError) as error:
            raise damaged(section.number, f"a line of it has another form: {error}") from None


def _untyped(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "type"}


def _by_kept(section: Section, values: list[Any]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The values by the words that the bank still has of them, which stay here where they are."""
    pairs = [
        (tuple(word for word in ERASABLE.get(type(value), ()) if word in row.get("kept", ())), n)
        for n, (row, value) in enumerate(zip(section.rows, values, strict=True))
    ]
    for kept, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        yield kept, [values[n] for _, n in group]


def _name(uow: UnitOfWork, names: _Names) -> int:
    """Give people, listings and notes the words that came with the bundle; how many changed."""
    stand = uow.people.many([person.id for person in names.persons])
    moved = [
        replace(stand[person.id], ref=None)
        for person in names.persons
        if person.id in stand and stand[person.id].ref not in (None, person.ref)
    ]
    uow.archive.replace(moved)  # two people may have changed refs
    titled = [
        replace(listing, title=names.titles.get(listing.id))
        for listing in uow.archive.values(Listing)
    ]
    return sum(map(uow.archive.replace, (names.persons, titled, names.notes)))
