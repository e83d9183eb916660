"""Papers keyed into a file: control totals, every fault at once, and a second keying."""

from datetime import date

import pytest

from timebank import Hours
from timebank.custody import Line
from timebank.custody.sheet_file import compare, read
from timebank.errors import FileFaults

HEAD = "paper,activity,worked_on,person,minutes,basis,starts,length"
GOOD = f"""{HEAD}
S-1,garden,2026-03-09,r7,52,,09:00,120
S-1,garden,2026-03-09,s2,70,paid,09:00,120
S-2,learning,2026-03-09,r7,30,,,
"""
TOTAL = Hours(minutes=152)


def faults(text: str, total: Hours = TOTAL) -> list[tuple[int, str]]:
    with pytest.raises(FileFaults) as caught:
        read(text, total=total)
    return [(fault.line, fault.column) for fault in caught.value.faults]


def test_rows_of_one_paper_are_one_sheet() -> None:
    first, second = read(GOOD, total=TOTAL)
    assert first.lines == (
        Line(person="r7", minutes=52),
        Line(person="s2", minutes=70, basis="paid"),
    )
    assert (first.starts_minute, first.length_minutes) == (540, 120)
    assert (second.paper, second.worked_on, second.starts_minute) == ("S-2", date(2026, 3, 9), None)
    assert {*first.asked()} >= {"paper", "category", "worked_on", "lines"}


def test_the_announced_total_must_be_that_of_the_file() -> None:
    assert faults(GOOD, Hours(minutes=151)) == [(1, "minutes")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("paper,activity\n", [(1, "worked_on"), (1, "person"), (1, "minutes")]),
        (f"{HEAD},cell\n", [(1, "cell")]),
        (GOOD.replace("52", "fifty"), [(2, "minutes")]),
        (GOOD.replace("52", "-52"), [(2, "minutes")]),
        (GOOD.replace("paid", "gladly"), [(3, "basis")]),
        (GOOD.replace("2026-03-09,r7,30", "9 March,r7,30"), [(4, "worked_on")]),
        (GOOD.replace("r7,52", ",52"), [(2, "person")]),
        (GOOD.replace("09:00,120\nS-1", "24:00,120\nS-1"), [(2, "starts"), (3, "starts")]),
        (GOOD.replace("garden,2026-03-09,s2", "care,2026-03-09,s2"), [(3, "activity")]),
    ],
)
def test_every_fault_is_named_with_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("again", "column"),
    [
        (GOOD.replace("r7,52,", "r7,70,").replace("s2,70", "s2,52"), "minutes"),
        (GOOD.replace("70,paid", "70,"), "minutes"),
        (GOOD.replace("09:00", "09:30"), "starts"),
        (GOOD.replace("S-2", "S-3"), "paper"),
        (GOOD.replace("learning", "care"), "activity"),
    ],
)
def test_a_second_keying_that_differs_is_refused(again: str, column: str) -> None:
    with pytest.raises(FileFaults) as caught:
        compare(read(GOOD, total=TOTAL), read(again, total=TOTAL))
    assert {fault.column for fault in caught.value.faults} == {column}


def test_faults_say_the_paper_and_how_to_write_it() -> None:
    text = GOOD.replace("2026-03-09,r7,30", "9 March,r7,half").replace("paid", "gladly")
    with pytest.raises(FileFaults) as caught:
        read(text.replace("09:00", "9 am"), total=TOTAL)
    assert [f"{fault}" for fault in caught.value.faults] == [
        "line 2, starts: paper S-1: '9 am' cannot be read; write a time of day as 09:30",
        "line 3, basis: paper S-1: 'gladly' cannot be read; write one of voluntary, paid,"
        " sentence_requirement",
        "line 4, worked_on: paper S-2: '9 March' cannot be read; write a day as 2026-12-07",
        "line 4, minutes: paper S-2: 'half' cannot be read; write whole minutes, as 90",
    ]


def test_differences_are_told_person_by_person_in_words() -> None:
    again = GOOD.replace("s2,70,paid", "t3,70,paid").replace("r7,30,,,", "r7,30,,10:00,60")
    with pytest.raises(FileFaults) as caught:
        compare(read(GOOD, total=TOTAL), read(again, total=TOTAL))
    assert [f"{fault}" for fault in caught.value.faults] == [
        "line 2, minutes: paper S-1, t3: nothing in the first keying, 70 minutes, paid in the"
        " second",
        "line 3, minutes: paper S-1, s2: 70 minutes, paid in the first keying, nothing in the"
        " second",
        "line 4, starts: paper S-2: nothing in the first keying, 10:00 in the second",
        "line 4, length: paper S-2: nothing in the first keying, 60 in the second",
    ]


def test_the_same_papers_in_another_order_are_the_same() -> None:
    head, *rows = GOOD.strip().splitlines()
    compare(read(GOOD, total=TOTAL), read("\n".join([head, *reversed(rows)]), total=TOTAL))
