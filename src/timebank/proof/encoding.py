"""Facts as canonical bytes: what a leaf of the sealed tree is the hash of.

A record is: one byte of encoding version, the bank's hash domain (32 bytes), then fields. Each
field is a byte that says whether it is there (01) or not (00) and, if so, four bytes of length
(big-endian) and its bytes. The first field is the kind. Numbers are decimal ASCII, times are whole
microseconds since 1970, days are ISO 8601, words and ids UTF-8.

Nothing is dearer to change than this: golden vectors in the tests fix version 1.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Final, assert_never

from timebank.domain.account import UNIT, Account, AccountChange
from timebank.domain.actor import Actor
from timebank.domain.bank import DayStatement, PeriodClose
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.policy import PolicyVersion
from timebank.domain.sealed import Beginning, Founding, Opening, Sealed, WingRows
from timebank.domain.transaction import PostedTransfer, Transaction
from timebank.errors import InputError
from timebank.proof.merkle import leaf_hash, root_of

VERSION: Final = 1
SALT_BYTES: Final = 16

Field = str | bytes | int | date | datetime | Enum | None

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a transaction's own small tree, with the salt that blinds it."""

    salt: bytes
    record: bytes

    @property
    def leaf(self) -> bytes:
        """The hash that stands for the part: it tells nothing without the salt."""
        return leaf_hash(self.salt + self.record)


def record(hash_domain: bytes, kind: str, *fields: Field) -> bytes:
    """A record of version 1."""
    head = bytes([VERSION]) + hash_domain
    return head + b"".join(map(encoded, (kind, *fields)))


@lru_cache(maxsize=4096, typed=True)
def encoded(value: Field) -> bytes:
    """A field as bytes; the parts of a transaction have most of theirs in common."""
    if value is None:
        return b"\x00"
    plain = _PLAIN.get(type(value), _word)(value)
    return _LENGTHS[len(plain)] + plain if len(plain) < 256 else _head(len(plain)) + plain


def _head(length: int) -> bytes:
    return b"\x01" + length.to_bytes(4, "big")


def _word(value: Any) -> bytes:
    return str(value.value).encode()


_LENGTHS: Final = tuple(map(_head, range(256)))
_PLAIN: Final[dict[type, Callable[[Any], bytes]]] = {
    bytes: bytes,
    str: str.encode,
    int: lambda number: b"%d" % number,
    datetime: lambda moment: b"%d" % ((moment - _EPOCH) // _MICROSECOND),
    date: lambda day: day.isoformat().encode(),
}
"""Type → its bytes; a look-up, since an audit encodes some forty fields a transaction."""


def fields_of(content: bytes, hash_domain: bytes) -> list[bytes | None]:
    """The fields of a record of version 1, the kind first.

    *Refuses* bytes that are not exactly one record of this bank, with ``InputError``.
    """
    head = bytes([VERSION]) + hash_domain
    if not content.startswith(head):
        raise InputError(field="record", problem="another version, or another bank's")
    found: list[bytes | None] = []
    at = len(head)
    while at < len(content):
        there, at = content[at], at + 1
        if there == 0:
            found.append(None)
            continue
        end = at + 4 + int.from_bytes(content[at : at + 4], "big")
        if there != 1 or end > len(content):
            raise InputError(field="record", problem="its fields do not end where they should")
        found.append(content[at + 4 : end])
        at = end
    if not found:
        raise InputError(field="record", problem="it has no fields")
    return found


def leaf_data(fact: Sealed, hash_domain: bytes) -> bytes:
    """The bytes of a fact's leaf; RFC 6962 hashes them with a 0x00 in front.

    A transaction's leaf holds the root of its own small tree, so that one account's side can be
    opened without the others.
    """
    match fact:
        case Transaction():
            root = root_of([part.leaf for part in parts(fact, hash_domain)])
            return record(hash_domain, "transaction", root)
        case AccountChange():
            return record(hash_domain, "account_change", *_change(fact))
        case PolicyVersion():
            return record(hash_domain, "policy", *_policy(fact))
        case ExchangeAct():
            return record(hash_domain, "exchange_act", *_act(fact))
        case PeriodClose():
            return record(hash_domain, "period_close", *_period(fact))
        case DayStatement():
            return record(hash_domain, "day_statement", *_day(fact))
        case Opening():
            made = _change(fact.change) + _identity(fact.account)
            return record(hash_domain, "opening", *made)
        case Beginning():
            terms = _act(fact.act) + _terms(fact.exchange)
            return record(hash_domain, "beginning", *terms)
        case Founding():
            own = (field for account in fact.accounts for field in _identity(account))
            return record(hash_domain, "founding", *_policy(fact.version), *own)
        case WingRows():
            return record(hash_domain, "wing", fact.wing, fact.table, fact.id, *_rows(fact))
        case _ as unreachable:
            assert_never(unreachable)


def parts(transaction: Transaction, hash_domain: bytes) -> tuple[Part, ...]:
    """The parts of a transaction's tree: the header, then for each transfer what both sides share,
    the source's side and the target's side. Each is blinded with a salt of its own.
    """
    records = (record(hash_domain, kind, *fields) for kind, fields in _parts(transaction))
    return tuple(
        Part(salt=part_salt(transaction.salt, place), record=content)
        for place, content in enumerate(records)
    )


def part_salt(salt: bytes, place: int) -> bytes:
    """The salt of one part: HMAC-SHA-256 of its place under the transaction's random salt.

    Handing out one tells nothing of the others.
    """
    return hmac.digest(salt, place.to_bytes(4, "big"), "sha256")[:SALT_BYTES]


def _parts(transaction: Transaction) -> Iterator[tuple[str, tuple[Field, ...]]]:
    yield "header", _header(transaction)
    for transfer in transaction.transfers:
        place: tuple[Field, ...] = (transaction.id, transfer.n)
        yield "transfer", (*place, transfer.minutes, transfer.activity)
        yield "source", place + _source(transfer)
        yield "target", place + _target(transfer)


def _header(transaction: Transaction) -> tuple[Field, ...]:
    return (
        transaction.id,
        transaction.kind,
        transaction.category,
        transaction.happened_on,
        transaction.counts_on,
        transaction.recorded_at,
        *_actor(transaction.actor),
        *_actor(transaction.approver),
        transaction.reason,
        transaction.policy_version,
        transaction.reverses,
        transaction.exchange,
        int(transaction.imported),
        int(transaction.overrides),
        transaction.note_digest,
        len(transaction.transfers),
    )


def _source(transfer: PostedTransfer) -> tuple[Field, ...]:
    return transfer.source, transfer.source_number, transfer.source_balance_minutes


def _target(transfer: PostedTransfer) -> tuple[Field, ...]:
    return transfer.target, transfer.target_number, transfer.target_balance_minutes


def _actor(actor: Actor | None) -> tuple[Field, ...]:
    if actor is None:
        return None, None, None
    return actor.role, actor.person, actor.on_behalf_of


def _change(change: AccountChange) -> tuple[Field, ...]:
    return (
        change.id,
        change.account,
        change.field,
        change.was,
        change.becomes,
        change.effective_on,
        change.recorded_at,
        *_actor(change.actor),
        *_actor(change.approver),
        change.reason,
        change.review_on,
        change.transaction,
        change.note_digest,
        change.policy_version,
    )


def _identity(account: Account) -> tuple[Field, ...]:
    return account.id, account.kind, account.owner, account.label, UNIT


def _policy(version: PolicyVersion) -> tuple[Field, ...]:
    return (
        version.id,
        version.version,
        version.body,
        version.recorded_at,
        *_actor(version.actor),
        *_actor(version.approver),
    )


def _act(act: ExchangeAct) -> tuple[Field, ...]:
    return (
        act.id,
        act.exchange,
        act.n,
        act.act,
        act.side,
        act.state,
        act.minutes,
        act.recorded_at,
        *_actor(act.actor),
        *_actor(act.approver),
        act.reason,
        act.transaction,
        act.note_digest,
        act.policy_version,
    )


def _terms(exchange: Exchange) -> tuple[Field, ...]:
    return (
        exchange.proposed_by,
        exchange.agreed_minutes,
        exchange.category,
        exchange.listing,
        exchange.happens_on,
        exchange.rule,
        len(exchange.givers),
        *exchange.givers,
        len(exchange.receivers),
        *exchange.receivers,
    )


def _rows(made: WingRows) -> Iterator[Field]:
    """How many rows, and of each how many columns have a value, and their names and values.

    In order of name, without what is empty: a column that a later release of the wing adds leaves
    older leaves as they are.
    """
    yield len(made.rows)
    for row in made.rows:
        there = sorted(name for name, value in row.items() if value is not None)
        yield len(there)
        for name in there:
            yield name
            yield row[name]


def _period(close: PeriodClose) -> tuple[Field, ...]:
    return (
        close.id,
        close.until,
        close.recorded_at,
        *_actor(close.actor),
        *_actor(close.approver),
        close.policy_version,
    )


def _day(stated: DayStatement) -> tuple[Field, ...]:
    return (
        stated.id,
        stated.day,
        stated.recorded_at,
        *_actor(stated.actor),
        stated.policy_version,
    )
