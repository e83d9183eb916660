"""A tree that grows: its complete nodes, its root at any size, and the proofs of RFC 6962.

Positions count leaves from 0. A complete node is named by (level, index): it stands over the
leaves from ``index << level`` up to the next multiple of ``1 << level``. Only complete nodes are
kept; they never change. Whoever keeps them hands in a function that looks one up.

https://www.rfc-editor.org/rfc/rfc6962#section-2.1 and, for verifying, RFC 9162, section 2.1.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from timebank.errors import InputError
from timebank.proof.merkle import node_hash, root_of

Place = tuple[int, int]
"""(level, index) of a complete node."""
Node = Callable[[int, int], bytes]
"""Looks up the hash of a complete node by level and index."""


def grown(size: int, leaves: Sequence[bytes], node: Node) -> dict[Place, bytes]:
    """The complete nodes that are new once these leaf hashes stand behind the first ``size``.

    Reads at most one older node per level.
    """
    fresh: dict[Place, bytes] = {}
    for position, leaf in enumerate(leaves, start=size):
        level, index, found = 0, position, leaf
        fresh[level, index] = found
        while index % 2:
            left = fresh.get((level, index - 1)) or node(level, index - 1)
            level, index, found = level + 1, index // 2, node_hash(left, found)
            fresh[level, index] = found
    return fresh


def over(known: Mapping[Place, bytes], node: Node) -> Node:
    """A look-up that knows some nodes and asks for the others."""

    def look_up(level: int, index: int) -> bytes:
        return known.get((level, index)) or node(level, index)

    return look_up


def root(size: int, node: Node) -> bytes:
    """The root over the first ``size`` leaves."""
    return root_of([]) if size == 0 else _subtree(0, size, node)


def peaks(size: int) -> Iterator[Place]:
    """The complete nodes that together cover the first ``size`` leaves, largest first."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size & (1 << level):
            yield level, start >> level
            start += 1 << level


def _subtree(start: int, end: int, node: Node) -> bytes:
    """The hash over the leaves from ``start`` up to ``end``; ``start`` is aligned."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))


def _split(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << (width - 1).bit_length() - 1


def inclusion(position: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The audit path of a leaf: PATH(m, D[n]) of RFC 6962, section 2.1.1.

    *Refuses* a position outside the tree with ``InputError``.
    """
    if not 0 <= position < size:
        raise InputError(field="position", problem=f"{position} is not among {size} leaves")
    return tuple(_path(position, 0, size, node))


def _path(position: int, start: int, end: int, node: Node) -> Iterator[bytes]:
    if end - start == 1:
        return
    middle = start + _split(end - start)
    if position < middle:
        yield from _path(position, start, middle, node)
        yield _subtree(middle, end, node)
    else:
        yield from _path(position, middle, end, node)
        yield _subtree(start, middle, node)


def consistency(older: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The proof that the first ``older`` leaves are a prefix: PROOF(m, D[n]), section 2.1.2.

    *Refuses* sizes that are not in order with ``InputError``.
    """
    if not 0 < older <= size:
        raise InputError(field="size", problem=f"{older} does not lie in 1 to {size}")
    return tuple(_prefix(older, 0, size, node, whole=True))


def _prefix(older: int, start: int, end: int, node: Node, *, whole: bool) -> Iterator[bytes]:
    if older == end - start:
        if not whole:
            yield _subtree(start, end, node)
        return
    middle = _split(end - start)
    if older <= middle:
        yield from _prefix(older, start, start + middle, node, whole=whole)
        yield _subtree(start + middle, end, node)
    else:
        yield from _prefix(older - middle, start + middle, end, node, whole=False)
        yield _subtree(start, start + middle, node)


def includes(leaf: bytes, position: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether the path leads from the leaf hash to the root."""
    return root_by(leaf, position, size, path) == expected


def root_by(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which a path leads; None where the path is too short or too long for the tree.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= position < size:
        return None
    index, last, found = position, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            found = node_hash(step, found)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, step)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def extends(
    older: int, older_root: bytes, size: int, newer_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the tree of ``size`` begins with that of ``older``: RFC 9162, section 2.1.4.2."""
    if older == size:
        return older_root == newer_root and not path
    if not 0 < older < size:
        return False
    steps = [older_root, *path] if older & (older - 1) == 0 else list(path)
    if not steps:
        return False
    index, last = older - 1, size - 1
    while index % 2:
        index, last = index >> 1, last >> 1
    old, new = steps[0], steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if index % 2 or index == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, step)
        index, last = index >> 1, last >> 1
    return last == 0 and old == older_root and new == newer_root
