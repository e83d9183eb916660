"""Accounts, transactions and holds as rows, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from timebank.domain.account import Account, AccountChange, AccountKind, ChangeField, Frozen
from timebank.domain.hold import Hold, HoldOutcome
from timebank.domain.note import Note
from timebank.domain.transaction import Activity, PostedTransfer, Transaction, TransactionKind
from timebank.storage.sql.rows._common import (
    Values,
    actor_from,
    actor_to,
    approver_from,
    approver_to,
    maybe,
    word,
)


def account_to(account: Account) -> Values:
    """An account as a row."""
    return {
        "id": account.id,
        "kind": account.kind.value,
        "owner_id": account.owner,
        "label": account.label,
        "unit": "minute",
        "floor_minutes": account.floor_minutes,
        "ceiling_minutes": account.ceiling_minutes,
        "frozen": account.frozen.value,
        "balance_minutes": account.balance_minutes,
        "held_minutes": account.held_minutes,
        "number": account.number,
        "recorded_at": account.recorded_at,
    }


def account_from(row: Row[Any]) -> Account:
    """A row as an account."""
    return Account(
        id=row.id,
        kind=AccountKind(row.kind),
        owner=row.owner_id,
        label=row.label,
        floor_minutes=row.floor_minutes,
        ceiling_minutes=row.ceiling_minutes,
        frozen=Frozen(row.frozen),
        balance_minutes=row.balance_minutes,
        held_minutes=row.held_minutes,
        number=row.number,
        recorded_at=row.recorded_at,
    )


def change_to(change: AccountChange) -> Values:
    """A change of an account as a row."""
    return {
        "id": change.id,
        "account_id": change.account,
        "field": change.field.value,
        "was": change.was,
        "becomes": change.becomes,
        "effective_on": change.effective_on,
        "recorded_at": change.recorded_at,
        "reason": change.reason,
        "review_on": change.review_on,
        "transaction_id": change.transaction,
        "note_digest": change.note_digest,
        "policy_version": change.policy_version,
        **actor_to(change.actor),
        **approver_to(change.approver),
    }


def change_from(row: Row[Any]) -> AccountChange:
    """A row as a change of an account."""
    return AccountChange(
        id=row.id,
        account=row.account_id,
        field=ChangeField(row.field),
        was=row.was,
        becomes=row.becomes,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        approver=approver_from(row),
        reason=row.reason,
        review_on=row.review_on,
        transaction=row.transaction_id,
        note_digest=maybe(bytes, row.note_digest),
        policy_version=row.policy_version,
    )


def transaction_to(transaction: Transaction) -> Values:
    """A transaction as a row, without its transfers."""
    return {
        "id": transaction.id,
        "kind": transaction.kind.value,
        "category": transaction.category,
        "happened_on": transaction.happened_on,
        "counts_on": transaction.counts_on,
        "recorded_at": transaction.recorded_at,
        "reason": transaction.reason,
        "policy_version": transaction.policy_version,
        "reverses": transaction.reverses,
        "exchange_id": transaction.exchange,
        "imported": int(transaction.imported),
        "overrides": int(transaction.overrides),
        "note_digest": transaction.note_digest,
        "salt": transaction.salt,
        "encoding": transaction.encoding,
        **actor_to(transaction.actor),
        **approver_to(transaction.approver),
    }


def transfers_to(transaction: Transaction) -> list[Values]:
    """The transfers of a transaction as rows."""
    return [
        {
            "transaction_id": transaction.id,
            "n": t.n,
            "source_id": t.source,
            "target_id": t.target,
            "minutes": t.minutes,
            "activity": t.activity.value,
            "recorded_at": transaction.recorded_at,
            "source_number": t.source_number,
            "source_balance_minutes": t.source_balance_minutes,
            "target_number": t.target_number,
            "target_balance_minutes": t.target_balance_minutes,
        }
        for t in transaction.transfers
    ]


def transfer_from(row: Row[Any]) -> PostedTransfer:
    """A row as a transfer."""
    return PostedTransfer(
        n=row.n,
        source=row.source_id,
        target=row.target_id,
        minutes=row.minutes,
        activity=Activity(row.activity),
        source_number=row.source_number,
        source_balance_minutes=row.source_balance_minutes,
        target_number=row.target_number,
        target_balance_minutes=row.target_balance_minutes,
    )


def transaction_from(row: Row[Any], transfers: Iterable[PostedTransfer]) -> Transaction:
    """A row and its transfers as a transaction."""
    return Transaction(
        id=row.id,
        kind=TransactionKind(row.kind),
        category=row.category,
        happened_on=row.happened_on,
        counts_on=row.counts_on,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        approver=approver_from(row),
        reason=row.reason,
        policy_version=row.policy_version,
        reverses=row.reverses,
        exchange=row.exchange_id,
        imported=bool(row.imported),
        overrides=bool(row.overrides),
        note_digest=maybe(bytes, row.note_digest),
        salt=bytes(row.salt),
        encoding=row.encoding,
        transfers=tuple(transfers),
    )


def hold_to(hold: Hold) -> Values:
    """A hold as a row."""
    return {
        "id": hold.id,
        "account_id": hold.account,
        "exchange_id": hold.exchange,
        "minutes": hold.minutes,
        "placed_at": hold.placed_at,
        "deadline": hold.deadline,
        "ended_at": hold.ended_at,
        "outcome": word(hold.outcome),
        "settled_minutes": hold.settled_minutes,
    }


def hold_from(row: Row[Any]) -> Hold:
    """A row as a hold."""
    return Hold(
        id=row.id,
        account=row.account_id,
        exchange=row.exchange_id,
        minutes=row.minutes,
        placed_at=row.placed_at,
        deadline=row.deadline,
        ended_at=row.ended_at,
        outcome=maybe(HoldOutcome, row.outcome),
        settled_minutes=row.settled_minutes,
    )


def note_to(note: Note) -> Values:
    """A note as a row."""
    return {"about_id": note.about, "salt": note.salt, "text": note.text}


def note_from(row: Row[Any]) -> Note:
    """A row as a note."""
    return Note(about=row.about_id, salt=maybe(bytes, row.salt), text=row.text)
