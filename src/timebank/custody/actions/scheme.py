"""The scheme itself: its rules, what was shown to human eyes, and what was attempted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from timebank.custody.actions._gather import (
    acted,
    case,
    coded,
    in_force,
    require_two_of_staff,
    store_of,
)
from timebank.custody.domain.attention import Attempt, Exceptional, Looked, checked_name
from timebank.custody.domain.beneficiary import Standing, require_staff
from timebank.custody.domain.goods import Goods, reported
from timebank.custody.domain.membership import State, require_outside
from timebank.custody.domain.rules import DEFAULT, Rules, RulesVersion
from timebank.custody.domain.sheet import SheetState
from timebank.domain.actor import Actor, checked_actor
from timebank.domain.bank import day_of
from timebank.domain.ids import FactId, checked_id
from timebank.errors import InputError, NotFoundError, WrongState
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, check_page


@action("custody.rules_set")
def set_rules(
    uow: UnitOfWork, rules: Rules, *, by: Actor, approved_by: Actor, key: str | None = None
) -> Changes:
    """New rules from now on, by two people. What was credited under others stays as it is.

    *Refuses*, in this order: a person in custody as one of the two, who is no staff, a missing
    second person, a category that the house rules lack.
    """
    found = case(uow, by=by, approved_by=approved_by)
    require_two_of_staff(found, "custody.rules_set")
    for category in sorted({*rules.classes, *rules.goods, *rules.confidential}):
        found.now.policy.checked_category(category)
    before = found.store.rules()
    version = RulesVersion(
        id=FactId(found.now.fresh.id()),
        version=before[-1].version + 1 if before else 1,
        rules=rules,
        recorded_at=found.now.now,
        actor=by,
        approver=approved_by,
    )
    return Changes(added=(version,), events=(acted("set rules", version.id),))


def rules(uow: ReadingUnit) -> Rules:
    """The rules that hold now."""
    return in_force(store_of(uow))


def goods(uow: ReadingUnit, *, start: date, end: date) -> tuple[Goods, ...]:
    """What was posted of each activity that makes goods, or did under earlier rules.

    Of the days from ``start`` up to and not including ``end``. *Refuses* no days, with
    ``InputError``.
    """
    if end <= start:
        raise InputError(field="end", problem=f"{end} does not lie after {start}")
    store = store_of(uow)
    held = [DEFAULT, *(version.rules for version in store.rules())]
    return reported(store.files(states=(SheetState.POSTED,)), held, start, end)


def exceptions(
    uow: ReadingUnit, *, open_only: bool = False
) -> tuple[tuple[Exceptional, Looked | None], ...]:
    """What was shown to human eyes, in order of record, with what came of it."""
    return store_of(uow).exceptionals(open_only=open_only)


@action("custody.exception_close")
def close_exception(
    uow: UnitOfWork, exception: str, *, reason: str, by: Actor, key: str | None = None
) -> Changes:
    """Somebody looked at it; a reason code says what came of it.

    *Refuses*, in this order: an unknown one, a person in custody as the actor, who is no staff,
    one that was closed before, words for a reason.
    """
    id_ = FactId(checked_id(exception, field="exception"))
    known = {one.id: done for one, done in store_of(uow).exceptionals()}
    if id_ not in known:
        raise NotFoundError(kind="exception", ref=exception)
    found = case(uow, by=by)
    require_outside("custody.exception_close", by, found.inside)
    require_staff("custody.exception_close", found.now)
    if known[id_] is not None:
        raise WrongState(kind="exception", id=id_, state="closed", act="close", possible=())
    looked = Looked(
        id=FactId(found.now.fresh.id()),
        exceptional=id_,
        recorded_at=found.now.now,
        actor=by,
        reason=coded(reason, found.now),
    )
    return Changes(added=(looked,), events=(acted("closed exception", id_),))


@action("custody.attempt")
def record_attempt(
    uow: UnitOfWork,
    *,
    action: str,
    error: str,
    subjects: Collection[str] = (),
    by: Actor,
    key: str | None = None,
) -> Changes:
    """Keep that something was refused: who asked, for what, by which rule (the error's code).

    A host records it in a commit of its own, after it rolled back what was refused. There is no
    field for words.

    *Refuses* names that are none of a program, and subjects that are no ids, with ``InputError``.
    """
    store_of(uow)
    done, code = checked_name(action, field="action"), checked_name(error, field="error")
    ids = tuple(checked_id(subject, field="subjects") for subject in subjects)
    one = Attempt(
        id=FactId(uow.fresh.id()),
        action=done,
        code=code,
        subjects=ids,
        recorded_at=uow.now(),
        actor=checked_actor(by, field="by"),
    )
    return Changes(added=(one,), events=(acted("attempted", one.id),))


def attempts(
    uow: ReadingUnit, *, after: str | None = None, limit: int = 100
) -> tuple[Attempt, ...]:
    """What was refused, in order of record; a page of ``limit`` after the one of that id."""
    check_page(after, limit)
    last = None if after is None else FactId(checked_id(after, field="after"))
    return store_of(uow).attempts(after=last, limit=limit)


def by_prefix(uow: ReadingUnit, table: str, prefix: str) -> tuple[FactId, ...]:
    """Ids of the scheme's sheets, beneficiaries … that begin so, at most two."""
    return store_of(uow).by_prefix(table, prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for somebody: what, which, since when, and what comes next."""

    what: str
    subject: str
    since: date | None
    next_step: str


_NEXT: Final = {
    SheetState.DRAFT: "submit",
    SheetState.SUBMITTED: "verify",
    SheetState.VERIFIED: "approve",
    SheetState.APPROVED: "post",
}


def todo(uow: ReadingUnit) -> tuple[Waiting, ...]:
    """Sheets and moves on their way, applicants, beneficiaries to review, exceptions, slips."""
    store, bank = store_of(uow), uow.banks.get()
    today = day_of(uow.now(), bank.zone)
    found = [
        Waiting(
            what=f"sheet {file.sheet.state.value}",
            subject=file.sheet.paper,
            since=file.sheet.worked_on,
            next_step=_NEXT[file.sheet.state],
        )
        for file in store.files(states=tuple(_NEXT))
    ]
    found += [
        Waiting(what="person applied", subject=one.id, since=one.since, next_step="admit")
        for one in store.memberships()
        if one.state is State.APPLIED
    ]
    found += [
        Waiting(what="beneficiary proposed", subject=b.id, since=None, next_step="approve")
        for b in store.beneficiaries()
        if b.standing is Standing.PROPOSED
    ]
    found += [
        Waiting(what="beneficiary lapsed", subject=b.id, since=b.review_on, next_step="review")
        for b in store.beneficiaries()
        if b.standing is Standing.APPROVED and b.review_on is not None and b.review_on < today
    ]
    found += [
        Waiting(
            what=f"exception {one.rule.value}",
            subject=one.id,
            since=day_of(one.recorded_at, bank.zone),
            next_step="close",
        )
        for one, _ in store.exceptionals(open_only=True)
    ]
    found += [
        Waiting(
            what=f"move to {half.site}",
            subject=half.code,
            since=day_of(half.recorded_at, bank.zone),
            next_step="arrived or cancel",
        )
        for half in store.open_passages()
    ]
    found += [
        Waiting(
            what=f"query {one.concern.value}",
            subject=one.paper,
            since=day_of(one.recorded_at, bank.zone),
            next_step="query answer",
        )
        for one, answer in store.queries()
        if answer is None
    ]
    return tuple(found)
