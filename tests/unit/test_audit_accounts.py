"""Accounts and members are what the changes made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from timebank.domain.account import AccountKind, ChangeField
from timebank.domain.account_changes import change_of
from timebank.domain.audit_accounts import Owned, Owner, check_owners, check_standing
from timebank.domain.member import Status
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.testing.builders import ANNA, JOINED, a_member, an_account, conditions

LABELS = {"pot": AccountKind.POT}
POT = replace(
    an_account(90, kind=AccountKind.POT, floor=NEIGHBOURHOOD.limits_for(AccountKind.POT)[0]),
    label="pot",
)
ACCOUNT = an_account(1, owner=ANNA, floor=NEIGHBOURHOOD.limits_for(AccountKind.MEMBER)[0])
JOINED_THEN = change_of(
    ACCOUNT, ChangeField.STATUS, "none", "active", conditions(), effective_on=JOINED
)


def findings(account=ACCOUNT, member=None, changes=(JOINED_THEN,), pot=POT):
    owned = [Owned(account=account, member=member or a_member())]
    owned += [Owned(account=pot, member=None)] if pot else []
    stream = check_standing(owned, changes, {1: NEIGHBOURHOOD}, LABELS)
    return [(finding.subject, finding.found) for finding in stream]


def test_accounts_in_order():
    assert findings() == []


def test_a_limit_that_nobody_changed_is_found():
    assert findings(replace(ACCOUNT, floor_minutes=-5000)) == [
        (f"account {ACCOUNT.id}", "floor -5000")
    ]


def test_changes_that_do_not_hang_together_are_found():
    torn = change_of(ACCOUNT, ChangeField.FROZEN, "out", "all", conditions())
    assert findings(changes=(JOINED_THEN, torn)) == [(f"account {ACCOUNT.id}", "frozen none")]


def test_a_status_that_no_change_gave_is_found():
    suspended = replace(a_member(), status=Status.SUSPENDED)
    assert (f"member {ANNA}", "status suspended") in findings(member=suspended)
    late = replace(a_member(), joined_on=JOINED + timedelta(days=1))
    assert findings(member=late) == [(f"member {ANNA}", f"joined_on {late.joined_on}")]


def test_the_bank_has_its_own_accounts_and_no_others():
    assert findings(pot=None) == [("account pot", "none")]
    spare = replace(POT, label="spare")
    assert findings(pot=spare) == [
        (f"account {POT.id}", f"spare of kind {POT.kind.value}"),
        ("account pot", "none"),
    ]


def test_a_change_of_no_account_is_found():
    beyond = an_account(99)
    stray = change_of(beyond, ChangeField.FROZEN, "none", "out", conditions())
    assert findings(changes=(JOINED_THEN, stray)) == [(f"account {beyond.id}", "none")]


@pytest.mark.parametrize(
    ("person_kind", "accounts", "found"),
    [("person", 1, []), ("organisation", 1, ["kind person"]), ("person", 0, ["0"])],
)
def test_a_member_is_what_its_person_is_and_has_one_account(person_kind, accounts, found):
    owner = Owner(member=ANNA, kind="person", person_kind=person_kind, accounts=accounts)
    assert [finding.found for finding in check_owners([owner])] == found
