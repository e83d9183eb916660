"""Forgetting: the order of refusals, and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support import descending, refusal, the, written
from timebank.domain.account import AccountChange, AccountKind, ChangeField
from timebank.domain.actor import Role
from timebank.domain.changes import Changes, WingValue
from timebank.domain.erasure import forget, is_forgotten
from timebank.domain.events import MemberForgotten
from timebank.domain.ids import FactId, ListingId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Person, PersonKind, Staff, Standing, Status
from timebank.domain.note import Note
from timebank.testing.builders import (
    ANNA,
    BEN,
    NOW,
    TODAY,
    a_member,
    an_account,
    as_coordinator,
    as_officer,
    conditions,
)

PERSON = Person(id=ANNA, kind=PersonKind.PERSON, ref="a-7", name="Ana", contact="the café")
GONE = Person(id=ANNA, kind=PersonKind.PERSON, ref=None, name=None, contact=None)
ROLE = Staff(id=FactId("5" * 32), person=ANNA, role=Role.BROKER, starts_on=TODAY, ends_on=None)
ROSES = Listing(
    id=ListingId("1" * 32),
    kind=ListingKind.OFFER,
    member=ANNA,
    title="Ana's roses",
    category="garden",
    expires_on=None,
    placed_at=NOW - timedelta(days=9),
)
NOTES = (
    Note(about=FactId("2" * 32), salt=b"s" * 16, text="for Ana's mother"),
    Note(about=FactId("3" * 32), salt=b"t" * 16, text=None),
)


def forgetting(
    *,
    by: Any = None,
    approved_by: Any = None,
    alone: bool = False,
    person: Person = PERSON,
    status: Status = Status.LEFT,
    forgotten: bool = False,
    exchanges: int = 0,
    listings: tuple[Listing, ...] = (ROSES,),
    notes: tuple[Note, ...] = NOTES,
    staff: tuple[Staff, ...] = (),
    balance: int = 0,
    reason: str = "left the bank",
    beside: tuple[WingValue, ...] = (),
) -> Changes:
    member = a_member(ANNA, status=status)
    return forget(
        person,
        Standing(id=ANNA, member=member, history=(), staff=staff),
        (an_account(1, balance=balance),),
        conditions(
            by=by or as_coordinator(), approved_by=None if alone else approved_by or as_officer()
        ),
        pot=an_account(90, kind=AccountKind.POT, balance=500),
        forgotten=forgotten,
        open_exchanges=exchanges,
        listings=listings,
        notes=notes,
        reason=reason,
        beside=beside,
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_officer()}),
        ("second_person_needed", {"alone": True}),
        ("invalid_input reason", {"reason": "Ana asked us to"}),
        ("wrong_state", {"status": Status.ACTIVE}),
        ("not_yet_empty", {"staff": (ROLE,)}),
        ("not_yet_empty", {"exchanges": 1}),
        ("not_yet_empty", {"balance": 5}),
    ),
)
def test_forget_in_order_of_refusal(error: str, arguments: dict[str, Any]) -> None:
    assert refusal(lambda: forgetting(**arguments)) == error


def test_who_is_forgotten_is_not_forgotten_again_unless_something_is_left() -> None:
    nothing: dict[str, Any] = {"person": GONE, "forgotten": True, "listings": (), "notes": ()}
    assert refusal(lambda: forgetting(**nothing)) == "wrong_state"
    untitled = replace(ROSES, title=None, withdrawn_at=NOW)
    assert refusal(lambda: forgetting(**nothing | {"listings": (untitled,)})) == "wrong_state"
    again = forgetting(**nothing | {"notes": NOTES[:1]})
    assert the(again, AccountChange).was == "forgotten"
    assert the(again, Note).text is None


def test_what_a_wing_holds_goes_too_also_of_somebody_forgotten_before() -> None:
    kept = WingValue()
    assert forgetting(beside=(kept,)).changed[-1] is kept
    nothing: dict[str, Any] = {"person": GONE, "forgotten": True, "listings": (), "notes": ()}
    assert kept in forgetting(**nothing, beside=(kept,)).changed


def test_staff_without_an_account_are_forgotten_on_the_pot() -> None:
    over = replace(ROLE, ends_on=TODAY - timedelta(days=1))
    pot = an_account(90, kind=AccountKind.POT, balance=500)
    changes = forget(
        PERSON,
        Standing(id=ANNA, member=None, history=(), staff=(over,)),
        (),
        conditions(by=as_coordinator(), approved_by=as_officer()),
        pot=pot,
        forgotten=False,
        open_exchanges=0,
        listings=(),
        notes=(),
        reason="other",
    )
    change = the(changes, AccountChange)
    assert (change.account, change.was, change.becomes) == (pot.id, ANNA, "forgotten")
    assert the(changes, Person).name is None
    assert is_forgotten(ANNA, [change])
    assert not is_forgotten(BEN, [change])


def test_a_role_that_will_begin_stands_in_the_way() -> None:
    later = replace(ROLE, starts_on=TODAY + timedelta(days=3))
    over = replace(ROLE, starts_on=TODAY - timedelta(days=3), ends_on=TODAY - timedelta(days=1))
    assert refusal(lambda: forgetting(staff=(later,))) == "not_yet_empty"
    assert the(forgetting(staff=(over,)), Person) == GONE


def test_everything_personal_goes_and_a_change_says_so() -> None:
    changes = forgetting()
    assert the(changes, Person) == GONE
    listing = the(changes, Listing)
    assert (listing.title, listing.withdrawn_at) == (None, NOW)
    assert {(n.salt, n.text) for n in written(changes, Note)} == {(None, None)}
    change = the(changes, AccountChange)
    assert (change.field, change.was, change.becomes, change.reason) == (
        ChangeField.IDENTITY,
        "known",
        "forgotten",
        "left the bank",
    )
    assert (change.actor, change.approver) == (as_coordinator(), as_officer())
    assert changes.events == (MemberForgotten(member=ANNA, listings=1, notes=1),)
