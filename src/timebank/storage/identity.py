"""Where new ids and salts come from: random, and in order of time where order helps a database."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_RANDOM_BITS: Final = 74
_VERSION_7: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62


class TimeOrderedIds:
    """The supply of ids (``Fresh``) of one unit of work: UUIDs of version 7.

    ``clock`` tells the time of an id; ``random`` gives so many random bytes. Ids rise strictly
    within one instance, whatever the clock does.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._clock = clock
        self._random = random
        self._last = -1

    def id(self) -> str:
        """A new id of 32 hexadecimal digits; later ones sort after earlier ones."""
        milliseconds = (self._clock() - _EPOCH) // _MILLISECOND
        if milliseconds > self._last >> _RANDOM_BITS:
            noise = int.from_bytes(self._random(10), "big") >> 80 - _RANDOM_BITS
            self._last = milliseconds << _RANDOM_BITS | noise
        else:
            self._last += 1
        return f"{_as_uuid(self._last):032x}"

    def account_id(self) -> str:
        """A new account id: 63 random bits as 16 hexadecimal digits, a positive 64-bit integer."""
        return f"{int.from_bytes(self._random(8), 'big') >> 1:016x}"

    def salt(self) -> bytes:
        """16 random bytes."""
        return self._random(16)


def moment_of(id_: str) -> datetime:
    """The time in an id, in whole milliseconds."""
    return _EPOCH + int(id_[:12], 16) * _MILLISECOND


def first_id_at(moment: datetime) -> str:
    """The id before which every id of earlier times sorts, and none of that time or later."""
    milliseconds = max((moment - _EPOCH) // _MILLISECOND, 0)
    return f"{milliseconds:012x}".ljust(32, "0")


def _as_uuid(value: int) -> int:
    """48 bits of time and 74 of noise with the version and the variant put between them."""
    high, low = value >> 62, value & (1 << 62) - 1
    time, noise = high >> 12, high & 0xFFF
    return time << 80 | _VERSION_7 | noise << 64 | _VARIANT | low
