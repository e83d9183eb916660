"""Whoever is refused by a house rule learns which one: its key in the policy file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.backends import MemoryBackend, World, a_world
from timebank import Hours, Transfer, accounts, exchanges, periods, transfers
from timebank.domain.account import (
    FIXED,
    OWN_LIMIT,
    AccountKind,
    ceiling_reached,
    not_enough_hours,
)
from timebank.domain.flows import NEVER
from timebank.domain.ids import AccountId
from timebank.domain.policy import CUSTODY, NEIGHBOURHOOD, Rounding
from timebank.domain.transaction import TransactionDraft
from timebank.errors import TimebankError
from timebank.schemas import PolicyFile
from timebank.testing.builders import TODAY, an_account

HOUR = Hours.of(1)
STRICT = replace(
    NEIGHBOURHOOD,
    member_floor_minutes=0,
    member_ceiling_minutes=90,
    organisation_floor_minutes=0,
    organisation_ceiling_minutes=90,
    allotment_minutes=10_000,
    step_minutes=15,
    rounding=Rounding.NONE,
    max_exchange_minutes=240,
    late_roles=frozenset(),
)


def labelled(world: World, label: str) -> AccountId:
    """The id of an account of the bank's own."""
    return next(a.id for a in world.see(accounts.list) if a.label == label)


def record(world: World, hours: Hours, **more: Any) -> Any:
    """Anna gave Ben some hours."""
    return world.do(
        exchanges.record, giver="anna", receiver="ben", hours=hours, by=world.broker(), **more
    )


def agreed(world: World, hours: Hours) -> Any:
    """An exchange that Anna proposed and Ben agreed to."""
    made = world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=hours, by=world.member("anna")
    )
    world.do(exchanges.agree, made.exchange_id, by=world.member("ben"))
    return made.exchange_id


def beyond_the_band(world: World) -> None:
    """More is reported than was agreed and may differ."""
    world.give("ben", 60)
    exchange = agreed(world, HOUR)
    world.do(exchanges.report, exchange, hours=Hours.parse("2:00"), by=world.member("anna"))


def disputed_late(world: World) -> None:
    """A dispute after its days are over."""
    world.give("ben", 60)
    exchange = record(world, HOUR).exchange_id
    world.backend.clock.advance(timedelta(days=NEIGHBOURHOOD.dispute_days + 1))
    world.do(exchanges.dispute, exchange, reason="other", by=world.member("ben"))


def in_a_closed_period(world: World) -> None:
    """Work of a day that has been closed, where nobody may post late."""
    day = TODAY
    world.give("ben", 60)
    world.backend.clock.advance(timedelta(days=2))
    world.do(periods.close, until=day, by=world.cora, approved_by=world.olga)
    record(world, HOUR, happened_on=day)


def at(shift: timedelta) -> Callable[[World], None]:
    """A clock that is wrong by so much."""

    def go(world: World) -> None:
        world.give("ben", 60)
        world.backend.clock.advance(shift)
        record(world, HOUR)

    return go


def from_an_organisation(world: World) -> None:
    """An organisation pays what it does not have."""
    world.join("mill", kind="organisation")
    world.do(exchanges.record, giver="anna", receiver="mill", hours=HOUR, by=world.broker())


def to_an_organisation(world: World) -> None:
    """An organisation gets more than it may have."""
    world.join("mill", kind="organisation")
    world.give("mill", 120)


def against_the_table(world: World) -> None:
    """Hours go back to where they were issued."""
    issuance = labelled(world, "issuance")
    transfer = Transfer(source=world.accounts["anna"], target=issuance, hours=HOUR)
    world.do(transfers.post, [TransactionDraft(transfers=(transfer,))], by=world.cora)


RULES: dict[str, Callable[[World], Any]] = {
    "member_floor": lambda w: record(w, HOUR),
    "member_ceiling": lambda w: w.give("anna", 120),
    "organisation_floor": from_an_organisation,
    "organisation_ceiling": to_an_organisation,
    "allotment": lambda w: w.do(
        transfers.grant,
        to=labelled(w, "pot"),
        hours=Hours(minutes=10_001),
        reason="welcome",
        by=w.cora,
    ),
    "step": lambda w: record(w, Hours(minutes=50)),
    "max_exchange": lambda w: record(w, Hours.of(5)),
    "band": beyond_the_band,
    "dispute_days": disputed_late,
    "late_roles": in_a_closed_period,
    "clock_ahead_days": at(timedelta(days=NEIGHBOURHOOD.clock_ahead_days + 1)),
    "clock_behind": at(-timedelta(minutes=10)),
    "categories": lambda w: record(w, HOUR, category="juggling"),
    "flows": against_the_table,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_refusal_names_the_house_rule(rule):
    assert rule in PolicyFile.model_fields
    world = a_world(MemoryBackend(), policy=STRICT)
    with pytest.raises(TimebankError) as caught:
        RULES[rule](world)
    assert caught.value.data["rule"] == rule


def test_what_no_policy_can_change_says_so():
    assert {CUSTODY.flow(*pair)[1] for pair in NEVER} == {FIXED}


def test_a_limit_that_no_house_rule_set_says_so():
    world = a_world(MemoryBackend())
    with pytest.raises(TimebankError) as caught:
        world.do(
            transfers.grant,
            source=labelled(world, "pot"),
            to=world.accounts["anna"],
            hours=HOUR,
            reason="other",
            by=world.cora,
        )
    assert caught.value.data["rule"] == OWN_LIMIT


@pytest.mark.parametrize(
    ("kind", "floor_rule", "floor_help", "ceiling_rule", "ceiling_help"),
    [
        (AccountKind.MEMBER, "member_floor", "approved_by", "member_ceiling", "approved_by"),
        (AccountKind.POT, OWN_LIMIT, "approved_by", OWN_LIMIT, "approved_by"),
        (AccountKind.CUSTODY, FIXED, "nobody can", OWN_LIMIT, "two people can set another"),
    ],
)
def test_a_limit_says_whose_it_is_and_who_can_help(
    kind, floor_rule, floor_help, ceiling_rule, ceiling_help
):
    account = an_account(1, kind=kind, floor=0, ceiling=60)
    low = not_enough_hours(account, available_minutes=0, needed_minutes=5)
    high = ceiling_reached(account, room_minutes=0, offered_minutes=5)
    assert (low.rule, high.rule) == (floor_rule, ceiling_rule)
    assert floor_help in low.next_step
    assert ceiling_help in high.next_step
