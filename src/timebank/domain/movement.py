"""Hours that move without an exchange: postings, donations, grants, adjustments, reversals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from timebank.domain import hold as holds
from timebank.domain.account import PERSONAL, Account
from timebank.domain.actor import Actor, Role, require_second_person
from timebank.domain.agreement import swept
from timebank.domain.bank import checked_day
from timebank.domain.changes import Changes
from timebank.domain.conditions import (
    Conditions,
    noted,
    require_actor,
    required_reason,
)
from timebank.domain.events import LimitOverridden
from timebank.domain.hold import Hold
from timebank.domain.ids import AccountId, TransactionId
from timebank.domain.ledger import Override, Posting, post
from timebank.domain.transaction import (
    Transaction,
    TransactionDraft,
    TransactionKind,
    Transfer,
    reversal_of,
)
from timebank.errors import AlreadyReversed, InputError, NotPermitted, WrongState


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The accounts a movement touches, read under their locks, with their open holds.

    ``overridden`` are those for which this request has put an override on record already.
    """

    accounts: Mapping[AccountId, Account]
    holds: tuple[Hold, ...] = ()
    overridden: frozenset[AccountId] = frozenset()


def post_draft(
    books: Books, draft: TransactionDraft, conditions: Conditions, *, override: Override | None
) -> tuple[Changes, Books]:
    """A host's own transaction.

    *Refuses*, in this order: the actor, a coordinator who posts to their own account
    (``NotPermitted``), and what ``ledger.post`` refuses.
    """
    require_actor("transfers.post", conditions)
    for transfer in draft.transfers:
        _not_for_oneself("transfers.post", books.accounts.get(transfer.target), conditions.by)
    id_ = TransactionId(conditions.fresh.id())
    note = None if draft.note is None else noted(draft.note, about=id_, conditions=conditions)
    posting = Posting(
        id=id_,
        kind=TransactionKind.POSTING,
        transfers=draft.transfers,
        happened_on=draft.happened_on,
        category=draft.category,
        override=override,
        note=note,
    )
    return posted_on(books, posting, conditions)


def donate(
    books: Books,
    transfer: Transfer,
    conditions: Conditions,
    *,
    note: str | None,
) -> Changes:
    """A gift: to the community pot or to another member.

    *Refuses*, in this order: the actor, hours that are not the actor's own to give
    (``NotPermitted``), and what ``ledger.post`` refuses.
    """
    require_actor("transfers.donate", conditions)
    source = books.accounts.get(transfer.source)
    by = conditions.by
    own = source is None or (source.owner is not None and source.owner == by.acts_for)
    if by.role is not Role.SYSTEM and not own:
        raise NotPermitted(
            action="transfers.donate",
            who=str(by),
            needed="the owner of the hours, or staff on the owner's behalf",
        )
    id_ = TransactionId(conditions.fresh.id())
    posting = Posting(
        id=id_,
        kind=TransactionKind.DONATION,
        transfers=(transfer,),
        note=None if note is None else noted(note, about=id_, conditions=conditions),
    )
    return posted_on(books, posting, conditions)[0]


def grant(
    books: Books,
    transfer: Transfer,
    conditions: Conditions,
    *,
    reason: str,
    override: Override | None,
) -> Changes:
    """Hours issued to somebody: from the issuance account or the pot, never from nowhere.

    *Refuses*, in this order: the actor, a source that belongs to a member (``InputError``), staff
    who grant to themselves (``NotPermitted``), a missing reason, and what ``ledger.post`` refuses.
    """
    require_actor("transfers.grant", conditions)
    source, target = books.accounts.get(transfer.source), books.accounts.get(transfer.target)
    if source is not None and source.kind in PERSONAL:
        raise InputError(field="source", problem="hours are granted by the issuance or the pot")
    _not_for_oneself("transfers.grant", target, conditions.by)
    return _with_reason(
        books, TransactionKind.GRANT, (transfer,), conditions, reason=reason, override=override
    )


def adjust(
    books: Books,
    transfer: Transfer,
    conditions: Conditions,
    *,
    reason: str,
    override: Override | None,
) -> Changes:
    """A reasoned correction by two people.

    *Refuses*, in this order: the actor, a missing second person, one of the two as the owner of
    the target, a missing reason, and what ``ledger.post`` refuses.
    """
    require_actor("transfers.adjust", conditions)
    approver = require_second_person("transfers.adjust", conditions.by, conditions.approved_by)
    target = books.accounts.get(transfer.target)
    for actor in (conditions.by, approver):
        _not_for_oneself("transfers.adjust", target, actor)
    return _with_reason(
        books, TransactionKind.ADJUSTMENT, (transfer,), conditions, reason=reason, override=override
    )


def carry_over(
    books: Books,
    transfer: Transfer,
    conditions: Conditions,
    *,
    happened_on: date | None,
    override: Override | None,
) -> tuple[Changes, Books]:
    """An opening balance brought from elsewhere, against the carry-over account.

    *Refuses* the actor, a missing second person, and what ``ledger.post`` refuses.
    """
    require_actor("transfers.carry_over", conditions)
    require_second_person("transfers.carry_over", conditions.by, conditions.approved_by)
    posting = Posting(
        id=TransactionId(conditions.fresh.id()),
        kind=TransactionKind.CARRY_OVER,
        transfers=(transfer,),
        happened_on=happened_on,
        reason="carry-over",
        imported=True,
        override=override,
    )
    return posted_on(books, posting, conditions)


def reverse(
    books: Books,
    original: Transaction,
    reversed_by: TransactionId | None,
    conditions: Conditions,
    *,
    reason: str,
    override: Override | None,
) -> Changes:
    """Undo a transaction once, levy and all, by a second one that names it.

    *Refuses*, in this order: the actor, a transaction reversed before (``AlreadyReversed``), a
    reversal (``WrongState``), one that belongs to an exchange (``InputError``: reverse the
    exchange), a missing reason, and what ``ledger.post`` refuses of a reversal.
    """
    require_actor("transfers.reverse", conditions)
    if reversed_by is not None:
        raise AlreadyReversed(transaction=original.id, reversed_by=reversed_by)
    if original.reverses is not None:
        raise WrongState(
            kind="transaction", id=original.id, state="reversal", act="reverse", possible=()
        )
    if original.exchange is not None:
        raise InputError(
            field="transaction", problem=f"reverse the exchange {original.exchange} instead"
        )
    return _with_reason(
        books,
        TransactionKind.REVERSAL,
        reversal_of(original),
        conditions,
        reason=reason,
        override=override,
        reverses=original,
    )


def _not_for_oneself(action: str, target: Account | None, actor: Actor) -> None:
    if target is not None and target.owner is not None and target.owner == actor.person:
        raise NotPermitted(action=action, who=str(actor), needed="somebody other than the receiver")


def _with_reason(
    books: Books,
    kind: TransactionKind,
    transfers: tuple[Transfer, ...],
    conditions: Conditions,
    *,
    reason: str,
    override: Override | None,
    reverses: Transaction | None = None,
) -> Changes:
    id_ = TransactionId(conditions.fresh.id())
    code, note = required_reason(reason, about=id_, conditions=conditions)
    posting = Posting(
        id=id_,
        kind=kind,
        transfers=transfers,
        category=reverses.category if reverses else None,
        reason=code,
        override=override,
        reverses=reverses.id if reverses else None,
        note=note,
    )
    return posted_on(books, posting, conditions)[0]


def posted_on(books: Books, posting: Posting, conditions: Conditions) -> tuple[Changes, Books]:
    """Post on gathered accounts: holds past their deadline end first, then the hours move."""
    accounts, lapsed = holds.lapse(books.accounts, books.holds, now=conditions.now)
    posted, after = post(accounts, _covered(posting, books), conditions)
    named = {event.account for event in posted.events if isinstance(event, LimitOverridden)}
    left = Books(accounts=after, holds=books.holds, overridden=books.overridden | named)
    if not lapsed:
        return posted, left
    over = {hold.id for hold in lapsed}
    held = tuple(hold for hold in books.holds if hold.id not in over)
    return swept(accounts, lapsed) + posted, replace(left, holds=held)


def _covered(posting: Posting, books: Books) -> Posting:
    """The posting, whose override knows what is on record already."""
    if posting.override is None:
        return posting
    return replace(posting, override=replace(posting.override, covered=books.overridden))


def override_of(
    approved_by: Actor | None,
    reason: str | None,
    review_on: date | None,
    conditions: Conditions,
    *,
    action: str,
) -> Override | None:
    """The named override that a request carries: it has a review date, an approver and a reason.

    *Refuses* a review date without a second person or a reason, and one that is no day ahead.
    """
    if review_on is None:
        return None
    approver = require_second_person(action, conditions.by, approved_by)
    if checked_day(review_on, field="review_on") <= conditions.today:
        raise InputError(field="review_on", problem="the day to look at it again lies ahead")
    if reason is None:
        raise InputError(field="reason", problem="an override needs a reason")
    return Override(approver=approver, reason=reason, review_on=review_on)
