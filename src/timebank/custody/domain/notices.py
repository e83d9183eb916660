"""What waits for human eyes: notices of an audit, which leave its verdict alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from timebank.custody.domain.attention import Exceptional
from timebank.custody.domain.pin import Pin, stands
from timebank.custody.domain.query import Query, QueryAnswer
from timebank.custody.domain.sheet import SheetFile
from timebank.custody.domain.site import Passage
from timebank.domain.audit import Finding
from timebank.domain.bank import day_of
from timebank.domain.member import Staff

UNMATCHED_DAYS: Final = 14
"""For so long a move may wait for its other half before somebody should ask."""
UNANSWERED_DAYS: Final = 7
"""For so long a slip may lie before somebody should ask."""
TOO_QUICK_SECONDS: Final = 120
"""Two people who sign a sheet at one computer take longer than that."""


def exceptions(open_: Iterable[Exceptional]) -> Iterator[Finding]:
    """What the scheme shows to human eyes, until somebody says what came of it."""
    for one in open_:
        yield Finding(
            check="custody_exceptions",
            subject=f"person {one.person}",
            expected="somebody looks at it",
            found=one.rule.value,
            message=f"account {one.account}: timebank custody exceptions close {one.id}",
        )


def moves(waiting: Iterable[Passage], today: date, zone: str) -> Iterator[Finding]:
    """Moves without their other half for a fortnight."""
    for half in waiting:
        since = day_of(half.recorded_at, zone)
        if (today - since).days > UNMATCHED_DAYS:
            yield Finding(
                check="custody_moves",
                subject=f"person {half.person}",
                expected=f"taken at {half.site} within {UNMATCHED_DAYS} days",
                found=f"since {since}",
                message=f"the other half is not known: timebank custody move arrived {half.code}",
            )


def quick(files: Iterable[SheetFile]) -> Iterator[Finding]:
    """Sheets that were approved within two minutes of being verified, at the same seat."""
    for file in files:
        first, second = file.last("verify"), file.last("approve")
        if first is None or second is None or first.seat is None or first.seat != second.seat:
            continue
        seconds = (second.recorded_at - first.recorded_at) // timedelta(seconds=1)
        if seconds <= TOO_QUICK_SECONDS:
            yield Finding(
                check="custody_quick_approvals",
                subject=f"sheet {file.sheet.id}",
                expected="two people, each with the paper in hand",
                found=f"{seconds} seconds apart",
                message=f"paper {file.sheet.paper} was verified and approved at {first.seat}",
            )


def pins(kept: Iterable[Pin], staff: Iterable[Staff], today: date) -> Iterator[Finding]:
    """PINs of people who hold no role of staff any more."""
    current = {one.person for one in staff if one.ends_on is None or one.ends_on >= today}
    for pin in kept:
        if stands(pin) and pin.id not in current:
            yield Finding(
                check="custody_pins",
                subject=f"person {pin.id}",
                expected="a role of staff",
                found="none",
                message="the PIN is not needed any more: timebank custody pin erase",
            )


def queries(
    slips: Iterable[tuple[Query, QueryAnswer | None]], today: date, zone: str
) -> Iterator[Finding]:
    """Slips that nobody answered for a week."""
    for query, answer in slips:
        since = day_of(query.recorded_at, zone)
        if answer is None and (today - since).days > UNANSWERED_DAYS:
            yield Finding(
                check="custody_queries",
                subject=f"person {query.person}",
                expected=f"an answer within {UNANSWERED_DAYS} days",
                found=f"none since {since}",
                message=f"timebank custody query answer {query.paper}",
            )
