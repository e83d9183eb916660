"""What imports share: terms, faults, people by ref, and rows posted a thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol, TypeVar

from timebank.actions import transfers
from timebank.actions._gather import CARRY_OVER, conditions, labelled
from timebank.actions._request import receipt_for
from timebank.actions.transfers import OpeningBalance
from timebank.domain import membership, movement
from timebank.domain.actor import Actor, require_second_person
from timebank.domain.changes import Changes, together
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.events import LimitOverridden, TransactionRecorded
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.member import Member, PersonKind
from timebank.domain.receipt import Outcome
from timebank.domain.transaction import Activity, Transfer
from timebank.errors import (
    CeilingReached,
    Fault,
    FileFaults,
    InputError,
    KeyReusedError,
    NotEnoughHours,
    TimebankError,
)
from timebank.formats.csv_import import ExchangeRow, MemberRow
from timebank.ports import ReadingUnit, UnitOfWork

CHUNK: Final = 1000
"""Rows that are gathered, decided and written together."""
REVIEW_DAYS: Final = 90
"""When somebody looks again at an account that an import took out of its limits."""

_LIMITS: Final = (NotEnoughHours, CeilingReached)

Progress = Callable[[int], None]
"""Called with the number of rows done since the last call."""


class Numbered(Protocol):
    """A row that knows its line."""

    @property
    def line(self) -> int:
        """The row's first line in the file."""
        ...


R = TypeVar("R", bound=Numbered)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who imports, and who answers for limits that are broken on purpose."""

    by: Actor
    approved_by: Actor | None
    reason: str | None
    review_on: date | None

    @property
    def second_person(self) -> Actor:
        """The approver. *Refuses* nobody, with ``SecondPersonNeeded``."""
        return require_second_person("transfers.carry_over", self.by, self.approved_by)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has been counted and found wrong so far."""

    faults: list[Fault]
    accepted: int = 0
    replayed: int = 0
    minutes: int = 0
    overridden: dict[AccountId, None] = field(default_factory=dict)

    def raise_faults(self) -> None:
        """*Refuses* the file with every fault in order of line, with ``FileFaults``."""
        if self.faults:
            raise FileFaults(faults=tuple(sorted(self.faults, key=lambda fault: fault.line)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A member's opening balance; below zero where minutes are negative."""

    line: int
    key: str
    person: PersonId
    minutes: int
    happened_on: date | None


def terms_of(
    uow: UnitOfWork,
    action: str,
    *,
    by: Actor,
    approved_by: Actor | None,
    reason: str | None,
    review_on: date | None,
) -> tuple[Terms, Conditions]:
    """The terms and what is in force: judged once, so that not every row repeats a refusal.

    *Refuses*, in this order: the actor, a missing second person, a day that is not ahead, a
    missing reason; a reason or a day without an approver (``InputError``).
    """
    now = conditions(uow, by=by, approved_by=approved_by)
    require_actor(action, now)
    if approved_by is None:
        if reason is not None or review_on is not None:
            raise InputError(field="approved_by", problem="say who answers for the limits")
    elif review_on is None:
        review_on = now.today + timedelta(days=REVIEW_DAYS)
    movement.override_of(approved_by, reason, review_on, now, action=action)
    return Terms(by=by, approved_by=approved_by, reason=reason, review_on=review_on), now


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in order, ``CHUNK`` at a time."""
    return (items[i : i + CHUNK] for i in range(0, len(items), CHUNK))


def refs_of(row: ExchangeRow) -> tuple[str, str]:
    """Both sides of the row."""
    return row.giver, row.receiver


def known_people(uow: ReadingUnit, refs: Iterable[str]) -> dict[str, PersonId]:
    """The ids of those refs that this bank knows."""
    found: dict[str, PersonId] = {}
    for chunk in chunks([*dict.fromkeys(refs)]):
        found |= uow.people.by_refs(chunk)
    return found


def people_of(
    uow: UnitOfWork,
    rows: Sequence[ExchangeRow],
    now: Conditions,
    tally: Tally,
    *,
    create: bool,
    besides: frozenset[str] = frozenset(),
) -> tuple[dict[str, PersonId], tuple[str, ...]]:
    """Every member in the rows by ref, and the refs that joined; other refs are faults.

    Who joins here does so on the first day on which the rows name them. Refs in ``besides`` are
    not people.
    """
    sides = [(row, column, ref) for row in rows for column, ref in _sides(row, besides)]
    known = known_people(uow, (ref for _, _, ref in sides))
    owned = _with_account(uow, known.values())
    joined: dict[str, PersonId] = {}
    if create:
        first: dict[str, ExchangeRow] = {}
        for row, _, ref in sorted(sides, key=lambda side: side[0].happened_on):
            if ref not in known:
                first.setdefault(ref, row)
        joined = join_all(uow, [_newcomer(ref, row, now) for ref, row in first.items()], now, tally)
    people = {ref: person for ref, person in known.items() if person in owned} | joined
    for row, column, ref in sides:
        if ref not in people and (ref in known or not create):
            tally.faults.append(Fault(line=row.line, column=column, problem=_nobody(ref, known)))
    return people, tuple(joined)


def _sides(row: ExchangeRow, besides: frozenset[str]) -> Iterator[tuple[str, str]]:
    for column, ref in (("giver", row.giver), ("receiver", row.receiver)):
        if ref not in besides:
            yield column, ref


def _with_account(uow: ReadingUnit, people: Iterable[PersonId]) -> set[PersonId]:
    """Those who are members; staff have no account."""
    return {p for chunk in chunks([*people]) for p in uow.accounts.of_members(chunk)}


def _nobody(ref: str, known: Mapping[str, PersonId]) -> str:
    if ref in known:
        return f"{ref!r} is staff and no member"
    return f"no member {ref!r} in this bank; --create-members lets unknown refs join"


def _newcomer(ref: str, row: ExchangeRow, now: Conditions) -> MemberRow:
    return MemberRow(
        line=row.line,
        ref=ref,
        name=ref,
        kind=None,
        joined_on=min(row.happened_on, now.today),
        contact=None,
        opening_minutes=0,
    )


def join_all(
    uow: UnitOfWork,
    rows: Sequence[MemberRow],
    now: Conditions,
    tally: Tally,
    progress: Progress | None = None,
) -> dict[str, PersonId]:
    """``members.join`` for many, a thousand in one write. Refused rows become faults.

    *Refuses* the actor.
    """
    require_actor("members.join", now)
    joined: dict[str, PersonId] = {}
    for chunk in chunks(rows):
        decided: list[Changes] = []
        for row in chunk:
            try:
                changes = _joined(row, now)
            except TimebankError as refusal:
                tally.faults.append(_fault(row.line, refusal, {}))
            else:
                joined[row.ref] = next(t.id for t in changes.added if isinstance(t, Member))
                decided.append(changes)
        whole = together(decided)
        uow.record(whole, receipt_for(uow, "members.join", whole), ())
        if progress is not None:
            progress(len(chunk))
    return joined


def _joined(row: MemberRow, now: Conditions) -> Changes:
    return membership.join(
        name=row.name,
        ref=row.ref,
        kind=row.kind or PersonKind.PERSON,
        contact=row.contact,
        joined_on=row.joined_on,
        conditions=now,
    )


def names_of(uow: ReadingUnit, people: Mapping[str, PersonId]) -> dict[str, str]:
    """The refs of people by each id of theirs: what a refusal calls them."""
    names = {str(person): ref for ref, person in people.items()}
    for person, accounts in uow.accounts.of_members(people.values()).items():
        names |= {str(account): names[person] for account in accounts}
    return names


def post(
    uow: UnitOfWork,
    rows: Sequence[R],
    record: Callable[[Sequence[R]], Sequence[Outcome]],
    *,
    names: Callable[[Sequence[R]], Mapping[str, str]],
    tally: Tally,
    progress: Progress | None,
) -> None:
    """Record the rows a thousand at a time and count the outcomes; refusals become faults."""
    judged = not tally.faults
    for chunk in chunks(rows):
        refused = []
        for row, outcome in zip(chunk, record(chunk), strict=True):
            if outcome.receipt is None and _posted_by_others(outcome.error):
                tally.replayed += 1
            elif outcome.receipt is None:
                refused.append((row, outcome.error))
            else:
                _count(outcome, tally)
        if refused:
            known = names([row for row, _ in refused])
            tally.faults += [
                _fault(row.line, error, known)
                for row, error in refused
                if judged or not isinstance(error, _LIMITS)
            ]
        if progress is not None:
            progress(len(chunk))


def _count(outcome: Outcome, tally: Tally) -> None:
    if outcome.status == "replayed" or outcome.receipt is None:
        tally.replayed += 1
        return
    tally.accepted += 1
    for event in outcome.receipt.events:
        if isinstance(event, TransactionRecorded):
            tally.minutes += event.minutes
        if isinstance(event, LimitOverridden):
            tally.overridden[event.account] = None


def _posted_by_others(error: Exception | None) -> bool:
    """Whether the same row was posted before by another actor: then there is nothing to do."""
    return isinstance(error, KeyReusedError) and error.differing == ("by",)


def _fault(line: int, error: Exception | None, names: Mapping[str, str]) -> Fault:
    """The refusal as a fault of the row, with refs in place of ids."""
    if isinstance(error, InputError):
        return Fault(line=line, column=error.field, problem=error.problem or str(error))
    problem = str(error)
    for id_, ref in names.items():
        problem = problem.replace(id_, ref)
    return Fault(line=line, column="", problem=problem)


def post_openings(
    uow: UnitOfWork,
    openings: Sequence[Opening],
    terms: Terms,
    people: Mapping[str, PersonId],
    tally: Tally,
    progress: Progress | None,
) -> None:
    """``transfers.carry_over`` for many, each on its own day and judged on its own."""
    ref_of = {person: ref for ref, person in people.items()}
    reserve = labelled(uow, CARRY_OVER)
    post(
        uow,
        openings,
        lambda chunk: transfers.carry_over(
            uow,
            _opening_balances(uow, chunk, reserve),
            by=terms.by,
            approved_by=terms.second_person,
            reason=terms.reason or "",
            review_on=terms.review_on,
            mode="independent",
            overridden=frozenset(tally.overridden),
        ),
        names=lambda chunk: names_of(uow, {ref_of[o.person]: o.person for o in chunk}),
        tally=tally,
        progress=progress,
    )


def _opening_balances(
    uow: UnitOfWork, openings: Sequence[Opening], reserve: AccountId
) -> list[OpeningBalance]:
    accounts = uow.accounts.of_members({o.person for o in openings})
    return [
        OpeningBalance(
            transfer=_opening_transfer(o, accounts[o.person][0], reserve),
            key=o.key,
            happened_on=o.happened_on,
        )
        for o in openings
    ]


def _opening_transfer(opening: Opening, account: AccountId, reserve: AccountId) -> Transfer:
    above = opening.minutes > 0
    return Transfer(
        source=reserve if above else account,
        target=account if above else reserve,
        hours=Hours(minutes=abs(opening.minutes)),
        activity=Activity.CARRY_OVER,
    )
