"""What many clients asked and heard at once, and whether some serial order explains it.

Pure: no database, no clock. A history is explained if its requests can be put one after another so
that each answer is the one that a bank served by nobody else would have given, and no request
comes before one that had been answered when it was asked (strict serializability; Wing and Gong's
search, kept narrow by the numbers that each account gives its entries).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

NEVER = float("inf")


class Post(NamedTuple):
    """A transfer that was asked for; accounts by their place in the list. Floors are at 0."""

    key: str
    source: int
    target: int
    minutes: int


class Read(NamedTuple):
    """All balances in one look."""


class Side(NamedTuple):
    """One account's entry: its number and the balance after it."""

    number: int
    balance: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard: ``accepted``, ``replayed``, ``not_enough_hours``, ``key_reused``, ``seen``.

    ``sides`` are those of source and target; ``minutes`` what was available, or the balances.
    """

    said: str
    sides: tuple[Side, ...] = ()
    minutes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One request with the times of its call and its return; without an answer it never came."""

    asked: Post | Read
    call: float
    answer: Answer | None = None
    returned: float = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The model: accounts with balance and number, and the keys that were used."""

    accounts: tuple[Side, ...]
    keys: Mapping[str, tuple[Post, tuple[Side, ...]]] = field(default_factory=dict)

    def serve(self, asked: Post | Read) -> tuple[Answer, Bank]:
        """The one right answer, and the bank after it."""
        if isinstance(asked, Read):
            return Answer("seen", minutes=tuple(side.balance for side in self.accounts)), self
        if asked.key in self.keys:
            before, sides = self.keys[asked.key]
            same = before == asked
            return (Answer("replayed", sides) if same else Answer("key_reused")), self
        source, target = self.accounts[asked.source], self.accounts[asked.target]
        if asked.minutes > source.balance:
            return Answer("not_enough_hours", minutes=(source.balance,)), self
        sides = (
            Side(source.number + 1, source.balance - asked.minutes),
            Side(target.number + 1, target.balance + asked.minutes),
        )
        accounts = [*self.accounts]
        accounts[asked.source], accounts[asked.target] = sides
        keys = {**self.keys, asked.key: (asked, sides)}
        return Answer("accepted", sides), Bank(accounts=tuple(accounts), keys=keys)


class NoSerialOrder(AssertionError):
    """The history is not explained: what could have come next, and what a bank would have said."""


def settled(ops: Iterable[Op]) -> list[Op]:
    """The history without requests that were never answered.

    Under the same key somebody asked again. Where that was answered as a repetition, and nobody was
    the first, the one without an answer was: it took place, before the repetition was answered.
    Where somebody was the first, it did not.
    """
    ops = sorted(ops, key=lambda op: op.call)
    answered = [op for op in ops if op.answer is not None]
    first = {_key(op) for op in answered if _said(op) == "accepted"}
    silent: dict[str, Op] = {}
    for op in ops:
        if op.answer is None:
            silent.setdefault(_key(op), op)
    for op in answered:
        before = silent.get(_key(op))
        if before is not None and _said(op) == "replayed" and _key(op) not in first:
            until = min(before.returned, op.returned)
            accepted = Answer("accepted", op.answer.sides if op.answer else ())
            silent[_key(op)] = replace(before, asked=op.asked, answer=accepted, returned=until)
    return answered + [op for op in silent.values() if op.answer is not None]


def _key(op: Op) -> str:
    return op.asked.key if isinstance(op.asked, Post) else ""


def _said(op: Op) -> str:
    return "" if op.answer is None else op.answer.said


@dataclass(slots=True, kw_only=True)
class _Way:
    """A beginning of a serial order: which requests are in it, and the bank behind it."""

    bank: Bank
    done: int = 0
    open_from: int = 0
    order: tuple[Op, object] | None = None

    def then(self, place: int, op: Op, bank: Bank) -> _Way:
        done, open_from = self.done | 1 << place, self.open_from
        while done >> open_from & 1:
            open_from += 1
        return _Way(bank=bank, done=done, open_from=open_from, order=(op, self.order))


def serial_order(bank: Bank, history: Iterable[Op]) -> list[Op]:
    """A serial order of the answered requests that explains every answer.

    Raises ``NoSerialOrder`` where there is none.
    """
    ops = sorted(history, key=lambda op: op.call)
    whole = (1 << len(ops)) - 1
    ways, seen = [_Way(bank=bank)], set[int]()
    furthest = ways[0]
    while ways:
        way = ways.pop()
        if way.done in seen:  # the same requests lead to the same bank, whatever their order
            continue
        seen.add(way.done)
        if way.done == whole:
            return _listed(way)
        if way.done.bit_count() > furthest.done.bit_count():
            furthest = way
        ways += _next_ways(way, ops)
    raise NoSerialOrder(_told(furthest, ops))


def _next_ways(way: _Way, ops: Sequence[Op]) -> list[_Way]:
    """Every request that may come next and fits; one that changes nothing has no alternative."""
    found = []
    for place in _possible(way, ops):
        answer, bank = way.bank.serve(ops[place].asked)
        if answer == ops[place].answer:
            further = way.then(place, ops[place], bank)
            if bank is way.bank:
                return [further]
            found.append(further)
    return found


def _possible(way: _Way, ops: Sequence[Op]) -> Iterator[int]:
    """Who was asked before any of those that are left was answered."""
    horizon = NEVER
    for place in range(way.open_from, len(ops)):
        if ops[place].call > horizon:
            return
        if not way.done >> place & 1:
            horizon = min(horizon, ops[place].returned)
            yield place


def _listed(way: _Way) -> list[Op]:
    found, order = [], way.order
    while order is not None:
        op, order = order  # type: ignore[assignment]
        found.append(op)
    return found[::-1]


def _told(way: _Way, ops: Sequence[Op]) -> str:
    lines = [f"{way.done.bit_count()} of {len(ops)} requests are explained; then one of these:"]
    for place in _possible(way, ops):
        right, _ = way.bank.serve(ops[place].asked)
        lines.append(f"  {ops[place].asked} heard {ops[place].answer}, right were {right}")
    return "\n".join(lines)
