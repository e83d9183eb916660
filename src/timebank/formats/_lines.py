"""Lines of a file that may hold anything, counted, with what is wrong with each."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from timebank.errors import Fault

LONGEST_LINE: Final = 20_000
"""Bytes of one line. A longer one is no row of ours, and would fill the memory."""

_SAVE_AS: Final = "save the file as CSV UTF-8"


class Lines(Iterator[str]):
    """The fit lines of a binary stream as text; the unfit ones become faults and are left out.

    ``first`` is the number of the line that came first since the last ``mark``, so that a row over
    several lines is named by its first one. The header is line 1.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._number = 0
        self.first: int | None = None
        self.faults: list[Fault] = []

    def mark(self) -> None:
        """A new row begins with the next line."""
        self.first = None

    def __next__(self) -> str:
        while True:
            raw = self._stream.readline(LONGEST_LINE + 1)
            if not raw:
                raise StopIteration
            self._number += 1
            if self._number == 1 and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                self._fault(f"is UTF-16, not UTF-8; {_SAVE_AS}")
                raise StopIteration
            if (line := self._text(raw)) is not None:
                if self.first is None:
                    self.first = self._number
                return line

    def _text(self, raw: bytes) -> str | None:
        """The line as text, or None and a fault."""
        if len(raw) > LONGEST_LINE:
            self._skip_rest()
            self._fault(f"is longer than {LONGEST_LINE} bytes; is this the right file?")
            return None
        if b"\0" in raw:
            self._fault("has a NUL byte; is this the right file?")
            return None
        if self._number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            bad = f"byte 0x{raw[error.start]:02X} at place {error.start + 1}"
            self._fault(f"is not UTF-8 ({bad}); {_SAVE_AS}")
            return None

    def _skip_rest(self) -> None:
        while (more := self._stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
            pass

    def _fault(self, problem: str) -> None:
        self.faults.append(Fault(line=self._number, column="", problem=problem))
