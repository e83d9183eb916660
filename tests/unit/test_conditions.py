"""What is in force: the actor, days, reasons and notes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support import descending, refusal
from timebank.domain.actor import Actor, Role
from timebank.domain.conditions import (
    coded_reason,
    digest,
    noted,
    require_actor,
    required_reason,
)
from timebank.domain.ids import FactId
from timebank.domain.note import Note, digest_of
from timebank.testing.builders import (
    ANNA,
    BROKER,
    COORDINATOR,
    NOW,
    OFFICER,
    STRANGER,
    TODAY,
    a_bank,
    account_id,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    standing,
)

NO_MORE = standing(COORDINATOR, roles=[Role.COORDINATOR], until=TODAY - timedelta(days=1))


def asked(*, action="transfers.adjust", by=None, approved_by=None, people=()):
    require_actor(action, conditions(by=by, approved_by=approved_by, people=people))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_member(STRANGER)}),
        ("not_found", {"by": Actor(person=STRANGER, role=Role.COORDINATOR)}),
        ("not_permitted", {"people": (NO_MORE,)}),
        ("not_found", {"approved_by": Actor(person=STRANGER, role=Role.OFFICER)}),
        ("not_permitted", {"approved_by": Actor(person=ANNA, role=Role.OFFICER)}),
    ),
)
def test_order_of_refusal(error, arguments):
    assert refusal(lambda: asked(**arguments)) == error


@pytest.mark.parametrize(
    ("action", "by", "approved_by"),
    [
        ("transfers.adjust", as_coordinator(), as_officer()),
        ("transfers.donate", as_member(ANNA), None),
        ("transfers.grant", Actor.system(), Actor.system()),
    ],
)
def test_who_is_what_they_say(action, by, approved_by):
    asked(action=action, by=by, approved_by=approved_by)


@pytest.mark.parametrize(
    "actor", [Actor(person=BROKER, role=Role.COORDINATOR), Actor(person=OFFICER, role=Role.BROKER)]
)
def test_one_role_is_not_another(actor):
    assert refusal(lambda: asked(action="exchanges.expire", by=actor)) == "not_permitted"


def test_staff_who_never_joined_are_no_members():
    assert refusal(lambda: asked(action="transfers.donate", by=as_member(BROKER))) == (
        "not_permitted"
    )


def test_today_and_deadlines():
    late = conditions(now=datetime(2026, 3, 10, 23, tzinfo=UTC), zone="Pacific/Auckland")
    assert late.today == date(2026, 3, 11)
    assert conditions().after_days(3) == NOW + timedelta(days=3)
    assert a_bank(zone="UTC").zone == "UTC"


def test_a_standing_is_known_or_not_found():
    assert conditions().standing(ANNA).id == ANNA
    assert refusal(lambda: conditions().standing(STRANGER)) == "not_found"


def test_a_reason_of_the_policy_is_a_code():
    made = coded_reason("hardship", about=account_id(1), conditions=conditions())
    assert made == ("hardship", None)
    assert coded_reason(None, about=account_id(1), conditions=conditions()) == (None, None)


def test_other_words_become_an_erasable_note():
    code, note = required_reason(" he was ill ", about=account_id(1), conditions=conditions())
    assert code == "other"
    assert note is not None
    assert (note.about, note.text) == (FactId(account_id(1)), "he was ill")


@pytest.mark.parametrize(
    ("reason", "field"), [(None, "reason"), ("", "note"), ("  ", "note"), ("x" * 1001, "note")]
)
def test_reasons_that_say_nothing(reason, field):
    def act():
        return required_reason(reason, about=account_id(1), conditions=conditions())

    assert refusal(act) == f"invalid_input {field}"


def test_each_note_has_its_own_salt():
    now = conditions()
    first, second = (noted("x" * 1000, about=account_id(1), conditions=now) for _ in range(2))
    assert first.salt != second.salt
    assert digest(first) != digest(second)


@pytest.mark.parametrize(
    ("salt", "text", "expected"),
    [(b"s", "t", digest_of(b"s", "t")), (None, "t", None), (b"s", None, None)],
)
def test_the_digest_of_a_note_that_may_be_erased(salt, text, expected):
    assert digest(Note(about=FactId(account_id(1)), salt=salt, text=text)) == expected
    assert digest(None) is None
