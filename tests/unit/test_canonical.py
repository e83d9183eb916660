"""How the fields of a request are written, so that equal ones have equal digests."""

from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import pytest

from timebank import Actor, Hours, Role
from timebank.actions import _request
from timebank.domain.bank import _day_of
from timebank.domain.ids import PersonId


class Colour(Enum):
    RED = "red"


PERSON = PersonId("7" * 32)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Hours(minutes=90), "90m"),
        (Colour.RED, "red"),
        (date(2026, 10, 5), "2026-10-05"),
        (datetime(2026, 10, 5, 9, tzinfo=UTC), "2026-10-05T09:00:00+00:00"),
        (
            Actor(person=PERSON, role=Role.BROKER),
            f"{{person:'{PERSON}',role:broker,on_behalf_of:None}}",
        ),
        ((1, "a"), "[1,'a']"),
        (["a"], "['a']"),
        ("a", "'a'"),
        (7, "7"),
    ],
)
def test_a_value_is_written_by_its_class(value: Any, written: str) -> None:
    """The classes are looked up once a process: each look-up itself is asked for here."""
    assert _request._writer.__wrapped__(type(value))(value) == written
    assert _request._canonical(value) == written


def test_a_day_is_worked_out_in_its_zone():
    asked = _day_of.__wrapped__(datetime(2026, 10, 5, 23, 30, tzinfo=UTC), "Europe/London")
    assert asked == date(2026, 10, 6)
