"""Reading import files: every fault of the file is found, with its line; nothing is guessed."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final, Generic, TypeVar

from timebank.domain.member import PersonKind, checked_text
from timebank.errors import Fault, InputError
from timebank.formats._lines import Lines

MOST_MINUTES: Final = 1_000_000
"""No row moves more: hours or seconds were taken for minutes."""
FIRST_DAY: Final = date(1970, 1, 1)

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,12}")
_DELIMITERS: Final = (",", ";", "\t")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRow:
    """One completed exchange: hours go from receiver to giver, both named by ref."""

    line: int
    key: str
    happened_on: date
    giver: str
    receiver: str
    minutes: int
    category: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member: a person where no kind is given. ``opening_minutes`` may be negative."""

    line: int
    ref: str
    name: str
    kind: PersonKind | None
    joined_on: date | None
    contact: str | None
    opening_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field of a format: how its text is read, and what stands for an empty cell."""

    name: str
    read: Callable[[str], Any]
    required: bool = True
    empty: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Generic[Row]):
    """The columns of an import file, the one that identifies a row, and what a row becomes.

    Rows that no column identifies are told apart by ``finish``, when all have been read.
    """

    name: str
    columns: tuple[Column, ...]
    identity: str | None
    row: Callable[..., Row]
    check: Callable[[Row], Iterable[Fault]] = lambda row: ()
    finish: Callable[[Iterable[Row]], Iterable[Row]] = lambda rows: rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile(Generic[Row]):
    """The rows that could be read, in file order, and every fault of the others.

    ``unread`` names the columns of the header that nobody asked for.
    """

    form: Format[Row]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    unread: tuple[str, ...]


def read_text(field: str, limit: int) -> Callable[[str], str]:
    """How a cell of free words is read: trimmed, printable, of at most so many characters."""

    def read(text: str) -> str:
        return checked_text(text, field=field, limit=limit) or ""

    return read


def read_day(text: str) -> date:
    """A day such as 2026-10-31. *Refuses* other texts and days long ago, with ``InputError``."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise InputError(field="day", problem=f"{text!r} is not a day; write 2026-10-31")
    if day < FIRST_DAY:
        raise InputError(field="day", problem=f"{text} lies before {FIRST_DAY}")
    return day


def read_whole(text: str) -> int:
    """A whole number of minutes. *Refuses* other texts and absurd ones, with ``InputError``."""
    if not text.isascii() or not _WHOLE.fullmatch(text):
        raise InputError(
            field="minutes", problem=f"{text!r} is not a whole number of minutes; 1:30 is 90"
        )
    minutes = int(text)
    if abs(minutes) > MOST_MINUTES:
        raise InputError(
            field="minutes", problem=f"{minutes} is absurd; minutes are meant, not seconds"
        )
    return minutes


def read_positive(text: str) -> int:
    """A whole number of minutes above zero. *Refuses* others with ``InputError``."""
    minutes = read_whole(text)
    if minutes <= 0:
        raise InputError(field="minutes", problem=f"{minutes} is not more than 0")
    return minutes


def _kind(text: str) -> PersonKind:
    if text not in (PersonKind.PERSON.value, PersonKind.ORGANISATION.value):
        raise InputError(field="kind", problem=f"{text!r} is neither person nor organisation")
    return PersonKind(text)


def two_people(row: ExchangeRow) -> Iterator[Fault]:
    """Nobody helps himself."""
    if row.giver == row.receiver:
        yield Fault(
            line=row.line, column="receiver", problem=f"{row.receiver!r} is the giver as well"
        )


EXCHANGES: Final[Format[ExchangeRow]] = Format(
    name="timebank",
    columns=(
        Column(name="key", read=read_text("key", 200)),
        Column(name="happened_on", read=read_day),
        Column(name="giver", read=read_text("giver", 60)),
        Column(name="receiver", read=read_text("receiver", 60)),
        Column(name="minutes", read=read_positive),
        Column(name="category", read=read_text("category", 60), required=False),
        Column(name="reason", read=read_text("reason", 200), required=False),
    ),
    identity="key",
    row=ExchangeRow,
    check=two_people,
)
MEMBERS: Final[Format[MemberRow]] = Format(
    name="members",
    columns=(
        Column(name="ref", read=read_text("ref", 60)),
        Column(name="name", read=read_text("name", 200)),
        Column(name="kind", read=_kind, required=False),
        Column(name="joined_on", read=read_day, required=False),
        Column(name="contact", read=read_text("contact", 200), required=False),
        Column(name="opening_minutes", read=read_whole, required=False, empty=0),
    ),
    identity="ref",
    row=MemberRow,
)


def parse_mapping(given: Sequence[str], *forms: Format[Any]) -> dict[str, str]:
    """``FIELD=COLUMN`` words as a table; an empty COLUMN leaves an optional field out.

    *Refuses* words without ``=``, fields that none of the forms has, a field twice, and a
    required one left out, with ``InputError``.
    """
    columns = {column.name: column for form in forms for column in form.columns}
    mapping: dict[str, str] = {}
    for word in given:
        field, equals, column = (part.strip() for part in word.partition("="))
        if not equals:
            raise InputError(field="map", problem=f"{word!r}: write FIELD=COLUMN")
        if field not in columns:
            problem = f"{field!r} is not one of {', '.join(columns)}"
            raise InputError(field="map", problem=problem)
        if columns[field].required and not column:
            raise InputError(field="map", problem=f"{field!r} cannot be left out")
        if field in mapping:
            raise InputError(field="map", problem=f"{field!r} is mapped twice")
        mapping[field] = column
    return mapping


def read(
    stream: BinaryIO, form: Format[Row], mapping: Mapping[str, str] | None = None
) -> ImportFile[Row]:
    """Read a CSV file: UTF-8, with or without a byte order mark, with a header.

    Commas, or semicolons or tabs where the header has no comma. Columns nobody asked for are
    ignored, and so are empty lines. It never stops at the first fault.
    """
    return read_one_of(stream, (form,), mapping)


def read_one_of(
    stream: BinaryIO, forms: Sequence[Format[Row]], mapping: Mapping[str, str] | None = None
) -> ImportFile[Row]:
    """Read a CSV file of the first form whose required columns its header has."""
    lines = Lines(stream)
    names, delimiter = _header(lines)
    faults = lines.faults
    form = _fitting(names, forms, mapping or {})
    places = {} if faults else _places(names, form, mapping or {}, faults)
    found = [] if faults else form.finish(_rows(lines, delimiter, len(names), form, places))
    rows = tuple(found)
    if not rows and not faults:
        faults.append(Fault(line=2, column="", problem="there is no row under the header"))
    return ImportFile(
        form=form,
        rows=rows,
        faults=tuple(sorted(faults, key=lambda f: f.line)),
        unread=_unread(names, places, mapping or {}) if places else (),
    )


def _fitting(
    names: Sequence[str], forms: Sequence[Format[Row]], mapping: Mapping[str, str]
) -> Format[Row]:
    """The form that the header fits; else the last one, whose faults then say what is missing."""
    header = {name.casefold() for name in names}
    for form in forms:
        required = (mapping.get(c.name, c.name).casefold() for c in form.columns if c.required)
        if header.issuperset(required):
            return form
    return forms[-1]


def _header(lines: Lines) -> tuple[list[str], str]:
    """The names in the first line and the delimiter; an unfit header is a fault."""
    header = next(lines, "")
    delimiter = next((d for d in _DELIMITERS if d in header), ",")
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error as error:
        lines.faults.append(Fault(line=1, column="", problem=f"is no CSV header ({error})"))
        return [], delimiter
    if not lines.faults and not any(names):
        lines.faults.append(Fault(line=1, column="", problem="is empty; a header is needed"))
    return names, delimiter


def _places(
    names: Sequence[str], form: Format[Row], mapping: Mapping[str, str], faults: list[Fault]
) -> dict[str, int]:
    """Where each field stands in a row. Every missing or doubtful column is a fault."""
    header = [name.casefold() for name in names]
    places = {}
    for column in form.columns:
        wanted = mapping.get(column.name, column.name)
        if not wanted:
            continue
        found = header.count(wanted.casefold())
        if found == 1:
            places[column.name] = header.index(wanted.casefold())
        elif found or (column.required or mapping.get(column.name)):
            problem = "stands twice in the header" if found else "is missing from the header"
            has = f"{problem}, which has: {', '.join(names)}"
            faults.append(Fault(line=1, column=wanted, problem=has))
    return places


def _unread(
    names: Sequence[str], places: Mapping[str, int], mapping: Mapping[str, str]
) -> tuple[str, ...]:
    """The columns that are in no field's place and were not left out on purpose."""
    taken = {*places.values()}
    left_out = {field.casefold() for field, column in mapping.items() if not column}
    passed_over = (name for at, name in enumerate(names) if at not in taken)
    return tuple(name for name in passed_over if name and name.casefold() not in left_out)


def _rows(
    lines: Lines, delimiter: str, width: int, form: Format[Row], places: Mapping[str, int]
) -> Iterator[Row]:
    """The rows without a fault; what is wrong with the others goes to ``lines.faults``."""
    seen: dict[str, int] = {}
    shared: dict[str, str] = {}
    for line, cells in _cells(lines, delimiter):
        if len(cells) > width:
            problem = f"has {len(cells)} cells under {width} names; put commas in quotes"
            lines.faults.append(Fault(line=line, column="", problem=problem))
            continue
        values, faults = _values(cells, form, places, line, shared)
        if form.identity is not None:
            faults += _repeated(values.get(form.identity), form.identity, line, seen)
        if not faults:
            row = form.row(line=line, **values)
            faults += form.check(row)
            if not faults:
                yield row
        lines.faults += faults


def _cells(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's first line and cells; what is no CSV is a fault, and reading goes on."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.mark()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not CSV ({error}); look for a quote that is never closed"
            lines.faults.append(Fault(line=lines.first or 0, column="", problem=problem))
            continue
        if any(cell.strip() for cell in cells):
            yield lines.first or 0, cells


def _values(
    cells: Sequence[str],
    form: Format[Row],
    places: Mapping[str, int],
    line: int,
    shared: dict[str, str],
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults = []
    for column in form.columns:
        place = places.get(column.name, len(cells))
        text = cells[place].strip() if place < len(cells) else ""
        values[column.name] = column.empty
        if not text and column.required:
            faults.append(Fault(line=line, column=column.name, problem="is empty"))
        elif text:
            try:
                known = text if column.name == form.identity else shared.setdefault(text, text)
                values[column.name] = column.read(known)
            except InputError as error:
                faults.append(Fault(line=line, column=column.name, problem=error.problem))
    return values, faults


def _repeated(
    identity: str | None, column: str, line: int, seen: dict[str, int]
) -> Iterator[Fault]:
    if not identity:
        return
    first = seen.setdefault(identity, line)
    if first != line:
        yield Fault(line=line, column=column, problem=f"{identity!r} stands in line {first} too")
