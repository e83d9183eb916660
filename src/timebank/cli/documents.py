"""Domain values as JSON documents: stable names, minutes as integers, times with offset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from timebank.cli.render import Answer, Grid
from timebank.domain.events import as_plain
from timebank.domain.hours import Hours
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Entry
from timebank.ports import ReadingUnit

_INTERNAL: Final = frozenset({"salt", "note_digest", "encoding", "hash_domain", "secret"})


def plain(value: Any) -> Any:
    """The value as JSON types: a dataclass becomes a mapping without its internal fields."""
    if is_dataclass(value) and not isinstance(value, (type, Hours)):
        names = (f.name for f in fields(value) if f.name not in _INTERNAL)
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Hours):
        return value.minutes
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    return value


def named(name: str, value: Any) -> dict[str, Any]:
    """The value's fields, its id first and under the name of the thing."""
    facts: dict[str, Any] = plain(value)
    return {name: facts.pop("id"), **facts}


def page(
    schema: str, bank: str, name: str, items: list[Any], *, text: Grid, last: str | None
) -> Answer:
    """One page of a list; ``next`` is what ``--after`` takes for the next page, or None.

    ``last`` is the id of the page's last item where there may be more.
    """
    document = {"schema": schema, "bank": bank, name: items, "next": last}
    notes = () if last is None else (f"There may be more: --after {last}",)
    return Answer(document=document, text=(text,), notes=notes)


def note_beside(uow: ReadingUnit, fact: Any) -> str | None:
    """The free words beside a fact, unless there are none or they were erased."""
    note = None if fact.note_digest is None else uow.journal.note(fact.id)
    return None if note is None else note.text


def receipt(found: Receipt) -> dict[str, Any]:
    """``timebank.receipt/1``: what an action did."""
    return {
        "schema": "timebank.receipt/1",
        "action": found.action,
        "id": found.id,
        "recorded_at": found.recorded_at.isoformat(),
        "replayed": found.replayed,
        "events": [as_plain(event) for event in found.events],
        "entries": [_entry(entry) for entry in found.entries],
        "balances": [
            {"account": account, "balance_minutes": hours.minutes}
            for account, hours in found.balances.items()
        ],
        "warnings": [plain(warning) for warning in found.warnings],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "account": entry.account,
        "number": entry.number,
        "change_minutes": entry.change_minutes,
        "balance_minutes": entry.balance_minutes,
        "counterparty": entry.counterparty,
        "activity": entry.activity.value,
        "transaction": entry.transaction,
    }
