"""One request: its key, the digest of each of its fields, and the answer to a repetition."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache, wraps
from inspect import signature
from typing import Any, Concatenate, Final, ParamSpec

from timebank.domain.bank import Bank, require_own
from timebank.domain.changes import Changes
from timebank.domain.events import Event
from timebank.domain.hours import Hours
from timebank.domain.ids import FactId, TransactionId
from timebank.domain.note import Note
from timebank.domain.receipt import Receipt
from timebank.domain.transaction import Transaction, entries_of
from timebank.domain.words import of_another_kind
from timebank.errors import ConflictError, InputError, KeyReusedError, TimebankError
from timebank.ports import RequestKey, StoredReceipt, UnitOfWork

FREE_TEXT: Final = frozenset({"name", "ref", "contact", "note", "reason", "title"})
"""Fields that may hold personal words: their digests are keyed with an erasable salt."""

_UNDIGESTED: Final = frozenset({"key"})
_SHARED: Final = frozenset({"by", "approved_by", "category", "happened_on"})
"""Fields that many requests have in common; none holds a word of anybody."""
P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked: the action, the host's key if any, and the fields by name."""

    action: str
    key: str | None
    values: Mapping[str, Any]


def has_form_of_key(key: object) -> bool:
    """Whether it is text that is neither empty nor over-long."""
    return isinstance(key, str) and 0 < len(key) <= 200


def keyed(request: Request, secret: bytes) -> bytes:
    """The key as it is stored: 16 bytes of an HMAC under the bank's secret.

    *Refuses* an empty or over-long key with ``InputError``.
    """
    key = request.key
    if not has_form_of_key(key):
        raise InputError(field="key", problem=f"{key!r} must be 1 to 200 characters")
    text = f"{request.action}\0{key}".encode()
    return hmac.digest(secret, text, "sha256")[:16]


def digests(request: Request, secret: bytes, salt: bytes | None) -> dict[str, str]:
    """One digest per field that was given; without a salt the free-text fields are left out."""
    found = {}
    for name, value in sorted(request.values.items()):
        if value is None:
            continue
        text = f"{name}\0{_canonical(value)}"
        if name in _SHARED:
            found[name] = _kept_digest(secret, text)
        elif (key := salt if name in FREE_TEXT else secret) is not None:
            found[name] = _digest(key, text)
    return found


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256")[:8].hex()


_kept_digest = lru_cache(maxsize=256)(_digest)
"""For what the requests of a batch share."""


def _canonical(value: Any) -> str:
    """Text that is equal exactly where two requests ask for the same."""
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], str]:
    """How values of a class are written: looked up once, for a batch writes thousands."""
    if issubclass(kind, Hours):
        return lambda hours: f"{hours.minutes}m"
    if issubclass(kind, Enum):
        return lambda word: str(word.value)
    if issubclass(kind, (date, datetime)):
        return lambda day: str(day.isoformat())
    if is_dataclass(kind):
        names = [field.name for field in fields(kind)]
        return lambda it: (
            "{" + ",".join([f"{name}:{_canonical(getattr(it, name))}" for name in names]) + "}"
        )
    if issubclass(kind, (tuple, list)):
        return lambda parts: "[" + ",".join(map(_canonical, parts)) + "]"
    return repr


def mismatches(
    uow: UnitOfWork, pairs: Sequence[tuple[Request, RequestKey]]
) -> dict[int, KeyReusedError]:
    """By place: the keys that answered another request before, with the fields that differ.

    Free text whose salt has been erased can no longer be compared and is taken as equal.
    """
    secret = uow.banks.get().secret
    salts = uow.requests.salts({key.note for _, key in pairs if key.note is not None})
    found = {}
    for i, (request, key) in enumerate(pairs):
        salt = None if key.note is None else salts.get(key.note)
        if differing := _differing(request, key, secret, salt):
            found[i] = KeyReusedError(scope=request.action, differing=differing)
    return found


def _differing(
    request: Request, stored: RequestKey, secret: bytes, salt: bytes | None
) -> tuple[str, ...]:
    now = digests(request, secret, salt)
    names = {n for n in {*now, *stored.digests} if now.get(n) != stored.digests.get(n)}
    if stored.note is None:
        return tuple(sorted(names | {n for n in FREE_TEXT if request.values.get(n) is not None}))
    return tuple(sorted(names if salt is not None else names - FREE_TEXT))


def stored_key(
    request: Request,
    uow: UnitOfWork,
    *,
    receipt: FactId,
    transaction: TransactionId | None = None,
    founded: Bank | None = None,
) -> tuple[RequestKey, Note | None]:
    """The key to be written, and the note that keeps the salt of its free text, if it has any.

    ``founded`` is the bank where it is written in the same go.
    """
    secret = (founded or uow.banks.get()).secret
    wordy = any(request.values.get(name) is not None for name in FREE_TEXT)
    note = Note(about=FactId(uow.fresh.id()), salt=uow.fresh.salt(), text=None) if wordy else None
    key = RequestKey(
        scope=request.action,
        key_hash=keyed(request, secret),
        digests=digests(request, secret, note.salt if note else None),
        note=note.about if note else None,
        receipt=receipt,
        transaction=transaction,
    )
    return key, note


def replayed(uow: UnitOfWork, request: Request) -> Receipt | None:
    """The first receipt, if this key was used for the same request before.

    *Refuses* a key used for another request with ``KeyReusedError``.
    """
    bank = None if request.key is None else uow.banks.find()
    if bank is None:
        return None
    hashed = keyed(request, bank.secret)
    stored = uow.requests.find(request.action, [hashed]).get(hashed)
    if stored is None:
        return None
    for mismatch in mismatches(uow, [(request, stored)]).values():
        raise mismatch
    return rebuilt(uow, [stored])[0]


def rebuilt(uow: UnitOfWork, keys: Sequence[RequestKey]) -> list[Receipt]:
    """The receipts that stored keys answer with, from the facts they made, in constant reads."""
    kept = uow.requests.receipts({key.receipt for key in keys})
    events = {id_: _by_subject(receipt.events) for id_, receipt in kept.items()}
    wanted = [_transactions_of(key, kept[key.receipt]) for key in keys]
    facts = uow.journal.many({t for ids in wanted for t in ids})
    receipts = []
    for key, ids in zip(keys, wanted, strict=True):
        whole, transactions = kept[key.receipt], [facts[t] for t in ids]
        part = (
            whole.events
            if key.transaction is None
            else _concerning(transactions, events[key.receipt])
        )
        receipts.append(replace(answer(whole, transactions, part), replayed=True))
    return receipts


def _transactions_of(key: RequestKey, kept: StoredReceipt) -> tuple[TransactionId, ...]:
    return kept.transactions if key.transaction is None else (key.transaction,)


def _by_subject(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Events by the transaction they name, else by the exchange."""
    found: dict[str, list[Event]] = {}
    for event in events:
        subject = getattr(event, "transaction", None) or getattr(event, "exchange", None)
        if subject is not None:
            found.setdefault(subject, []).append(event)
    return found


def _concerning(
    transactions: Iterable[Transaction], events: Mapping[str, list[Event]]
) -> tuple[Event, ...]:
    subjects = [s for t in transactions for s in (t.id, t.exchange) if s is not None]
    return tuple(event for subject in subjects for event in events.get(subject, ()))


def answer(
    stored: StoredReceipt, transactions: Iterable[Transaction], events: tuple[Event, ...]
) -> Receipt:
    """The receipt for the person who asked."""
    return Receipt(
        id=stored.id,
        action=stored.action,
        recorded_at=stored.recorded_at,
        events=events,
        entries=tuple(entry for t in transactions for entry in entries_of(t)),
        warnings=stored.warnings,
    )


def answer_item(stored: StoredReceipt, changes: Changes) -> Receipt:
    """The receipt of one item of a batch: only what concerns its transaction."""
    events = _concerning(changes.transactions, _by_subject(changes.events))
    return answer(stored, changes.transactions, events)


def receipt_for(uow: UnitOfWork, action: str, changes: Changes) -> StoredReceipt:
    """The row of the outbox that is written with the changes."""
    recorded = [t.recorded_at for t in changes.transactions]
    return StoredReceipt(
        id=FactId(uow.fresh.id()),
        action=action,
        recorded_at=max(recorded, default=uow.now()),
        events=changes.events,
        warnings=changes.warnings,
        transactions=tuple(t.id for t in changes.transactions),
    )


def action(
    name: str,
) -> Callable[
    [Callable[Concatenate[UnitOfWork, P], Changes]],
    Callable[Concatenate[UnitOfWork, P], Receipt],
]:
    """Make an action of a function that gathers and decides: record its changes and answer.

    Around it stands the promise of keys: a key that was used before answers with the first
    receipt; so does one whose first use won a race, whatever the loser's rules would have said.
    """

    def made(
        decide: Callable[Concatenate[UnitOfWork, P], Changes],
    ) -> Callable[Concatenate[UnitOfWork, P], Receipt]:
        names = tuple(signature(decide).parameters)[1:]
        defaults = {n: p.default for n, p in signature(decide).parameters.items()}

        @wraps(decide)
        def run(uow: UnitOfWork, /, *args: P.args, **kwargs: P.kwargs) -> Receipt:
            given: dict[str, Any] = dict(zip(names, args, strict=False)) | kwargs
            require_unit(uow)
            if (bank := uow.banks.find()) is not None:
                require_own(bank)
            request = _request(name, names, defaults, given)
            if (before := replayed(uow, request)) is not None:
                return before
            try:
                changes = decide(uow, *args, **kwargs)
            except TimebankError:
                if (before := replayed(uow, request)) is not None:
                    return before
                raise
            return _recorded(uow, request, changes)

        return run

    return made


def require_unit(uow: UnitOfWork) -> None:
    """*Refuses* what is no unit of work, with ``InputError``: a session, an engine, a bare call.

    A supply of ids is what every unit that writes has, and nothing else that is given by mistake.
    """
    if not hasattr(uow, "fresh"):
        instead = "write: with timebank.unit_of_work(…) as uow"
        raise of_another_kind(uow, field="uow", instead=instead)


def _request(
    name: str, names: Iterable[str], defaults: Mapping[str, Any], given: Mapping[str, Any]
) -> Request:
    values = {n: given.get(n, defaults[n]) for n in names if n not in _UNDIGESTED}
    return Request(action=name, key=given.get("key"), values=values)


def _recorded(uow: UnitOfWork, request: Request, changes: Changes) -> Receipt:
    stored = receipt_for(uow, request.action, changes)
    keys: tuple[RequestKey, ...] = ()
    if request.key is not None:
        founded = next((new for new in changes.added if isinstance(new, Bank)), None)
        key, note = stored_key(request, uow, receipt=stored.id, founded=founded)
        keys = (key,)
        changes += Changes(added=() if note is None else (note,))
    if uow.record(changes, stored, keys):
        return answer(stored, changes.transactions, stored.events)
    before = replayed(uow, request)
    if before is None:
        raise ConflictError(reason="a key was taken by a request that then failed")
    return before
