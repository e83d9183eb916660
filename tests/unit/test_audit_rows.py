"""Checks of single rows: silent where all is well, loud about each fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from timebank.domain.audit import check_accounted, check_keys, check_sealed_in_time
from timebank.domain.audit_exchanges import check_stray_holds
from timebank.domain.audit_rows import (
    BrokenRule,
    ChainedHead,
    CodedWord,
    NotedFact,
    StrayTransfer,
    check_bank,
    check_chain,
    check_codes,
    check_notes,
    check_receipts,
    check_roles,
    check_rules,
    check_schema,
    check_transfers,
)
from timebank.domain.note import digest_of
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.testing.builders import NOW, a_bank

SALT, WORDS = bytes(16), "a free word"
HOUR = timedelta(hours=1)


def test_what_is_listed_as_wrong_is_found_row_by_row():
    """Streams that only hold what is wrong."""
    broken = [
        BrokenRule(table="hold", row="h1", rule="ck_minutes", names=None),
        BrokenRule(table="hold", row="h2", rule="account_id", names="a9"),
    ]
    strays = [
        StrayTransfer(transaction="t1", transfer_recorded_at=NOW, recorded_at=None),
        StrayTransfer(transaction="t2", transfer_recorded_at=None, recorded_at=NOW),
    ]
    found = [
        *check_rules(broken),
        *check_transfers(strays),
        *check_roles([("p1", "broker")]),
        *check_receipts([("members.join", "r1")]),
        *check_schema(["trigger gone"], "0001"),
        *check_keys([("members.join", "r2", "t3")]),
        *check_accounted([("transaction", "t4")]),
        *check_stray_holds([("h3", "x1")]),
    ]
    assert [(f.check, f.subject, f.found) for f in found] == [
        ("constraints_hold", "hold h1", "broken"),
        ("constraints_hold", "hold h2", "a9, which is not there"),
        ("transfers_match_transactions", "transaction t1", f"recorded at {NOW.isoformat()}"),
        ("transfers_match_transactions", "transaction t2", "no transfer"),
        ("actors_hold_roles", "person p1", "never"),
        ("receipts_are_whole", "receipt r1 of members.join", "another"),
        ("schema_is_as_released", "schema 0001", "trigger gone"),
        ("keys_match_receipts", "key of members.join", "missing"),
        ("facts_queued_or_sealed", "transaction t4", "in neither or in both"),
        ("holds_match_exchanges", "hold h3", "another, or no such exchange"),
    ]


def noted(*, salt: bytes | None = SALT, text: str | None = WORDS, there: bool = True) -> NotedFact:
    return NotedFact(fact="f", digest=digest_of(SALT, WORDS), there=there, salt=salt, text=text)


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (noted(), []),
        (noted(salt=None, text=None), []),
        (noted(text="another word"), ["another text"]),
        (noted(salt=None), ["half a note"]),
        (noted(salt=None, text=None, there=False), ["no note"]),
    ],
)
def test_a_note_is_that_of_its_fact_or_erased_whole(fact, found):
    assert [finding.found for finding in check_notes([fact], [])] == found


def test_words_beside_no_fact_are_found():
    (finding,) = check_notes([], ["f"])
    assert (finding.subject, finding.found) == ("note of f", "none")


def test_codes_are_those_of_a_policy():
    words = [
        CodedWord(column="category", word="garden", row="transaction t1"),
        CodedWord(column="reason", word="for Anna's mother", row="transaction t2"),
    ]
    (finding,) = check_codes(words, [NEIGHBOURHOOD])
    assert finding.subject == "transaction t2"
    assert "Anna" not in f"{finding.expected} {finding.found} {finding.message}"


def test_the_bank_is_as_it_was_founded():
    bank = a_bank()
    assert list(check_bank(bank, "riverside", bank.created_at)) == []
    found = check_bank(a_bank(zone="Mars/Olympus"), "hillside", NOW)
    assert [f.found for f in found] == [
        "slug riverside",
        f"created_at {bank.created_at}",
        "zone Mars/Olympus",
    ]


def head(size: int, previous: int | None, hours: int) -> ChainedHead:
    return ChainedHead(size=size, previous_size=previous, sealed_at=NOW + hours * HOUR)


@pytest.mark.parametrize(
    ("heads", "size", "found"),
    [
        ([], None, []),
        ([head(2, None, 0), head(5, 2, 1)], 5, []),
        ([head(2, None, 0), head(5, 3, 1)], 5, ["checkpoint 3"]),
        ([head(2, None, 1), head(5, 2, 0)], 5, [NOW.isoformat()]),
        ([head(2, None, 0)], 5, ["tree head of size 5"]),
    ],
)
def test_checkpoints_name_the_one_before(heads, size, found):
    assert [finding.found for finding in check_chain(heads, size)] == found


@pytest.mark.parametrize(("hours", "count"), [(47, 0), (49, 1)])
def test_a_dead_sealer_is_not_clean(hours, count):
    found = list(check_sealed_in_time("riverside", NOW - hours * HOUR, NOW, 48))
    assert [finding.check for finding in found] == ["sealed_in_time"] * count
