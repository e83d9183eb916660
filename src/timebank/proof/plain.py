"""Leaves of transactions from plain columns: what ``encoding`` says, thousands at a time.

The sealer makes leaves, and an audit asks whether each is the hash of its fact as it stands. For
that nobody needs the fact as a value of the domain: its columns are turned to bytes, those of a
whole page side by side. ``encoding`` has the last word: on facts of other kinds, where an audit
finds another hash, and on transactions drawn at random by either (``sealing``, ``checks``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import chain, groupby, repeat
from typing import Any, Final

from timebank.ports import LeafPage
from timebank.proof.encoding import SALT_BYTES, encoded, record
from timebank.proof.merkle import root_of

LEAF: Final = ("position", "kind", "fact_id", "hash")
"""What a page has of each leaf."""

ACTED: Final = (
    *("kind", "category", "happened_on", "counts_on", "recorded_at"),
    *("actor_role", "actor_id", "actor_for", "approver_role", "approver_id"),
)
GROUNDS: Final = (
    *("reason", "policy_version", "reverses", "exchange_id", "imported", "overrides"),
    "note_digest",
)
"""What a page has of each transaction, in the order of its leaf. Before it comes the id; between
the two for whom the approver acts, which is nobody; after it how many transfers there are."""

TRANSFER: Final = (
    *("n", "minutes", "activity"),
    *("source_id", "source_number", "source_balance_minutes"),
    *("target_id", "target_number", "target_balance_minutes"),
)
"""What a page has of each transfer."""


def page_of(columns: Iterable[Sequence[Any]]) -> LeafPage:
    """The columns of ``LEAF``, the salt, those of ``ACTED``, ``GROUNDS`` and ``TRANSFER``."""
    each = iter(columns)
    leaf, salt = [next(each) for _ in LEAF], next(each)
    acted, grounds = [next(each) for _ in ACTED], [next(each) for _ in GROUNDS]
    return LeafPage(leaf, salt, acted, grounds, [*each])


def unproven(page: LeafPage, hash_domain: bytes) -> list[int]:
    """The positions of leaves of which the page does not show that they are as sealed."""
    position, _, _, sealed = page.leaf
    found = hashes(page, hash_domain)
    each = dict(zip(position, sealed, strict=True))
    return [place for place, hash_ in each.items() if (place, hash_) not in found.items()]


def hashes(page: LeafPage, hash_domain: bytes) -> dict[int, bytes]:
    """Position → the hash of its leaf, of transactions that the page tells whole."""
    known = [salt is not None for salt in page.salt]
    if not any(known):
        return {}
    moved = page.rows(known)
    positions = moved.leaf[0]
    first = moved.rows([a != b for a, b in zip(positions, chain([None], positions), strict=False)])
    counts = [len(list(rows)) for _, rows in groupby(positions)]
    records = _Records(hash_domain)
    transfers = records.transfers(moved)
    found = {}
    for place, salt, header, n in zip(
        first.leaf[0], first.salt, records.headers(first, counts), counts, strict=True
    ):
        parts = [header]
        for _ in range(n):
            parts += next(transfers)
        found[place] = records.leaf_of(salt or b"", parts)
    return found


class _Records:
    """Records of transactions, worked out column by column."""

    def __init__(self, hash_domain: bytes) -> None:
        kinds = ("header", "transfer", "source", "target")
        self._heads = {kind: record(hash_domain, kind) for kind in kinds}
        self._leaf = b"\0" + record(hash_domain, "transaction", bytes(32))[:-32]
        self._fields = _Fields()

    def headers(self, page: LeafPage, counts: Sequence[int]) -> Iterator[bytes]:
        """The header of each transaction."""
        ids = page.leaf[LEAF.index("fact_id")]
        return self._records("header", (ids, *page.acted, repeat(None), *page.grounds, counts))

    def transfers(self, page: LeafPage) -> Iterator[tuple[bytes, bytes, bytes]]:
        """For each transfer what both sides share, the source's side and the target's."""
        n, minutes, activity, *sides = page.transfer
        place = (page.leaf[LEAF.index("fact_id")], n)
        return zip(
            self._records("transfer", (*place, minutes, activity)),
            self._records("source", (*place, *sides[:3])),
            self._records("target", (*place, *sides[3:])),
            strict=True,
        )

    def _records(self, kind: str, columns: Iterable[Iterable[Any]]) -> Iterator[bytes]:
        fields = (map(self._fields.__getitem__, column) for column in columns)
        return map(b"".join, zip(repeat(self._heads[kind]), *fields, strict=False))

    def leaf_of(self, salt: bytes, parts: Sequence[bytes]) -> bytes:
        """The hash of the leaf over the parts of a transaction."""
        key = salt.ljust(sha256().block_size, b"\0")  # HMAC (RFC 2104), its key padded but once
        inner, outer = key.translate(_INNER), key.translate(_OUTER)
        leaves = [
            sha256(
                b"\0" + sha256(outer + sha256(inner + place).digest()).digest()[:SALT_BYTES] + part
            ).digest()
            for place, part in zip(_places(len(parts)), parts, strict=True)
        ]
        return sha256(self._leaf + root_of(leaves)).digest()


class _Fields(dict[Any, bytes]):
    """Value → its bytes as a field; most come again on the same page."""

    def __missing__(self, value: Any) -> bytes:
        found = self[value] = encoded(value)
        return found


_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


@lru_cache(maxsize=64)
def _places(parts: int) -> tuple[bytes, ...]:
    """The places of so many parts, as ``part_salt`` takes them."""
    return tuple(place.to_bytes(4, "big") for place in range(parts))
