"""Statement pages: words, sums and days; nothing of a name is taken for markup."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from timebank.domain.account import AccountKind
from timebank.domain.ids import AccountId, TransactionId
from timebank.domain.statement import StatementEntry, build
from timebank.domain.transaction import Activity, TransactionKind
from timebank.formats import statement_page as pages
from timebank.testing.builders import account_id, transaction_id

START = date(2026, 3, 1)
EVIL = "<b>Ben</b> & Co \"'"


def entry(n: int, change: int, *, kind=TransactionKind.EXCHANGE, **more) -> StatementEntry:
    facts: dict[str, Any] = {
        "number": n,
        "change_minutes": change,
        "balance_minutes": 0,
        "happened_on": START + timedelta(n),
        "counts_on": START + timedelta(n),
        "recorded_at": datetime(2026, 3, 2, tzinfo=UTC),
        "activity": Activity.SERVICE,
        "kind": kind,
        "category": None,
        "reason": None,
        "transaction": TransactionId(transaction_id(n)),
        "reverses": None,
        "overrides": False,
        "imported": False,
        "counterparty": AccountId(account_id(2)),
        "counterparty_kind": AccountKind.MEMBER,
        "counterparty_label": None,
        "counterparty_owner": None,
    }
    return StatementEntry(**(facts | more))


def statement(*entries: StatementEntry, balance: int | None = None):
    total = sum(e.change_minutes for e in entries) if balance is None else balance
    return build(account_id(1), total, entries, start=START, end=date(2026, 4, 1))


def heading(holder: str = "Anna Bell", **more) -> pages.Heading:
    facts: dict[str, Any] = {
        "bank": "riverside",
        "bank_name": "Riverside",
        "zone": "Europe/London",
        "holder": holder,
        "kind": AccountKind.MEMBER,
        "ref": "anna",
        "made_on": date(2026, 4, 2),
    }
    return pages.Heading(**(facts | more))


def test_totals_keep_in_and_out_apart():
    assert pages.totals(statement(entry(1, 90), entry(2, -30), entry(3, 15))) == pages.Totals(
        in_minutes=105, out_minutes=30
    )


@pytest.mark.parametrize("kind", TransactionKind)
@pytest.mark.parametrize("change", [60, -60])
def test_every_kind_has_words_for_both_directions(kind, change):
    said = pages.words_for(entry(1, change, kind=kind), lambda e: "Ben")
    assert said.endswith(" Ben")
    assert said != pages.words_for(entry(1, -change, kind=kind), lambda e: "Ben")


def test_a_levy_is_no_help():
    levy = entry(1, -6, activity=Activity.LEVY, counterparty_kind=AccountKind.POT)
    assert pages.words_for(levy, pages.role_of) == "Levy to the community pot"


@pytest.mark.parametrize(
    ("facts", "role"),
    [
        ({}, "another member"),
        ({"counterparty_kind": AccountKind.ORGANISATION}, "an organisation"),
        ({"counterparty_kind": AccountKind.ISSUANCE}, "the time bank"),
        ({"counterparty_kind": AccountKind.ACTIVITY, "counterparty_label": "chess"}, "chess"),
    ],
)
def test_roles(facts, role):
    assert pages.role_of(entry(1, 5, **facts)) == role


def test_a_page_escapes_everything_and_fetches_nothing():
    found = statement(entry(1, 90, category="<i>garden</i>"))
    html = pages.as_html(found, heading(EVIL, bank_name=EVIL), lambda e: EVIL)
    assert "<b>" not in html
    assert "<i>" not in html
    assert html.count("&lt;b&gt;Ben&lt;/b&gt; &amp; Co &quot;&#x27;") == 4
    assert "<script" not in html
    assert "http" not in html


def test_a_page_says_what_a_reader_asks():
    late = entry(2, -30, counts_on=START + timedelta(9), imported=True, reason="correction")
    html = pages.as_html(statement(entry(1, 90), late, balance=120), heading())
    for words in (
        "Statement of Anna Bell (anna)",
        "1 Mar 2026 to 31 Mar 2026, both days included",
        "You can ask for 2:00 hours of help for what you have given.",
        "correction; counts on 10 Mar 2026: the earlier days were closed; from earlier records",
        "Hours have no cash value.",
    ):
        assert words in html


@pytest.mark.parametrize(
    ("balance", "words"),
    [(-90, "You have received 1:30 hours more"), (0, "You have given as many hours as")],
)
def test_the_closing_balance_in_words(balance, words):
    html = pages.as_html(statement(balance=balance), heading())
    assert words in html
    assert ("−1:30" in html) == (balance < 0)


def test_the_document_is_the_same_for_the_same_input():
    found = statement(entry(1, 90), entry(2, -30))
    first = pages.as_document(found, heading(), pages.role_of)
    assert first == pages.as_document(found, heading(), pages.role_of)
    assert (first["from"], first["to"]) == ("2026-03-01", "2026-03-31")
    total = first["opening_minutes"] + first["in_minutes"] - first["out_minutes"]
    assert total == first["closing_minutes"]
