"""Files for accounting programs: the same bytes, and balances that agree with the postings."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.scenario import a_season
from tests.formats.journals import NASTY, Move, SmallJournal, a_small_journal, counted
from timebank import journal
from timebank.domain.transaction import Transaction
from timebank.formats import beancount, hledger, journal_csv
from timebank.formats._books import Books, one_line
from timebank.testing.strategies import days

GOLDEN = Path(__file__).parent / "golden"
Lines = Callable[[Books], Iterator[str]]


def table(books: Books) -> Iterator[str]:
    """The CSV, from the same books."""
    return journal_csv.lines(books.accounts, books.transactions)


EVERY: dict[str, Lines] = {
    "small.beancount": beancount.lines,
    "small.journal": hledger.lines,
    "small.csv": table,
}


@pytest.mark.parametrize("name", EVERY)
def test_the_file_is_the_same_to_the_byte(name):
    text = "".join(f"{line}\n" for line in EVERY[name](a_small_journal().books()))
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EVERY)
def test_a_line_is_one_line_whatever_a_word_holds(name):
    for line in EVERY[name](a_small_journal().books()):
        assert len(line.splitlines()) <= 1


@pytest.mark.parametrize("name", EVERY)
def test_the_journal_is_read_as_the_file_is_written(name):
    journal, seen = a_small_journal(), list[Transaction]()
    lines = EVERY[name](journal.books(counted(journal.transactions, seen)))
    first = journal.transactions[0].id
    begun = next(line for line in lines if first in line)
    assert begun
    assert len(seen) == 1


@pytest.mark.parametrize("name", EVERY)
def test_a_bank_without_transactions_has_a_file_too(name):
    lines = [*EVERY[name](SmallJournal().books())]
    assert lines
    assert not [line for line in lines if "balance " in line or " open " in line]


def test_a_table_reads_back_what_a_word_said_but_for_its_lines():
    rows = csv.DictReader(table(a_small_journal().books()))
    assert {row["category"] for row in rows} == {"", "home repairs", one_line(NASTY)}


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@x", "+x"])
def test_no_cell_is_a_formula(word):
    journal = SmallJournal()
    journal.add(Move(source=1, target=2, minutes=1, counts_on=date(2026, 1, 1)), category=word)
    rows = [*csv.DictReader(table(journal.books()))]
    expected = word if word in {"+1", "-1"} else f"'{word}"
    assert [row["category"] for row in rows] == [expected, expected]


# --- what is asserted agrees with what is posted ------------------------------------------------


@st.composite
def journals(draw):
    """Transactions as they were recorded, whose days come in any order."""
    journal = SmallJournal()
    for _ in range(draw(st.integers(0, 12))):
        day = draw(days(back=400))
        pairs = st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda p: p[0] != p[1])
        moves = [
            Move(source=source, target=target, minutes=draw(st.integers(1, 600)), counts_on=day)
            for source, target in draw(st.lists(pairs, min_size=1, max_size=3))
        ]
        journal.add(*moves)
    return journal


Claim = tuple[date, str, int]
"""A day, an account, and minutes: posted on it, or what it has at its end."""


def read_beancount(lines: Iterator[str]) -> tuple[list[Claim], list[Claim]]:
    """Postings and assertions of a beancount file."""
    day, posted, asserted = date.min, [], []
    for line in lines:
        if found := re.fullmatch(r"(\S+) balance (\S+)  (-?\d+) MINUTE", line):
            end = date.fromisoformat(found[1]) - timedelta(days=1)
            asserted.append((end, found[2], int(found[3])))
        elif found := re.match(r"(\d{4}-\d\d-\d\d) \*", line):
            day = date.fromisoformat(found[1])
        elif found := re.fullmatch(r"  (\S+)  (-?\d+) MINUTE", line):
            posted.append((day, found[1], int(found[2])))
    return posted, asserted


def read_hledger(lines: Iterator[str]) -> tuple[list[Claim], list[Claim]]:
    """Postings and assertions of an hledger journal."""
    day, posted, asserted = date.min, [], []
    for line in lines:
        if found := re.match(r"(\d{4}-\d\d-\d\d) \*", line):
            day = date.fromisoformat(found[1])
        elif found := re.fullmatch(r"    (\S+)  0 MINUTE == (-?\d+) MINUTE", line):
            asserted.append((day, found[1], int(found[2])))
        elif found := re.match(r"    (\S+)  (-?\d+) MINUTE  ;", line):
            posted.append((day, found[1], int(found[2])))
    return posted, asserted


READ = [(beancount.lines, read_beancount), (hledger.lines, read_hledger)]
READ_UNITS = [
    (journal.export_beancount, read_beancount),
    (journal.export_hledger, read_hledger),
]


@pytest.mark.parametrize(("write", "read"), READ, ids=["beancount", "hledger"])
@given(journals())
def test_what_is_asserted_is_the_sum_of_what_is_posted(write, read, journal):
    posted, asserted = read(write(journal.books()))
    assert len(posted) == 2 * sum(len(t.transfers) for t in journal.transactions)
    for end, account, minutes in asserted:
        assert minutes == sum(m for day, name, m in posted if day <= end and name == account)


@pytest.mark.parametrize(("write", "read"), READ, ids=["beancount", "hledger"])
@given(journals())
def test_every_posting_stands_before_a_balance_that_it_moves(write, read, journal):
    """At its month's end or, in the last month, at the end; there every account has a balance."""
    posted, asserted = read(write(journal.books()))
    if not posted:
        assert asserted == []
        return
    last = max(day for day, _, _ in posted)
    assert len([end for end, _, _ in asserted if end == last]) == 5
    moved: Counter[tuple[tuple[int, int], str]] = Counter()
    for day, name, minutes in posted:
        if (day.year, day.month) != (last.year, last.month):
            moved[(day.year, day.month), name] += minutes
    ends = {((end.year, end.month), name) for end, name, _ in asserted}
    assert {place for place, minutes in moved.items() if minutes} <= ends


@given(journals())
def test_the_lines_are_the_same_every_time(journal):
    for write in EVERY.values():
        assert [*write(journal.books())] == [*write(journal.books())]


@pytest.mark.parametrize(("write", "read"), READ_UNITS, ids=["beancount", "hledger"])
def test_every_storage_tells_the_same_of_a_season(world, write, read):
    """Each balance, asked of the storage in another way than the journal, agrees with it."""
    a_season(world)
    posted, asserted = world.see(lambda uow: read(write(uow)))
    rows = world.see(lambda uow: [*csv.DictReader(journal.export_csv(uow))])
    assert [minutes for _, _, minutes in posted] == [int(row["change_minutes"]) for row in rows]
    assert len(asserted) > 5
    for end, account, minutes in asserted:
        assert minutes == sum(m for day, name, m in posted if day <= end and name == account)
