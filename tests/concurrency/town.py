"""A bank with a floor at zero, as the processes of a crowd know it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine

import timebank
from timebank import Actor, Hours, Role, banks, members, transfers
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.policy import NEIGHBOURHOOD

BANK = "riverside"
POLICY = replace(NEIGHBOURHOOD, member_floor_minutes=0)
SINCE = date.today() - timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Who is there: a coordinator, and members with one account each, in the same order."""

    coordinator_id: PersonId
    members: tuple[PersonId, ...]
    accounts: tuple[AccountId, ...]

    @property
    def coordinator(self) -> Actor:
        """The coordinator as an actor."""
        return Actor(person=self.coordinator_id, role=Role.COORDINATOR)

    def member(self, n: int) -> Actor:
        """The n-th member as an actor."""
        return Actor(person=self.members[n], role=Role.MEMBER)

    def plain(self) -> dict[str, Any]:
        """For a line of JSON."""
        return {
            "coordinator_id": self.coordinator_id,
            "members": list(self.members),
            "accounts": list(self.accounts),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Town:
        """What ``plain`` gave."""
        return cls(
            coordinator_id=plain["coordinator_id"],
            members=tuple(plain["members"]),
            accounts=tuple(plain["accounts"]),
        )


def founded(engine: Engine, *, people: int, minutes: int) -> Town:
    """A new bank whose members were granted some minutes each."""
    with timebank.standalone(engine, bank=BANK) as uow:
        created = banks.create(uow, policy=POLICY, first_coordinator="cora")
    cora = Actor(person=created.person_id, role=Role.COORDINATOR)
    joined = []
    with timebank.standalone(engine, bank=BANK) as uow:
        for n in range(people):
            receipt = members.join(uow, name=f"Member {n}", joined_on=SINCE, by=cora)
            joined.append((receipt.member_id, receipt.account_id))
            transfers.grant(
                uow,
                to=receipt.account_id,
                hours=Hours(minutes=minutes),
                reason="welcome",
                by=cora,
            )
    return Town(
        coordinator_id=created.person_id,
        members=tuple(person for person, _ in joined),
        accounts=tuple(account for _, account in joined),
    )
