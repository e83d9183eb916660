"""The bundle file: lines of JSON in sections, each with a checksum, that a stick carries.

A section is up to ``AT_ONCE`` lines of one kind and a line that counts and hashes them. The first
section is the head, one line; the last line of the file counts and hashes all before it, and may
carry a signature over that. docs/reference/bundle-file.md describes it for other programs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby, islice
from typing import Any, Final

from timebank.domain.policy_text import dumped
from timebank.errors import BundleDamaged

SCHEMA: Final = "timebank.bundle/1"
AT_ONCE: Final = 1_000
HEAD: Final = "head"

Row = dict[str, Any]
Sign = Callable[[bytes], tuple[str, str]]
"""Makes the name of a public key and a signature in base64 over these bytes."""
Verify = Callable[[bytes, str | None, str | None], None]
"""Refuses these bytes unless key and signature are those that it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines of one kind, in order, whose checksum is right."""

    number: int
    kind: str
    rows: tuple[Row, ...]


def written(rows: Iterable[Row], sign: Sign | None = None) -> Iterator[str]:
    """The lines of a bundle with these rows; the first is the head, each has its ``type``."""
    whole, count, number = sha256(), 0, 0
    for number, (kind, part) in enumerate(_parts(rows)):
        lines = [dumped(row) for row in part]
        lines.append(_end_of(number, kind, lines))
        for line in lines:
            whole.update(_bytes(line))
            count += 1
            yield line
    digest = whole.hexdigest()
    end: Row = {"type": "end", "sections": number + 1, "lines": count, "sha256": digest}
    if sign is not None:
        end["key"], end["signature"] = sign(_signed(digest))
    yield dumped(end)


def _parts(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    for kind, group in groupby(rows, key=lambda row: str(row["type"])):
        while part := list(islice(group, AT_ONCE)):
            yield kind, part


def _end_of(number: int, kind: str, lines: list[str]) -> str:
    digest = sha256(b"".join(map(_bytes, lines))).hexdigest()
    shape = {"type": "section", "number": number, "of": kind, "lines": len(lines)}
    return dumped({**shape, "sha256": digest})


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape") + b"\n"


def _signed(digest: str) -> bytes:
    return f"{SCHEMA} {digest}".encode()


def sections(lines: Iterable[str], verify: Verify | None = None) -> Iterator[Section]:
    """The sections of a file in order; what comes out is whole, the file only at the end.

    *Refuses* a file that is torn, was edited, or is no bundle, naming the section, with
    ``BundleDamaged``; and, with ``verify``, one that it does not accept. How lines end is no part
    of what is checked: nothing that a bundle says is in there.
    """
    whole, count, number = sha256(), 0, 0
    part: list[tuple[str, Row]] = []
    rest = iter(lines)
    for raw in rest:
        line = raw.removesuffix("\n").removesuffix("\r")  # a mail or an editor may have added it
        row = _parsed(line, number)
        if row["type"] == "end":
            _check_end(row, part, number, count, whole.hexdigest())
            if verify is not None:
                verify(_signed(row["sha256"]), row.get("key"), row.get("signature"))
            if next(rest, None) is not None:
                raise damaged("end", "something stands after it")
            return
        whole.update(_bytes(line))
        count += 1
        if row["type"] != "section":
            part.append((line, row))
            if len(part) > AT_ONCE:
                raise damaged(number, "it has too many lines, or its last is missing")
            continue
        yield _section(row, part, number)
        part, number = [], number + 1
    raise damaged(number, "the file is torn here")


def damaged(section: int | str, problem: str) -> BundleDamaged:
    """What is wrong with a section, by number or by name."""
    return BundleDamaged(section=str(section), problem=problem)


def _parsed(line: str, number: int) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        raise damaged(number, "a line of it cannot be read")
    return row


def _section(end: Row, part: list[tuple[str, Row]], number: int) -> Section:
    kind = str(part[0][1]["type"]) if part else ""
    if dumped(end) != _end_of(number, kind, [line for line, _ in part]):
        raise damaged(number, "it was edited, or lines of it are missing")
    rows = tuple(row for _, row in part)
    if any(row["type"] != kind for row in rows) or (number == 0) != (kind == HEAD):
        raise damaged(number, "it is not where it was written")
    return Section(number=number, kind=kind, rows=rows)


def _check_end(end: Row, part: list[tuple[str, Row]], number: int, count: int, digest: str) -> None:
    if part:
        raise damaged(number, "its last line is missing")
    if (end.get("sections"), end.get("lines"), end.get("sha256")) != (number, count, digest):
        raise damaged("end", "sections were edited, moved or left out")
