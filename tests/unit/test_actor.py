"""Actors, the roles that may do what, and the second person."""

from typing import Any

import pytest

from tests.support import refusal
from timebank.domain.actor import (
    APPROVERS,
    MAY,
    Actor,
    Role,
    require_role,
    require_second_person,
)
from timebank.testing.builders import (
    ANNA,
    BEN,
    OFFICER,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
)


@pytest.mark.parametrize(
    ("person", "role", "on_behalf_of", "field"),
    [
        (ANNA, "boss", None, "role"),
        (None, Role.MEMBER, None, "person"),
        (ANNA, Role.SYSTEM, None, "person"),
        ("anna", Role.MEMBER, None, "person"),
        (ANNA, Role.BROKER, "ben", "on_behalf_of"),
        (ANNA, Role.MEMBER, BEN, "on_behalf_of"),
    ],
)
def test_actors_that_cannot_be(person, role, on_behalf_of, field):
    def build():
        return Actor(person=person, role=role, on_behalf_of=on_behalf_of)

    assert refusal(build) == f"invalid_input {field}"


def test_a_role_may_be_given_by_its_word():
    word: Any = "member"
    assert Actor(person=ANNA, role=word) == as_member(ANNA)


@pytest.mark.parametrize(
    ("actor", "for_whom", "text"),
    [
        (as_member(ANNA), ANNA, f"member {ANNA}"),
        (as_broker(), None, f"broker {as_broker().person}"),
        (as_broker(BEN), BEN, f"broker {as_broker().person} for {BEN}"),
        (Actor.system(), None, "system"),
    ],
)
def test_whose_side_an_actor_takes(actor, for_whom, text):
    assert actor.acts_for == for_whom
    assert str(actor) == text


def _any(role: Role) -> Actor:
    return Actor.system() if role is Role.SYSTEM else Actor(person=ANNA, role=role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", MAY)
def test_exactly_the_roles_of_the_table_may(action, role):
    if role in MAY[action]:
        require_role(action, _any(role))
    else:
        assert refusal(lambda: require_role(action, _any(role))) == "not_permitted"


def test_somebody_may_do_each_action():
    assert all(MAY.values())


def test_members_never_do_what_takes_staff():
    """Hours come from nowhere, limits move and freezes lift only by staff."""
    by_members = {action for action, roles in MAY.items() if Role.MEMBER in roles}
    assert {action.split(".")[0] for action in by_members} == {
        "members",
        "listings",
        "exchanges",
        "transfers",
    }
    assert {a for a in by_members if a.startswith(("members", "transfers"))} == {
        "members.update",
        "members.leave",
        "transfers.donate",
    }


@pytest.mark.parametrize(
    ("by", "approved_by", "error"),
    [
        (as_coordinator(), None, "second_person_needed"),
        (as_coordinator(), as_coordinator(), "second_person_needed"),
        (as_coordinator(), as_coordinator(BEN), "second_person_needed"),
        (Actor.system(), Actor.system(), "second_person_needed"),
        (as_coordinator(), as_member(ANNA), "not_permitted"),
        (as_coordinator(), as_broker(), "not_permitted"),
        (as_coordinator(), Actor.system(), "not_permitted"),
    ],
)
def test_who_cannot_be_the_second_person(by, approved_by, error):
    assert refusal(lambda: require_second_person("x", by, approved_by)) == error


@pytest.mark.parametrize("role", sorted(APPROVERS, key=str))
def test_approvers(role):
    approver = Actor(person=OFFICER, role=role)
    assert require_second_person("x", as_coordinator(), approver) is approver
    assert as_officer().role in APPROVERS
