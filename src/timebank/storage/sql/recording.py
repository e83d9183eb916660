"""The third beat: everything a rule decided, written in fixed order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Table

from timebank.domain.account import Account, AccountChange
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.changes import Changes
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.hold import Hold
from timebank.domain.listing import Listing
from timebank.domain.member import Member, Person, Staff
from timebank.domain.note import Note
from timebank.domain.policy import PolicyVersion
from timebank.domain.transaction import Transaction
from timebank.ports import RequestKey, StoredReceipt
from timebank.storage.sql import schema, wing_rows, wings
from timebank.storage.sql.link import Link
from timebank.storage.sql.rows import exchanges, ledger, people, requests
from timebank.storage.sql.writing import Part, standing, write, write_new

SHAPES: Final[dict[type, tuple[Table, Callable[[Any], dict[str, Any]]]]] = {
    Bank: (schema.bank, people.bank_to),
    Person: (schema.person, people.person_to),
    PolicyVersion: (schema.policy, people.policy_to),
    Member: (schema.member, people.member_to),
    Staff: (schema.staff, people.staff_to),
    Account: (schema.account, ledger.account_to),
    Listing: (schema.listing, people.listing_to),
    Exchange: (schema.exchange, exchanges.exchange_to),
    Hold: (schema.hold, ledger.hold_to),
    Transaction: (schema.transaction, ledger.transaction_to),
    AccountChange: (schema.account_change, ledger.change_to),
    ExchangeAct: (schema.exchange_act, exchanges.act_to),
    PeriodClose: (schema.period_close, people.period_to),
    DayStatement: (schema.day_statement, people.day_to),
    Note: (schema.note, ledger.note_to),
}
"""Kind of fact or thing → its table and its row; in an order that foreign keys accept."""

SEALED: Final = {
    Transaction: "transaction",
    AccountChange: "account_change",
    PolicyVersion: "policy",
    ExchangeAct: "exchange_act",
    PeriodClose: "period_close",
    DayStatement: "day_statement",
}
"""Kinds of facts that become leaves of the sealed tree, and the word the queue has for them."""

_IDENTITY: Final = {
    Account: ("kind", "owner_id", "label", "unit"),
    Member: ("kind", "joined_on"),
    Person: ("kind",),
}
"""Columns that never change: an update leaves them out."""
_KEY: Final[dict[type, str]] = {Note: "about_id"}
"""What rows are found by where it is not their ``id``."""


def record(
    link: Link, changes: Changes, receipt: StoredReceipt, keys: Collection[RequestKey] = ()
) -> bool:
    """Keys, new things and facts, then what changed, then the queue of the sealer and the outbox.

    False, and nothing written, if a key was taken.
    """
    added = _by_kind(changes.added)
    beside = wing_rows.new(added)
    queued = [*_queued(added), *wing_rows.queued(beside, receipt.recorded_at)]
    parts = [
        *_added(added),
        *(Part(shape.table, rows) for _, shape, rows in beside),
        Part(schema.seal_queue, queued),
        *_changed(changes),
        Part(schema.outbox, [requests.receipt_to(receipt, keys)]),
    ]
    if keys:
        return write_new(link, Part(schema.request_key, [*map(requests.key_to, keys)]), parts)
    write(link, parts)
    return True


def restore(link: Link, values: Iterable[Any]) -> None:
    """Values of a bank that is being loaded, as they were."""
    write(link, list(_added(_by_kind(values))))


def replace(link: Link, values: Iterable[Any], but: Collection[str]) -> int:
    """Values of a copy as they stand now; how many were new or had changed. No fact is queued."""
    new: dict[type, list[Any]] = {}
    changed = 0
    for kind, those in _by_kind(values).items():
        (table, to_row), key = SHAPES[kind], _KEY.get(kind, "id")
        rows = [to_row(value) for value in those]
        stand = {} if kind in SEALED else standing(link, table.c[key], [row[key] for row in rows])
        pairs = zip(those, rows, strict=True)
        new[kind] = [v for v, row in pairs if kind in SEALED or row[key] not in stand]
        moved = [
            _without(row, {*but, *_IDENTITY.get(kind, ())})
            for row in rows
            if row.get(key) in stand and not _without(row, but).items() <= stand[row[key]].items()
        ]
        write(link, [Part(table, moved, key)])
        changed += len(moved)
    write(link, list(_added(new)))
    return changed + sum(map(len, new.values()))


def _without(row: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _added(added: dict[type, list[Any]]) -> Iterator[Part]:
    """In an order that foreign keys accept."""
    for kind, (table, to_row) in SHAPES.items():
        if not (values := added.get(kind)):
            continue
        yield Part(table, [to_row(value) for value in values])
        if kind is Exchange:
            yield Part(
                schema.exchange_party, [row for x in values for row in exchanges.parties_to(x)]
            )
        if kind is Transaction:
            yield Part(schema.transfer, [row for t in values for row in ledger.transfers_to(t)])


def _changed(changes: Changes) -> Iterator[Part]:
    """The last version of each thing that changed, in order of id."""
    changed = _by_kind(changes.changed)
    for _, shape in wings.shapes_of(changed):
        last = {row["id"]: shape.moving(row) for row in map(shape.to_row, changed.pop(shape.kind))}
        yield Part(shape.table, [last[id_] for id_ in sorted(last)], "id")
    for kind, values in changed.items():
        table, to_row = SHAPES[kind]
        latest = {_id(value): value for value in values}
        rows = [_changed_columns(kind, to_row(latest[id_])) for id_ in sorted(latest)]
        yield Part(table, rows, _KEY.get(kind, "id"))


def _id(value: Any) -> str:
    found: str = value.about if isinstance(value, Note) else value.id
    return found


def _changed_columns(kind: type, row: dict[str, Any]) -> dict[str, Any]:
    return _without(row, _IDENTITY.get(kind, ()))


def _by_kind(values: Iterable[Any]) -> dict[type, list[Any]]:
    found: dict[type, list[Any]] = {}
    for value in values:
        found.setdefault(type(value), []).append(value)
    return found


def _queued(added: dict[type, list[Any]]) -> Sequence[dict[str, Any]]:
    """The sealer's rows for our facts."""
    return [
        {"kind": word, "fact_id": fact.id, "recorded_at": fact.recorded_at}
        for kind, word in SEALED.items()
        for fact in added.get(kind, ())
    ]
