"""Column types: compact in the database, plain values in Python. Their meaning never changes.

Migrations import these; a new meaning gets a new type.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, LargeBinary, SmallInteger, String, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TWO_TO_64 = 1 << 64


def big() -> TypeEngine[int]:
    """A 64-bit integer: minutes, numbers, the bank's id."""
    return BigInteger().with_variant(Integer(), "sqlite")


def small() -> TypeEngine[int]:
    """A small integer: versions, ordinals, flags."""
    return SmallInteger().with_variant(Integer(), "sqlite")


def text(length: int) -> TypeEngine[str]:
    """Short text of a known greatest length."""
    return String(length).with_variant(Text(), "sqlite")


class _Blob(LargeBinary):
    """Bytes for SQLite, whose driver looks for an adapter of every ``bytes``, and for none of a
    ``bytearray``: that takes half the time.
    """

    def bind_processor(self, dialect: Dialect) -> Any:
        """A ``bytearray``."""
        return _changeable


def _changeable(value: bytes | None) -> bytearray | None:
    return None if value is None else bytearray(value)


def raw(length: int) -> TypeEngine[bytes]:
    """Bytes of a known length: hashes, salts, secrets."""
    return LargeBinary(length).with_variant(_Blob(length), "sqlite")


class Id(TypeDecorator[str]):
    """32 hexadecimal digits in Python; 16 bytes in the database (uuid on PostgreSQL)."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A BLOB on SQLite, the native type elsewhere."""
        kind = _Blob(16) if dialect.name == "sqlite" else Uuid()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Bytes or UUID."""
        if value is None:
            return None
        return bytes.fromhex(value) if dialect.name == "sqlite" else uuid.UUID(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Hexadecimal digits."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return bytes(value).hex()
        found: uuid.UUID = value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
        return found.hex


class AccountKey(TypeDecorator[str]):
    """16 hexadecimal digits in Python; a 64-bit integer in the database."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, BIGINT elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        """The integer: signed, so that every id of 16 digits has one."""
        if value is None:
            return None
        number = int(value, 16)
        return number - _TWO_TO_64 if number >= _TWO_TO_64 // 2 else number

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Hexadecimal digits."""
        return None if value is None else f"{value % _TWO_TO_64:016x}"


class Moment(TypeDecorator[datetime]):
    """An aware time in Python; whole microseconds since 1970 in the database, on every engine."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, BIGINT elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds, exactly. A naive time is a ``TypeError`` of the subtraction."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The time in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A date; ISO text on SQLite."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, DATE elsewhere."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """ISO text or the date itself."""
        if value is None:
            return None
        return value.isoformat() if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """The date."""
        if value is None:
            return None
        return date.fromisoformat(value) if isinstance(value, str) else value


class ArrayText(TypeDecorator[Sequence[Any]]):
    """A list of values of one of our types as the text of an array: PostgreSQL's own notation.

    The driver would write the same, one element at a time.
    """

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> str:
        """Elements in braces, with commas between them."""
        write = _element(self.element, dialect)
        return "{" + ",".join(["NULL" if v is None else write(v) for v in value or ()]) + "}"


def _element(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], str]:
    match kind:
        case Id():
            return str
        case TypeDecorator():
            return lambda value: str(kind.process_bind_param(value, dialect))
        case LargeBinary():
            return lambda value: f'"\\\\x{value.hex()}"'
        case String():
            return lambda value: '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return str
