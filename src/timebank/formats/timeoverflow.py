"""TimeOverflow: its two CSV reports read, and the files that its own importers read.

Columns and units are those of its repository: balances in seconds, quantities as ``1:30``, members
by a number, and a person in the report of transfers as ``Anna Bell (12)``.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from timebank.domain.account import Account
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId
from timebank.domain.transaction import Transaction
from timebank.errors import InputError
from timebank.formats.csv_import import (
    EXCHANGES,
    MEMBERS,
    Column,
    ExchangeRow,
    Format,
    MemberRow,
    read_day,
    read_positive,
    read_text,
    read_whole,
    two_people,
)

_PERSON: Final = re.compile(r".* \(([0-9]{1,9})\)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_SECONDS: Final = re.compile(r"-?[0-9]{1,12}")
_SECONDS_PER_MINUTE: Final = 60


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise InputError(field="N", problem=f"{text!r} is no member's number")
    return text


def _person(text: str) -> str:
    found = _PERSON.fullmatch(text)
    if found is None:
        raise InputError(
            field="person",
            problem=f"{text!r} is no member with a number in brackets: leave the line out,"
            " or bring balances instead of transfers",
        )
    return found[1]


def _moment(text: str) -> str:
    read_day(text[:10])
    return text


def _day(text: str) -> date:
    return read_day(text[:10])


def _balance(text: str) -> int:
    if not _SECONDS.fullmatch(text):
        raise InputError(field="Balance", problem=f"{text!r} is not a whole number of seconds")
    minutes, rest = divmod(abs(int(text)), _SECONDS_PER_MINUTE)
    if rest:
        raise InputError(field="Balance", problem=f"{text} seconds are no whole minutes")
    return read_whole(f"-{minutes}" if text.startswith("-") else str(minutes))


def _quantity(text: str) -> int:
    return read_positive("0" if text == "0" else str(Hours.parse(text).minutes))


def _member(line: int, **cells: Any) -> MemberRow:
    return MemberRow(
        line=line,
        ref=cells["N"],
        name=cells["Name"],
        kind=None,
        joined_on=cells["Created"],
        contact=cells["Email"] or cells["Phone"],
        opening_minutes=cells["Balance"],
    )


def _transfer(line: int, **cells: Any) -> ExchangeRow:
    who = f"{cells['From']} to {cells['To']}"
    return ExchangeRow(
        line=line,
        key=f"timeoverflow {cells['Date']} {who} {cells['Quantity']}",
        happened_on=_day(cells["Date"]),
        giver=cells["To"],
        receiver=cells["From"],
        minutes=cells["Quantity"],
        category=None,
        reason=cells["Post"],
    )


def _told_apart(rows: Iterable[ExchangeRow]) -> Iterator[ExchangeRow]:
    """The report numbers no transfer: equal lines are counted, the same way in a later report."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row.key] += 1
        yield replace(row, key=f"{row.key} #{seen[row.key]}") if seen[row.key] > 1 else row


MEMBERS_REPORT: Final[Format[MemberRow]] = Format(
    name=MEMBERS.name,
    columns=(
        Column(name="N", read=_number),
        Column(name="Name", read=read_text("Name", 200)),
        Column(name="Email", read=read_text("Email", 200), required=False),
        Column(name="Phone", read=read_text("Phone", 200), required=False),
        Column(name="Created", read=_day, required=False),
        Column(name="Balance", read=_balance, required=False, empty=0),
    ),
    identity="N",
    row=_member,
)
TRANSFERS_REPORT: Final[Format[ExchangeRow]] = Format(
    name=EXCHANGES.name,
    columns=(
        Column(name="Date", read=_moment),
        Column(name="From", read=_person),
        Column(name="To", read=_person),
        Column(name="Post", read=read_text("Post", 200), required=False),
        Column(name="Quantity", read=_quantity),
    ),
    identity=None,
    row=_transfer,
    check=two_people,
    finish=_told_apart,
)
REPORTS: Final[tuple[Format[Any], ...]] = (MEMBERS_REPORT, TRANSFERS_REPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """A member as TimeOverflow's importer wants one."""

    number: int
    name: str
    joined_on: date
    contact: str | None
    accounts: tuple[AccountId, ...]


def numbered(refs: Sequence[str | None]) -> list[int]:
    """A number for each: the ref where it is one, else the next after the highest."""
    kept = [int(ref) if ref is not None and _NUMBER.fullmatch(ref) else None for ref in refs]
    highest = max((number for number in kept if number is not None), default=0)
    fresh = iter(range(highest + 1, highest + 1 + len(kept)))
    return [next(fresh) if number is None else number for number in kept]


def member_lines(members: Iterable[Leaver]) -> Iterator[str]:
    """Its importer of users: number, day, name in three parts, gender, birth, phones, email."""
    return _lines(_user(member) for member in members)


def transfer_lines(
    members: Iterable[Leaver], accounts: Iterable[Account], transactions: Iterable[Transaction]
) -> Iterator[str]:
    """Its importer of transfers: from, to, seconds and a reason, with the day that it cannot keep.

    Accounts that are nobody's are all the organisation; what moves between two of those is left
    out, since it moves nothing there.
    """
    numbers = {account: member.number for member in members for account in member.accounts}
    ours = {account.id: _side(numbers, account.id) for account in accounts}
    return _lines(row for found in transactions for row in _moves(found, ours))


def _user(member: Leaver) -> tuple[object, ...]:
    names = [*member.name.split(" ", 2), "", ""][:3]
    contact = member.contact or ""
    phone, email = ("", contact) if "@" in contact else (contact, "")
    return (member.number, member.joined_on, *names, "", "", phone, "", email)


def _side(numbers: Mapping[AccountId, int], account: AccountId) -> tuple[int, str]:
    number = numbers.get(account)
    return (0, "Organization") if number is None else (number, "Member")


def _moves(
    transaction: Transaction, sides: Mapping[AccountId, tuple[int, str]]
) -> Iterator[tuple[object, ...]]:
    for transfer in transaction.transfers:
        source, target = sides[transfer.source], sides[transfer.target]
        reason = f"{transaction.happened_on} {transfer.activity.value}"
        if source != target:
            yield (*source, *target, transfer.minutes * _SECONDS_PER_MINUTE, reason, "")


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Without a header, and cells as they are: the reader is a program."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="")
    for row in rows:
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
