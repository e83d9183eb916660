"""JSON documents and CSV: the shapes that scripts read, keys in their order."""

import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import done, named, run
from timebank.formats.csv_cells import safe_cell

BALANCE = ["account", "kind", "ref", "unit", "balance_minutes", "held_minutes"]
AUDIT = [
    "schema",
    "bank",
    "timebank_version",
    "schema_revision",
    "as_of",
    "scope",
    "verdict",
    "checks",
    "notices",
    "accepted",
    "counted",
    "unsealed",
    "checkpoint",
    "not_checked",
]
RECEIPT = [
    "schema",
    "action",
    "id",
    "recorded_at",
    "replayed",
    "events",
    "entries",
    "balances",
    "warnings",
]
pytestmark = pytest.mark.usefixtures("riverside")


def an_exchange(hours: str = "1:30") -> Any:
    """One recorded exchange."""
    return done("exchange", "record", "--giver", "anna", "--receiver", "ben", "--hours", hours)


def test_receipt() -> None:
    receipt = an_exchange()
    assert list(receipt) == RECEIPT
    assert receipt["schema"] == "timebank.receipt/1"
    assert receipt["recorded_at"].endswith("+00:00")
    assert [event["type"] for event in receipt["events"]] == [
        "TransactionRecorded",
        "ExchangeConfirmed",
    ]
    assert list(receipt["entries"][0]) == [
        "account",
        "number",
        "change_minutes",
        "balance_minutes",
        "counterparty",
        "activity",
        "transaction",
    ]
    assert [b["balance_minutes"] for b in receipt["balances"]] == [-90, 90]
    assert list(receipt["balances"][0]) == ["account", "balance_minutes"]


def test_a_repeated_request_is_replayed_and_done_once() -> None:
    grant = ["transfer", "grant", "--target=anna", "--hours=1:00", "--reason=welcome", "--key=k"]
    first, again = done(*grant), done(*grant)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert {**again, "replayed": False} == first
    assert done("balance", "anna")["balance_minutes"] == 60


def test_balances() -> None:
    an_exchange()
    document = done("balances")
    assert list(document) == ["schema", "bank", "at", "source", "accounts", "total_minutes"]
    assert document["schema"] == "timebank.balances/1"
    assert (document["at"], document["source"], document["total_minutes"]) == (None, "running", 0)
    accounts = document["accounts"]
    assert all(list(account) == BALANCE for account in accounts)
    kinds = ["member"] * 3 + ["pot", "issuance", "reserve", "closure"]
    assert [account["kind"] for account in accounts] == kinds
    assert [account["ref"] for account in accounts[:3]] == ["anna", "ben", "dan"]
    by_ref = {account["ref"]: account["balance_minutes"] for account in accounts}
    assert (by_ref["anna"], by_ref["ben"]) == (90, -90)


def test_what_is_available_goes_with_the_balance_that_is_shown(riverside: Path) -> None:
    an_exchange()
    before = done("balance", "anna")["available_minutes"]
    with sqlite3.connect(riverside) as books:
        books.execute(
            "UPDATE timebank_account SET balance_minutes = 150 WHERE balance_minutes = 90"
        )
    assert done("balance", "anna")["available_minutes"] == before + 60
    again = done("balance", "anna", "--recompute")
    assert (again["balance_minutes"], again["available_minutes"]) == (90, before)


def test_balances_recomputed_and_of_the_past() -> None:
    made = done("exchange", "propose", "--giver=anna", "--receiver=ben", "--hours=1h", "--by=anna")
    done("exchange", "agree", named(made, "exchange"), "--by", "ben")
    an_exchange()
    now, again = done("balances"), done("balances", "--recompute")
    assert again["source"] == "recomputed"
    assert again["accounts"] == now["accounts"]
    assert sum(account["held_minutes"] for account in now["accounts"]) == 60
    past = done("balances", "--on", "2020-01-01")
    assert past["at"] == "2020-01-01"
    assert {a["balance_minutes"] for a in past["accounts"]} == {0}
    assert {a["held_minutes"] for a in past["accounts"]} == {0}
    moment = done("balances", "--at", "2020-01-01T12:00:00+01:00")
    assert moment["at"] == "2020-01-01T12:00:00+01:00"
    assert run("balances", "--recompute", "--on", "2020-01-01").code == 2
    assert run("balances", "--at", "2020-01-01T12:00:00").code == 2
    assert run("balances", "--at", "2020-01-01T12:00:00+01:00", "--on", "2020-01-01").code == 2


def test_balances_with_names_as_csv_and_as_a_table() -> None:
    done("member", "join", "--name", "=HYPERLINK(1)", "--ref", "@eve")
    assert list(done("balances", "--names")["accounts"][0]) == [*BALANCE, "name"]
    rows = list(csv.reader(io.StringIO(run("balances", "--names", "--csv").out)))
    assert rows[0] == [*BALANCE, "name"]
    eve = next(row for row in rows if "'@eve" in row)
    assert eve[-1] == "'=HYPERLINK(1)"
    table = run("balances", "--names").out
    assert "=HYPERLINK(1)" in table
    assert table.splitlines()[-1].split() == ["Total", "0:00"]
    assert json.loads(run("balances", "--csv", "--json").out)["schema"] == "timebank.balances/1"


def test_balance() -> None:
    an_exchange()
    document = done("balance", "ben")
    assert list(document) == ["schema", "bank", "at", "source", *BALANCE, "available_minutes"]
    assert (document["balance_minutes"], document["available_minutes"]) == (-90, 1110)
    assert done("balance", "ben", "--recompute")["source"] == "recomputed"
    past = done("balance", "ben", "--on", "2020-01-01")
    assert (past["balance_minutes"], past["available_minutes"]) == (0, None)
    assert run("balance", "ben", "--on", "2020-01-01").out.endswith("0:00 (2020-01-01)\n")


def test_audit() -> None:
    document = done("audit")
    assert list(document) == AUDIT
    assert document["schema"] == "timebank.audit/1"
    assert (document["scope"], document["verdict"]) == ("all", "clean")
    assert list(document["as_of"]) == ["sealed", "last_recorded_at"]
    assert list(document["checks"][0]) == ["name", "subjects", "findings", "more_findings"]
    assert list(document["counted"]) == ["accounts", "transactions", "transfers"]
    assert list(document["unsealed"]) == ["count", "oldest"]
    assert (document["notices"], document["accepted"]) == ([], [])
    assert {unchecked["reason"] for unchecked in document["not_checked"]} <= {"no_checkpoint"}
    selected = done("audit", "--check", "sum_is_zero")
    assert (selected["scope"], selected["verdict"]) == ("selected", "clean_selected")
    assert list(selected["not_checked"][0]) == ["name", "reason"]
    assert {unchecked["reason"] for unchecked in selected["not_checked"]} == {"not_asked"}


def test_lists_go_on_after_an_id() -> None:
    refs: list[str] = []
    page = done("member", "list", "--limit", "2")
    while page["next"] is not None:
        refs += [member["ref"] for member in page["members"]]
        page = done("member", "list", "--limit", "2", "--after", page["next"])
    refs += [member["ref"] for member in page["members"]]
    assert refs == ["anna", "ben", "dan"]


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("member list", ["schema", "bank", "members", "next"]),
        ("staff list", ["schema", "bank", "staff"]),
        ("listing list", ["schema", "bank", "listings", "next"]),
        ("listing search", ["schema", "bank", "listings", "next"]),
        ("exchange list", ["schema", "bank", "exchanges", "next"]),
        ("transfer list", ["schema", "bank", "transactions", "next"]),
        ("bank list", ["schema", "banks"]),
        ("bank policy", ["schema", "bank", "version", "recorded_at", "policy"]),
        ("period list", ["schema", "bank", "closed_until", "closes"]),
        ("expire", ["schema", "receipts"]),
        ("audit --list", ["schema", "checks"]),
        ("db current", ["schema", "revision", "head"]),
        ("db check", ["schema", "revision", "differences"]),
        ("db upgrade", ["schema", "was", "revision", "wings"]),
        ("db sql", ["schema", "dialect", "script"]),
    ],
)
def test_shape(command: str, keys: list[str]) -> None:
    document = done(*command.split())
    assert list(document) == keys
    assert document["schema"].startswith("timebank.")
    assert document["schema"].endswith("/1")


def test_an_exchange_and_a_transaction() -> None:
    receipt = an_exchange()
    shown = done("exchange", "show", named(receipt, "exchange"))
    assert list(shown)[:6] == ["schema", "bank", "exchange", "state", "givers", "receivers"]
    assert list(shown["acts"][0])[-2:] == ["policy_version", "note"]
    listed = done("exchange", "list")["exchanges"][0]
    assert list(listed) == [key for key in shown if key not in ("schema", "bank")]
    transaction = done("transfer", "show", named(receipt, "transaction"))
    assert list(transaction)[:4] == ["schema", "bank", "transaction", "kind"]
    assert "salt" not in transaction
    assert transaction["transfers"][0]["minutes"] == 90


def test_the_same_question_has_the_same_bytes() -> None:
    an_exchange()
    for command in ("balances", "member list", "exchange list", "transfer list", "audit"):
        words = [*command.split(), "--json"]
        assert run(*words).out == run(*words).out


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-x", "'-x"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-90", "-90"),
        ("+1.5", "+1.5"),
        ("-1:30", "-1:30"),
        (-90, "-90"),
        (None, ""),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_is_a_formula(cell: object, safe: str) -> None:
    assert safe_cell(cell) == safe


def test_staff_read_why_somebody_was_suspended(riverside):
    done("member", "suspend", "anna", "--reason", "came without her tools")
    change = done("account", "show", "anna")["changes"][-1]
    assert (change["reason"], change["note"]) == ("other", "came without her tools")
    assert "came without her tools" in run("account", "show", "anna").out


def test_a_list_of_exchanges_says_what_moved_beside_what_was_agreed(riverside):
    terms = ("--giver", "anna", "--receiver", "ben", "--hours", "2:00")
    id_ = named(done("exchange", "propose", *terms, "--by", "anna"), "exchange")
    done("exchange", "agree", id_, "--by", "ben")
    done("exchange", "report", id_, "--hours", "1:45", "--by", "anna")
    (open_,) = done("exchange", "list")["exchanges"]
    assert (open_["agreed_minutes"], open_["moved_minutes"]) == (120, None)
    done("exchange", "confirm", id_, "--hours", "1:45", "--by", "ben")
    (settled,) = done("exchange", "list")["exchanges"]
    assert (settled["agreed_minutes"], settled["moved_minutes"]) == (120, 105)
    assert re.search(r"2:00 +1:45", run("exchange", "list").out)


def test_balances_that_do_not_add_up_are_said_to_be_wrong(riverside):
    assert run("balances").err == ""
    with sqlite3.connect(riverside) as connection:
        connection.execute("UPDATE timebank_account SET balance_minutes = 60 WHERE label = 'pot'")
    connection.close()
    for form in ((), ("--csv",), ("--json",)):
        assert run("balances", *form).err == "The sum is not 0:00. Find out why: timebank audit\n"
