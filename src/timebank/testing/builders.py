"""Builders of domain values: each gives something valid, and a test says what matters to it.

There is a small cast: ``ANNA``, ``BEN`` and ``CARLA`` are active members (each owns the account
of the same number), ``BROKER``, ``COORDINATOR`` and ``OFFICER`` are staff with these roles.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from timebank.domain.account import PERSONAL, Account, AccountKind, Frozen
from timebank.domain.actor import Actor, Role
from timebank.domain.bank import Bank
from timebank.domain.conditions import Conditions, Fresh
from timebank.domain.exchange import Exchange, GroupRule, Side, State
from timebank.domain.hold import Hold
from timebank.domain.hours import Hours
from timebank.domain.ids import (
    AccountId,
    ExchangeId,
    FactId,
    HoldId,
    PersonId,
    TransactionId,
    bank_id_of,
)
from timebank.domain.member import Member, PersonKind, Staff, Standing, Status, StatusSpan
from timebank.domain.policy import NEIGHBOURHOOD, Policy
from timebank.domain.transaction import Activity, Transfer

NOW: Final = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TODAY: Final = NOW.date()
JOINED: Final = date(2026, 1, 1)
"""The day on which everybody joined and every role began."""


class FrozenClock:
    """A clock that stands still until it is told to move; call it to read it."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time it stands at."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on (or back) and say where it stands now."""
        self._now += by
        return self._now


class CountingFresh:
    """A supply of ids and salts that counts from 1: the same run, the same ids."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def id(self) -> str:
        """The next number as 32 hexadecimal digits."""
        return f"{self._next():032x}"

    def account_id(self) -> str:
        """The next number as 16 hexadecimal digits."""
        return f"{self._next():016x}"

    def salt(self) -> bytes:
        """The next number as 16 bytes."""
        return self._next().to_bytes(16, "big")


# Ids from the builders begin with a letter, so that none equals one from ``CountingFresh``.


def person_id(n: int) -> PersonId:
    """The id of the n-th person."""
    return PersonId(f"a{n:031x}")


def account_id(n: int) -> AccountId:
    """The id of the n-th account."""
    return AccountId(f"a{n:015x}")


def transaction_id(n: int) -> TransactionId:
    """The id of the n-th transaction."""
    return TransactionId(f"c{n:031x}")


ANNA: Final = person_id(1)
BEN: Final = person_id(2)
CARLA: Final = person_id(3)
BROKER: Final = person_id(7)
COORDINATOR: Final = person_id(8)
OFFICER: Final = person_id(9)
STRANGER: Final = person_id(99)
"""Nobody whom the bank knows."""
POT: Final = account_id(90)
ISSUANCE: Final = account_id(91)


def as_member(person: PersonId) -> Actor:
    """The person as a member."""
    return Actor(person=person, role=Role.MEMBER)


def as_broker(on_behalf_of: PersonId | None = None) -> Actor:
    """The broker, for a member or for the bank."""
    return Actor(person=BROKER, role=Role.BROKER, on_behalf_of=on_behalf_of)


def as_coordinator(on_behalf_of: PersonId | None = None) -> Actor:
    """The coordinator, for a member or for the bank."""
    return Actor(person=COORDINATOR, role=Role.COORDINATOR, on_behalf_of=on_behalf_of)


def as_officer() -> Actor:
    """The officer."""
    return Actor(person=OFFICER, role=Role.OFFICER)


def a_bank(*, slug: str = "riverside", zone: str = "Europe/London") -> Bank:
    """A bank."""
    return Bank(
        id=bank_id_of(slug),
        slug=slug,
        name=slug.title(),
        zone=zone,
        hash_domain=bytes(32),
        secret=bytes(32),
        created_at=NOW - timedelta(days=365),
    )


def a_member(
    person: PersonId = ANNA, *, status: Status = Status.ACTIVE, since: date = JOINED
) -> Member:
    """A membership with this status."""
    return Member(
        id=person, kind=PersonKind.PERSON, status=status, status_since=since, joined_on=JOINED
    )


def standing(
    person: PersonId = ANNA,
    *,
    status: Status | None = Status.ACTIVE,
    since: date = JOINED,
    roles: Iterable[Role] = (),
    until: date | None = None,
) -> Standing:
    """A person as the rules see one: active from ``JOINED`` to ``since``, then of this status.

    ``status=None`` is somebody who is no member; the roles are held from ``JOINED`` to ``until``.
    """
    history = [StatusSpan(since=JOINED, status=Status.ACTIVE)] if since > JOINED else []
    if status is not None:
        history.append(StatusSpan(since=since, status=status))
    return Standing(
        id=person,
        member=None if status is None else a_member(person, status=status, since=since),
        history=tuple(history),
        staff=tuple(
            Staff(id=FactId(person), person=person, role=role, starts_on=JOINED, ends_on=until)
            for role in roles
        ),
    )


CAST: Final = (
    *(standing(person) for person in (ANNA, BEN, CARLA)),
    standing(BROKER, status=None, roles=[Role.BROKER]),
    standing(COORDINATOR, status=None, roles=[Role.COORDINATOR]),
    standing(OFFICER, status=None, roles=[Role.OFFICER]),
)


def conditions(
    *,
    by: Actor | None = None,
    approved_by: Actor | None = None,
    policy: Policy = NEIGHBOURHOOD,
    now: datetime = NOW,
    closed_until: date | None = None,
    people: Iterable[Standing] = (),
    zone: str = "Europe/London",
    fresh: Fresh | None = None,
) -> Conditions:
    """What is in force: the coordinator acts at ``NOW``; ``people`` come on top of the cast."""
    return Conditions(
        bank=a_bank(zone=zone),
        policy=policy,
        policy_version=1,
        closed_until=closed_until,
        now=now,
        by=by or as_coordinator(),
        approved_by=approved_by,
        people={person.id: person for person in (*CAST, *people)},
        fresh=fresh or CountingFresh(),
    )


def an_account(
    n: int = 1,
    *,
    kind: AccountKind = AccountKind.MEMBER,
    owner: PersonId | None = None,
    balance: int = 0,
    held: int = 0,
    floor: int | None = -1200,
    ceiling: int | None = None,
    frozen: Frozen = Frozen.NONE,
    number: int = 0,
    recorded_at: datetime | None = None,
) -> Account:
    """The n-th account, amounts in minutes; personal kinds belong to the n-th person."""
    personal = kind in PERSONAL
    return Account(
        id=account_id(n),
        kind=kind,
        owner=(owner or person_id(n)) if personal else None,
        label=None if personal else f"{kind.value} {n}",
        floor_minutes=floor,
        ceiling_minutes=ceiling,
        frozen=frozen,
        balance_minutes=balance,
        held_minutes=held,
        number=number,
        recorded_at=recorded_at,
    )


def transfer(
    source: int | AccountId,
    target: int | AccountId,
    minutes: int = 60,
    activity: Activity = Activity.SERVICE,
) -> Transfer:
    """A transfer between two accounts, given by number or id."""
    ends = [account_id(end) if isinstance(end, int) else end for end in (source, target)]
    return Transfer(source=ends[0], target=ends[1], hours=Hours(minutes=minutes), activity=activity)


def a_hold(
    n: int = 1,
    *,
    account: AccountId | None = None,
    minutes: int = 60,
    deadline: datetime = NOW + timedelta(days=90),
) -> Hold:
    """The n-th hold, open, for the n-th exchange, on Ben's account."""
    return Hold(
        id=HoldId(f"d{n:031x}"),
        account=account or account_id(2),
        exchange=ExchangeId(f"e{n:031x}"),
        minutes=minutes,
        placed_at=NOW - timedelta(days=1),
        deadline=deadline,
    )


def an_exchange(
    state: State = State.PROPOSED,
    *,
    givers: tuple[PersonId, ...] = (ANNA,),
    receivers: tuple[PersonId, ...] = (BEN,),
    agreed: int = 60,
    said_by_giver: int | None = None,
    said_by_receiver: int | None = None,
    hold: Hold | None = None,
    rule: GroupRule | None = None,
    transaction: TransactionId | None = None,
    happens_on: date | None = None,
    deadline: datetime | None = None,
    recorded_at: datetime = NOW - timedelta(days=1),
) -> Exchange:
    """An exchange in this state: Anna proposed to give Ben an hour; amounts in minutes."""
    return Exchange(
        id=ExchangeId(f"e{1:031x}"),
        state=state,
        givers=givers,
        receivers=receivers,
        proposed_by=Side.GIVER,
        agreed_minutes=agreed,
        giver_minutes=said_by_giver,
        receiver_minutes=said_by_receiver,
        category=None,
        listing=None,
        happens_on=happens_on,
        rule=rule,
        hold=None if hold is None else hold.id,
        transaction=transaction,
        deadline=deadline,
        recorded_at=recorded_at,
        acts=1,
    )
