"""Laws of the audit: silent on books made by posting, loud on every single planted fault."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.account import AccountKind
from timebank.domain.audit import (
    AuditEntry,
    ReversalPair,
    TransferLine,
    check_entries,
    check_reversals,
    check_sum,
)
from timebank.domain.ledger import Posting, post
from timebank.domain.transaction import Entry, Transaction, TransactionKind, entries_of, reversal_of
from timebank.testing.builders import POT, account_id, an_account, conditions, transaction_id
from timebank.testing.strategies import transfers

START = {
    **{account_id(n): an_account(n, floor=None) for n in (1, 2, 3)},
    POT: an_account(90, kind=AccountKind.POT, floor=None),
}


@st.composite
def some_books(draw, least=1):
    """Accounts and entries in the order in which the checks read them."""
    accounts = START
    entries: list[Entry] = []
    recorded: list[Transaction] = []
    batches = draw(st.lists(transfers(tuple(START)), min_size=least, max_size=4))
    for n, moves in enumerate(batches, start=1):
        posting = Posting(id=transaction_id(n), kind=TransactionKind.POSTING, transfers=moves)
        changes, accounts = post(accounts, posting, conditions())
        recorded += changes.transactions
        entries += entries_of(changes.transactions[0])
    at = {t.id: t.recorded_at for t in recorded}
    rows = [
        AuditEntry(
            account=e.account,
            number=e.number,
            change_minutes=e.change_minutes,
            balance_minutes=e.balance_minutes,
            transaction=e.transaction,
            recorded_at=at[e.transaction],
        )
        for e in entries
    ]
    return sorted(accounts.values(), key=lambda a: a.id), in_order(rows)


def in_order(rows):
    return sorted(rows, key=lambda e: (e.account, e.number))


@given(some_books(least=0))
def test_books_made_by_posting_are_in_order(books):
    accounts, entries = books
    assert list(check_entries(accounts, entries)) == []
    assert list(check_sum(sum(a.balance_minutes for a in accounts), "riverside")) == []


off = st.integers(-500, 500).filter(bool)


@given(some_books(), st.data())
def test_any_altered_account_is_found(books, data):
    accounts, entries = books
    i = data.draw(st.integers(0, len(accounts) - 1))
    field = data.draw(st.sampled_from(["balance_minutes", "number"]))
    accounts[i] = replace(accounts[i], **{field: getattr(accounts[i], field) + data.draw(off)})
    found = list(check_entries(accounts, entries))
    assert [finding.subject for finding in found] == [f"account {accounts[i].id}"]


@given(some_books(), st.data())
def test_any_altered_entry_is_found(books, data):
    accounts, entries = books
    i = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["change_minutes", "balance_minutes", "number"]))
    entries[i] = replace(entries[i], **{field: getattr(entries[i], field) + data.draw(off)})
    found = list(check_entries(accounts, in_order(entries)))
    assert found
    assert all(entries[i].account in finding.subject for finding in found)


@given(some_books(), st.data())
def test_any_entry_that_is_lost_doubled_or_moved_is_found(books, data):
    accounts, entries = books
    i = data.draw(st.integers(0, len(entries) - 1))
    elsewhere = [a.id for a in accounts if a.id != entries[i].account]
    fault = data.draw(st.sampled_from(["lost", "doubled", "moved"]))
    planted = {
        "lost": entries[:i] + entries[i + 1 :],
        "doubled": [*entries, entries[i]],
        "moved": [
            *(entries[:i] + entries[i + 1 :]),
            replace(entries[i], account=data.draw(st.sampled_from(elsewhere))),
        ],
    }[fault]
    assert list(check_entries(accounts, in_order(planted)))


@given(some_books(), st.data())
def test_any_account_that_is_gone_is_found(books, data):
    accounts, entries = books
    gone = data.draw(st.sampled_from(sorted({e.account for e in entries})))
    left = [account for account in accounts if account.id != gone]
    assert list(check_entries(left, entries))


def _line(t):
    return TransferLine(
        source=t.source, target=t.target, minutes=t.minutes, activity=t.activity.value
    )


@given(transfers(tuple(START)), st.data())
def test_a_reversal_by_the_rules_mirrors_its_original_and_no_other_does(moves, data):
    def booked(these, kind):
        changes, _ = post(
            START, Posting(id=transaction_id(1), kind=kind, transfers=these), conditions()
        )
        return changes.transactions[0]

    original = booked(moves, TransactionKind.POSTING)
    reversal = booked(reversal_of(original), TransactionKind.REVERSAL)
    pair = ReversalPair(
        reversal=transaction_id(2),
        original=transaction_id(1),
        reversal_lines=tuple(map(_line, reversal.transfers)),
        original_lines=tuple(map(_line, original.transfers)),
    )
    assert list(check_reversals([pair])) == []

    lines = list(pair.reversal_lines)
    i = data.draw(st.integers(0, len(lines) - 1))
    lines[i] = replace(lines[i], minutes=lines[i].minutes + data.draw(off))
    assert len(list(check_reversals([replace(pair, reversal_lines=tuple(lines))]))) == 1
