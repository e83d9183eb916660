"""Exchanges that already took place, recorded in one act: between two, many, or in a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from timebank.actions import _batch
from timebank.actions._batch import Mode
from timebank.actions._gather import (
    POT,
    books,
    conditions,
    labelled,
    levied,
    main_accounts,
    person_id,
)
from timebank.actions._request import Request, action
from timebank.domain import movement, session
from timebank.domain.actor import Actor
from timebank.domain.bank import checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions
from timebank.domain.exchange import GroupRule
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, PersonId
from timebank.domain.movement import Books
from timebank.domain.receipt import Outcome, Receipt
from timebank.domain.session import Session
from timebank.domain.words import checked_word
from timebank.errors import NotFoundError
from timebank.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExchange:
    """What already took place between a giver and a receiver, to be recorded in one act."""

    giver: PersonId
    receiver: PersonId
    hours: Hours
    happened_on: date | None = None
    category: str | None = None
    reason: str | None = None
    key: str | None = None


def record(
    uow: UnitOfWork,
    *,
    giver: str,
    receiver: str,
    hours: Hours,
    by: Actor,
    happened_on: date | None = None,
    category: str | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Receipt:
    """Record in one act what already took place: staff's daily work. Disputable by the parties.

    *Refuses*, in this order: unknown members, the actor, staff who are the giver, the same member
    twice, hours that are not positive or not allowed, and what ``ledger.post`` refuses.
    """
    past = PastExchange(
        giver=person_id(uow, giver, field="giver"),
        receiver=person_id(uow, receiver, field="receiver"),
        hours=hours,
        happened_on=None if happened_on is None else checked_day(happened_on, field="happened_on"),
        category=category,
        reason=reason,
        key=key,
    )
    (outcome,) = record_all(
        uow, [past], by=by, approved_by=approved_by, reason=reason, review_on=review_on
    )
    return outcome.receipt_or_raise()


def record_all(
    uow: UnitOfWork,
    items: Sequence[PastExchange],
    *,
    by: Actor,
    mode: Mode = "atomic",
    imported: bool = False,
    overridden: frozenset[AccountId] = frozenset(),
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
) -> tuple[Outcome, ...]:
    """``record`` for many, in order, with a constant number of reads and writes.

    Members are named by id. ``imported`` marks them as brought from elsewhere; accounts in
    ``overridden`` have the override on record from an earlier part of the same import.

    *Refuses*, per item, what ``record`` refuses.
    """
    requests = [_request(item, by) for item in items]
    pot = labelled(uow, POT)
    with_pot = levied(uow)
    owned = uow.accounts.of_members({p for item in items for p in (item.giver, item.receiver)})
    account_of = {person: accounts[0] for person, accounts in owned.items()}

    def gather(waiting: Sequence[int]) -> tuple[Books, Conditions]:
        people = {p for i in waiting for p in (items[i].giver, items[i].receiver)}
        touched = {account_of[person] for person in people if person in account_of}
        found = books(uow, touched | ({pot} if with_pot else set()))
        found = replace(found, overridden=overridden)
        return found, conditions(uow, by=by, approved_by=approved_by, people=people)

    def decide(i: int, found: Books, now: Conditions) -> tuple[Changes, Books]:
        for person in (items[i].giver, items[i].receiver):
            if person not in account_of:
                raise NotFoundError(kind="member", ref=person)
        override = movement.override_of(
            approved_by, reason, review_on, now, action="exchanges.record"
        )
        return session.record(
            Session(
                givers=(items[i].giver,),
                receivers=(items[i].receiver,),
                hours=items[i].hours,
                rule=None,
                happened_on=items[i].happened_on,
                category=items[i].category,
                note=items[i].reason,
                imported=imported,
            ),
            found,
            account_of=account_of,
            pot=pot,
            conditions=now,
            override=override,
        )

    return _batch.run(uow, requests, gather=gather, decide=decide, mode=mode)


def _request(item: PastExchange, by: Actor) -> Request:
    values = {
        "giver": item.giver,
        "receiver": item.receiver,
        "hours": item.hours,
        "happened_on": item.happened_on,
        "category": item.category,
        "reason": item.reason,
        "by": by,
    }
    return Request(action="exchanges.record", key=item.key, values=values)


@action("exchanges.group")
def group(
    uow: UnitOfWork,
    *,
    givers: Sequence[str],
    receivers: Sequence[str],
    hours: Hours,
    rule: GroupRule | str,
    by: Actor,
    happened_on: date | None = None,
    category: str | None = None,
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Record a session of one giver and many receivers, or many and one, in one transaction.

    ``shared``: the hours are the one's and the many share them exactly. ``each``: everybody of
    the many counts them in full. ``pot``: the community pot pays each giver in full.

    *Refuses*, in this order: unknown members, an unknown rule, the actor, many on both sides, a
    member twice, staff among the givers, hours that are not positive or not allowed, and what
    ``ledger.post`` refuses.
    """
    sides = [
        tuple(person_id(uow, who, field="giver") for who in givers),
        tuple(person_id(uow, who, field="receiver") for who in receivers),
    ]
    rule = checked_word(GroupRule, rule, field="rule")
    people = {*sides[0], *sides[1]}
    account_of = main_accounts(uow, people)
    pot = labelled(uow, POT)
    with_pot = rule is GroupRule.POT or levied(uow)
    found = books(uow, {*account_of.values(), *((pot,) if with_pot else ())})
    now = conditions(uow, by=by, approved_by=approved_by, people=people)
    override = movement.override_of(approved_by, reason, review_on, now, action="exchanges.group")
    took_place = Session(
        givers=sides[0],
        receivers=sides[1],
        hours=hours,
        rule=rule,
        happened_on=happened_on,
        category=category,
        note=reason,
    )
    return session.record(
        took_place, found, account_of=account_of, pot=pot, conditions=now, override=override
    )[0]
