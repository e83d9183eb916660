"""Named checks over plain data: what must hold of the books. They find; they never repair.

Every check has the same form: it reads a stream of rows and yields what is wrong. The streams come
sorted from the storage, so that a bank of any size is checked in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from timebank.domain.account import Account, AccountChange
from timebank.domain.audit_names import CHECKS as CHECKS
from timebank.domain.audit_names import NAMES as NAMES
from timebank.domain.audit_names import CheckInfo as CheckInfo
from timebank.domain.ids import AccountId, ExchangeId, TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found wrong: which check, about what, what was expected and what was found."""

    check: str
    subject: str
    expected: str
    found: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding that somebody answers for: exactly this value, up to the review date."""

    check: str
    subject: str
    found: str
    approver: str
    reason: str
    review_on: date

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether this is the finding, unchanged, and the day has not passed."""
        same = (finding.check, finding.subject, finding.found)
        return same == (self.check, self.subject, self.found) and today <= self.review_on


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One account's side of a transfer, as stored."""

    account: AccountId
    number: int
    change_minutes: int
    balance_minutes: int
    transaction: TransactionId
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSum:
    """An account's held minutes as stored, and the sum of its open holds."""

    account: AccountId
    held_minutes: int
    holds_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLine:
    """A transfer without its place in the accounts."""

    source: AccountId
    target: AccountId
    minutes: int
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalPair:
    """A reversal and its original, transfers in order of n."""

    reversal: TransactionId
    original: TransactionId
    reversal_lines: tuple[TransferLine, ...]
    original_lines: tuple[TransferLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeTie:
    """An exchange with its last act and the transaction it names, as stored."""

    exchange: ExchangeId
    state: str
    acts: int
    last_n: int | None
    acts_counted: int
    last_state: str | None
    transaction: TransactionId | None
    transaction_exchange: ExchangeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfBand:
    """An account outside its floor or ceiling, and whether an override names a reason."""

    account: AccountId
    balance_minutes: int
    floor_minutes: int | None
    ceiling_minutes: int | None
    excused: bool


class Verdict(Enum):
    """What an audit concludes. Incomplete is never clean; findings outrank incomplete."""

    CLEAN = "clean"
    CLEAN_SELECTED = "clean_selected"
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"


def check_entries(
    accounts: Iterable[Account],
    entries: Iterable[AuditEntry],
    starts: Mapping[AccountId, int] | None = None,
) -> Iterator[Finding]:
    """Balances, numbers and running balances in one pass.

    Both streams come sorted by account, the entries then by number. With ``starts`` only those
    accounts are looked at, and each from the entry of that number on, whose balance is believed.
    """
    stream = iter(entries)
    entry = next(stream, None)
    for account in accounts:
        if starts is not None and account.id not in starts:
            continue
        while entry is not None and entry.account < account.id:
            yield _stray(entry)
            entry = _after(entry.account, stream)
        balance, number, seen, last = 0, 0, 0, None
        if entry is not None and starts and _place(entry) == (account.id, starts[account.id]):
            balance = seen = entry.balance_minutes
            number, last = entry.number, entry.recorded_at
            entry = next(stream, None)
        while entry is not None and entry.account == account.id:
            yield from _check_entry(entry, balance, number)
            seen += entry.change_minutes
            balance, number, last = entry.balance_minutes, entry.number, entry.recorded_at
            entry = next(stream, None)
        yield from _check_account(account, seen, number, last)
    while entry is not None:
        yield _stray(entry)
        entry = _after(entry.account, stream)


def _place(entry: AuditEntry) -> tuple[AccountId, int]:
    return entry.account, entry.number


def _stray(entry: AuditEntry) -> Finding:
    return Finding(
        check="balances_match_transfers",
        subject=f"account {entry.account}",
        expected="an account",
        found="none",
        message=f"transaction {entry.transaction} moves hours on an account that is not there",
    )


def _after(account: AccountId, stream: Iterator[AuditEntry]) -> AuditEntry | None:
    """The first entry of another account."""
    return next((entry for entry in stream if entry.account != account), None)


def _check_entry(entry: AuditEntry, balance: int, number: int) -> Iterator[Finding]:
    if entry.number != number + 1:
        yield Finding(
            check="numbers_without_gap",
            subject=f"account {entry.account} entry {entry.number}",
            expected=str(number + 1),
            found=str(entry.number),
            message=f"transaction {entry.transaction} breaks the numbering",
        )
    if entry.balance_minutes != balance + entry.change_minutes:
        yield Finding(
            check="running_balances_add_up",
            subject=f"account {entry.account} entry {entry.number}",
            expected=str(balance + entry.change_minutes),
            found=str(entry.balance_minutes),
            message=f"transaction {entry.transaction} leaves another balance than it should",
        )


def _check_account(
    account: Account, seen: int, number: int, last: datetime | None
) -> Iterator[Finding]:
    if account.balance_minutes != seen:
        yield Finding(
            check="balances_match_transfers",
            subject=f"account {account.id}",
            expected=str(seen),
            found=str(account.balance_minutes),
            message="the balance is not the sum of the account's transfers",
        )
    if account.number != number:
        yield Finding(
            check="balances_match_transfers",
            subject=f"account {account.id}",
            expected=f"number {number}",
            found=f"number {account.number}",
            message="the account's number is not that of its last entry",
        )
    if account.recorded_at != last:
        yield Finding(
            check="balances_match_transfers",
            subject=f"account {account.id}",
            expected=f"last entry at {last}",
            found=f"last entry at {account.recorded_at}",
            message="the account's time is not that of its last entry",
        )


def check_sum(total_minutes: int, bank: str) -> Iterator[Finding]:
    """The balances of all accounts sum to 0."""
    if total_minutes != 0:
        yield Finding(
            check="sum_is_zero",
            subject=f"bank {bank}",
            expected="0",
            found=str(total_minutes),
            message="hours were made or lost",
        )


def check_holds(sums: Iterable[HeldSum]) -> Iterator[Finding]:
    """Each account's held minutes are the sum of its open holds."""
    for held in sums:
        if held.held_minutes != held.holds_minutes:
            yield Finding(
                check="holds_match_held",
                subject=f"account {held.account}",
                expected=str(held.holds_minutes),
                found=str(held.held_minutes),
                message="held minutes are not the sum of the open holds",
            )


def check_limits(accounts: Iterable[OutOfBand]) -> Iterator[Finding]:
    """Each account outside its band has an override or a limit changed later."""
    for account in accounts:
        if not account.excused:
            yield Finding(
                check="limits_or_overrides",
                subject=f"account {account.account}",
                expected=f"{account.floor_minutes} to {account.ceiling_minutes}",
                found=str(account.balance_minutes),
                message="the account is outside its limits and nobody answers for it",
            )


def check_reversals(pairs: Iterable[ReversalPair]) -> Iterator[Finding]:
    """Each reversal mirrors its original, transfer by transfer."""
    for pair in pairs:
        mirrored = tuple(
            TransferLine(
                source=line.target, target=line.source, minutes=line.minutes, activity=line.activity
            )
            for line in reversed(pair.original_lines)
        )
        if mirrored != pair.reversal_lines:
            yield Finding(
                check="reversals_mirror_originals",
                subject=f"transaction {pair.reversal}",
                expected=_lines(mirrored),
                found=_lines(pair.reversal_lines),
                message=f"does not mirror transaction {pair.original}",
            )


def _lines(lines: tuple[TransferLine, ...]) -> str:
    return "; ".join(f"{t.source}→{t.target} {t.minutes} {t.activity}" for t in lines)


def check_exchanges(ties: Iterable[ExchangeTie]) -> Iterator[Finding]:
    """Each exchange stands where its last act left it, and its transaction names it back."""
    for tie in ties:
        acted = (tie.acts, tie.acts, tie.state)
        found = (tie.last_n, tie.acts_counted, tie.last_state)
        if acted != found:
            yield Finding(
                check="exchanges_match_acts",
                subject=f"exchange {tie.exchange}",
                expected=f"act {tie.acts}, {tie.state}",
                found=f"act {tie.last_n} of {tie.acts_counted}, {tie.last_state}",
                message="the exchange does not stand where its last act left it",
            )
        if tie.transaction is not None and tie.transaction_exchange != tie.exchange:
            yield Finding(
                check="exchanges_match_acts",
                subject=f"exchange {tie.exchange}",
                expected=f"transaction {tie.transaction} of this exchange",
                found=str(tie.transaction_exchange),
                message="the transaction it names belongs elsewhere or is missing",
            )


def check_keys(orphans: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    """Each key has the receipt and the transaction it made."""
    for scope, receipt, transaction in orphans:
        yield Finding(
            check="keys_match_receipts",
            subject=f"key of {scope}",
            expected=f"receipt {receipt} {transaction}".rstrip(),
            found="missing",
            message=f"receipt {receipt} or what it tells of is gone: no answer to a repetition",
        )


def check_accounted(facts: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Each fact waits for the sealer or is sealed."""
    for kind, fact in facts:
        yield Finding(
            check="facts_queued_or_sealed",
            subject=f"{kind} {fact}",
            expected="in the queue or a leaf",
            found="in neither or in both",
            message="the fact got past the sealer",
        )


def check_sealed_in_time(
    bank: str, oldest: datetime | None, now: datetime, most_hours: int
) -> Iterator[Finding]:
    """The oldest unsealed fact is not older than so many hours: a dead sealer is not clean."""
    if oldest is not None and now - oldest > timedelta(hours=most_hours):
        yield Finding(
            check="sealed_in_time",
            subject=f"bank {bank}",
            expected=f"nothing unsealed for longer than {most_hours} hours",
            found=f"unsealed since {oldest.isoformat()}",
            message="the sealer has not run: timebank seal",
        )


def check_reviews(due: Iterable[AccountChange]) -> Iterator[Finding]:
    """Notices for human eyes: overrides and limits past the day on which to look again."""
    for change in due:
        yield Finding(
            check="reviews_in_time",
            subject=f"account {change.account}",
            expected=f"looked at again by {change.review_on}",
            found=f"{change.field.value} {change.was} → {change.becomes} ({change.reason})",
            message=f"approved by {change.approver}: is it still right?",
        )
