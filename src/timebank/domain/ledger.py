"""Posting: transfers and accounts in, a transaction and the accounts after it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from timebank.domain.account import (
    FIXED,
    NEVER_OVERDRAWN,
    PERSONAL,
    Account,
    AccountChange,
    ChangeField,
    Frozen,
    available_minutes,
    ceiling_reached,
    not_enough_hours,
    room_minutes,
)
from timebank.domain.actor import Actor, is_second_person
from timebank.domain.changes import Changes, Warning
from timebank.domain.conditions import Conditions, digest, required_reason
from timebank.domain.events import LimitOverridden, TransactionRecorded
from timebank.domain.flows import SAME_OWNER, Verdict
from timebank.domain.ids import AccountId, ExchangeId, FactId, TransactionId
from timebank.domain.member import Status, require_active
from timebank.domain.note import Note
from timebank.domain.transaction import (
    Activity,
    PostedTransfer,
    Transaction,
    TransactionKind,
    Transfer,
)
from timebank.errors import (
    AccountClosed,
    AccountFrozen,
    CeilingReached,
    DayInFuture,
    FlowNotAllowed,
    NotEnoughHours,
    NotFoundError,
    PeriodClosed,
)

ENCODING: Final = 1
"""Version of the sealed record (``proof.encoding``) under which a transaction is recorded."""

_TICK: Final = timedelta(microseconds=1)
OUTGOING: Final = frozenset({Frozen.OUT, Frozen.ALL})
"""Freezes that stop hours going out."""
INCOMING: Final = frozenset({Frozen.ALL})
"""Freezes that stop hours coming in."""

_CORRECTIVE: Final = frozenset(
    {TransactionKind.REVERSAL, TransactionKind.ADJUSTMENT, TransactionKind.LEAVING}
)
"""Kinds that repair or wind up: a suspension does not stand in their way."""
_THROUGH_A_FREEZE: Final = frozenset({TransactionKind.ADJUSTMENT, TransactionKind.LEAVING})
"""Kinds that a freeze does not stop, where a second person answers for them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A named permission to break a limit once: by whom, why, and when to look at it again.

    ``reason`` is a code of the policy or free words; words become an erasable note. Accounts in
    ``covered`` have this override on record already, from earlier in the same request: an import
    writes one per account, however many of its rows need it.
    """

    approver: Actor
    reason: str
    review_on: date
    covered: frozenset[AccountId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One transaction to be posted, with everything that is not in the accounts."""

    id: TransactionId
    kind: TransactionKind
    transfers: tuple[Transfer, ...]
    happened_on: date | None = None
    category: str | None = None
    reason: str | None = None
    override: Override | None = None
    exchange: ExchangeId | None = None
    reverses: TransactionId | None = None
    imported: bool = False
    note: Note | None = None


def post(
    accounts: Mapping[AccountId, Account], posting: Posting, conditions: Conditions
) -> tuple[Changes, dict[AccountId, Account]]:
    """The transaction, and all accounts after it.

    *Refuses*, in this order: an unknown account (``NotFoundError``); a day in the future
    (``DayInFuture``) or in a closed period (``PeriodClosed``); per transfer a flow
    (``FlowNotAllowed``), a frozen or closed account (``AccountFrozen``, ``AccountClosed``), a
    receiver of hours who was not active on the day or a payer who is not active now
    (``MemberSuspended``, ``MemberNotActive``); a floor (``NotEnoughHours``) or ceiling
    (``CeilingReached``) that the account would end beyond and further out than before, unless an
    override names who answers for it; an unknown category (``UnknownCategory``).

    *Guarantees:* the sum of all balances stays as it is.
    """
    for transfer in posting.transfers:
        for account in (transfer.source, transfer.target):
            if account not in accounts:
                raise NotFoundError(kind="account", ref=account)
    happened_on = posting.happened_on or conditions.today
    counts_on = _counting_day(happened_on, conditions)
    for transfer in posting.transfers:
        _check_transfer(transfer, accounts, posting, happened_on, conditions)
    at = _recording_time(accounts, posting.transfers, conditions.now)
    posted, after = _applied(accounts, posting.transfers, at)
    broken = tuple(_broken_limits(accounts, after, posting.transfers))
    for account, refusal in broken:
        if posting.override is None or accounts[account].kind in NEVER_OVERDRAWN:
            raise refusal
    transaction = Transaction(
        id=posting.id,
        kind=posting.kind,
        category=_category(posting, conditions),
        happened_on=happened_on,
        counts_on=counts_on,
        recorded_at=at,
        actor=conditions.by,
        approver=conditions.approved_by,
        reason=posting.reason,
        policy_version=conditions.policy_version,
        reverses=posting.reverses,
        exchange=posting.exchange,
        imported=posting.imported,
        overrides=bool(broken),
        note_digest=digest(posting.note),
        salt=conditions.fresh.salt(),
        encoding=ENCODING,
        transfers=posted,
    )
    return _changes(transaction, accounts, after, broken, posting, conditions), after


def _category(posting: Posting, conditions: Conditions) -> str | None:
    """That of an exchange or an original was checked when it was new; lists change since."""
    if posting.exchange is not None or posting.reverses is not None:
        return posting.category
    return conditions.policy.checked_category(posting.category)


def _counting_day(happened_on: date, conditions: Conditions) -> date:
    """The day on which reports count it: its own, or the first open one where that is closed."""
    if happened_on > conditions.today:
        raise DayInFuture(
            field="happened_on", problem=f"{happened_on} has not come yet; it is {conditions.today}"
        )
    closed_until = conditions.closed_until
    if closed_until is None or happened_on > closed_until:
        return happened_on
    if conditions.by.role not in conditions.policy.late_roles:
        raise PeriodClosed(
            day=happened_on.isoformat(),
            closed_until=closed_until.isoformat(),
            who=tuple(sorted(role.value for role in conditions.policy.late_roles)) or ("nobody",),
        )
    return closed_until + timedelta(days=1)


def _check_transfer(
    transfer: Transfer,
    accounts: Mapping[AccountId, Account],
    posting: Posting,
    happened_on: date,
    conditions: Conditions,
) -> None:
    source, target = accounts[transfer.source], accounts[transfer.target]
    approved = is_second_person(conditions.by, conditions.approved_by)
    _check_flow(source, target, posting.kind, conditions, approved=approved)
    if posting.kind in _THROUGH_A_FREEZE and approved:
        require_open(target, conditions, blocked=frozenset())
    else:
        require_open(source, conditions, blocked=OUTGOING)
        require_open(target, conditions, blocked=INCOMING)
    if posting.kind not in _CORRECTIVE:
        _check_owner(target, conditions, on=happened_on)
        _check_owner(source, conditions, on=None)


def _check_flow(
    source: Account,
    target: Account,
    kind: TransactionKind,
    conditions: Conditions,
    *,
    approved: bool,
) -> None:
    """A reversal takes hours back the way they came: two people answer for those of somebody in
    custody, whichever way that is.
    """
    if kind is TransactionKind.REVERSAL:
        inside = not NEVER_OVERDRAWN.isdisjoint({source.kind, target.kind})
        verdict, rule = (Verdict.APPROVAL if inside else Verdict.ALLOWED), FIXED
    else:
        verdict, rule = conditions.policy.flow(source.kind, target.kind)
    unapproved = verdict is Verdict.APPROVAL and not approved
    if verdict is Verdict.NEVER or unapproved:
        raise FlowNotAllowed(
            source_kind=source.kind.value,
            target_kind=target.kind.value,
            rule=rule,
            needed="it needs approval by a second person" if unapproved else "never",
        )
    apart = kind is not TransactionKind.REVERSAL and source.owner != target.owner
    if (source.kind, target.kind) in SAME_OWNER and apart:
        raise FlowNotAllowed(
            source_kind=source.kind.value,
            target_kind=target.kind.value,
            rule=FIXED,
            needed="only between accounts of one person",
        )


def require_open(account: Account, conditions: Conditions, *, blocked: frozenset[Frozen]) -> None:
    """*Refuses* an account whose member has left (``AccountClosed``: hours would be stranded there)
    and one that is frozen in one of the ways given (``AccountFrozen``).
    """
    if _is_closed(account, conditions):
        raise AccountClosed(account=account.id)
    if account.frozen in blocked:
        raise AccountFrozen(account=account.id, frozen=account.frozen.value)


def _is_closed(account: Account, conditions: Conditions) -> bool:
    owner = conditions.people.get(account.owner) if account.owner else None
    return owner is not None and owner.member is not None and owner.member.status is Status.LEFT


def _check_owner(account: Account, conditions: Conditions, *, on: date | None) -> None:
    """Who receives is judged by the day worked, who pays by now."""
    if account.kind in PERSONAL and account.owner is not None:
        require_active(conditions.standing(account.owner), on=on)


def _recording_time(
    accounts: Mapping[AccountId, Account], transfers: tuple[Transfer, ...], now: datetime
) -> datetime:
    """Now, or a tick after the last entry of any account touched: time never runs backwards."""
    touched = {account for t in transfers for account in (t.source, t.target)}
    last = (accounts[account].recorded_at for account in touched)
    return max([now, *(at + _TICK for at in last if at is not None)])


def _applied(
    accounts: Mapping[AccountId, Account], transfers: tuple[Transfer, ...], at: datetime
) -> tuple[tuple[PostedTransfer, ...], dict[AccountId, Account]]:
    """The transfers numbered, and the accounts advanced."""
    after = dict(accounts)
    posted = []
    for n, transfer in enumerate(transfers, start=1):
        minutes = transfer.hours.minutes
        source = after[transfer.source] = _advanced(after[transfer.source], -minutes, at)
        target = after[transfer.target] = _advanced(after[transfer.target], minutes, at)
        posted.append(
            PostedTransfer(
                n=n,
                source=source.id,
                target=target.id,
                minutes=minutes,
                activity=transfer.activity,
                source_number=source.number,
                source_balance_minutes=source.balance_minutes,
                target_number=target.number,
                target_balance_minutes=target.balance_minutes,
            )
        )
    return tuple(posted), after


def _advanced(account: Account, change_minutes: int, at: datetime) -> Account:
    return replace(
        account,
        balance_minutes=account.balance_minutes + change_minutes,
        number=account.number + 1,
        recorded_at=at,
    )


def _broken_limits(
    before: Mapping[AccountId, Account],
    after: Mapping[AccountId, Account],
    transfers: tuple[Transfer, ...],
) -> Iterator[tuple[AccountId, NotEnoughHours | CeilingReached]]:
    """Accounts that end outside their band and further out than they were, floors first."""
    sources = dict.fromkeys(t.source for t in transfers)
    targets = dict.fromkeys(t.target for t in transfers)
    for account in sources:
        available = available_minutes(after[account])
        less = before[account].balance_minutes - after[account].balance_minutes
        if available is not None and available < 0 < less:
            yield (
                account,
                not_enough_hours(
                    after[account], available_minutes=available + less, needed_minutes=less
                ),
            )
    for account in targets:
        room = room_minutes(after[account])
        more = after[account].balance_minutes - before[account].balance_minutes
        if room is not None and room < 0 < more:
            yield (
                account,
                ceiling_reached(after[account], room_minutes=room + more, offered_minutes=more),
            )


def _changes(
    transaction: Transaction,
    before: Mapping[AccountId, Account],
    after: Mapping[AccountId, Account],
    broken: tuple[tuple[AccountId, NotEnoughHours | CeilingReached], ...],
    posting: Posting,
    conditions: Conditions,
) -> Changes:
    touched = dict.fromkeys(a for t in transaction.transfers for a in (t.source, t.target))
    overridden = [
        _override(before[account], after[account], transaction, posting.override, conditions)
        for account, _ in broken
        if posting.override is not None and account not in posting.override.covered
    ]
    overrides = [change for change, _ in overridden]
    recorded = TransactionRecorded(
        transaction=transaction.id,
        kind=transaction.kind.value,
        minutes=sum(t.minutes for t in transaction.transfers if t.activity is not Activity.LEVY),
    )
    notes = [note for note in (posting.note, *(n for _, n in overridden)) if note is not None]
    return Changes(
        added=(transaction, *notes, *overrides),
        changed=tuple(after[account] for account in touched),
        events=(
            recorded,
            *(LimitOverridden(account=o.account, transaction=transaction.id) for o in overrides),
        ),
        warnings=tuple(_soft_warnings(before, after, touched, conditions)),
    )


def _override(
    before: Account,
    after: Account,
    transaction: Transaction,
    override: Override,
    conditions: Conditions,
) -> tuple[AccountChange, Note | None]:
    fact = FactId(conditions.fresh.id())
    code, note = required_reason(override.reason, about=fact, conditions=conditions)
    change = AccountChange(
        id=fact,
        account=after.id,
        field=ChangeField.OVERRIDE,
        was=str(before.balance_minutes),
        becomes=str(after.balance_minutes),
        effective_on=transaction.counts_on,
        recorded_at=transaction.recorded_at,
        actor=conditions.by,
        approver=override.approver,
        reason=code,
        review_on=override.review_on,
        transaction=transaction.id,
        note_digest=digest(note),
        policy_version=conditions.policy_version,
    )
    return change, note


def _soft_warnings(
    before: Mapping[AccountId, Account],
    after: Mapping[AccountId, Account],
    touched: Mapping[AccountId, None],
    conditions: Conditions,
) -> Iterator[Warning]:
    limit = conditions.policy.warn_below_minutes
    if limit is None:
        return
    for account in touched:
        balance = after[account].balance_minutes
        falls = balance < before[account].balance_minutes
        if after[account].kind in PERSONAL and falls and balance < limit:
            yield Warning(code="below_soft_limit", subject=account, minutes=balance)
