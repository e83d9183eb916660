"""What happens in the demo: exchanges that go well, that go wrong, and that are put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import timebank
from timebank import Hours, errors
from timebank.actions.accounts import AccountView
from timebank.cli.session import Place
from timebank.domain.account import AccountKind
from timebank.domain.actor import Actor, Role
from timebank.domain.ids import ExchangeId, PersonId
from timebank.domain.receipt import Receipt
from timebank.ports import ReadingUnit

BANK: Final = "riverside"
COORDINATOR: Final = "cora"
BROKER: Final = "bruno"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A member as the story speaks of one."""

    id: PersonId
    ref: str
    name: str

    @property
    def acting(self) -> Actor:
        """The member as the one who acts."""
        return Actor(person=self.id, role=Role.MEMBER)

    def __str__(self) -> str:
        return f"{self.name} ({self.ref})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The bank, the staff, and a way to speak."""

    place: Place
    say: Say
    today: date
    coordinator: Actor
    broker: Actor

    def do(self, action: Callable[..., Receipt], *args: Any, **words: Any) -> Receipt:
        """One action in a commit of its own, as a host would do it."""
        done: Receipt = self.place.run(BANK, lambda uow: action(uow, *args, **words))
        return done

    def account(self, who: Neighbour) -> AccountView:
        """The neighbour's account now."""
        with self.place.reading(BANK) as uow:
            return timebank.accounts.of_member(uow, who.ref)


def neighbours(place: Place) -> tuple[Neighbour, ...]:
    """Persons with any hours in or out, those with the most hours first."""
    with place.reading(BANK) as uow:
        accounts = [
            a for a in timebank.accounts.list(uow) if a.kind is AccountKind.MEMBER and a.balance
        ]
        people = uow.people.many({a.owner for a in accounts if a.owner is not None})
    ranked = sorted(accounts, key=lambda a: (-a.balance.minutes, a.id))
    found = (people[a.owner] for a in ranked if a.owner is not None)
    return tuple(Neighbour(id=p.id, ref=p.ref or "", name=p.name or "") for p in found)


def tell(story: Story, people: Sequence[Neighbour]) -> None:
    """All five chapters. ``people`` come with the most hours first."""
    richest, second, third = people[:3]
    poorest, next_poorest = people[-1], people[-2]
    _goes_well(story, giver=next_poorest, receiver=richest)
    _is_disputed(story, giver=third, receiver=second)
    _in_a_group(story, giver=people[4], receivers=people[5:9])
    _is_reversed(story, giver=second, receiver=richest)
    _is_refused(story, giver=third, receiver=poorest)


def _proposed(story: Story, giver: Neighbour, receiver: Neighbour, hours: Hours) -> ExchangeId:
    done = story.do(
        timebank.exchanges.propose,
        giver=giver.id,
        receiver=receiver.id,
        hours=hours,
        happens_on=story.today,
        category="garden",
        by=giver.acting,
    )
    return done.exchange_id


def _goes_well(story: Story, *, giver: Neighbour, receiver: Neighbour) -> None:
    exchange = _proposed(story, giver, receiver, Hours.of(2))
    story.say(f"{giver} offers {receiver} two hours in the garden.")
    story.do(timebank.exchanges.agree, exchange, by=receiver.acting)
    held = story.account(receiver)
    story.say(
        f"  {receiver.name} agrees: {held.held} are on hold, {held.available} stay available."
    )
    story.do(timebank.exchanges.report, exchange, hours=Hours.of(1, 45), by=giver.acting)
    first = story.do(timebank.exchanges.confirm, exchange, by=receiver.acting, key="demo-1")
    after = story.account(receiver)
    story.say(f"  {giver.name} reports 1:45, {receiver.name} confirms: 1:45 move, the rest of the")
    story.say(f"  hold is released. {receiver.name} has {after.balance} now, {after.held} on hold.")
    again = story.do(timebank.exchanges.confirm, exchange, by=receiver.acting, key="demo-1")
    same = "the same answer, nothing moves twice" if again.id == first.id else "ANOTHER ANSWER"
    story.say(f"  The button is pressed twice with one key: {same}.")


def _is_disputed(story: Story, *, giver: Neighbour, receiver: Neighbour) -> None:
    exchange = _proposed(story, giver, receiver, Hours.of(3))
    story.do(timebank.exchanges.agree, exchange, by=receiver.acting)
    story.do(timebank.exchanges.report, exchange, hours=Hours.of(3), by=giver.acting)
    story.do(timebank.exchanges.confirm, exchange, hours=Hours.of(2), by=receiver.acting)
    story.say(f"{giver} reports 3:00, {receiver} says it was 2:00: disputed, nothing moves.")
    story.do(
        timebank.exchanges.resolve,
        exchange,
        hours=Hours.of(2, 30),
        reason="not as agreed",
        by=story.coordinator,
    )
    story.say(f"  The coordinator, {COORDINATOR}, talks to both and settles it at 2:30.")


def _in_a_group(story: Story, *, giver: Neighbour, receivers: Sequence[Neighbour]) -> None:
    done = story.do(
        timebank.exchanges.group,
        givers=[giver.id],
        receivers=[receiver.id for receiver in receivers],
        hours=Hours.of(2),
        rule="shared",
        happened_on=story.today,
        category="learning",
        by=story.broker,
    )
    parts = " + ".join(
        str(Hours(minutes=entry.change_minutes))
        for entry in done.entries
        if entry.change_minutes > 0
    )
    story.say(f"{giver} gives a two-hour lesson to {len(receivers)} neighbours, who share it:")
    story.say(f"  {parts} = 2:00, to the minute. The broker, {BROKER}, records it in one act.")


def _is_reversed(story: Story, *, giver: Neighbour, receiver: Neighbour) -> None:
    before = story.account(receiver).balance
    done = story.do(
        timebank.exchanges.record,
        giver=giver.id,
        receiver=receiver.id,
        hours=Hours.of(1, 30),
        happened_on=story.today,
        category="transport",
        by=story.broker,
    )
    story.do(
        timebank.exchanges.reverse, done.exchange_id, reason="entered twice", by=story.coordinator
    )
    after = story.account(receiver).balance
    story.say(f"1:30 by {giver} for {receiver} had been entered twice: reversed by a")
    story.say(f"  second transaction that names the first. Balance {before} before, {after} after.")


def _is_refused(story: Story, *, giver: Neighbour, receiver: Neighbour) -> None:
    exchange = _proposed(story, giver, receiver, Hours.of(24))
    available = story.account(receiver).available
    try:
        story.do(timebank.exchanges.agree, exchange, by=receiver.acting)
    except errors.NotEnoughHours as refusal:
        needed = Hours(minutes=refusal.needed_minutes)
        story.say(f"{receiver} asks for {needed} and has {available} available down to the floor:")
        story.say(f"  refused ({refusal.code}), as it should be; nothing was written.")
        return
    raise errors.InputError(field="demo", problem="the rules let somebody spend too much")


def staff_of(uow: ReadingUnit) -> tuple[Actor, Actor]:
    """The coordinator and the broker as actors."""
    return timebank.staff.actor(uow, COORDINATOR), timebank.staff.actor(uow, BROKER)
