"""A bank with a coordinator and members, and an endless list of orders that keeps within limits."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count, islice
from os import urandom
from time import time_ns
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import timebank
from benchmarks.places import Place
from timebank import Actor, Hours, Role, TransactionDraft, Transfer, banks, members
from timebank.domain.ids import AccountId, PersonId, bank_id_of
from timebank.storage.sql.unit_of_work import SqlUnit

BANK: Final = "bench"
MEMBERS: Final = 100
MEMBERS_FOR_DAYS: Final = 400
CATEGORY: Final = "garden"
P = ParamSpec("P")
R = TypeVar("R")


class Order(NamedTuple):
    """What a host wants posted, in plain values."""

    key: str
    source: str
    target: str
    minutes: int

    def draft(self) -> TransactionDraft:
        """The order in the words of our API."""
        hours = Hours(minutes=self.minutes)
        transfer = Transfer(
            source=AccountId(self.source), target=AccountId(self.target), hours=hours
        )
        return TransactionDraft(transfers=(transfer,), key=self.key, category=CATEGORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A bank in a place."""

    place: Place
    bank_id: int
    secret: bytes
    cora: Actor
    people: tuple[PersonId, ...]
    accounts: tuple[AccountId, ...]

    def do(
        self, action: Callable[Concatenate[SqlUnit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """One durable action in a unit of work of its own, through the public API."""
        with timebank.standalone(self.place.engine, bank=BANK) as uow:
            return action(uow, *args, **kwargs)

    def member(self, n: int) -> Actor:
        """The n-th member as an actor."""
        return Actor(person=self.people[n], role=Role.MEMBER)


def a_world(place: Place, *, size: int = MEMBERS) -> World:
    """A bank of so many neighbours of old, made in one unit of work."""
    long_ago = datetime.now(UTC).date() - timedelta(days=MEMBERS_FOR_DAYS)
    with timebank.standalone(place.engine, bank=BANK) as uow:
        created = banks.create(uow, zone="UTC", first_coordinator="cora")
        cora = Actor(person=created.person_id, role=Role.COORDINATOR)
        joined = [
            members.join(uow, name=f"M{i}", ref=f"m{i}", by=cora, joined_on=long_ago)
            for i in range(size)
        ]
        secret = uow.banks.get().secret
    return World(
        place=place,
        bank_id=bank_id_of(BANK),
        secret=secret,
        cora=cora,
        people=tuple(receipt.member_id for receipt in joined),
        accounts=tuple(receipt.account_id for receipt in joined),
    )


class Move(NamedTuple):
    """Who pays whom, by place in the list of members, and how much."""

    source: int
    target: int
    minutes: int


def moves(size: int) -> Iterator[Move]:
    """Turn after turn everybody pays once and is paid once, the same amount: balances stay near 0.

    The partner changes with every turn.
    """
    for turn in count():
        shift, minutes = 1 + turn % (size - 1), 1 + turn % 30
        for source in range(size):
            yield Move(source, (source + shift) % size, minutes)


class Orders:
    """Orders without end, each key new."""

    def __init__(self, world: World, name: str = "order") -> None:
        self._name, self._accounts = name, world.accounts
        self._moves = enumerate(moves(len(world.accounts)))

    def take(self, n: int) -> list[Order]:
        """The next n orders."""
        return [
            Order(
                f"{self._name}-{i}", self._accounts[m.source], self._accounts[m.target], m.minutes
            )
            for i, m in islice(self._moves, n)
        ]


def now_micros() -> int:
    """The clock as the tables have it: microseconds since 1970."""
    return time_ns() // 1000


def new_id() -> bytes:
    """An id of the same kind as ours: a UUID of version 7, in order of time, random otherwise."""
    noise = bytearray(urandom(10))
    noise[0] = 0x70 | noise[0] & 0x0F
    noise[2] = 0x80 | noise[2] & 0x3F
    return (time_ns() // 1_000_000).to_bytes(6, "big") + noise


def key_hash(secret: bytes, scope: str, key: str) -> bytes:
    """A host's key as it is stored."""
    return hmac.new(secret, f"{scope}\0{key}".encode(), sha256).digest()[:16]


def digests(secret: bytes, order: Order) -> str:
    """One digest over the whole request: enough to refuse a key used for another one."""
    text = f"{order.source}\0{order.target}\0{order.minutes}".encode()
    return f'{{"request":"{hmac.new(secret, text, sha256).hexdigest()[:16]}"}}'
