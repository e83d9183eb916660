"""Checks of single rows: what belongs together, and what the release's constraints say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from timebank.domain.audit import Finding
from timebank.domain.bank import Bank
from timebank.domain.note import digest_of
from timebank.domain.policy import CATEGORIES, REASONS, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A row that a constraint of the release would refuse: table, key and constraint.

    ``names`` is the row that it names and that is not there, if that is what is wrong.
    """

    table: str
    row: str
    rule: str
    names: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayTransfer:
    """A transfer beside its transaction: the times differ, or one of the two is missing."""

    transaction: str
    transfer_recorded_at: datetime | None
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedFact:
    """A fact that keeps the digest of a note, and the note; ``there`` where it has a row."""

    fact: str
    digest: bytes
    there: bool
    salt: bytes | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedWord:
    """A word in a column for codes, and one of the rows where it stands."""

    column: str
    word: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedHead:
    """A checkpoint's own row: its size, that of the one before it, and its time."""

    size: int
    previous_size: int | None
    sealed_at: datetime


def check_rules(broken: Iterable[BrokenRule]) -> Iterator[Finding]:
    """No row is one that the release's constraints would refuse."""
    for rule in broken:
        yield Finding(
            check="constraints_hold",
            subject=f"{rule.table} {rule.row}",
            expected=rule.rule,
            found="broken" if rule.names is None else f"{rule.names}, which is not there",
            message="the database would not have taken this row"
            + ("" if rule.names is None else f": {rule.names} is missing"),
        )


def check_transfers(strays: Iterable[StrayTransfer]) -> Iterator[Finding]:
    """Each transfer has its transaction and its time, each transaction a transfer."""
    for stray in strays:
        yield Finding(
            check="transfers_match_transactions",
            subject=f"transaction {stray.transaction}",
            expected=_when(stray.recorded_at, "a transaction"),
            found=_when(stray.transfer_recorded_at, "no transfer"),
            message="a transfer and its transaction were not recorded together",
        )


def _when(at: datetime | None, otherwise: str) -> str:
    return otherwise if at is None else f"recorded at {at.isoformat()}"


def check_notes(noted: Iterable[NotedFact], strays: Iterable[str]) -> Iterator[Finding]:
    """Each note is the one whose digest its fact keeps, or was erased whole."""
    for about in strays:
        yield Finding(
            check="notes_match_digests",
            subject=f"note of {about}",
            expected="a fact that keeps its digest",
            found="none",
            message="the free words were recorded with nothing",
        )
    for fact in noted:
        if fact.there and fact.salt is None and fact.text is None:
            continue
        whole = fact.salt is not None and fact.text is not None
        if not whole or digest_of(fact.salt or b"", fact.text or "") != fact.digest:
            yield Finding(
                check="notes_match_digests",
                subject=f"note of {fact.fact}",
                expected=f"digest {fact.digest.hex()}",
                found="another text" if whole else "half a note" if fact.there else "no note",
                message="the free words are not those that were recorded with the fact",
            )


def codes_of(policies: Collection[Policy]) -> dict[str, set[str]]:
    """What may stand in a column for codes: a policy's own, and those that every policy has."""
    return {
        "reason": {*REASONS, *(reason for policy in policies for reason in policy.reasons)},
        "category": {*CATEGORIES, *(word for policy in policies for word in policy.categories)},
    }


def check_codes(words: Iterable[CodedWord], policies: Collection[Policy]) -> Iterator[Finding]:
    """Columns for codes hold codes of a policy: free words belong into erasable notes."""
    codes = codes_of(policies)
    for found in words:
        if found.word not in codes[found.column]:
            yield Finding(
                check="facts_hold_codes_only",
                subject=found.row,
                expected=f"a {found.column} of a policy",
                found="other words",
                message="free words may be personal, and a fact is never erased",
            )


def check_roles(unappointed: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Whoever acted or approved as staff was given that role."""
    for person, role in unappointed:
        yield Finding(
            check="actors_hold_roles",
            subject=f"person {person}",
            expected=f"appointed as {role}",
            found="never",
            message=f"acted as {role} without having been given the role",
        )


def check_bank(bank: Bank, slug: str, founded_at: datetime | None) -> Iterator[Finding]:
    """The bank is the one of its id, in a zone that there is, as old as its first policy."""
    faults = (
        ("slug", slug, bank.slug),
        ("created_at", founded_at, bank.created_at),
        ("copied", bank.is_copy, bank.copy_receipts is not None),
        ("zone", "a time zone", "a time zone" if _is_zone(bank.zone) else bank.zone),
    )
    for what, expected, found in faults:
        if expected != found:
            yield _bank_finding(slug, what, expected, found, "the bank's own row was changed")


def check_copy(bank: Bank, size: int, receipts: int) -> Iterator[Finding]:
    """A copy stands where its last bundle led, and nobody acted in it."""
    if bank.copy_size != size:
        said = "the copy is not where its last bundle led"
        yield _bank_finding(bank.slug, "size", bank.copy_size, size, said)
    if receipts:
        said = "somebody acted in the copy of a bank that is kept elsewhere"
        yield _bank_finding(bank.slug, "receipts", 0, receipts, said)


def _bank_finding(slug: str, what: str, expected: object, found: object, message: str) -> Finding:
    return Finding(
        check="bank_matches_founding",
        subject=f"bank {slug}",
        expected=f"{what} {expected}",
        found=f"{what} {found}",
        message=message,
    )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        return False
    return True


_CHAIN: Final = "checkpoints_match_tree"


def check_chain(heads: Iterable[ChainedHead], size: int | None) -> Iterator[Finding]:
    """Each checkpoint names the one before it and is not older; the last is the tree's size."""
    before: ChainedHead | None = None
    for head in heads:
        expected = None if before is None else before.size
        if head.previous_size != expected:
            yield _chain_finding(
                head.size,
                f"checkpoint {expected} before it",
                f"checkpoint {head.previous_size}",
                f"checkpoint {head.previous_size} or {head.size} was changed or taken out",
            )
        if before is not None and head.sealed_at < before.sealed_at:
            yield _chain_finding(
                head.size,
                f"later than {before.sealed_at.isoformat()}",
                head.sealed_at.isoformat(),
                f"it is older than checkpoint {before.size} before it",
            )
        before = head
    last = None if before is None else before.size
    if (last or 0) != (size or 0):
        yield _chain_finding(
            last or 0,
            f"a tree of {last} leaves",
            f"tree head of size {size}",
            "the tree's head does not say what the last checkpoint says",
        )


def _chain_finding(size: int, expected: str, found: str, message: str) -> Finding:
    return Finding(
        check=_CHAIN,
        subject=f"checkpoint {size}",
        expected=expected,
        found=found,
        message=message,
    )


def check_receipts(torn: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Each receipt, with the keys that it answers, is as it was written."""
    for action, receipt in torn:
        yield Finding(
            check="receipts_are_whole",
            subject=f"receipt {receipt} of {action}",
            expected="the sum that was written with it",
            found="another",
            message="the receipt, or a key that it answers, was changed or taken out",
        )


def check_schema(differences: Iterable[str], revision: str) -> Iterator[Finding]:
    """Tables, constraints and guards are those of the release."""
    for difference in differences:
        yield Finding(
            check="schema_is_as_released",
            subject=f"schema {revision}",
            expected="that of this release",
            found=difference,
            message="the database no longer refuses what it should: timebank db upgrade",
        )
