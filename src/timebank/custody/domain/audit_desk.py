"""What must hold of the work at the desk: who signs, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from timebank.custody.domain.audit import PINS, QUERIES, Books
from timebank.custody.domain.pin import PinAct, stands
from timebank.custody.domain.query import Query, QueryAnswer, hours_of, moves, signers, unrighted
from timebank.custody.domain.sheet import SheetFile
from timebank.domain.audit import Finding
from timebank.domain.ids import AccountId, FactId
from timebank.domain.transaction import Transaction


def check_pins(books: Books) -> Iterator[Finding]:
    """A PIN without an act is somebody else's work; so are wrong tries that nobody made."""
    last = {change.person: change.act for change in books.pin_changes}
    for pin in books.pins:
        act = last.get(pin.id, PinAct.ERASE)
        if stands(pin) and act is PinAct.ERASE:
            yield Finding(
                check=PINS,
                subject=f"person {pin.id}",
                expected="no PIN",
                found="a PIN",
                message="no recorded act set it: timebank custody pin erase",
            )
        tried = books.wrong_pins.get(pin.id, 0)
        if pin.failures > tried:
            yield Finding(
                check=PINS,
                subject=f"person {pin.id}",
                expected=f"at most {tried} wrong tries",
                found=f"{pin.failures}",
                message="attempts are missing, or somebody locked a PIN in the database",
            )


def check_queries(books: Books) -> Iterator[Finding]:
    """What a slip names is its person's, who answered had not signed it, and what is said to have
    put it right is theirs and later.
    """
    files = {file.sheet.id: file for file in books.files}
    undone = {moved.reverses: moved for moved in books.queried.values() if moved.reverses}
    posted = {file.sheet.transaction: file for file in books.files if file.sheet.transaction}
    for query, answer in books.queries:
        moved = books.queried.get(query.transaction) if query.transaction else None
        file = files.get(query.sheet) if query.sheet else None
        wrong = _not_theirs(query, file, moved, books)
        if wrong is None and answer is not None:
            if moved is not None:
                file = posted.get(moved.reverses or moved.id)
            signed = None if file is None else file.until(answer.recorded_at)
            hours = hours_of(file, moved)
            reversal = None if hours is None else undone.get(hours)
            if answer.actor.person in signers(query, signed, moved, reversal):
                wrong = "an answer by somebody who signed it"
            wrong = wrong or _not_righted(query, answer, file, files, books)
        if wrong:
            yield Finding(
                check=QUERIES,
                subject=f"query {query.id}",
                expected="a line of this person, answered by somebody who did not sign it",
                found=wrong,
                message=f"slip {query.paper}",
            )


def _not_theirs(
    query: Query, file: SheetFile | None, moved: Transaction | None, books: Books
) -> str | None:
    if query.sheet and (file is None or query.person not in {x.person for x in file.lines}):
        return "a sheet without a line of theirs"
    if query.transaction and (moved is None or not moves(moved, _own(query, books))):
        return "a transaction without hours of theirs"
    return None


def _not_righted(
    query: Query,
    answer: QueryAnswer,
    contested: SheetFile | None,
    files: Mapping[FactId, SheetFile],
    books: Books,
) -> str | None:
    file = files.get(answer.sheet) if answer.sheet else None
    moved = books.queried.get(answer.transaction) if answer.transaction else None
    return unrighted(query, answer.outcome, contested, file, moved, _own(query, books))


def _own(query: Query, books: Books) -> set[AccountId]:
    return {id_ for one in books.memberships if one.id == query.person for id_ in one.accounts}
