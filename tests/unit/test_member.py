"""Members: statuses, roles by day, and the text that may be kept."""

from datetime import timedelta

import pytest

from tests.support import refusal
from timebank.domain.actor import Role
from timebank.domain.member import (
    ACCOUNT_KIND,
    TRANSITIONS,
    PersonKind,
    Standing,
    Status,
    StatusSpan,
    checked_text,
    moved,
    require_active,
    required_text,
)
from timebank.errors import WrongState
from timebank.testing.builders import ANNA, JOINED, TODAY, a_member, standing

A_DAY = timedelta(days=1)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("act", TRANSITIONS)
def test_every_act_from_every_status(act, status):
    starts, becomes = TRANSITIONS[act]
    member = a_member(status=status)
    if status in starts:
        after = moved(member, act, on=TODAY)
        assert (after.status, after.status_since) == (becomes, TODAY)
        return
    with pytest.raises(WrongState) as caught:
        moved(member, act, on=TODAY)
    possible = {a for a, (allowed, _) in TRANSITIONS.items() if status in allowed}
    assert set(caught.value.possible) == possible


def test_nobody_comes_back_from_having_left():
    assert all(Status.LEFT not in starts for starts, _ in TRANSITIONS.values())
    assert {becomes for _, becomes in TRANSITIONS.values()} == set(Status) - {Status.PENDING}


def test_members_have_accounts_and_staff_have_none():
    assert set(ACCOUNT_KIND) == set(PersonKind) - {PersonKind.STAFF}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.ACTIVE, None),
        (Status.PENDING, "member_not_active"),
        (Status.SUSPENDED, "member_suspended"),
        (Status.LEFT, "member_not_active"),
        (None, "member_not_active"),
    ],
)
def test_who_is_active(status, error):
    if error is None:
        require_active(standing(status=status))
    else:
        assert refusal(lambda: require_active(standing(status=status))) == error


def test_status_by_day():
    someone = Standing(
        id=ANNA,
        member=a_member(status=Status.ACTIVE, since=TODAY),
        history=(
            StatusSpan(since=JOINED, status=Status.PENDING),
            StatusSpan(since=JOINED + 5 * A_DAY, status=Status.SUSPENDED),
            StatusSpan(since=TODAY, status=Status.ACTIVE),
        ),
        staff=(),
    )
    found = [
        someone.status_on(day)
        for day in (
            JOINED - A_DAY,
            JOINED,
            JOINED + 4 * A_DAY,
            JOINED + 5 * A_DAY,
            TODAY - A_DAY,
            TODAY,
            TODAY + A_DAY,
        )
    ]
    assert found == [
        *[Status.PENDING] * 3,
        *[Status.SUSPENDED] * 2,
        *[Status.ACTIVE] * 2,
    ]
    require_active(someone, on=TODAY)
    assert refusal(lambda: require_active(someone, on=TODAY - A_DAY)) == "member_suspended"


@pytest.mark.parametrize(
    ("day", "until", "holds"),
    [
        (JOINED - A_DAY, None, False),
        (JOINED, None, True),
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (TODAY + A_DAY, TODAY, False),
    ],
)
def test_a_role_is_held_from_its_first_day_to_its_last(day, until, holds):
    staff = standing(roles=[Role.BROKER], until=until)
    assert staff.holds(Role.BROKER, day) is holds
    assert not staff.holds(Role.COORDINATOR, day)


@pytest.mark.parametrize("status", [*Status, None])
def test_any_member_holds_the_role_of_member(status):
    assert standing(status=status).holds(Role.MEMBER, TODAY) is (status is not None)


@pytest.mark.parametrize(
    ("text", "kept"), [(None, None), (" Zoë Ng ", "Zoë Ng"), ("1 Hill\nTown", "1 Hill\nTown")]
)
def test_text_that_is_kept(text, kept):
    assert checked_text(text, field="name") == kept


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\x07b", "a\u202eb", 5])
def test_text_that_is_refused(text):
    assert refusal(lambda: checked_text(text, field="name")) == "invalid_input name"


def test_a_text_that_has_to_be_there():
    assert required_text(" Anna ", field="name") == "Anna"
    assert refusal(lambda: required_text(None, field="name")) == "invalid_input name"
