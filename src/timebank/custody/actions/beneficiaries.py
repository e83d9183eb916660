"""Who outside may be given hours: proposed, approved by two people, looked at again, ended."""

from __future__ import annotations

from datetime import date, timedelta

from timebank.actions import members
from timebank.custody.actions._gather import (
    Case,
    acted,
    case,
    coded,
    exceptional,
    locked_beneficiary,
    locked_membership,
    store_of,
)
from timebank.custody.domain.attention import Exceptional, Rule, is_shared
from timebank.custody.domain.beneficiary import Beneficiary, BeneficiaryAct, decided, proposed
from timebank.domain.actor import Actor
from timebank.errors import NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork
from timebank.wings import Changes, action, person_id


@action("custody.beneficiary_propose")
def propose(
    uow: UnitOfWork, person: str, *, account: str, by: Actor, key: str | None = None
) -> Changes:
    """Put a member outside on a person's list; nothing goes there before it is approved.

    *Refuses*, in this order: an unknown person or account, and what ``proposed`` refuses.
    """
    own = locked_membership(uow, person)
    id_ = members.account_of(uow, account)
    target = uow.accounts.get(id_)
    if target is None:
        raise NotFoundError(kind="account", ref=account)
    found = case(uow, by=by)
    one, done = proposed(own.id, target, found.now, inside=found.inside)
    return Changes(added=(one, done), events=(acted("proposed beneficiary", one.id),))


@action("custody.beneficiary_approve")
def approve(
    uow: UnitOfWork,
    beneficiary: str,
    *,
    by: Actor,
    approved_by: Actor,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Two people allow it, until the day of its review (as many days ahead as the rules say).

    An account that several people in custody may give to is shown to human eyes, not refused.

    *Refuses*, in this order: an unknown beneficiary, and what ``decided`` refuses.
    """
    before = locked_beneficiary(uow, beneficiary)
    found = case(uow, by=by, approved_by=approved_by)
    after, done = _until(before, "approve", found, review_on)
    event = acted("approved beneficiary", after.id)
    shown = _shared(after, found)
    return Changes(added=(done, *shown), changed=(after,), events=(event,))


@action("custody.beneficiary_review")
def review(
    uow: UnitOfWork,
    beneficiary: str,
    *,
    by: Actor,
    approved_by: Actor,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Two people looked again: it stands until a new day. *Refuses* what ``approve`` refuses."""
    before = locked_beneficiary(uow, beneficiary)
    found = case(uow, by=by, approved_by=approved_by)
    after, done = _until(before, "review", found, review_on)
    event = acted("reviewed beneficiary", after.id)
    return Changes(added=(done,), changed=(after,), events=(event,))


@action("custody.beneficiary_end")
def end(
    uow: UnitOfWork, beneficiary: str, *, reason: str, by: Actor, key: str | None = None
) -> Changes:
    """Nothing goes there any more; one person may do this, with a reason code.

    *Refuses*, in this order: an unknown beneficiary, words for a reason, what ``decided`` refuses.
    """
    before = locked_beneficiary(uow, beneficiary)
    found = case(uow, by=by)
    code = coded(reason, found.now)
    after, done = decided(before, "end", found.now, inside=found.inside, reason=code)
    return Changes(added=(done,), changed=(after,), events=(acted("ended beneficiary", after.id),))


def list(uow: ReadingUnit, person: str) -> tuple[Beneficiary, ...]:
    """A person's list in order of id. *Refuses* unknown people with ``NotFoundError``."""
    id_ = person_id(uow, person, field="person")
    return store_of(uow).beneficiaries(people=[id_])


def _until(
    before: Beneficiary, act: str, found: Case, review_on: date | None
) -> tuple[Beneficiary, BeneficiaryAct]:
    """Two people's decision that stands until a day, or for as long as the rules say."""
    last = review_on or found.now.today + timedelta(days=found.rules.beneficiary_days)
    return decided(before, act, found.now, inside=found.inside, review_on=last)


def _shared(one: Beneficiary, found: Case) -> tuple[Exceptional, ...]:
    if not is_shared(one.account, one.person, found.store.beneficiaries(account=one.account)):
        return ()
    return (exceptional(Rule.SHARED_BENEFICIARY, one.person, one.account, found),)
