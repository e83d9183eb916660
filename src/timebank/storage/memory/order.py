"""Order of id, pages, and ids that begin like this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import Any, Protocol, TypeVar


class Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> Any:
        """Its id."""


T = TypeVar("T", bound=Named)
Id = TypeVar("Id", bound=str)


def page(things: Iterable[T], *, after: str | None, limit: int) -> tuple[T, ...]:
    """The first ``limit`` things in order of id, after the one with the id ``after``."""
    later = (thing for thing in things if after is None or thing.id > after)
    return tuple(nsmallest(limit, later, key=lambda thing: thing.id))


def prefixed(ids: Iterable[Id], prefix: str) -> tuple[Id, ...]:
    """The ids that begin with the prefix, at most two: one is found, two are ambiguous."""
    return tuple(nsmallest(2, (id_ for id_ in ids if id_.startswith(prefix))))


def latest(things: Mapping[Id, T]) -> T | None:
    """The thing with the highest id."""
    return things[max(things)] if things else None
