"""Laws of statements: they add up, whatever comes late and in whatever order it is read."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.account import AccountKind
from timebank.domain.statement import StatementEntry, build
from timebank.domain.transaction import Activity, TransactionKind
from timebank.testing.builders import ANNA, NOW, TODAY, account_id, transaction_id
from timebank.testing.strategies import days


@st.composite
def journals(draw):
    """Entries of one account as they were recorded: some late, none in the future."""
    changes = draw(st.lists(st.integers(-600, 600).filter(bool), max_size=12))
    counting = draw(st.lists(days(back=60), min_size=len(changes), max_size=len(changes)))
    balance, entries = 0, []
    for number, (change, counts_on) in enumerate(zip(changes, counting, strict=True), start=1):
        balance += change
        entries.append(
            StatementEntry(
                number=number,
                change_minutes=change,
                balance_minutes=balance,
                happened_on=counts_on - timedelta(days=draw(st.integers(0, 90))),
                counts_on=counts_on,
                recorded_at=NOW + timedelta(seconds=number),
                activity=Activity.SERVICE,
                kind=TransactionKind.EXCHANGE,
                category=None,
                reason=None,
                transaction=transaction_id(number),
                reverses=None,
                overrides=False,
                imported=False,
                counterparty=account_id(1),
                counterparty_kind=AccountKind.MEMBER,
                counterparty_label=None,
                counterparty_owner=ANNA,
            )
        )
    return entries


def made(journal, start, end):
    """The statement, from what the storage reads: every entry that counts on start or later."""
    since = [entry for entry in journal if entry.counts_on >= start]
    balance = sum(entry.change_minutes for entry in journal)
    return build(account_id(2), balance, since, start=start, end=end)


ranges = st.tuples(days(back=70), st.integers(1, 40))


@given(journals(), ranges)
def test_a_statement_always_adds_up(journal, span):
    start, length = span
    statement = made(journal, start, start + timedelta(days=length))
    running = statement.opening_minutes
    for line in statement.lines:
        running += line.entry.change_minutes
        assert line.balance_minutes == running
    assert statement.closing_minutes == running


@given(journals(), ranges)
def test_a_statement_has_every_entry_of_its_days_and_no_other(journal, span):
    start, length = span
    end = start + timedelta(days=length)
    numbers = {line.entry.number for line in made(journal, start, end).lines}
    assert numbers == {e.number for e in journal if start <= e.counts_on < end}


@given(journals(), ranges)
def test_the_opening_is_what_counted_before(journal, span):
    start, length = span
    statement = made(journal, start, start + timedelta(days=length))
    before = sum(e.change_minutes for e in journal if e.counts_on < start)
    assert statement.opening_minutes == before


@given(journals(), st.lists(days(back=70), min_size=2, max_size=6, unique=True))
def test_statements_join_without_a_gap(journal, cuts):
    statements = [made(journal, *span) for span in pairwise(sorted(cuts))]
    for one, next_ in pairwise(statements):
        assert one.closing_minutes == next_.opening_minutes


@given(journals(), ranges, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(journal, span, random):
    start, length = span
    end = start + timedelta(days=length)
    shuffled = random.sample(journal, len(journal))
    assert made(shuffled, start, end) == made(journal, start, end)


@given(journals(), ranges, st.integers(-600, 600).filter(bool))
def test_a_later_fact_does_not_touch_a_statement_before_its_day(journal, span, change):
    start, length = span
    end = min(start + timedelta(days=length), TODAY + timedelta(days=1))
    if not journal or start >= end:
        return
    late = replace(journal[-1], number=len(journal) + 1, change_minutes=change, counts_on=end)
    assert made([*journal, late], start, end) == made(journal, start, end)
