"""Comma-separated values that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|-?[0-9]+:[0-5][0-9]")
_END: Final = "\r\n"
"""What the writer ends a line with: it quotes cells that hold any of it."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> str:
    """The cell's text, with an apostrophe before what a spreadsheet would run as a formula.

    Plain numbers and hours stay as they are.

    >>> safe_cell("=1+1"), safe_cell(-90), safe_cell("-1:30")
    ("'=1+1", '-90', '-1:30')
    """
    text = "" if value is None else str(value)
    formula = text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A header and rows of safe cells, line by line: for tables that no memory holds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=_END)
    for cells in chain([columns], ([safe_cell(cell) for cell in row] for row in rows)):
        writer.writerow(cells)
        yield text.getvalue().removesuffix(_END)
        text.seek(0)
        text.truncate()


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header and rows of safe cells as one text; lines end in CR LF, as RFC 4180 has it."""
    return "".join(f"{line}{_END}" for line in csv_lines(columns, rows))
