"""Changes of accounts as the rules make them: by those who act now, for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.changes import Changes
from timebank.domain.conditions import Conditions, coded_reason, digest
from timebank.domain.events import AccountChanged
from timebank.domain.ids import FactId


def events_of(changes: tuple[AccountChange, ...]) -> tuple[AccountChanged, ...]:
    """What the changes are to those who hear of them."""
    return tuple(
        AccountChanged(account=c.account, field=c.field.value, was=c.was, becomes=c.becomes)
        for c in changes
    )


def change_of(
    account: Account,
    field: ChangeField,
    was: str,
    becomes: str,
    conditions: Conditions,
    *,
    effective_on: date | None = None,
    reason: str = "other",
    review_on: date | None = None,
) -> AccountChange:
    """A change of the account by those who act now."""
    return AccountChange(
        id=FactId(conditions.fresh.id()),
        account=account.id,
        field=field,
        was=was,
        becomes=becomes,
        effective_on=effective_on or conditions.today,
        recorded_at=conditions.now,
        actor=conditions.by,
        approver=conditions.approved_by,
        reason=reason,
        review_on=review_on,
        transaction=None,
        note_digest=None,
        policy_version=conditions.policy_version,
    )


def under_reason(
    changes: tuple[AccountChange, ...], reason: str | None, conditions: Conditions
) -> Changes:
    """The changes under their coded reason, free words in a note beside each."""
    added: list[AccountChange] = []
    notes = []
    for change in changes:
        code, note = coded_reason(reason, about=change.id, conditions=conditions)
        added.append(replace(change, reason=code or change.reason, note_digest=digest(note)))
        if note is not None:
            notes.append(note)
    return Changes(added=(*added, *notes))
