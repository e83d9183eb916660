"""Sessions: exchanges that took place already, recorded in one act, between two or in a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from timebank.domain.agreement import (
    acted,
)
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, require_actor
from timebank.domain.exchange import (
    Act,
    Exchange,
    GroupRule,
    State,
    require_disinterested,
)
from timebank.domain.hours import Hours, positive
from timebank.domain.ids import AccountId, ExchangeId, PersonId, TransactionId
from timebank.domain.ledger import Override
from timebank.domain.movement import Books, posted_on
from timebank.domain.settlement import service_posting
from timebank.errors import HoursNotAllowed, InputError, SelfTransfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What already took place, to be recorded in one act. ``rule`` is None between two."""

    givers: tuple[PersonId, ...]
    receivers: tuple[PersonId, ...]
    hours: Hours
    rule: GroupRule | None
    happened_on: date | None
    category: str | None
    note: str | None = None
    imported: bool = False


def record(
    session: Session,
    books: Books,
    *,
    account_of: Mapping[PersonId, AccountId],
    pot: AccountId,
    conditions: Conditions,
    override: Override | None = None,
) -> tuple[Changes, Books]:
    """What already took place, recorded in one act by staff: between two, or a group.

    With ``shared`` the hours are those of the one and are shared exactly by the many; with
    ``each`` everybody of the many counts them in full; with ``pot`` the community pot pays every
    giver in full.

    *Refuses*, in this order: the actor, nobody or many on both sides, a member twice, staff who
    are a giver, hours that are not positive or not allowed, an unknown category, and what
    ``ledger.post`` refuses.
    """
    action = "exchanges.record" if session.rule is None else "exchanges.group"
    require_actor(action, conditions)
    _check_parties(session)
    require_disinterested(action, session.givers, conditions.by)
    minutes = conditions.policy.credited_minutes(positive(session.hours))
    exchange = Exchange(
        id=ExchangeId(conditions.fresh.id()),
        state=State.CONFIRMED,
        givers=session.givers,
        receivers=session.receivers,
        proposed_by=None,
        agreed_minutes=minutes,
        giver_minutes=None,
        receiver_minutes=None,
        category=conditions.policy.checked_category(session.category),
        listing=None,
        happens_on=session.happened_on or conditions.today,
        rule=session.rule,
        hold=None,
        transaction=TransactionId(conditions.fresh.id()),
        deadline=None,
        recorded_at=conditions.now,
        acts=0,
    )
    posting = service_posting(
        exchange,
        _moves(minutes, session, account_of, pot),
        conditions,
        pot,
        happened_on=session.happened_on,
        override=override,
    )
    posted, after = posted_on(books, replace(posting, imported=session.imported), conditions)
    raw, note = session.hours.minutes, session.note
    changes, _ = acted(
        exchange, Act.RECORD, None, raw, conditions, reason=note, new=True, credited=minutes
    )
    return posted + changes, after


def _check_parties(session: Session) -> None:
    """*Refuses* parties that are no exchange: none, many on both sides, the same one twice."""
    givers, receivers = session.givers, session.receivers
    if not givers or not receivers or (len(givers) > 1 and len(receivers) > 1):
        raise InputError(field="givers", problem="one giver and many receivers, or many and one")
    if len({*givers, *receivers}) < len(givers) + len(receivers):
        raise SelfTransfer(field="receivers", problem="a member is in it twice")


def _moves(
    minutes: int, session: Session, account_of: Mapping[PersonId, AccountId], pot: AccountId
) -> tuple[tuple[AccountId, AccountId, int], ...]:
    """Source, target and minutes of each service transfer.

    Shared parts are exact to the minute and sum to the whole; the policy's step is for the whole.
    """
    hours = Hours(minutes=minutes)
    pairs = [(account_of[r], account_of[g]) for g in session.givers for r in session.receivers]
    if session.rule is GroupRule.POT:
        return tuple((pot, account_of[giver], minutes) for giver in session.givers)
    shared = session.rule is GroupRule.SHARED
    parts = [part.minutes for part in (hours.split(len(pairs)) if shared else [hours] * len(pairs))]
    if min(parts) < 1:
        raise HoursNotAllowed(
            minutes=minutes,
            rule="a minute for everyone",
            limit_minutes=len(pairs),
            next_step="use more hours or fewer people",
        )
    return tuple((*pair, part) for pair, part in zip(pairs, parts, strict=True))
