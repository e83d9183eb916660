"""P-13: activities that make goods are blocked, and each that was allowed stands by itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from tests.custody.scheme import Scheme
from tests.support import refusal
from timebank.custody import Rules
from timebank.custody import scheme as schemes
from timebank.custody.domain.goods import Goods

GOODS = frozenset({"garden", "care"})


def rules(scheme: Scheme, *allowed: str, goods: frozenset[str] = GOODS) -> None:
    scheme.two(schemes.set_rules, Rules(goods=goods, goods_allowed=frozenset(allowed)))


def report(scheme: Scheme, **days: Any) -> dict[str, Goods]:
    asked = {"start": scheme.today, "end": scheme.today + timedelta(days=1), **days}
    return {one.category: one for one in scheme.see(schemes.goods, **asked)}


def test_p13_each_is_reported_on_its_own_and_the_others_are_not(scheme: Scheme) -> None:
    assert report(scheme) == {}
    rules(scheme, "garden")
    assert refusal(partial(scheme.sheet, "S-1", ("ray", 50), category="care")) == "custody_goods"
    scheme.posted("S-2", ("ray", 50), ("sam", 20), category="garden")
    scheme.posted("S-3", ("ray", 15), category="garden")
    scheme.posted("S-4", ("ray", 30), category="learning")
    scheme.approved("S-5", ("sam", 30), category="garden")
    found = report(scheme)
    assert [*found] == ["care", "garden"]
    assert found["garden"] == Goods(
        category="garden", allowed=True, sheets=2, people=2, raw_minutes=85, credited_minutes=105
    )
    assert found["care"] == Goods(
        category="care", allowed=False, sheets=0, people=0, raw_minutes=0, credited_minutes=0
    )


def test_p13_what_was_posted_under_earlier_rules_stays_in_the_report(scheme: Scheme) -> None:
    rules(scheme, "garden")
    scheme.posted("S-1", ("ray", 60), category="garden")
    rules(scheme)
    assert (report(scheme)["garden"].allowed, report(scheme)["garden"].sheets) == (False, 1)
    rules(scheme, goods=frozenset())
    assert (report(scheme)["garden"].allowed, report(scheme)["garden"].sheets) == (True, 1)


def test_p13_only_the_days_that_are_asked_for(scheme: Scheme) -> None:
    rules(scheme, "garden")
    scheme.posted("S-1", ("ray", 60), category="garden")
    later = {"start": scheme.today + timedelta(days=1), "end": scheme.today + timedelta(days=9)}
    assert report(scheme, **later)["garden"].sheets == 0
    assert refusal(partial(report, scheme, end=scheme.today)) == "invalid_input end"
