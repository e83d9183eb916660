"""Hours that move without an exchange: post, donate, grant, adjust, reverse; and their reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from timebank.actions import _batch
from timebank.actions._batch import Mode
from timebank.actions._gather import ISSUANCE, books, check_page, conditions, labelled, owners
from timebank.actions._request import Request, action
from timebank.domain import movement
from timebank.domain.actor import Actor
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, TransactionId, checked_account_id, checked_id
from timebank.domain.movement import Books
from timebank.domain.receipt import Outcome
from timebank.domain.transaction import Activity, Transaction, TransactionDraft, Transfer
from timebank.errors import InputError, NotFoundError
from timebank.ports import ReadingUnit, UnitOfWork


def post(
    uow: UnitOfWork,
    drafts: Sequence[TransactionDraft],
    *,
    by: Actor,
    mode: Mode = "atomic",
    approved_by: Actor | None = None,
    reason: str | None = None,
    review_on: date | None = None,
) -> tuple[Outcome, ...]:
    """Post transactions in order: all or nothing (``atomic``), or each on its own.

    The answer has one outcome per draft: ``accepted``, ``replayed`` (its key was used for the same
    before) or, in ``independent`` mode, ``refused`` with the error. A named override
    (``approved_by``, ``reason``, ``review_on``) lets accounts out of their limits.

    *Refuses*, per draft: a key used for another request (``KeyReusedError``), the actor, then all
    that ``ledger.post`` refuses.

    *Guarantees:* a constant number of reads and writes, however many drafts there are.
    """
    requests = [_request(draft, by) for draft in drafts]

    def gather(waiting: Sequence[int]) -> tuple[Books, Conditions]:
        touched = {a for i in waiting for t in drafts[i].transfers for a in (t.source, t.target)}
        found = books(uow, touched)
        people = owners(found.accounts.values())
        return found, conditions(uow, by=by, approved_by=approved_by, people=people)

    def decide(i: int, found: Books, now: Conditions) -> tuple[Changes, Books]:
        override = movement.override_of(
            approved_by, reason, review_on, now, action="transfers.post"
        )
        return movement.post_draft(found, drafts[i], now, override=override)

    return _batch.run(uow, requests, gather=gather, decide=decide, mode=mode)


def _request(draft: TransactionDraft, by: Actor) -> Request:
    if not isinstance(draft, TransactionDraft):
        raise InputError(field="drafts", problem=f"{draft!r} is not a TransactionDraft")
    values = {
        "transfers": draft.transfers,
        "category": draft.category,
        "happened_on": draft.happened_on,
        "note": draft.note,
        "by": by,
    }
    return Request(action="transfers.post", key=draft.key, values=values)


@action("transfers.donate")
def donate(
    uow: UnitOfWork,
    *,
    source: AccountId,
    hours: Hours,
    by: Actor,
    target: AccountId | None = None,
    note: str | None = None,
    key: str | None = None,
) -> Changes:
    """Give hours away: to the community pot, or to the account ``target``.

    *Refuses*, in this order: hours that are not positive, an unknown account, the actor, hours
    that are not the actor's own, and what ``ledger.post`` refuses.
    """
    transfer = Transfer(
        source=source, target=target or labelled(uow, "pot"), hours=hours, activity=Activity.GIFT
    )
    found, now = _gathered(uow, transfer, by=by)
    return movement.donate(found, transfer, now, note=note)


@action("transfers.grant")
def grant(
    uow: UnitOfWork,
    *,
    to: AccountId,
    hours: Hours,
    reason: str,
    by: Actor,
    source: AccountId | None = None,
    approved_by: Actor | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Issue hours to an account: from the issuance account, or from another of the bank's own.

    *Refuses*, in this order: hours that are not positive, an unknown account, the actor, a source
    that belongs to a member, a grant to oneself, a missing reason, and what ``ledger.post`` does.
    """
    transfer = Transfer(
        source=source or labelled(uow, ISSUANCE), target=to, hours=hours, activity=Activity.GRANT
    )
    found, now = _gathered(uow, transfer, by=by, approved_by=approved_by)
    override = movement.override_of(approved_by, reason, review_on, now, action="transfers.grant")
    return movement.grant(found, transfer, now, reason=reason, override=override)


@action("transfers.adjust")
def adjust(
    uow: UnitOfWork,
    *,
    source: AccountId,
    target: AccountId,
    hours: Hours,
    reason: str,
    by: Actor,
    approved_by: Actor,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """A reasoned correction by two people: positive hours from ``source`` to ``target``.

    *Refuses*, in this order: hours that are not positive, an unknown account, the actor, a missing
    second person, one of the two as the receiver, a missing reason, and what ``ledger.post`` does.
    """
    transfer = Transfer(source=source, target=target, hours=hours, activity=Activity.CORRECTION)
    found, now = _gathered(uow, transfer, by=by, approved_by=approved_by)
    override = movement.override_of(approved_by, reason, review_on, now, action="transfers.adjust")
    return movement.adjust(found, transfer, now, reason=reason, override=override)


@action("transfers.reverse")
def reverse(
    uow: UnitOfWork,
    transaction: str,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor | None = None,
    review_on: date | None = None,
    key: str | None = None,
) -> Changes:
    """Undo a transaction once, by a second one that names it. An exchange's: reverse the exchange.

    *Refuses*, in this order: an unknown transaction, the actor, ``AlreadyReversed``, a reversal,
    a missing reason, and what ``ledger.post`` refuses of a reversal.
    """
    original = get(uow, transaction)
    touched = {a for t in original.transfers for a in (t.source, t.target)}
    found = books(uow, touched)
    people = owners(found.accounts.values())
    now = conditions(uow, by=by, approved_by=approved_by, people=people)
    override = movement.override_of(approved_by, reason, review_on, now, action="transfers.reverse")
    return movement.reverse(
        found,
        original,
        uow.journal.reversal_of(original.id),
        now,
        reason=reason,
        override=override,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """An opening balance to be brought over: a transfer with the carry-over account."""

    transfer: Transfer
    key: str | None = None
    happened_on: date | None = None


def carry_over(
    uow: UnitOfWork,
    items: Sequence[OpeningBalance],
    *,
    by: Actor,
    approved_by: Actor,
    reason: str,
    review_on: date | None = None,
    mode: Mode = "atomic",
    overridden: frozenset[AccountId] = frozenset(),
) -> tuple[Outcome, ...]:
    """Opening balances from elsewhere, by two people. They never count as activity.

    Accounts in ``overridden`` have the override on record from an earlier part of the same import.

    *Refuses*, per item: the actor, a missing second person, and what ``ledger.post`` refuses.
    """
    requests = [
        Request(
            action="transfers.carry_over",
            key=item.key,
            values={"transfer": item.transfer, "happened_on": item.happened_on},
        )
        for item in items
    ]

    def gather(waiting: Sequence[int]) -> tuple[Books, Conditions]:
        moves = [items[i].transfer for i in waiting]
        found = books(uow, {a for move in moves for a in (move.source, move.target)})
        people = owners(found.accounts.values())
        now = conditions(uow, by=by, approved_by=approved_by, people=people)
        return replace(found, overridden=overridden), now

    def decide(i: int, found: Books, now: Conditions) -> tuple[Changes, Books]:
        override = movement.override_of(
            approved_by, reason, review_on, now, action="transfers.carry_over"
        )
        return movement.carry_over(
            found, items[i].transfer, now, happened_on=items[i].happened_on, override=override
        )

    return _batch.run(uow, requests, gather=gather, decide=decide, mode=mode)


def get(uow: ReadingUnit, transaction: str) -> Transaction:
    """A transaction by its id. *Refuses* unknown ones with ``NotFoundError``."""
    id_ = TransactionId(checked_id(transaction, field="transaction"))
    found = uow.journal.get(id_)
    if found is None:
        raise NotFoundError(kind="transaction", ref=transaction)
    return found


def list(
    uow: ReadingUnit,
    *,
    account: str | None = None,
    after: TransactionId | None = None,
    limit: int = 100,
) -> tuple[Transaction, ...]:
    """Transactions in order of id, after the one with the id ``after``; a page of ``limit``."""
    check_page(after, limit)
    only = None if account is None else checked_account_id(account)
    return uow.journal.list(account=only, after=after, limit=limit)


def _gathered(
    uow: UnitOfWork, transfer: Transfer, *, by: Actor, approved_by: Actor | None = None
) -> tuple[Books, Conditions]:
    found = books(uow, {transfer.source, transfer.target})
    for account in (transfer.source, transfer.target):
        if account not in found.accounts:
            raise NotFoundError(kind="account", ref=account)
    people = owners(found.accounts.values())
    return found, conditions(uow, by=by, approved_by=approved_by, people=people)
