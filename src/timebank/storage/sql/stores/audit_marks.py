"""Numbers that stand for places of entries and for facts, drawn anew for every audit.

Two multisets are the same if the sums of the numbers of their members are (fingerprints of sets by
sums: Clarke et al., "Incremental multiset hash functions", ASIACRYPT 2003). That two others have
the same sum is a matter of chance: about 2^-30 on SQLite, where the numbers are plain arithmetic
below 2^63, and less on PostgreSQL, whose hash functions take a seed.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, func, literal, type_coerce

_BITS: Final = 31
"""Coefficients are below 2^31: the product of two, twice, stays below 2^63."""


class Arithmetic:
    """Numbers for places of entries, in what every database can work out."""

    def __init__(self) -> None:
        first, second = (secrets.randbits(_BITS) | 1 << _BITS - 1 | 1 for _ in range(2))
        self._first, self._second = first, second
        self._factors = [secrets.randbelow(first) for _ in range(3)]
        self._square, self._linear = (secrets.randbelow(first) for _ in range(2))

    def line(self, account: Any, number: Any, balance: Any) -> ColumnElement[int]:
        """A line over a prime field, or nearly one."""
        a, b, c = self._factors
        line = (a * self._small(account) + b * self._small(number)) % self._first
        return (line + c * self._small(balance)) % self._first

    def number(self, line: Any) -> ColumnElement[int]:
        """The number of a place on the line: no sum of lines hides in this."""
        bent = (self._square * line + self._linear) % self._first
        found: ColumnElement[int] = (line * bent) % self._second
        return found

    def _small(self, value: Any) -> ColumnElement[int]:
        return _whole(value) % self._first


class Hashes:
    """Numbers for places of entries and for facts, by the hash functions of PostgreSQL."""

    def __init__(self) -> None:
        self._seed = secrets.randbits(62)

    def line(self, account: Any, number: Any, balance: Any) -> ColumnElement[int]:
        """The hash of a place."""
        found: Any = literal(self._seed, BigInteger)
        for value in (account, number, balance):
            found = func.hashint8extended(_whole(value), found, type_=BigInteger)
        return type_coerce(found, BigInteger)

    def number(self, line: Any) -> ColumnElement[int]:
        """So much of it that four of them add up to 64 bits."""
        found: ColumnElement[int] = line // 8
        return found

    def fact(self, kind: Any, id_: Any) -> ColumnElement[int]:
        """The number of a fact, by its kind."""
        seed = func.hashtextextended(kind, literal(self._seed, BigInteger), type_=BigInteger)
        return func.uuid_hash_extended(id_, seed, type_=BigInteger)

    def recorded(self, id_: Any, recorded_at: Any) -> ColumnElement[int]:
        """The number of something that was recorded then."""
        seed = func.hashint8extended(_whole(recorded_at), literal(self._seed, BigInteger))
        return func.uuid_hash_extended(id_, seed, type_=BigInteger)


def _whole(value: Any) -> ColumnElement[int]:
    return type_coerce(value, BigInteger)
