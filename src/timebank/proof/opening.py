"""Proofs of single statement lines: they open one account's side of a transaction, and no other.

A proof says that a line is in the journal as it was at a checkpoint. It does not say that it is
the latest line of its account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

from timebank.domain.ids import AccountId
from timebank.domain.transaction import Transaction
from timebank.errors import InputError
from timebank.proof import encoding, tree
from timebank.proof.checkpoint import Checkpoint, parse
from timebank.proof.encoding import Part
from timebank.proof.merkle import leaf_hash

SCHEMA: Final = "timebank.proof/1"

_HEADER: Final = (
    "record",
    "transaction",
    "kind",
    "category",
    "happened_on",
    "counts_on",
    "recorded_at",
    "actor_role",
    "actor",
    "actor_for",
    "approver_role",
    "approver",
    "approver_for",
    "reason",
    "policy_version",
    "reverses",
    "exchange",
    "imported",
    "overrides",
    "note_digest",
    "transfers",
)
_TRANSFER: Final = ("record", "transaction", "n", "minutes", "activity")
_SIDE: Final = ("record", "transaction", "n", "account", "number", "balance_minutes")
_FIELDS: Final = {"header": _HEADER, "transfer": _TRANSFER, "source": _SIDE, "target": _SIDE}
"""The fields of each kind of part, as ``encoding`` writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a transaction's leaf is in the tree, with its audit path."""

    position: int
    path: tuple[bytes, ...]


def document(
    checkpoint: Checkpoint,
    hash_domain: bytes,
    lines: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """A proof file as plain data: the checkpoint's line and one opened line each."""
    return {
        "schema": SCHEMA,
        "checkpoint": checkpoint.line,
        "hash_domain": hash_domain.hex(),
        "lines": list(lines),
    }


def opened(
    transaction: Transaction, account: AccountId, place: Place, hash_domain: bytes
) -> dict[str, Any]:
    """One transaction opened for one account: the header, and that account's sides.

    *Refuses* an account that takes no part in it, with ``InputError``.
    """
    parts = encoding.parts(transaction, hash_domain)
    chosen = [0, *_places_of(transaction, account)]
    if len(chosen) == 1:
        raise InputError(field="account", problem=f"takes no part in {transaction.id}")
    return {
        "position": place.position,
        "path": [step.hex() for step in place.path],
        "parts": len(parts),
        "opened": [_opened_part(parts, n) for n in chosen],
    }


def _places_of(transaction: Transaction, account: AccountId) -> Iterator[int]:
    """The places of what both sides share and of the account's own side, per transfer."""
    for i, transfer in enumerate(transaction.transfers):
        if account in (transfer.source, transfer.target):
            yield 3 * i + 1
            yield 3 * i + (2 if account == transfer.source else 3)


def _opened_part(parts: Sequence[Part], n: int) -> dict[str, Any]:
    leaves = [part.leaf for part in parts]
    nodes = tree.grown(0, leaves, _nothing)
    path = tree.inclusion(n, len(parts), tree.over(nodes, _nothing))
    return {
        "place": n,
        "salt": parts[n].salt.hex(),
        "record": parts[n].record.hex(),
        "path": [step.hex() for step in path],
    }


def _nothing(level: int, index: int) -> bytes:
    raise LookupError(f"no node {level}/{index} outside the transaction's own tree")


def verified(proof: Mapping[str, Any], kept: Checkpoint) -> list[dict[str, str | None]]:
    """What a proof shows, part by part, if it leads to the checkpoint that somebody kept.

    Needs nothing but the two: no database, no bank.

    *Refuses* a proof of another form, for another checkpoint, or one that leads elsewhere, with
    ``InputError``.
    """
    try:
        if proof["schema"] != SCHEMA or parse(proof["checkpoint"]).line != kept.line:
            raise _refused("it was made for another checkpoint")
        domain = bytes.fromhex(proof["hash_domain"])
        return [part for line in proof["lines"] for part in _verified(line, domain, kept)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _refused("its form is not that of a proof") from None


def _verified(
    line: Mapping[str, Any], domain: bytes, kept: Checkpoint
) -> Iterator[dict[str, str | None]]:
    root = None
    shown = []
    for part in line["opened"]:
        record = bytes.fromhex(part["record"])
        leaf = leaf_hash(bytes.fromhex(part["salt"]) + record)
        found = _root_from(leaf, part["place"], line["parts"], _steps(part["path"]))
        if root is not None and not compare_digest(found, root):
            raise _refused("its parts belong to different transactions")
        root = found
        shown.append(_named(encoding.fields_of(record, domain)))
    if root is None:
        raise _refused("a line of it shows nothing")
    leaf = leaf_hash(encoding.record(domain, "transaction", root))
    steps = _steps(line["path"])
    if not tree.includes(leaf, line["position"], kept.size, steps, kept.root):
        raise _refused("it does not lead to the checkpoint's root")
    yield from shown


def _root_from(leaf: bytes, place: int, size: int, path: tuple[bytes, ...]) -> bytes:
    """The root to which a path leads, whatever it is."""
    root = tree.root_by(leaf, place, size, path)
    if root is None:
        raise _refused("a path of it has the wrong length")
    return root


def _steps(path: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(step) for step in path)


def _named(fields: Sequence[bytes | None]) -> dict[str, str | None]:
    """The fields of a part by name; bytes that are no text in hexadecimal."""
    kind = (fields[0] or b"").decode()
    names = _FIELDS.get(kind, ())
    if len(names) != len(fields):
        raise _refused("a record of it has another form")
    return {
        name: None if value is None else (value.hex() if name == "note_digest" else value.decode())
        for name, value in zip(names, fields, strict=True)
    }


def _refused(why: str) -> InputError:
    return InputError(field="proof", problem=why)
