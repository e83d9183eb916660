"""Joining, changing status, leaving, limits, freezes, staff: orders of refusal and what follows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support import account_after, books, descending, refusal, the, written
from timebank.domain.account import Account, AccountChange, AccountKind, ChangeField, Frozen
from timebank.domain.actor import Actor, Role
from timebank.domain.hold import Hold
from timebank.domain.ids import PersonId
from timebank.domain.member import Member, Person, PersonKind, Staff, Status
from timebank.domain.membership import (
    add_staff,
    change_status,
    end_staff,
    freeze,
    join,
    leave,
    open_account,
    set_limits,
    update,
)
from timebank.domain.movement import Books
from timebank.domain.note import Note
from timebank.domain.policy import AGENCY_ISSUED, NEIGHBOURHOOD
from timebank.domain.transaction import Activity, Transaction, TransactionKind
from timebank.testing.builders import (
    ANNA,
    BEN,
    BROKER,
    COORDINATOR,
    JOINED,
    NOW,
    POT,
    STRANGER,
    TODAY,
    a_hold,
    a_member,
    account_id,
    an_account,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    standing,
)

A_DAY = timedelta(days=1)
TOMORROW = TODAY + A_DAY
NOT_STAFF = as_member(ANNA)
SECOND = as_officer()


# --- join -------------------------------------------------------------------------------------


def joined(*, by=None, policy=NEIGHBOURHOOD, **more):
    usual: dict[str, Any] = {
        "name": "Ana Díaz",
        "ref": None,
        "kind": PersonKind.PERSON,
        "contact": None,
        "joined_on": None,
    }
    return join(**usual | more, conditions=conditions(by=by or as_broker(), policy=policy))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": NOT_STAFF}),
        ("invalid_input kind", {"kind": PersonKind.STAFF}),
        ("invalid_input ref", {"ref": "x" * 61}),
        ("invalid_input name", {"name": " "}),
        ("invalid_input contact", {"contact": "\a"}),
        ("invalid_input joined_on", {"joined_on": TOMORROW}),
    ),
)
def test_join_in_order_of_refusal(error, arguments):
    assert refusal(lambda: joined(**arguments)) == error


@pytest.mark.parametrize(
    ("policy", "kind", "status", "account_kind", "floor"),
    [
        (NEIGHBOURHOOD, PersonKind.PERSON, Status.ACTIVE, AccountKind.MEMBER, -1200),
        (NEIGHBOURHOOD, PersonKind.ORGANISATION, Status.ACTIVE, AccountKind.ORGANISATION, -6000),
        (AGENCY_ISSUED, PersonKind.PERSON, Status.PENDING, AccountKind.MEMBER, 0),
    ],
)
def test_who_joins_gets_an_account(policy, kind, status, account_kind, floor):
    changes = joined(policy=policy, kind=kind, ref="a-7", joined_on=TODAY - A_DAY)
    person, member, account = (the(changes, kind) for kind in (Person, Member, Account))
    change = the(changes, AccountChange)
    assert person.id == member.id == account.owner
    assert (person.name, person.ref) == ("Ana Díaz", "a-7")
    assert (member.status, member.status_since) == (status, TODAY - A_DAY)
    assert (account.kind, account.floor_minutes, account.balance_minutes) == (
        account_kind,
        floor,
        0,
    )
    assert (change.account, change.field, change.becomes, change.effective_on) == (
        account.id,
        ChangeField.STATUS,
        status.value,
        TODAY - A_DAY,
    )


# --- update -----------------------------------------------------------------------------------

PERSON = Person(id=ANNA, kind=PersonKind.PERSON, ref="a-7", name="Ana", contact="the café")


def updated(*, by=None, **more):
    more = {"name": None, "ref": None, "contact": None} | more
    return update(PERSON, **more, conditions=conditions(by=by or as_member(ANNA)))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_officer()}),
        ("not_permitted", {"by": as_member(BEN)}),
        ("invalid_input name", {"name": ""}),
        ("invalid_input ref", {"ref": ""}),
        ("invalid_input contact", {"contact": ""}),
    ),
)
def test_update_in_order_of_refusal(error, arguments):
    assert refusal(lambda: updated(**arguments)) == error


@pytest.mark.parametrize("by", [as_member(ANNA), as_broker(), as_coordinator()])
@pytest.mark.parametrize("changed", [{}, {"name": "Anna"}, {"ref": "b"}, {"contact": "new"}])
def test_only_what_is_given_changes(by, changed):
    assert the(updated(by=by, **changed), Person) == replace(PERSON, **changed)


# --- status -----------------------------------------------------------------------------------


def changed(act, status, *, by=None, reason=None, people=()):
    return change_status(
        a_member(status=status),
        (an_account(1),),
        act,
        conditions(by=by, people=people),
        reason=reason,
    )


SELF = Actor(person=ANNA, role=Role.COORDINATOR)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("not_permitted", {"by": SELF}),
        ("wrong_state", {"status": Status.SUSPENDED}),
        ("invalid_input note", {"reason": ""}),
    ),
)
def test_change_status_in_order_of_refusal(error, arguments):
    arguments = {"status": Status.ACTIVE} | arguments
    people = [standing(ANNA, roles=[Role.COORDINATOR])]
    assert refusal(lambda: changed("suspend", **arguments, people=people)) == error


@pytest.mark.parametrize(
    ("act", "status", "becomes"),
    [
        ("approve", Status.PENDING, Status.ACTIVE),
        ("suspend", Status.ACTIVE, Status.SUSPENDED),
        ("resume", Status.SUSPENDED, Status.ACTIVE),
    ],
)
def test_a_status_holds_from_today_and_stays_on_record(act, status, becomes):
    changes = changed(act, status, reason="safeguarding")
    member, change = the(changes, Member), the(changes, AccountChange)
    assert (member.status, member.status_since) == (becomes, TODAY)
    assert (change.field, change.was, change.becomes) == (
        ChangeField.STATUS,
        status.value,
        becomes.value,
    )
    assert (change.reason, change.effective_on) == ("safeguarding", TODAY)


# --- leave ------------------------------------------------------------------------------------

CLOSURE = an_account(92, kind=AccountKind.CLOSURE, floor=None)


def left(
    *,
    by=None,
    approved_by=None,
    status=Status.ACTIVE,
    account=None,
    holds=(),
    others=(),
    people=(),
    hours_to=None,
    write_off_from=None,
    open_exchanges=0,
    reason=None,
):
    own = account or an_account(1)
    return leave(
        a_member(status=status),
        Books(accounts=books(CLOSURE, own, *others), holds=holds),
        (own,),
        conditions(by=by or as_member(ANNA), approved_by=approved_by, people=people),
        hours_to=hours_to,
        write_off_from=write_off_from,
        open_exchanges=open_exchanges,
        reason=reason,
    )


OWING = an_account(1, balance=-90)
RICH = an_account(1, balance=90)
ON_HOLD = an_account(1, balance=-90, held=60)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"by": as_member(STRANGER)}),
        ("not_permitted", {"by": as_member(BEN)}),
        ("wrong_state", {"status": Status.LEFT}),
        ("not_yet_empty", {"open_exchanges": 1}),
        ("not_yet_empty", {"account": ON_HOLD}),
        ("not_yet_empty", {"account": OWING, "write_off_from": None}),
        ("second_person_needed", {"account": OWING, "write_off_from": CLOSURE.id}),
    ),
)
def test_leave_in_order_of_refusal(error, arguments):
    assert refusal(lambda: left(**arguments)) == error


def test_nobody_leaves_in_the_middle_of_an_exchange():
    assert refusal(lambda: left(open_exchanges=1)) == "not_yet_empty"


def test_nobody_leaves_with_hours_on_hold():
    assert refusal(lambda: left(account=an_account(1, held=60))) == "not_yet_empty"


def test_hours_need_a_place_to_go():
    assert refusal(lambda: left(account=RICH, write_off_from=CLOSURE.id)) == "not_yet_empty"
    assert refusal(lambda: left(account=OWING, hours_to=POT)) == "not_yet_empty"


@pytest.mark.parametrize("frozen", Frozen)
@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE, Status.SUSPENDED])
def test_who_leaves_at_zero_closes_an_account(status, frozen):
    changes = left(by=as_broker(), status=status, account=an_account(1, frozen=frozen))
    assert (the(changes, Member).status, the(changes, Member).status_since) == (
        Status.LEFT,
        TODAY,
    )
    assert account_after(changes, 1).frozen is Frozen.ALL
    facts = {c.field: (c.was, c.becomes) for c in written(changes, AccountChange)}
    assert facts[ChangeField.STATUS] == (status.value, "left")
    assert facts[ChangeField.FROZEN] == (frozen.value, "all")
    assert {c.reason for c in written(changes, AccountChange)} == {"left the bank"}


def test_hours_left_over_go_where_they_are_told():
    changes = left(account=RICH, hours_to=POT)
    made = the(changes, Transaction)
    assert (made.kind, made.reason) == (TransactionKind.LEAVING, "left the bank")
    assert [(t.target, t.minutes, t.activity) for t in made.transfers] == [(POT, 90, Activity.GIFT)]
    assert account_after(changes, 1).balance_minutes == 0


def test_hours_owed_are_written_off_by_two_people():
    changes = left(
        by=as_coordinator(), approved_by=as_officer(), account=OWING, write_off_from=CLOSURE.id
    )
    made = the(changes, Transaction).transfers[0]
    assert (made.source, made.minutes, made.activity) == (CLOSURE.id, 90, Activity.SETTLEMENT)
    assert account_after(changes, 1).balance_minutes == 0


def test_a_lapsed_hold_stops_nobody_from_leaving():
    """Swept or not: what a late sweeper has not done yet changes nothing."""
    hold = a_hold(deadline=NOW, account=account_id(1))
    changes = left(account=an_account(1, held=60), holds=[hold])
    assert account_after(changes, 1).held_minutes == 0
    assert the(changes, Hold).id == hold.id


# --- further accounts ---------------------------------------------------------------------------


def opened(*, by=None, kind=AccountKind.ACTIVITY, owner=None, label="library"):
    return open_account(kind, conditions(by=by), owner=owner, label=label)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("invalid_input owner", {"kind": AccountKind.HELD}),
        ("invalid_input label", {"label": None}),
    )
    + descending(("invalid_input owner", {"owner": a_member(ANNA)}))
    + descending(("invalid_input label", {"label": " "})),
)
def test_open_account_in_order_of_refusal(error, arguments):
    assert refusal(lambda: opened(**arguments)) == error


@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE])
def test_a_further_account_of_a_member_has_the_members_status(status):
    changes = opened(kind=AccountKind.HELD, owner=a_member(ANNA, status=status), label=None)
    account, change = the(changes, Account), the(changes, AccountChange)
    assert (account.owner, account.label, account.kind) == (ANNA, None, AccountKind.HELD)
    assert (account.floor_minutes, account.balance_minutes) == (0, 0)
    assert (change.field, change.was, change.becomes) == (
        ChangeField.STATUS,
        "unopened",
        status.value,
    )


def test_a_further_account_of_the_bank_has_a_label():
    account = the(opened(), Account)
    assert (account.owner, account.label) == (None, "library")


# --- limits -----------------------------------------------------------------------------------


def limited(
    *,
    by=None,
    approved_by=SECOND,
    floor=-600,
    ceiling=600,
    reason="hardship",
    review_on=TOMORROW,
):
    return set_limits(
        an_account(1),
        conditions(by=by, approved_by=approved_by),
        floor_minutes=floor,
        ceiling_minutes=ceiling,
        reason=reason,
        review_on=review_on,
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("second_person_needed", {"approved_by": None}),
        ("invalid_input reason", {"reason": None}),
        ("invalid_input floor", {"floor": 1}),
        ("invalid_input ceiling", {"ceiling": 0}),
        ("invalid_input review_on", {"review_on": "2999-01-01"}),
    ),
)
def test_set_limits_in_order_of_refusal(error, arguments):
    assert refusal(lambda: limited(**arguments)) == error


@pytest.mark.parametrize("kind", [AccountKind.CUSTODY, AccountKind.HELD])
@pytest.mark.parametrize("floor", [-1, -600, None])
def test_a_custody_or_held_account_has_no_floor_but_zero(kind, floor):
    def act(floor):
        return set_limits(
            an_account(1, kind=kind, floor=0),
            conditions(approved_by=SECOND),
            floor_minutes=floor,
            ceiling_minutes=600,
            reason="hardship",
            review_on=None,
        )

    assert refusal(lambda: act(floor)) == "invalid_input floor"
    assert the(act(0), Account).ceiling_minutes == 600


@pytest.mark.parametrize("ceiling", [0, -30, -600])
def test_a_ceiling_lies_above_zero(ceiling):
    assert refusal(lambda: limited(ceiling=ceiling)) == "invalid_input ceiling"


@pytest.mark.parametrize(
    ("floor", "ceiling", "facts"),
    [
        (-600, None, [("floor", "-1200", "-600")]),
        (-1200, 600, [("ceiling", "none", "600")]),
        (None, 600, [("floor", "-1200", "none"), ("ceiling", "none", "600")]),
        (0, None, [("floor", "-1200", "0")]),
        (-1200, 1, [("ceiling", "none", "1")]),
        (-1200, None, []),
    ],
)
def test_each_limit_that_changes_is_a_fact(floor, ceiling, facts):
    changes = limited(floor=floor, ceiling=ceiling)
    account = the(changes, Account)
    assert (account.floor_minutes, account.ceiling_minutes) == (floor, ceiling)
    found = written(changes, AccountChange)
    assert [(c.field.value, c.was, c.becomes) for c in found] == facts
    assert [(e.field, e.was, e.becomes) for e in changes.events] == facts
    for fact in found:
        assert (fact.approver, fact.reason, fact.review_on) == (
            as_officer(),
            "hardship",
            TOMORROW,
        )


# --- freezes ----------------------------------------------------------------------------------


def frozen(*, by=None, account=None, to=Frozen.ALL, reason="safeguarding", people=()):
    return freeze(account or an_account(1), to, conditions(by=by, people=people), reason=reason)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("not_permitted", {"by": SELF}),
        ("wrong_state", {"account": an_account(1, frozen=Frozen.ALL)}),
        ("invalid_input reason", {"reason": None}),
    ),
)
def test_freeze_in_order_of_refusal(error, arguments):
    people = [standing(ANNA, roles=[Role.COORDINATOR])]
    assert refusal(lambda: frozen(**arguments, people=people)) == error


@pytest.mark.parametrize("by", [as_coordinator(), as_officer()])
@pytest.mark.parametrize("was", Frozen)
@pytest.mark.parametrize("becomes", Frozen)
def test_every_freeze_and_thaw_is_a_fact(by, was, becomes):
    def act():
        return frozen(by=by, account=an_account(1, frozen=was), to=becomes, reason="she asked")

    if was is becomes:
        assert refusal(act) == "wrong_state"
        return
    changes = act()
    assert the(changes, Account).frozen is becomes
    change, note = the(changes, AccountChange), the(changes, Note)
    assert (change.was, change.becomes, change.reason) == (was.value, becomes.value, "other")
    assert (note.about, note.text) == (change.id, "she asked")
    assert change.note_digest


def test_accounts_of_the_bank_can_be_frozen():
    pot = an_account(90, kind=AccountKind.POT)
    assert the(frozen(account=pot), Account).frozen is Frozen.ALL


# --- staff ------------------------------------------------------------------------------------

NEWCOMER = Person(id=PersonId("f" * 32), kind=PersonKind.STAFF, ref="s", name="S", contact=None)


def added(*, by=None, role=Role.BROKER, new=True, starts_on=None, ends_on=None):
    return add_staff(
        NEWCOMER,
        role,
        new=new,
        starts_on=starts_on,
        ends_on=ends_on,
        conditions=conditions(by=by),
    )


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("invalid_input role", {"role": Role.MEMBER}),
        ("invalid_input ends_on", {"ends_on": TODAY - A_DAY}),
    ),
)
def test_add_staff_in_order_of_refusal(error, arguments):
    assert refusal(lambda: added(**arguments)) == error


@pytest.mark.parametrize("role", Role)
def test_roles_that_are_given(role):
    if role in (Role.MEMBER, Role.SYSTEM):
        assert refusal(lambda: added(role=role)) == "invalid_input role"
    else:
        assert the(added(role=role), Staff).role is role


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize(
    ("starts_on", "ends_on"), [(None, None), (JOINED, JOINED), (TOMORROW, TOMORROW + A_DAY)]
)
def test_a_role_has_its_days(new, starts_on, ends_on):
    changes = added(new=new, starts_on=starts_on, ends_on=ends_on)
    staff = the(changes, Staff)
    assert (staff.starts_on, staff.ends_on) == (starts_on or TODAY, ends_on)
    assert len(written(changes, Person)) == new


(ROLE,) = standing(BROKER, status=None, roles=[Role.BROKER]).staff
ENDED = replace(ROLE, ends_on=TODAY - A_DAY)
FUTURE = replace(ROLE, starts_on=TOMORROW)


def ended(*, by=None, staff=ROLE, ends_on=None):
    return end_staff(staff, ends_on=ends_on, conditions=conditions(by=by))


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_permitted", {"by": as_broker()}),
        ("wrong_state", {"staff": ENDED}),
        ("invalid_input ends_on", {"staff": FUTURE}),
    ),
)
def test_end_staff_in_order_of_refusal(error, arguments):
    assert refusal(lambda: ended(**arguments)) == error


@pytest.mark.parametrize(
    ("staff", "ends_on", "last"),
    [
        (ROLE, None, TODAY),
        (ROLE, TOMORROW, TOMORROW),
        (replace(ROLE, ends_on=TODAY), TOMORROW, TOMORROW),
    ],
)
def test_the_last_day_of_a_role(staff, ends_on, last):
    assert the(ended(staff=staff, ends_on=ends_on), Staff).ends_on == last
    assert staff.person != COORDINATOR
