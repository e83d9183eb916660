"""The Merkle tree of RFC 6962 (section 2.1), with SHA-256.

https://www.rfc-editor.org/rfc/rfc6962#section-2.1
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and the data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; SHA-256 of nothing where there are none."""
    if not leaves:
        return sha256(b"").digest()
    level = [*leaves]
    while len(level) > 1:  # the split at a power of two, seen from below: an odd one out moves up
        last = level[len(level) & ~1 :]
        level = [*map(node_hash, level[::2], level[1::2]), *last]
    return level[0]
