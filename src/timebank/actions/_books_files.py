"""The journal for other programs: files that add up again elsewhere, and a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from timebank.actions import members
from timebank.actions._archive import AT_ONCE
from timebank.domain.transaction import Transaction
from timebank.formats import beancount, hledger, journal_csv, timeoverflow
from timebank.formats._books import Books
from timebank.ports import ReadingUnit


def export_beancount(uow: ReadingUnit) -> Iterator[str]:
    """The lines of a beancount file, with the balances that ``bean-check`` must come to.

    One transaction for each of ours, on the day on which it counts; balances at each month's end
    and of every account at the end. Accounts go by kind and id, reasons by their codes: nobody is
    named.
    """
    return beancount.lines(_books(uow))


def export_hledger(uow: ReadingUnit) -> Iterator[str]:
    """The lines of an hledger journal, with the balances that ``hledger check`` must come to.

    It holds what ``export_beancount`` does.
    """
    return hledger.lines(_books(uow))


def export_csv(uow: ReadingUnit) -> Iterator[str]:
    """The lines of a table for people: each entry of the journal, safe to open in a spreadsheet.

    Accounts go by kind and id, reasons by their codes: nobody is named.
    """
    return journal_csv.lines(uow.accounts.all(), uow.archive.values(Transaction))


def export_timeoverflow(uow: ReadingUnit) -> Iterator[str]:
    """The lines of a file for TimeOverflow's importer of transfers: who gave what to whom.

    Members go by number: the ref where it is one, else the next after the highest. Balances come
    out the same; days, which that importer cannot keep, stand in the words beside. Nobody is
    named.
    """
    transactions = uow.archive.values(Transaction)
    return timeoverflow.transfer_lines(_leavers(uow), uow.accounts.all(), transactions)


def export_timeoverflow_people(uow: ReadingUnit) -> Iterator[str]:
    """The lines of a file for TimeOverflow's importer of users, with the numbers of transfers.

    Who was forgotten goes by the number alone.
    """
    return timeoverflow.member_lines(_leavers(uow))


def _leavers(uow: ReadingUnit) -> list[timeoverflow.Leaver]:
    """Every member there ever was, in order of id."""
    found = [*_everybody(uow)]
    numbers = timeoverflow.numbered([member.ref for member in found])
    return [
        timeoverflow.Leaver(
            number=number,
            name=member.name or str(number),
            joined_on=member.joined_on,
            contact=member.contact,
            accounts=member.accounts,
        )
        for number, member in zip(numbers, found, strict=True)
    ]


def _everybody(uow: ReadingUnit) -> Iterator[members.MemberView]:
    after = None
    while page := members.list(uow, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].id


def _books(uow: ReadingUnit) -> Books:
    return Books(
        bank=uow.slug,
        accounts=tuple(uow.accounts.all()),
        transactions=uow.archive.values(Transaction),
        balances_on=uow.accounts.balances_on,
    )
