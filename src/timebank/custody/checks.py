"""The scheme's checks in every audit of a bank that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import chain
from typing import Final

from timebank.custody.domain import audit, audit_acts, audit_desk, notices
from timebank.custody.domain.audit import Books
from timebank.custody.store import CustodyStore
from timebank.custody.tables import NAME
from timebank.domain.member import Standing, Status
from timebank.ports import ReadingUnit
from timebank.wings import Finding, WingAudit, bank_today, link_of

Check = Callable[[Books], Iterable[Finding]]

_CHECKS: Final[Mapping[str, Check]] = {
    audit.CREDITS: audit.check_credits,
    audit.PEOPLE: audit.check_people,
    audit.GROUNDS: audit.check_grounds,
    audit.STATES: lambda books: chain(audit.check_states(books), audit_acts.check_acts(books)),
    audit.PASSAGES: audit.check_passages,
    audit.OFFICE: audit.check_office,
    audit.CORRECTIONS: audit.check_corrections,
    audit.PINS: audit_desk.check_pins,
    audit.QUERIES: audit_desk.check_queries,
}


def _books(uow: ReadingUnit) -> Books:
    store = _store(uow)
    memberships = store.memberships()
    people = [one.id for one in memberships]
    accounts = [a for m in memberships for a in m.accounts]
    queries = store.queries()
    said = (one for pair in queries for one in pair if one is not None)
    named = {one.transaction for one in said if one.transaction is not None}
    files, asked = store.files(), {query.sheet for query, _ in queries}
    hours = {*named, *(f.sheet.transaction for f in files if f.sheet.id in asked)}
    undone = {uow.journal.reversal_of(id_) for id_ in hours if id_ is not None}
    return Books(
        moved=store.moved(),
        movements=store.movements(),
        files=files,
        memberships=memberships,
        histories=store.histories(people),
        left=frozenset(one for one, is_ in uow.people.standings(people).items() if _left(is_)),
        accounts=store.accounts(accounts),
        beneficiaries={one.id: one for one in store.beneficiaries()},
        beneficiary_acts=store.beneficiary_acts(),
        passages=store.passages(),
        staff=tuple(staff for staff, _ in uow.people.staff()),
        pins=store.pins(),
        pin_changes=store.pin_changes(),
        wrong_pins=store.wrong_pins(),
        queries=queries,
        queried=uow.journal.many({*named, *(id_ for id_ in undone if id_ is not None)}),
        today=bank_today(uow),
        zone=uow.banks.get().zone,
    )


def _left(standing: Standing) -> bool:
    return standing.member is not None and standing.member.status is Status.LEFT


def _passes(uow: ReadingUnit) -> dict[tuple[str, ...], Callable[[], Iterable[Finding]]]:
    books = cache(partial(_books, uow))
    return {(name,): partial(_run, check, books) for name, check in _CHECKS.items()}


def _run(check: Check, books: Callable[[], Books]) -> Iterable[Finding]:
    return check(books())


def _subjects(uow: ReadingUnit) -> dict[str, int]:
    books = _books(uow)
    return {
        audit.CREDITS: sum(len(file.lines) for file in books.files),
        audit.PEOPLE: len(books.files),
        audit.GROUNDS: len(books.moved),
        audit.STATES: len(books.memberships) + len(books.files) + len(books.beneficiaries),
        audit.PASSAGES: len(books.passages),
        audit.OFFICE: len(books.staff) + len(books.moved),
        audit.CORRECTIONS: sum(each.reverses is not None for each in books.moved),
        audit.PINS: len(books.pins),
        audit.QUERIES: len(books.queries),
    }


def _notices(uow: ReadingUnit) -> Iterable[Finding]:
    store, today, zone = _store(uow), bank_today(uow), uow.banks.get().zone
    yield from notices.moves(store.open_passages(), today, zone)
    yield from notices.exceptions(one for one, _ in store.exceptionals(open_only=True))
    yield from notices.quick(store.files())
    yield from notices.pins(store.pins(), (staff for staff, _ in uow.people.staff()), today)
    yield from notices.queries(store.queries(), today, zone)


def _store(uow: ReadingUnit) -> CustodyStore:
    return CustodyStore(link_of(uow, NAME))


AUDIT: Final = WingAudit(checks=audit.CHECKS, passes=_passes, subjects=_subjects, notices=_notices)
