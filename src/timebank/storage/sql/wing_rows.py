"""Rows of wings, whatever they say: written, read for the sealer, out to a journal file and in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from timebank.domain.ids import FactId
from timebank.domain.sealed import WingRows
from timebank.errors import InputError, SchemaError
from timebank.formats.canonical import restored
from timebank.ports import WingRow
from timebank.storage.sql import schema, wings
from timebank.storage.sql.link import Link
from timebank.storage.sql.wings import Shape
from timebank.storage.sql.writing import Part, insert_rows, parents_first, write


def is_of_wing(kind: str) -> bool:
    """Whether the word is that of a wing's table."""
    return "." in kind


def require_known(kind: str) -> None:
    """*Refuses* the word of a wing that this program has not, with ``SchemaError``."""
    name = _wing_of(kind)
    if is_of_wing(kind) and name not in wings.known():
        raise SchemaError(
            found=f"one with the wing {name}",
            expected="the package that brings it",
            command=f"timebank db upgrade --wing {name}, once it is installed",
        )


def _wing_of(kind: str) -> str:
    return kind.partition(".")[0]


New = tuple[str, Shape, list[dict[str, Any]]]
"""Rows that are new in a wing's table, and the sealer's word for them; none where it has none."""


def new(added: Mapping[type, Sequence[Any]]) -> list[New]:
    """What is new of wings, table by table, in the wings' own order."""
    return [
        (
            "" if shape.secret else wing.word_of(shape),
            shape,
            [shape.to_row(value) for value in added[shape.kind]],
        )
        for wing, shape in wings.shapes_of(added)
    ]


def queued(found: Collection[New], recorded_at: datetime) -> list[dict[str, Any]]:
    """The rows of the sealer's queue for it."""
    places: dict[tuple[str, str], datetime] = {}
    for kind, shape, rows in found:
        for row in rows if kind else ():
            places[kind, row[shape.sealed_by.name]] = row.get("recorded_at", recorded_at)
    return [{"kind": k, "fact_id": id_, "recorded_at": at} for (k, id_), at in places.items()]


def made(link: Link, kind: str, shape: Shape, ids: Collection[FactId]) -> Iterator[WingRows]:
    """What stands under these ids, of each what is sealed; ids that are gone are left out."""
    table, id_ = shape.table, shape.sealed_by
    wing, _, name = kind.partition(".")
    query = select(table).where(table.c.bank_id == link.bank, id_.in_(ids))
    rows = link.all(query.order_by(id_, *table.primary_key.columns))
    for found, group in groupby(rows, key=attrgetter(id_.name)):
        told = tuple({n: row._mapping[n] for n in shape.sealed} for row in group)
        yield WingRows(wing=wing, table=name, id=found, rows=told)


def rows(link: Link) -> Iterator[WingRow]:
    """Every row of the bank in a wing's tables, in an order in which they can be written."""
    for wing in wings.installed(link.connection, link.schema):
        for kind, shape in wing.kinds.items():
            for row in link.stream(parents_first(shape.table, link.bank)):
                yield WingRow(kind=kind, row={n: row._mapping[n] for n in shape.columns})


def restore(link: Link, found: Collection[WingRow]) -> None:
    """Rows as they were, into a bank that is being loaded.

    *Refuses* those of a wing that is not there (``SchemaError``), or not of its tables and columns
    (``InputError``).
    """
    for _, shape, rows in _read(link, found):
        insert_rows(link, shape.table, rows)


def replace(link: Link, found: Collection[WingRow], since: int) -> int:
    """Rows of a copy as they stand now; how many were new or had changed.

    *Refuses* what ``restore`` refuses, and new rows without a leaf from ``since`` on
    (``InputError``): whether that leaf is theirs is for who proves the leaves.
    """
    written = 0
    for kind, shape, rows in _read(link, found):
        there = _standing(link, shape, rows)
        pairs = [(row, there.get(_key(shape, row))) for row in rows]
        fresh = [row for row, known in pairs if known is None]
        _require_sealed(link, kind, {row[shape.sealed_by.name] for row in fresh}, since)
        moved = [
            shape.moving(row)
            for row, known in pairs
            if known is not None and not shape.fact and not row.items() <= known.items()
        ]
        write(link, [Part(shape.table, fresh), Part(shape.table, moved, "id")])
        written += len(fresh) + len(moved)
    return written


def _require_sealed(link: Link, kind: str, ids: Collection[str], since: int) -> None:
    leaf = schema.leaf.c
    query = select(leaf.fact_id).where(
        leaf.bank_id == link.bank, leaf.kind == kind, leaf.fact_id.in_(ids), leaf.position >= since
    )
    unproven = set(ids) - {row.fact_id for row in link.all(query)}
    if unproven:
        problem = f"{kind} {min(unproven)} was not sealed with what the file brings"
        raise InputError(field="file", problem=problem)


def _standing(
    link: Link, shape: Shape, rows: Collection[Mapping[str, Any]]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows that are there, by their whole key: those of one id may come in several parts."""
    table, id_ = shape.table, shape.sealed_by
    ids = {row[id_.name] for row in rows}
    query = select(table).where(table.c.bank_id == link.bank, id_.in_(ids))
    found = [dict(row._mapping) for row in link.all(query)]
    return {_key(shape, row): row for row in found}


def _key(shape: Shape, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[c.name] for c in shape.table.primary_key if c.name != "bank_id")


def _read(
    link: Link, found: Collection[WingRow]
) -> Iterator[tuple[str, Shape, list[dict[str, Any]]]]:
    """The rows of each table, by its word, in the order of the file."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one.row)
    for kind, told in by_kind.items():
        shape = _shape_of(link, kind)
        yield kind, shape, [_typed(kind, shape, row) for row in told]


def _shape_of(link: Link, kind: str) -> Shape:
    wing = wings.named(_wing_of(kind))
    wings.require(link, wing)
    if kind not in wing.kinds:
        raise InputError(field="file", problem=f"a line of it holds an unknown {kind!r}")
    return wing.kinds[kind]


def _typed(kind: str, shape: Shape, row: Mapping[str, Any]) -> dict[str, Any]:
    types = {name: wings.type_of(shape.table.c[name]) for name in shape.columns}
    if row.keys() != types.keys():
        raise InputError(field="file", problem=f"a line of {kind} has other columns than its table")
    try:
        return {n: None if v is None else restored(types[n], v) for n, v in row.items()}
    except InputError as error:
        raise InputError(field="file", problem=f"a line of {kind}: {error.problem}") from None
