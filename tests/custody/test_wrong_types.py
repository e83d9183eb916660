"""What a program gives by mistake is refused at the door, with the name of what was wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.custody.scheme import Scheme
from tests.support import refusal
from timebank import Hours, accounts
from timebank.custody import (
    Line,
    Part,
    Place,
    beneficiaries,
    destinations,
    people,
    retentions,
    sheets,
)
from timebank.custody import scheme as schemes

NO_DAYS = ("2026-03-10", datetime(2026, 3, 10, 9), 5)
NOT_WHOLE = ("70", 7.5, True)


def said(scheme: Scheme, action: Any, *args: Any, **more: Any) -> str:
    pair = {"by": scheme.staff("cora"), "approved_by": scheme.staff("olga")}
    return refusal(lambda: scheme.do(action, *args, **pair, **more))


def sheet(scheme: Scheme, **wrong: Any) -> str:
    right: dict[str, Any] = {"paper": "S-1", "category": "learning", "worked_on": scheme.today}
    right |= {"lines": [Line(person="ray", minutes=60)], "by": scheme.staff("bea")}
    return refusal(lambda: scheme.do(sheets.new, **{**right, **wrong}))


@pytest.mark.parametrize("day", NO_DAYS)
def test_what_is_no_day(scheme: Scheme, day: Any) -> None:
    one = scheme.made(beneficiaries.propose, "ray", account="gran", by=scheme.cora)
    scheme.do(accounts.open, kind="activity", label="library", by=scheme.cora)
    told = {"parts": (Part(place=Place.OWN),), "paper": "D-1"}
    kept = {"record": "identity", "lawful_basis": "consent"}
    price = {"account": "library", "hours": Hours.of(1)}
    by = scheme.staff("cora")
    suspended = refusal(lambda: scheme.do(people.suspend, "ray", reason="other", on=day, by=by))
    assert [
        sheet(scheme, worked_on=day),
        sheet(scheme, until=day),
        suspended,
        said(scheme, beneficiaries.approve, one, review_on=day),
        said(scheme, destinations.set, "ray", given_on=day, **told),
        said(scheme, destinations.set_price, "x", starts_on=day, **price),
        said(scheme, retentions.keep, "ray", until=day, **kept),
    ] == [
        f"invalid_input {field}"
        for field in (
            "worked_on",
            "until",
            "on",
            "review_on",
            "given_on",
            "starts_on",
            "keep_until",
        )
    ]


@pytest.mark.parametrize("number", NOT_WHOLE)
def test_what_is_no_whole_number(scheme: Scheme, number: Any) -> None:
    assert sheet(scheme, lines=[Line(person="ray", minutes=number)]) == "invalid_input minutes"
    assert sheet(scheme, starts_minute=number) == "invalid_input starts"
    assert sheet(scheme, length_minutes=number) == "invalid_input length"
    parts = (Part(place=Place.OWN, weight=number),)
    told = {"parts": parts, "paper": "D-1", "given_on": scheme.today}
    assert said(scheme, destinations.set, "ray", **told) == "invalid_input parts"


def test_what_is_no_line_no_part_and_no_paper(scheme: Scheme) -> None:
    assert sheet(scheme, lines=[("ray", 60)]) == "invalid_input lines"
    assert sheet(scheme, paper=5) == "invalid_input paper"
    told: dict[str, Any] = {"parts": ("own",), "paper": "D-1", "given_on": scheme.today}
    assert said(scheme, destinations.set, "ray", **told) == "invalid_input parts"


def test_who_is_no_actor(scheme: Scheme) -> None:
    by: Any = "cora"
    assert refusal(lambda: scheme.do(people.apply, by=by)) == "invalid_input by"
    kept = {"action": "x", "error": "y"}
    assert refusal(lambda: scheme.do(schemes.record_attempt, **kept, by=by)) == "invalid_input by"
