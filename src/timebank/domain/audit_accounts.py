"""Checks of what accounts and members are now, against the changes that made them so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from timebank.domain.account import (
    NO_STATUS,
    PERSONAL,
    UNOPENED,
    Account,
    AccountChange,
    AccountKind,
    ChangeField,
    is_opening,
)
from timebank.domain.audit import Finding
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.member import Member
from timebank.domain.policy import Policy

_NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """An account and the membership it belongs to, if it is not the bank's own."""

    account: Account
    member: Member | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A member, what kind of person stands behind it, and how many accounts of its kind."""

    member: PersonId
    kind: str
    person_kind: str | None
    accounts: int


def check_standing(
    owned: Iterable[Owned],
    changes: Iterable[AccountChange],
    policies: Mapping[int, Policy],
    labels: Mapping[str, AccountKind],
) -> Iterator[Finding]:
    """Limits, freeze and status follow from the changes; both streams are sorted by account.

    The changes of an account need no order: what it began with, each change's ``becomes``, and
    less each ``was``, leave what it is now.
    """
    stream = iter(changes)
    change = next(stream, None)
    missing = set(labels)
    for each in owned:
        own: list[AccountChange] = []
        while change is not None and change.account == each.account.id:
            own.append(change)
            change = next(stream, None)
        yield from _check_limits(each.account, own, policies)
        if each.member is None:
            missing.discard(each.account.label or "")
            yield from _check_label(each.account, own, labels)
        else:
            yield from _check_member(each.account.id, each.member, own)
    for label in sorted(missing):
        yield _finding(f"account {label}", "an account", _NONE, "every bank has one of its own")
    if change is not None:
        yield _finding(
            f"account {change.account}", "an account", _NONE, f"change {change.id} is about nothing"
        )


def _check_limits(
    account: Account, own: list[AccountChange], policies: Mapping[int, Policy]
) -> Iterator[Finding]:
    opened = [change for change in own if is_opening(change)]
    policy = policies.get(opened[0].policy_version if opened else 1)
    floor, ceiling = (None, None) if policy is None else policy.limits_for(account.kind)
    for field, began, now in (
        (ChangeField.FLOOR, _limit(floor), _limit(account.floor_minutes)),
        (ChangeField.CEILING, _limit(ceiling), _limit(account.ceiling_minutes)),
        (ChangeField.FROZEN, _NONE, account.frozen.value),
    ):
        left = _left_by(began, [c for c in own if c.field is field])
        if left != [now]:
            yield _finding(
                f"account {account.id}",
                f"{field.value} {' or '.join(left)}",
                f"{field.value} {now}",
                f"the {field.value} is not what the changes of the account left",
            )


def _is_further(own: list[AccountChange]) -> bool:
    """Whether the account was opened beside those that every bank and every member has."""
    return any(c.field is ChangeField.STATUS and c.was == UNOPENED for c in own)


def _check_label(
    account: Account, own: list[AccountChange], labels: Mapping[str, AccountKind]
) -> Iterator[Finding]:
    expected = labels.get(account.label or "")
    if expected is None and _is_further(own) and account.kind not in PERSONAL:
        return
    if expected is not account.kind:
        yield _finding(
            f"account {account.id}",
            "an account that every bank has" if expected is None else expected.value,
            f"{account.label} of kind {account.kind.value}",
            "nobody owns the account, and the bank opens no such account of its own",
        )


def _check_member(id_: AccountId, member: Member, own: list[AccountChange]) -> Iterator[Finding]:
    spans = [c for c in own if c.field is ChangeField.STATUS]
    subject = f"member {member.id}"
    further = _is_further(own)
    left = _left_by(UNOPENED if further else NO_STATUS, spans)
    if left != [member.status.value]:
        yield _finding(
            subject,
            f"status {' or '.join(left)}",
            f"status {member.status.value}",
            f"the status is not what the changes of account {id_} left",
        )
    if further:  # opened when the member was there already: the first account tells the days
        return
    days = {
        "status_since": (member.status_since, {s.effective_on for s in spans if s.becomes in left}),
        "joined_on": (member.joined_on, {s.effective_on for s in spans if s.was == NO_STATUS}),
    }
    for name, (day, possible) in days.items():
        if day not in possible:
            yield _finding(
                subject,
                f"{name} {' or '.join(sorted(map(str, possible)))}",
                f"{name} {day}",
                f"no change of account {id_} holds from that day on",
            )


def check_owners(owners: Iterable[Owner]) -> Iterator[Finding]:
    """Each member is what its person is, and has one account of that kind."""
    for owner in owners:
        if owner.person_kind != owner.kind:
            yield Finding(
                check="members_own_accounts",
                subject=f"member {owner.member}",
                expected=f"kind {owner.person_kind}",
                found=f"kind {owner.kind}",
                message="the member and the person are not of one kind",
            )
        if owner.accounts != 1:
            yield Finding(
                check="members_own_accounts",
                subject=f"member {owner.member}",
                expected=f"1 account of kind {owner.kind}",
                found=str(owner.accounts),
                message="an account changed hands, or is missing",
            )


def _left_by(began: str, changes: Iterable[AccountChange]) -> list[str]:
    """The value that the changes lead to; several or none where they do not hang together."""
    count = Counter([began])
    for change in changes:
        count[change.becomes] += 1
        count[change.was] -= 1
    if any(n < 0 for n in count.values()):
        return sorted(f"{word} ({n})" for word, n in count.items() if n)
    return sorted(count.elements())


def _limit(minutes: int | None) -> str:
    return _NONE if minutes is None else str(minutes)


def _finding(subject: str, expected: str, found: str, message: str) -> Finding:
    return Finding(
        check="accounts_match_changes",
        subject=subject,
        expected=expected,
        found=found,
        message=message,
    )
