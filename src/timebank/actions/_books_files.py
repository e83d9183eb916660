"""The journal for other programs: files that add up again elsewhere, and a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from timebank.domain.transaction import Transaction
from timebank.formats import beancount, hledger, journal_csv
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


def _books(uow: ReadingUnit) -> Books:
    return Books(
        bank=uow.slug,
        accounts=tuple(uow.accounts.all()),
        transactions=uow.archive.values(Transaction),
        balances_on=uow.accounts.balances_on,
    )
