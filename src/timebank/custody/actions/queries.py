"""Slips that say "this is wrong": opened by staff as they were handed in, answered by others."""

from __future__ import annotations

from timebank.custody.actions._gather import (
    acted,
    case,
    locked_membership,
    locked_sheet,
    store_of,
)
from timebank.custody.domain import query as rules
from timebank.custody.domain.query import Concern, Outcome, Query, QueryAnswer
from timebank.custody.domain.sheet import SheetFile
from timebank.domain.actor import Actor
from timebank.domain.ids import FactId, TransactionId, checked_id
from timebank.domain.transaction import Transaction
from timebank.domain.words import checked_word
from timebank.errors import NotFoundError, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action


@action("custody.query_open")
def open(
    uow: UnitOfWork,
    person: str,
    *,
    paper: str,
    concern: Concern | str,
    by: Actor,
    sheet: str | None = None,
    transaction: str | None = None,
    key: str | None = None,
) -> Changes:
    """Somebody handed in a slip: its number, what is wrong, and the line that it concerns.

    That is their line of a ``sheet``, or of their statement (``transaction``); of what is missing
    there is none.

    *Refuses*, in this order: an unknown concern, sheet, person or transaction, a person in custody
    as the actor, who is no staff, an unfit number, a line too many or too few, one of somebody else
    (``InputError``), and a slip that was opened before (``RefTaken``).
    """
    what = checked_word(Concern, concern, field="concern")
    file = None if sheet is None else locked_sheet(uow, sheet)
    own = locked_membership(uow, person)
    moved = None if transaction is None else _transaction(uow, transaction)
    found = case(uow, by=by)
    opened = rules.opened(
        own.id,
        paper=paper,
        concern=what,
        file=file,
        transaction=moved,
        own=own.accounts,
        conditions=found.now,
        inside=found.inside,
    )
    if opened.paper in {one.paper for one, _ in found.store.queries()}:
        raise RefTaken(kind="slip", ref=opened.paper)
    return Changes(added=(opened,), events=(acted("opened query", opened.id),))


@action("custody.query_answer")
def answer(
    uow: UnitOfWork,
    query: str,
    *,
    outcome: Outcome | str,
    by: Actor,
    sheet: str | None = None,
    transaction: str | None = None,
    key: str | None = None,
) -> Changes:
    """What came of a slip, by somebody who did not sign what it concerns.

    That is the two who signed its sheet; the two who moved the hours, of those without a sheet; and
    the two who undid either before the slip was entered. ``put_right`` names what did so
    (``InputError``): the slip's own ``sheet``, if it was returned or reversed since; any other
    ``sheet`` of theirs that was posted, returned or reversed since; or a later ``transaction`` of
    theirs, but for that sheet's own.

    *Refuses*, in this order: an unknown outcome, slip, sheet or transaction, a person in custody as
    the actor, who is no staff, a slip that was answered, one of those who signed
    (``NotPermitted``), and ``put_right`` without what did so, of theirs and since.
    """
    what = checked_word(Outcome, outcome, field="outcome")
    id_ = FactId(checked_id(query, field="query"))
    known = {one.id: (one, end) for one, end in store_of(uow).queries()}
    if id_ not in known:
        raise NotFoundError(kind="query", ref=query)
    asked, end = known[id_]
    file = None if sheet is None else locked_sheet(uow, sheet)
    own = locked_membership(uow, asked.person)
    moved = None if transaction is None else _transaction(uow, transaction)
    found = case(uow, by=by)
    subject = _subject(uow, asked)
    done = rules.answered(
        asked,
        end,
        what,
        rules.signers(asked, *subject),
        found.now,
        contested=subject[0],
        file=file,
        transaction=moved,
        own=own.accounts,
        inside=found.inside,
    )
    return Changes(added=(done,), events=(acted("answered query", asked.id),))


def list(
    uow: ReadingUnit, *, open_only: bool = False
) -> tuple[tuple[Query, QueryAnswer | None], ...]:
    """Slips in order of record, each with its answer; only those without one if asked."""
    found = store_of(uow).queries()
    return tuple(pair for pair in found if not (open_only and pair[1] is not None))


def _subject(
    uow: ReadingUnit, query: Query
) -> tuple[SheetFile | None, Transaction | None, Transaction | None]:
    """What a slip concerns: the sheet, also by a line of the statement that it was credited with;
    the transaction it names; and the reversal of the hours.
    """
    store = store_of(uow)
    moved = None if query.transaction is None else _transaction(uow, query.transaction)
    file = None if query.sheet is None else store.sheet(query.sheet)
    if moved is not None:
        file = store.sheet_of({moved.id, moved.reverses or moved.id})
    hours = rules.hours_of(file, moved)
    undone = None if hours is None else uow.journal.reversal_of(hours)
    return file, moved, None if undone is None else _transaction(uow, undone)


def _transaction(uow: ReadingUnit, transaction: str) -> Transaction:
    id_ = TransactionId(checked_id(transaction, field="transaction"))
    found = uow.journal.many([id_]).get(id_)
    if found is None:
        raise NotFoundError(kind="transaction", ref=transaction)
    return found
