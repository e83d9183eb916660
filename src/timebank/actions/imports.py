"""Imports: the rows of a file, all or none, and each once however often the file comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from timebank.actions import exchanges as _exchanges
from timebank.actions._gather import CARRY_OVER
from timebank.actions._intake import (
    Opening,
    Progress,
    Tally,
    Terms,
    chunks,
    join_all,
    known_people,
    names_of,
    people_of,
    post,
    post_openings,
    refs_of,
    terms_of,
)
from timebank.actions.banks import set_policy
from timebank.domain.actor import Actor
from timebank.domain.conditions import Conditions
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.member import Person
from timebank.errors import Fault, InputError
from timebank.formats.csv_import import ExchangeRow, MemberRow
from timebank.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: rows of the file, those new and those known, and what came with them.

    ``accepted_minutes`` is what the new rows moved, ``joined`` the refs of new members,
    ``overridden`` the accounts that went out of their limits under the named override.
    """

    rows: int
    accepted: int
    replayed: int
    accepted_minutes: int
    joined: tuple[str, ...] = ()
    added_categories: tuple[str, ...] = ()
    overridden: tuple[AccountId, ...] = ()


def exchanges(
    uow: UnitOfWork,
    rows: Sequence[ExchangeRow],
    *,
    by: Actor,
    faults: Sequence[Fault] = (),
    create_members: bool = False,
    add_categories: bool = False,
    history: bool = False,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """One completed exchange for each row, in file order; with ``history`` in order of day.

    ``faults`` are those the reader found: they are reported together with those found here.
    ``history`` marks the rows as brought from elsewhere; ``approved_by`` and ``reason`` then let
    accounts out of their limits, to be looked at again on ``review_on`` (in 90 days). Where some
    rows cannot be read or known, limits are not judged: nobody can say what the balances would be.

    *Refuses*, in this order: the actor; an approver without ``history`` (``InputError``), without
    a reason, or who is no second person; then all faults together with ``FileFaults``: those
    given, unknown refs and categories, and each row that ``exchanges.record`` refuses.

    *Guarantees:* a row whose key was imported before posts nothing, whoever imports it again; a
    constant number of reads and writes for every thousand rows.
    """
    if approved_by is not None and not history:
        raise InputError(field="approved_by", problem="limits give way only to history=True")
    terms, now = terms_of(
        uow, "exchanges.record", by=by, approved_by=approved_by, reason=reason, review_on=review_on
    )
    tally = Tally(faults=[*faults])
    people, joined = people_of(uow, rows, now, tally, create=create_members)
    added = _categories(uow, rows, terms, now, tally, add=add_categories)
    ordered = sorted(rows, key=lambda row: (row.happened_on, row.line)) if history else rows
    fit = [row for row in ordered if row.giver in people and row.receiver in people]
    known = {*now.policy.categories, *added, None}
    post(
        uow,
        [row for row in fit if row.category in known],
        lambda chunk: _exchanges.record_all(
            uow,
            [_past(row, people) for row in chunk],
            by=by,
            mode="independent",
            imported=history,
            overridden=frozenset(tally.overridden),
            approved_by=approved_by,
            reason=terms.reason,
            review_on=terms.review_on,
        ),
        names=lambda chunk: names_of(
            uow, {ref: people[ref] for row in chunk for ref in refs_of(row)}
        ),
        tally=tally,
        progress=progress,
    )
    return _report(tally, rows, joined=joined, added_categories=added)


def carry_over(
    uow: UnitOfWork,
    rows: Sequence[ExchangeRow],
    *,
    by: Actor,
    approved_by: Actor,
    reason: str,
    faults: Sequence[Fault] = (),
    create_members: bool = False,
    review_on: date | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Opening balances: in each row the giver or the receiver is the bank's ``carry-over`` account.

    No exchange, never activity. With the account as the receiver a member starts above 0:00.

    *Refuses*, in this order: the actor, a missing second person or reason, then all faults
    together with ``FileFaults``: those given, unknown refs, rows without the account, and each
    row that ``ledger.post`` refuses.
    """
    terms, now = terms_of(
        uow,
        "transfers.carry_over",
        by=by,
        approved_by=approved_by,
        reason=reason,
        review_on=review_on,
    )
    tally = Tally(faults=[*faults])
    fit = [row for row in rows if (row.giver == CARRY_OVER) != (row.receiver == CARRY_OVER)]
    found = {row.line for row in fit}
    problem = f"giver or receiver must be {CARRY_OVER!r}, the other one a member"
    tally.faults += [
        Fault(line=row.line, column="giver", problem=problem)
        for row in rows
        if row.line not in found
    ]
    people, joined = people_of(
        uow, fit, now, tally, create=create_members, besides=frozenset({CARRY_OVER})
    )
    openings = [
        Opening(
            line=row.line,
            key=row.key,
            person=people[ref],
            minutes=row.minutes if row.receiver == CARRY_OVER else -row.minutes,
            happened_on=row.happened_on,
        )
        for row in fit
        for ref in refs_of(row)
        if ref in people
    ]
    post_openings(uow, openings, terms, people, tally, progress)
    return _report(tally, rows, joined=joined)


def members(
    uow: UnitOfWork,
    rows: Sequence[MemberRow],
    *,
    by: Actor,
    faults: Sequence[Fault] = (),
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """One member for each row, with the opening balance brought along, if any.

    A ref that is known under the same name counts as replayed.

    *Refuses*, in this order: the actor, an approver without a reason or who is no second person,
    then all faults together with ``FileFaults``: those given, a known ref under another name or
    of another kind, what ``members.join`` refuses, opening balances that nobody approved, and
    what ``ledger.post`` refuses of them.
    """
    terms, now = terms_of(
        uow, "members.join", by=by, approved_by=approved_by, reason=reason, review_on=review_on
    )
    tally = Tally(faults=[*faults])
    known = known_people(uow, (row.ref for row in rows))
    for chunk in chunks([row for row in rows if row.ref in known]):
        found = uow.people.many([known[row.ref] for row in chunk])
        accounts = uow.accounts.of_members([known[row.ref] for row in chunk])
        for row in chunk:
            faults_here = [*_other(row, found[known[row.ref]], known[row.ref] in accounts)]
            tally.faults += faults_here
            tally.replayed += not faults_here
    new = [row for row in rows if row.ref not in known]
    joined = join_all(uow, new, now, tally, progress)
    tally.accepted += len(joined)
    people = known | joined
    openings = [
        Opening(
            line=row.line,
            key=f"opening balance of {row.ref}",
            person=people[row.ref],
            minutes=row.opening_minutes,
            happened_on=row.joined_on,
        )
        for row in rows
        if row.opening_minutes and row.ref in people
    ]
    moved = Tally(faults=tally.faults)
    if approved_by is None:
        problem = "an opening balance needs --approved-by and --reason"
        tally.faults += [
            Fault(line=o.line, column="opening_minutes", problem=problem) for o in openings
        ]
    else:
        post_openings(uow, openings, terms, people, moved, None)
    tally.minutes, tally.overridden = moved.minutes, moved.overridden
    return _report(tally, rows, joined=tuple(joined))


def _past(row: ExchangeRow, people: Mapping[str, PersonId]) -> _exchanges.PastExchange:
    return _exchanges.PastExchange(
        giver=people[row.giver],
        receiver=people[row.receiver],
        hours=Hours(minutes=row.minutes),
        happened_on=row.happened_on,
        category=row.category,
        reason=row.reason,
        key=row.key,
    )


def _categories(
    uow: UnitOfWork,
    rows: Sequence[ExchangeRow],
    terms: Terms,
    now: Conditions,
    tally: Tally,
    *,
    add: bool,
) -> tuple[str, ...]:
    """The categories that were added to the policy; without ``add`` unknown ones are faults."""
    known = now.policy.categories
    unknown = [row for row in rows if row.category is not None and row.category not in known]
    if add and unknown:
        new = dict.fromkeys(row.category for row in unknown if row.category is not None)
        set_policy(uow, replace(now.policy, categories=(*known, *new)), by=terms.by)
        return tuple(new)
    for row in unknown:
        problem = f"{row.category!r} is not in this bank's list: {', '.join(known)}"
        tally.faults.append(Fault(line=row.line, column="category", problem=problem))
    return ()


def _other(row: MemberRow, person: Person, is_member: bool) -> Iterator[Fault]:
    """What speaks against taking the row for the member who has this ref already."""
    if not is_member:
        yield Fault(line=row.line, column="ref", problem=f"{row.ref!r} is a member of staff")
    elif person.name != row.name:
        problem = f"{row.ref!r} is known as {person.name!r}; see: timebank member update"
        yield Fault(line=row.line, column="name", problem=problem)
    elif row.kind not in (None, person.kind):
        problem = f"{row.ref!r} is of kind {person.kind.value}"
        yield Fault(line=row.line, column="kind", problem=problem)


def _report(
    tally: Tally,
    rows: Sequence[object],
    *,
    joined: tuple[str, ...],
    added_categories: tuple[str, ...] = (),
) -> ImportReport:
    """The report, once all is well. *Refuses* the file with all its faults."""
    tally.raise_faults()
    return ImportReport(
        rows=len(rows),
        accepted=tally.accepted,
        replayed=tally.replayed,
        accepted_minutes=tally.minutes,
        joined=joined,
        added_categories=added_categories,
        overridden=tuple(tally.overridden),
    )
