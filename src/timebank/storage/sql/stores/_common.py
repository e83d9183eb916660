"""What the stores share: slices of long lists, prefixes of ids, pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, Table, false, select

from timebank.storage.sql.link import Link

SLICE: Final = 5_000
"""Databases allow some tens of thousands of parameters in a statement."""

ID_DIGITS: Final = 32
ACCOUNT_DIGITS: Final = 16


class Store:
    """A store of one bank on one connection."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def _own(self, table: Table) -> ColumnElement[bool]:
        """The rows of the bank."""
        return table.c.bank_id == self.link.bank

    def _of_bank(self, table: Table) -> Select[Any]:
        return select(table).where(self._own(table))


def slices(values: Collection[Any]) -> Iterator[list[Any]]:
    """The values in order, in lists that a statement can carry."""
    ordered = sorted(values)
    for start in range(0, len(ordered), SLICE):
        yield ordered[start : start + SLICE]


def with_prefix(column: Column[Any], prefix: str, digits: int) -> ColumnElement[bool]:
    """Ids that begin so: those between the prefix filled up with 0 and with f."""
    if len(prefix) > digits:
        return false()
    return column.between(prefix.ljust(digits, "0"), prefix.ljust(digits, "f"))


def page(query: Select[Any], column: Column[Any], after: Any, limit: int) -> Select[Any]:
    """A page in order of id, after the id given."""
    if after is not None:
        query = query.where(column > after)
    return query.order_by(column).limit(limit)
