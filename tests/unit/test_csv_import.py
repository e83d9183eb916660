"""Import files: what is read, and every fault with its line."""

import io
from datetime import date

import pytest

from tests.support import refusal
from timebank.domain.member import PersonKind
from timebank.errors import Fault
from timebank.formats.csv_import import (
    EXCHANGES,
    MEMBERS,
    ExchangeRow,
    MemberRow,
    parse_mapping,
    read,
)

HEADER = "key,happened_on,giver,receiver,minutes"
GOOD = "k1,2026-03-01,anna,ben,90"


def exchanges(text: str | bytes, mapping: dict[str, str] | None = None):
    content = text.encode() if isinstance(text, str) else text
    return read(io.BytesIO(content), EXCHANGES, mapping)


def faults(text: str | bytes, mapping: dict[str, str] | None = None) -> list[tuple[int, str]]:
    """Line and column of every fault; none of the faulty rows may come out."""
    return [(fault.line, fault.column) for fault in exchanges(text, mapping).faults]


def problem(row: str):
    """What is wrong with the one row."""
    (fault,) = exchanges(f"{HEADER}\n{row}\n").faults
    return fault.problem


A_ROW = ExchangeRow(
    line=2,
    key="k1",
    happened_on=date(2026, 3, 1),
    giver="anna",
    receiver="ben",
    minutes=90,
    category=None,
    reason=None,
)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{GOOD}\n",
        f"{HEADER}\n{GOOD}",
        f"{HEADER}\r\n{GOOD}\r\n",
        f"\N{ZERO WIDTH NO-BREAK SPACE}{HEADER}\n{GOOD}\n",
        f"{HEADER}\n{GOOD}\n\n,,,,\n",
        f'{HEADER}\n"k1", 2026-03-01 ,"anna",ben,"90"\n',
        f"{HEADER},colour\n{GOOD},red\n",
        f"{HEADER},category,reason\n{GOOD},,\n",
        f"{HEADER},category,reason\n{GOOD}\n",
        "Key ; HAPPENED_ON;giver;receiver;minutes\nk1;2026-03-01;anna;ben;90\n",
        f"{HEADER}\n{GOOD}\n".replace(",", "\t"),
        "minutes,receiver,giver,happened_on,key\n90,ben,anna,2026-03-01,k1\n",
    ],
)
def test_the_same_row_however_it_is_written(text):
    found = exchanges(text)
    assert found.faults == ()
    assert found.rows == (A_ROW,)


def test_optional_cells_are_read():
    found = exchanges(f"{HEADER},category,reason\n{GOOD},garden,many thanks\n")
    assert (found.rows[0].category, found.rows[0].reason) == ("garden", "many thanks")


def test_a_row_over_several_lines_is_named_by_its_first():
    text = f'{HEADER},reason\n{GOOD},"one\ntwo"\nk2,2026-03-01,anna,ben,0,\n'
    found = exchanges(text)
    assert [row.reason for row in found.rows] == ["one\ntwo"]
    assert [fault.line for fault in found.faults] == [4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "")]),
        ("\n", [(1, "")]),
        (",,,\n", [(1, "")]),
        (HEADER, [(2, "")]),
        (f"{HEADER}\n\n\n", [(2, "")]),
        ("key,giver\nk,a\n", [(1, "happened_on"), (1, "receiver"), (1, "minutes")]),
        (f"{HEADER},key\n{GOOD},k1\n", [(1, "key")]),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), [(1, "")]),
        (b"k\0ey\nrow\n", [(1, "")]),
        (b"k\xe9y\nrow\n", [(1, "")]),
        (f"{HEADER}\n{GOOD}\n".replace("\n", "\r").encode(), [(1, "")]),
    ],
)
def test_a_file_that_cannot_be_read_at_all(text, expected):
    found = exchanges(text)
    assert [(fault.line, fault.column) for fault in found.faults] == expected
    assert found.rows == ()


def test_every_fault_of_a_file_is_found_at_once():
    lines = [
        HEADER,
        GOOD,
        ",2026-03-01,anna,ben,90",
        "k3,31/10/2026,anna,ben,90",
        "k4,2026-02-30,anna,ben,1.5",
        "k5,2026-03-01,,,90",
        "k6,2026-03-01,anna,anna,90",
        "k1,2026-03-01,anna,ben,30",
        "k8,2026-03-01,anna,ben,90,x,y",
        "k9,2026-03-01,anna,b\0en,90",
        "k10,2026-03-01,anna," + "b" * 30_000 + ",90",
        'k11,2026-03-01,"anna"x,ben,90',
        "k12,2026-03-01,anna,ben",
        "k13,2026-03-01,anna,ben,45",
    ]
    content = "\n".join(lines).encode() + b"\nk14,2026-03-01,ann\xe9,ben,90\n"
    found = exchanges(content)
    assert [(fault.line, fault.column) for fault in found.faults] == [
        (3, "key"),
        (4, "happened_on"),
        (5, "happened_on"),
        (5, "minutes"),
        (6, "giver"),
        (6, "receiver"),
        (7, "receiver"),
        (8, "key"),
        (9, ""),
        (10, ""),
        (11, ""),
        (12, ""),
        (13, "minutes"),
        (15, ""),
    ]
    assert [row.key for row in found.rows] == ["k1", "k13"]
    assert "line 2" in found.faults[7].problem


@pytest.mark.parametrize(
    "minutes",
    ["0", "-5", "1.5", "1:30", "90m", "ninety", "1e3", "9" * 13, "1000001", "٩٠", "½", "0x10"],
)
def test_minutes_are_a_positive_whole_number_within_reason(minutes):
    assert faults(f"{HEADER}\nk1,2026-03-01,anna,ben,{minutes}\n") == [(2, "minutes")]


def test_hours_in_minutes_say_what_to_write():
    assert "1:30 is 90" in problem("k1,2026-03-01,anna,ben,1:30")


@pytest.mark.parametrize(
    "day", ["2026-13-01", "2026-3-1", "20260301", "2026-03-01T10:00", "1969-12-31", "yesterday"]
)
def test_a_day_is_iso(day):
    assert faults(f"{HEADER}\nk1,{day},anna,ben,90\n") == [(2, "happened_on")]


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("key", "k" * 201 + ",2026-03-01,anna,ben,90"),
        ("giver", "k1,2026-03-01," + "a" * 61 + ",ben,90"),
        ("receiver", "k1,2026-03-01,anna,b\x07n,90"),
    ],
)
def test_texts_are_short_and_printable(field, row):
    assert faults(f"{HEADER}\n{row}\n") == [(2, field)]


def test_a_quote_that_is_never_closed_is_one_fault_with_its_line():
    text = f'{HEADER}\n{GOOD}\nk2,2026-03-01,"anna,ben,90\nk3,2026-03-01,anna,ben,90\n'
    assert faults(text) == [(3, "")]
    assert exchanges(text).rows == (A_ROW,)


def test_a_field_without_end_does_not_fill_the_memory():
    lines = "\n".join("x" * 15_000 for _ in range(40))
    assert faults(f'{HEADER}\nk1,2026-03-01,"{lines}')[0] == (2, "")


class TestMapping:
    def test_a_field_is_read_from_another_column(self):
        text = f"{HEADER.replace('minutes', 'Dauer')}\n{GOOD}\n"
        assert exchanges(text, {"minutes": "dauer"}).rows == (A_ROW,)

    def test_an_optional_field_is_left_out(self):
        text = f"{HEADER},category\n{GOOD},garden\n"
        assert exchanges(text, {"category": ""}).rows == (A_ROW,)

    def test_a_mapped_column_that_is_not_there_is_a_fault(self):
        assert faults(f"{HEADER}\n{GOOD}\n", {"category": "Art"}) == [(1, "Art")]

    def test_words_become_a_table(self):
        assert parse_mapping(["minutes=Dauer", " category = "], EXCHANGES) == {
            "minutes": "Dauer",
            "category": "",
        }

    @pytest.mark.parametrize("words", [["minutes"], ["colour=x"], ["minutes="], ["key=a", "key=b"]])
    def test_other_words_are_refused(self, words):
        assert refusal(lambda: parse_mapping(words, EXCHANGES)) == "invalid_input map"


class TestMembers:
    def test_all_columns(self):
        text = (
            "ref,name,kind,joined_on,contact,opening_minutes\n"
            "a,Anna Bell,,,,\nl,Library,organisation,2025-01-31,01234,-90\n"
        )
        found = read(io.BytesIO(text.encode()), MEMBERS)
        assert found.faults == ()
        assert found.rows == (
            MemberRow(
                line=2,
                ref="a",
                name="Anna Bell",
                kind=None,
                joined_on=None,
                contact=None,
                opening_minutes=0,
            ),
            MemberRow(
                line=3,
                ref="l",
                name="Library",
                kind=PersonKind.ORGANISATION,
                joined_on=date(2025, 1, 31),
                contact="01234",
                opening_minutes=-90,
            ),
        )

    def test_faults(self):
        text = "ref,name,kind,opening_minutes\na,A,staff,x\na,,person,5\n"
        found = read(io.BytesIO(text.encode()), MEMBERS)
        assert found.rows == ()
        assert found.faults == (
            Fault(line=2, column="kind", problem="'staff' is neither person nor organisation"),
            Fault(
                line=2,
                column="opening_minutes",
                problem="'x' is not a whole number of minutes; 1:30 is 90",
            ),
            Fault(line=3, column="name", problem="is empty"),
            Fault(line=3, column="ref", problem="'a' stands in line 2 too"),
        )
