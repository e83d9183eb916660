"""Changes: what rules decide adds up in order."""

from tests.support import books
from timebank.domain.changes import Changes, Warning
from timebank.domain.events import PolicySet
from timebank.domain.ledger import Posting, post
from timebank.domain.transaction import TransactionKind
from timebank.testing.builders import an_account, conditions, transaction_id, transfer


def test_changes_add_up_in_order():
    one = Changes(
        added=(an_account(1),),
        changed=(an_account(2),),
        events=(PolicySet(version=1),),
        warnings=(Warning(code="a", subject="x", minutes=1),),
    )
    two = Changes(
        added=(an_account(3),),
        changed=(an_account(2, balance=5),),
        events=(PolicySet(version=2),),
        warnings=(Warning(code="b", subject="x", minutes=1),),
    )
    both = one + two
    assert both.added == one.added + two.added
    assert both.changed == one.changed + two.changed
    assert both.events == one.events + two.events
    assert both.warnings == one.warnings + two.warnings
    assert one + Changes() == Changes() + one == one


def test_the_transactions_among_the_facts():
    posting = Posting(
        id=transaction_id(1), kind=TransactionKind.POSTING, transfers=(transfer(1, 2),)
    )
    changes, _ = post(books(), posting, conditions())
    assert [t.id for t in (Changes(added=(an_account(1),)) + changes).transactions] == [
        transaction_id(1)
    ]
