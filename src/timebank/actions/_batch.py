"""Many items in one go: a constant number of reads, each item decided and answered on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from timebank.actions._request import (
    Request,
    answer_item,
    has_form_of_key,
    keyed,
    mismatches,
    rebuilt,
    receipt_for,
    require_unit,
    stored_key,
)
from timebank.domain.bank import require_own
from timebank.domain.changes import Changes, together
from timebank.domain.conditions import Conditions
from timebank.domain.movement import Books
from timebank.domain.receipt import Outcome
from timebank.errors import ConflictError, InputError, KeyReusedError, TimebankError
from timebank.ports import RequestKey, UnitOfWork

Mode = Literal["atomic", "independent"]
Decide = Callable[[int, Books, Conditions], tuple[Changes, Books]]
Gather = Callable[[Sequence[int]], tuple[Books, Conditions]]

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    outcomes: dict[int, Outcome]
    accepted: dict[int, Changes]
    repeats: dict[int, int]


def run(
    uow: UnitOfWork,
    requests: Sequence[Request],
    *,
    gather: Gather,
    decide: Decide,
    mode: Mode,
) -> tuple[Outcome, ...]:
    """Answer every request in order: accepted, replayed, or refused with its error.

    In ``atomic`` mode the first refusal is raised and nothing is written; its place in the batch
    is in the error's notes. A key that comes twice is answered twice and posted once.

    One request alone is tried as if its key were new: where it is not, nothing is written, nor is
    it refused before the key was looked up.
    """
    require_unit(uow)
    if mode not in ("atomic", "independent"):
        raise InputError(field="mode", problem=f"{mode!r} is neither 'atomic' nor 'independent'")
    as_new = len(requests) == 1 and _may_be_new(requests[0])
    for attempt in range(_ATTEMPTS):
        looks = attempt > 0 or not as_new
        outcomes = _answered_before(uow, requests, mode) if looks else {}
        waiting = [i for i in range(len(requests)) if i not in outcomes]
        if not waiting:
            return tuple(outcomes[i] for i in range(len(requests)))
        try:
            decided = _decide(requests, waiting, gather, decide, mode)
        except TimebankError:
            if _taken_meanwhile(uow, requests, waiting):
                continue
            raise
        refused = list(decided.outcomes)
        recorded = None
        if not _taken_meanwhile(uow, requests, refused):
            recorded = _record(uow, requests, decided)
        if recorded is not None:
            outcomes |= decided.outcomes | recorded
            return tuple(outcomes[i] for i in range(len(requests)))
    raise ConflictError(reason="keys of this batch were taken again and again")


def _may_be_new(request: Request) -> bool:
    """Whether it has no key, or one that can be kept. Any other is refused when it is looked up."""
    return request.key is None or has_form_of_key(request.key)


def _stored_keys(
    uow: UnitOfWork, requests: Sequence[Request], indices: Iterable[int]
) -> dict[int, RequestKey]:
    """The keys among these items that have been used, in one read.

    *Refuses* a bank that nobody created, and one that is kept elsewhere (``BankIsCopy``): nothing
    else is refused before this was asked, and nothing is recorded.
    """
    bank = uow.banks.get()
    require_own(bank)
    hashes = {i: keyed(requests[i], bank.secret) for i in indices if requests[i].key is not None}
    if not hashes:
        return {}
    stored = uow.requests.find(requests[0].action, set(hashes.values()))
    return {i: stored[hashed] for i, hashed in hashes.items() if hashed in stored}


def _taken_meanwhile(uow: UnitOfWork, requests: Sequence[Request], indices: Iterable[int]) -> bool:
    """Whether somebody faster answered one of these: then a refusal would be the wrong answer."""
    return bool(_stored_keys(uow, requests, indices))


def _answered_before(
    uow: UnitOfWork, requests: Sequence[Request], mode: Mode
) -> dict[int, Outcome]:
    stored = _stored_keys(uow, requests, range(len(requests)))
    if not stored:
        return {}
    places = list(stored)
    wrong = mismatches(uow, [(requests[i], key) for i, key in stored.items()])
    outcomes = {}
    for place, error in wrong.items():
        if mode == "atomic":
            raise _placed(error, places[place], len(requests))
        outcomes[places[place]] = _refused(requests[places[place]], error)
    same = {i: key for i, key in stored.items() if i not in outcomes}
    for i, receipt in zip(same, rebuilt(uow, list(same.values())), strict=True):
        outcomes[i] = Outcome(status="replayed", key=requests[i].key, receipt=receipt)
    return outcomes


def _placed(error: TimebankError, place: int, items: int) -> TimebankError:
    if items > 1:
        error.add_note(f"item {place + 1} of {items}; nothing was posted")
    return error


def _refused(request: Request, error: TimebankError) -> Outcome:
    return Outcome(status="refused", key=request.key, error=error)


def _decide(
    requests: Sequence[Request],
    waiting: Sequence[int],
    gather: Gather,
    decide: Decide,
    mode: Mode,
) -> _Decided:
    books, conditions = gather(waiting)
    decided = _Decided(outcomes={}, accepted={}, repeats={})
    first: dict[str, int] = {}
    for i in waiting:
        key = requests[i].key
        try:
            if key is not None and key in first:
                _check_repeat(requests[first[key]], requests[i])
                decided.repeats[i] = first[key]
                continue
            changes, books = decide(i, books, conditions)
        except TimebankError as refusal:
            if mode == "atomic":
                raise _placed(refusal, i, len(requests)) from None
            decided.outcomes[i] = _refused(requests[i], refusal)
        else:
            decided.accepted[i] = changes
            if key is not None:
                first[key] = i
    return decided


def _check_repeat(first: Request, again: Request) -> None:
    names = sorted(set(first.values) | set(again.values))
    differing = tuple(n for n in names if first.values.get(n) != again.values.get(n))
    if differing:
        raise KeyReusedError(scope=again.action, differing=differing)


def _record(
    uow: UnitOfWork, requests: Sequence[Request], decided: _Decided
) -> dict[int, Outcome] | None:
    """Everything in one write. None where a key was taken meanwhile: nothing was written."""
    if not decided.accepted:
        return {}
    whole = together(decided.accepted.values())
    stored = receipt_for(uow, requests[0].action, whole)
    keys: list[RequestKey] = []
    notes = []
    for i, changes in decided.accepted.items():
        if requests[i].key is not None:
            transaction = changes.transactions[0].id
            key, note = stored_key(requests[i], uow, receipt=stored.id, transaction=transaction)
            keys.append(key)
            notes += [] if note is None else [note]
    if not uow.record(whole + Changes(added=tuple(notes)), stored, keys):
        return None
    outcomes = {
        i: Outcome(
            status="accepted",
            key=requests[i].key,
            receipt=answer_item(stored, changes),
        )
        for i, changes in decided.accepted.items()
    }
    for i, first in decided.repeats.items():
        again = replace(outcomes[first].receipt_or_raise(), replayed=True)
        outcomes[i] = Outcome(status="replayed", key=requests[i].key, receipt=again)
    return outcomes
