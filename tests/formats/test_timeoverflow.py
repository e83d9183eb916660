"""TimeOverflow's reports in, and files for its importers out: the same balances on both sides."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.contract.scenario import a_season
from timebank import Hours, accounts, imports, journal, members, transfers
from timebank.formats import timeoverflow
from timebank.formats.csv_import import ImportFile, read_one_of

USERS = "N,Name,Email,Phone,Alternative Phone,Created,Last login,Locale,Balance"
TRANSFERS = "Date,From,To,Post,Quantity"


def read(text: str) -> ImportFile[Any]:
    return read_one_of(io.BytesIO(text.encode()), timeoverflow.REPORTS)


def row(line: str, header: str) -> Any:
    found = read(f"{header}\n{line}\n")
    assert found.faults == ()
    return found.rows[0]


def problem(line: str, header: str) -> tuple[str, str]:
    (fault,) = read(f"{header}\n{line}\n").faults
    return fault.column, fault.problem


def test_the_header_says_which_report_it_is() -> None:
    assert read(f"{USERS}\n1,Anna,,,,,,,0\n").form is timeoverflow.MEMBERS_REPORT
    found = read(f"{TRANSFERS}\n2014-05-01,A (1),B (2),,1:00\n")
    assert found.form is timeoverflow.TRANSFERS_REPORT


def test_a_user_is_a_member_by_number_with_a_balance_in_minutes() -> None:
    line = "12,Anna Bell,anna@example.org,555 1,555 2,2014-05-01 22:10:03 +0200,,en,-5400"
    found = row(line, USERS)
    assert (found.ref, found.name, found.contact) == ("12", "Anna Bell", "anna@example.org")
    assert (found.joined_on, found.opening_minutes) == (date(2014, 5, 1), -90)
    assert row("12,Anna Bell,,555 1,,2014-05-01 22:10:03 UTC,,en,0", USERS).contact == "555 1"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("anna,Anna,,,,,,,0", "N"),
        ("1,Anna,,,,,,,90.5", "Balance"),
        ("1,Anna,,,,,,,61", "Balance"),
        ("1,Anna,,,,,,,-61", "Balance"),
        ("1,Anna,,,,yesterday,,,0", "Created"),
        ("1,,,,,,,,0", "Name"),
    ],
)
def test_a_user_that_cannot_be_taken_is_a_fault(line: str, column: str) -> None:
    assert problem(line, USERS)[0] == column


def test_whoever_pays_received_the_help() -> None:
    found = row(
        "2014-05-01 22:10:03 +0200,Anna Bell (12),Ben (the elder) (3),Garden,1:30", TRANSFERS
    )
    assert (found.receiver, found.giver, found.minutes) == ("12", "3", 90)
    assert (found.happened_on, found.reason, found.category) == (date(2014, 5, 1), "Garden", None)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("2014-05-01,Inactive user,B (2),,1:00", "From"),
        ("2014-05-01,A (1),Riverside Time Bank,,1:00", "To"),
        ("2014-05-01,A (1),B (2),,0", "Quantity"),
        ("2014-05-01,A (1),B (2),,90", "Quantity"),
        ("01/05/2014,A (1),B (2),,1:00", "Date"),
        ("2014-05-01,A (1),A (1),,1:00", "receiver"),
    ],
)
def test_a_transfer_that_is_no_exchange_is_a_fault(line: str, column: str) -> None:
    assert problem(line, TRANSFERS)[0] == column


def test_equal_lines_are_two_transfers_and_the_same_two_in_a_later_report() -> None:
    line = "2014-05-01 22:10:03 UTC,A (1),B (2),Garden,1:00\n"
    other = "2014-05-02 22:10:03 UTC,A (1),B (2),Garden,1:00\n"
    first = [x.key for x in read(f"{TRANSFERS}\n{line}{line}").rows]
    later = [x.key for x in read(f"{TRANSFERS}\n{other}{line}{line}").rows]
    assert len({*later}) == 3
    assert first == later[1:]


def test_refs_that_are_numbers_stay_and_others_follow() -> None:
    assert timeoverflow.numbered(["7", "anna", None, "3"]) == [7, 8, 9, 3]
    assert timeoverflow.numbered(["anna", "ben"]) == [1, 2]
    assert timeoverflow.numbered([]) == []


def cells(lines: Any) -> list[list[str]]:
    return [*csv.reader([f"{line}\n" for line in lines])]


def as_timeoverflow_sums(lines: Any) -> Counter[tuple[str, str]]:
    """What its accounts hold after its importer of transfers: seconds by number and type."""
    sums: Counter[tuple[str, str]] = Counter()
    for source, kind, target, other, amount, _reason, post in cells(lines):
        assert post == ""
        assert (source, kind) != (target, other), "it refuses a transfer to the same account"
        sums[source, kind] -= int(amount)
        sums[target, other] += int(amount)
    return sums


def test_balances_come_out_the_same_over_there(world) -> None:
    a_season(world)
    pot = world.see(accounts.get, "pot").id
    world.do(transfers.grant, to=pot, hours=Hours.of(1), reason="welcome", by=world.cora)
    people = world.see(lambda uow: cells(journal.export_timeoverflow_people(uow)))
    sums = world.see(lambda uow: as_timeoverflow_sums(journal.export_timeoverflow(uow)))
    seen = world.see(members.list)
    assert len(people) == len(seen) > 2
    balances = world.see(accounts.balances)
    for member, (number, joined_on, *rest) in zip(seen, people, strict=True):
        assert (joined_on, len(rest)) == (str(member.joined_on), 8)
        assert " ".join(rest[:3]).strip() == (member.name or number)
        wanted = sum(balances[account].minutes for account in member.accounts)
        assert sums[number, "Member"] == wanted * 60
    assert sum(sums.values()) == 0
    moved = sum(len(t.transfers) for t in world.see(transfers.list, limit=1000))
    lines = world.see(lambda uow: [*journal.export_timeoverflow(uow)])
    assert len(lines) < moved, "what moves between the bank's own accounts is left out"


def test_reports_in_and_files_out_again(world) -> None:
    users = [f"{n},Person {n},,,,2014-05-01 10:00:00 UTC,,en,0" for n in (21, 22, 23)]
    found = read("\n".join([USERS, *users]))
    world.do(imports.members, found.rows, by=world.cora)
    lines = [
        "2014-05-01 10:00:00 UTC,Person 21 (21),Person 22 (22),Garden,2:00",
        "2014-06-01 10:00:00 UTC,Person 22 (22),Person 23 (23),,0:45",
        "2014-06-01 10:00:00 UTC,Person 22 (22),Person 23 (23),,0:45",
    ]
    rows = read("\n".join([TRANSFERS, *lines])).rows
    report = world.do(imports.exchanges, rows, by=world.cora, history=True)
    assert (report.accepted, report.accepted_minutes) == (3, 210)
    assert world.do(imports.exchanges, rows, by=world.cora, history=True).accepted == 0
    sums = world.see(lambda uow: as_timeoverflow_sums(journal.export_timeoverflow(uow)))
    assert {n: sums[n, "Member"] for n in ("21", "22", "23")} == {
        "21": -7200,
        "22": 7200 - 5400,
        "23": 5400,
    }
