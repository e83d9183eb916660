"""The slip that says "this is wrong": what it concerns, and who may answer it. Codes, no words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from timebank.custody.domain.membership import require_outside
from timebank.custody.domain.office import require_role
from timebank.custody.domain.sheet import SheetFile, checked_paper
from timebank.domain.actor import STAFF_ROLES, Actor
from timebank.domain.changes import WingValue
from timebank.domain.conditions import Conditions
from timebank.domain.ids import FactId, PersonId, TransactionId
from timebank.domain.transaction import Transaction
from timebank.errors import InputError, NotPermitted, WrongState

SIGNED: Final = ("verify", "approve")
UNDOING: Final = frozenset({"return", "reverse"})
RIGHTING: Final = UNDOING | {"post"}
"""Steps of a sheet that may put something right: it is undone, or another one is posted."""


class Concern(Enum):
    """What somebody says is wrong."""

    MINUTES = "minutes"
    BASIS = "basis"
    DESTINATION = "destination"
    NOT_MINE = "not_mine"
    MISSING = "missing"


class Outcome(Enum):
    """What came of it."""

    STANDS = "stands"
    PUT_RIGHT = "put_right"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(WingValue):
    """A slip that somebody handed in: its number, what is wrong, and with which line.

    That is the person's line of the ``sheet``, or of their statement (``transaction``); of what is
    missing there is none.
    """

    id: FactId
    person: PersonId
    paper: str
    concern: Concern
    sheet: FactId | None
    transaction: TransactionId | None
    recorded_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer(WingValue):
    """The answer, by somebody who did not sign what it concerns.

    ``put_right`` names what did so: a ``sheet`` or a ``transaction``, later than the slip.
    """

    id: FactId
    query: FactId
    outcome: Outcome
    sheet: FactId | None
    transaction: TransactionId | None
    recorded_at: datetime
    actor: Actor

    @property
    def by_what(self) -> str | None:
        """The kind of thing that put it right, if anything did."""
        named = (("sheet", self.sheet), ("transaction", self.transaction))
        return next((kind for kind, id_ in named if id_ is not None), None)


def slip_number(person: PersonId, day: date) -> str:
    """The number of the slip on the statement of that day: it tells who, to nobody but staff."""
    return f"Q-{day:%Y%m%d}-{int(person[-6:], 16)}"


def opened(
    person: PersonId,
    *,
    paper: str,
    concern: Concern,
    file: SheetFile | None,
    transaction: Transaction | None,
    own: Collection[str],
    conditions: Conditions,
    inside: frozenset[PersonId],
) -> Query:
    """A slip as it was handed in. ``own`` are the person's accounts.

    *Refuses*, in this order: a person in custody as the actor, who is no staff, an unfit paper
    number, two lines at once, a line where something is missing, no line where not, a sheet without
    a line of theirs, a transaction that moved none of their hours.
    """
    require_outside("custody.query_open", conditions.by, inside)
    require_role("custody.query_open", conditions.by, STAFF_ROLES, conditions)
    number = checked_paper(paper)
    named = [one for one in (file, transaction) if one is not None]
    if len(named) > 1:
        raise InputError(field="sheet", problem="say one line: of a sheet or of the statement")
    if bool(named) is (concern is Concern.MISSING):
        needs = "names no line" if named else "names the line: a sheet or a transaction"
        raise InputError(field="concern", problem=f"{concern.value} {needs}")
    if file is not None and person not in {line.person for line in file.lines}:
        raise InputError(field="sheet", problem="this person is not on it")
    if transaction is not None and not moves(transaction, own):
        raise InputError(field="transaction", problem="it moved no hours of this person")
    return Query(
        id=FactId(conditions.fresh.id()),
        person=person,
        paper=number,
        concern=concern,
        sheet=None if file is None else file.sheet.id,
        transaction=None if transaction is None else transaction.id,
        recorded_at=conditions.now,
        actor=conditions.by,
    )


def answered(
    query: Query,
    known: QueryAnswer | None,
    outcome: Outcome,
    signed: Collection[PersonId | None],
    conditions: Conditions,
    *,
    contested: SheetFile | None,
    file: SheetFile | None,
    transaction: Transaction | None,
    own: Collection[str],
    inside: frozenset[PersonId],
) -> QueryAnswer:
    """The answer. ``signed`` are those who answer for what it concerns, ``contested`` its sheet;
    ``file`` or ``transaction`` put it right, ``own`` are the person's accounts.

    *Refuses*, in this order: a person in custody as the actor, who is no staff, a slip that was
    answered, one of those who signed, and what ``unrighted`` finds (``InputError``).
    """
    action, by = "custody.query_answer", conditions.by
    require_outside(action, by, inside)
    require_role(action, by, STAFF_ROLES, conditions)
    if known is not None:
        state = known.outcome.value
        raise WrongState(kind="query", id=query.id, state=state, act="answer", possible=())
    if by.person in signed:
        needed = "somebody who did not sign what the slip concerns"
        raise NotPermitted(action=action, who=str(by), needed=needed)
    if wrong := unrighted(query, outcome, contested, file, transaction, own):
        raise InputError(field="outcome", problem=wrong)
    return QueryAnswer(
        id=FactId(conditions.fresh.id()),
        query=query.id,
        outcome=outcome,
        sheet=None if file is None else file.sheet.id,
        transaction=None if transaction is None else transaction.id,
        recorded_at=conditions.now,
        actor=by,
    )


def unrighted(
    query: Query,
    outcome: Outcome,
    contested: SheetFile | None,
    file: SheetFile | None,
    transaction: Transaction | None,
    own: Collection[str],
) -> str | None:
    """What is wrong with what is said to have put it right, if anything.

    Lines never change, so that posting the ``contested`` sheet corrects nothing.
    """
    named = sum(one is not None for one in (file, transaction))
    if outcome is not Outcome.PUT_RIGHT:
        return f"{outcome.value} names nothing that put it right" if named else None
    if named != 1:
        return "put_right names what did so: one sheet or one transaction"
    if file is not None:
        theirs = query.person in {line.person for line in file.lines}
        acts = UNDOING if contested and contested.sheet.id == file.sheet.id else RIGHTING
        when = [act.recorded_at for act in file.acts if act.act in acts]
    else:
        theirs = transaction is not None and moves(transaction, own)
        posting = contested.sheet.transaction if contested else None
        when = [t.recorded_at for t in (transaction,) if t is not None and t.id != posting]
    if not theirs:
        return "what put it right has no line of this person"
    if not when or max(when) < query.recorded_at:
        return (
            "since the slip was entered nothing was posted, returned or reversed there;"
            " posting what it concerns corrects nothing"
        )
    return None


def signers(
    query: Query,
    file: SheetFile | None,
    transaction: Transaction | None,
    reversal: Transaction | None,
) -> set[PersonId | None]:
    """Who answers for a line: the two of its sheet, of other hours who moved them; and who undid
    it before the slip was entered, by the sheet or by the ``reversal`` of its hours.

    Whoever posts a sheet only moves what two others signed; whoever reverses decides. Whoever
    undid it since did what the slip asks for, and may say so.
    """
    actors = [] if file is None else [file.did(act) for act in SIGNED]
    if transaction is not None and (file is None or transaction.reverses is not None):
        actors += [transaction.actor, transaction.approver]
    for undone in (None if file is None else file.last("reverse"), reversal):
        if undone is not None and undone.recorded_at < query.recorded_at:
            actors += [undone.actor, undone.approver]
    return {actor.person for actor in actors if actor is not None}


def hours_of(file: SheetFile | None, transaction: Transaction | None) -> TransactionId | None:
    """The hours that a slip concerns: the transaction it names, or what its sheet moved."""
    if transaction is not None:
        return transaction.id
    return None if file is None else file.sheet.transaction


def moves(transaction: Transaction, own: Collection[str]) -> bool:
    """Whether it touched one of these accounts."""
    return any(t.source in own or t.target in own for t in transaction.transfers)
