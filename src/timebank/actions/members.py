"""Members: joining, changing, leaving; and their reading."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from timebank.actions._access import access
from timebank.actions._forgetting import forget, is_forgotten
from timebank.actions._gather import POT, books, check_page, conditions, labelled, owners, person_id
from timebank.actions._request import action
from timebank.domain import erasure, membership
from timebank.domain.actor import Actor
from timebank.domain.changes import Changes
from timebank.domain.ids import AccountId, PersonId, checked_account_id, is_account_id
from timebank.domain.member import Member, Person, PersonKind, Status
from timebank.domain.words import checked_word
from timebank.errors import NotFoundError, RefTaken
from timebank.ports import ReadingUnit, UnitOfWork

__all__ = [
    "MemberView",
    "access",
    "account_of",
    "approve",
    "by_refs",
    "forget",
    "get",
    "join",
    "leave",
    "list",
    "resume",
    "suspend",
    "update",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member as people see one. Name, ref and contact are None once forgotten."""

    id: PersonId
    kind: PersonKind
    status: Status
    status_since: date
    joined_on: date
    ref: str | None
    name: str | None
    contact: str | None
    accounts: tuple[AccountId, ...]


@action("members.join")
def join(
    uow: UnitOfWork,
    *,
    name: str,
    by: Actor,
    ref: str | None = None,
    kind: PersonKind | str = PersonKind.PERSON,
    contact: str | None = None,
    joined_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """A new member with an account at 0:00; pending where the policy asks for approval.

    ``joined_on`` (today) may lie in the past for members brought from elsewhere. The receipt has
    ``member_id`` and ``account_id``.

    *Refuses*, in this order: an unknown kind, the actor, an unfit name, ref or contact, a day in
    the future, a ref that is taken (``RefTaken``).
    """
    changes = membership.join(
        name=name,
        ref=ref,
        kind=checked_word(PersonKind, kind, field="kind"),
        contact=contact,
        joined_on=joined_on,
        conditions=conditions(uow, by=by),
    )
    _check_free(uow, ref)
    return changes


@action("members.update")
def update(
    uow: UnitOfWork,
    member: str,
    *,
    by: Actor,
    name: str | None = None,
    ref: str | None = None,
    contact: str | None = None,
    key: str | None = None,
) -> Changes:
    """A new name, ref or contact; None leaves what is there.

    *Refuses*, in this order: an unknown member, the actor, a member who changes somebody else,
    unfit text, one who was forgotten (``WrongState``), a ref that is taken.
    """
    id_ = person_id(uow, member)
    own = uow.accounts.of_members([id_]).get(id_, ())
    uow.accounts.lock(
        own or [labelled(uow, POT)]
    )  # an update and a forgetting never pass each other unseen
    person = uow.people.many([id_])[id_]
    now = conditions(uow, by=by)
    changes = membership.update(person, name=name, ref=ref, contact=contact, conditions=now)
    erasure.require_remembered(person, forgotten=is_forgotten(uow, id_, own))
    if ref != person.ref:
        _check_free(uow, ref)
    return changes


@action("members.approve")
def approve(
    uow: UnitOfWork,
    member: str,
    *,
    by: Actor,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """A pending member becomes active from today on.

    *Refuses*, in this order: an unknown member, the actor, one's own membership, the status.
    """
    return _status(uow, member, "approve", by=by, reason=reason)


@action("members.suspend")
def suspend(
    uow: UnitOfWork,
    member: str,
    *,
    reason: str,
    by: Actor,
    key: str | None = None,
) -> Changes:
    """An active member may neither pay nor agree from today on; earlier work is still credited.

    *Refuses*, in this order: an unknown member, the actor, one's own membership, the status.
    """
    return _status(uow, member, "suspend", by=by, reason=reason)


@action("members.resume")
def resume(
    uow: UnitOfWork,
    member: str,
    *,
    by: Actor,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """A suspended member is active again from today on.

    *Refuses*, in this order: an unknown member, the actor, one's own membership, the status.
    """
    return _status(uow, member, "resume", by=by, reason=reason)


@action("members.leave")
def leave(
    uow: UnitOfWork,
    member: str,
    *,
    by: Actor,
    hours_to: str | None = None,
    write_off_from: str | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    key: str | None = None,
) -> Changes:
    """The member leaves and the account is closed at 0:00; no hour is stranded.

    ``hours_to`` says where hours left over go: a label of the bank's accounts (``pot``), a member
    or an account. ``write_off_from`` says which of the bank's accounts makes up a balance below
    0:00 (``closure``); that takes a second person.

    *Refuses*, in this order: unknown names, the actor, a member who leaves for somebody else, the
    status, open exchanges or holds, hours without a place to go, and what ``ledger.post`` does.
    """
    id_ = person_id(uow, member)
    own = uow.accounts.of_members([id_]).get(id_, ())
    places = [None if p is None else account_of(uow, p) for p in (hours_to, write_off_from)]
    found = books(uow, {*own, *(p for p in places if p is not None)})
    now = conditions(
        uow, by=by, approved_by=approved_by, people={id_, *owners(found.accounts.values())}
    )
    standing = now.standing(id_).member
    if standing is None:
        raise NotFoundError(kind="member", ref=member)
    return membership.leave(
        standing,
        found,
        tuple(found.accounts[account] for account in own),
        now,
        hours_to=places[0],
        write_off_from=places[1],
        open_exchanges=uow.exchanges.open_of(id_),
        reason=reason,
    )


def get(uow: ReadingUnit, member: str) -> MemberView:
    """A member by id or ref. *Refuses* unknown ones with ``NotFoundError``."""
    id_ = person_id(uow, member)
    found = uow.people.member(id_)
    if found is None:
        raise NotFoundError(kind="member", ref=member)
    person = uow.people.many([id_])[id_]
    return _view(found, person, uow.accounts.of_members([id_]).get(id_, ()))


def list(
    uow: ReadingUnit,
    *,
    status: Status | str | None = None,
    after: PersonId | None = None,
    limit: int = 100,
) -> tuple[MemberView, ...]:
    """Members in order of id, of one status if asked; a page of ``limit`` after ``after``."""
    check_page(after, limit)
    wanted = None if status is None else checked_word(Status, status, field="status")
    found = uow.people.members(status=wanted, after=after, limit=limit)
    owned = uow.accounts.of_members([member.id for member, _ in found])
    return tuple(_view(m, p, owned.get(m.id, ())) for m, p in found)


def by_refs(uow: ReadingUnit, refs: Collection[str]) -> dict[str, PersonId]:
    """The ids of the members with these refs; unknown refs are left out."""
    return uow.people.by_refs(refs)


def account_of(uow: ReadingUnit, name: str) -> AccountId:
    """An account by its id, by a label of the bank's own, or a member's first one by ref or id.

    *Refuses* unknown ones with ``NotFoundError``.
    """
    if is_account_id(name):
        return checked_account_id(name)
    own = uow.accounts.by_label(name)
    if own is not None:
        return own
    person = person_id(uow, name, field="account")
    owned = uow.accounts.of_members([person]).get(person)
    if not owned:
        raise NotFoundError(kind="account", ref=name)
    return owned[0]


def _status(uow: UnitOfWork, member: str, act: str, *, by: Actor, reason: str | None) -> Changes:
    """The accounts are locked first: a payment and a suspension never pass each other unseen."""
    id_ = person_id(uow, member)
    own = uow.accounts.of_members([id_]).get(id_, ())
    found = books(uow, own)
    now = conditions(uow, by=by, people={id_})
    standing = now.standing(id_).member
    if standing is None:
        raise NotFoundError(kind="member", ref=member)
    accounts = tuple(found.accounts[account] for account in own)
    return membership.change_status(standing, accounts, act, now, reason=reason)


def _view(member: Member, person: Person, accounts: tuple[AccountId, ...]) -> MemberView:
    return MemberView(
        id=member.id,
        kind=member.kind,
        status=member.status,
        status_since=member.status_since,
        joined_on=member.joined_on,
        ref=person.ref,
        name=person.name,
        contact=person.contact,
        accounts=accounts,
    )


def _check_free(uow: UnitOfWork, ref: str | None) -> None:
    if ref is not None and uow.people.by_ref(ref) is not None:
        raise RefTaken(kind="ref", ref=ref)
