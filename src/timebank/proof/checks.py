"""Checks of the sealed tree: leaves against facts, nodes and roots against leaves, the past."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce
from typing import Any, Final, Protocol

from timebank.domain.audit import Finding
from timebank.domain.sealed import Sealed, about
from timebank.ports import Leaf, LeafPage, SealStore, TreeHead
from timebank.proof import tree
from timebank.proof.checkpoint import Checkpoint
from timebank.proof.encoding import leaf_data
from timebank.proof.merkle import leaf_hash, node_hash
from timebank.proof.plain import unproven

_LEAF: Final = ("position", "kind", "fact", "hash")
_AT_ONCE: Final = 1_000
"""How many facts are in memory as values."""


class Spread(Protocol):
    """How one piece of work after the other is done, answers in order: as ``map`` does, or better.

    What is not asked for yet is not begun, but for a few pieces.
    """

    def __call__(self, work: Callable[[Any], Any], each: Iterable[Any], /) -> Iterator[Any]: ...


def check_leaves(
    seals: SealStore, hash_domain: bytes, start: int = 0, spread: Spread = map
) -> Iterator[Finding]:
    """Every leaf from ``start`` on is the hash of its fact as it stands; no position is missing.

    Facts are read one by one only where their columns do not show it (``plain``); and since the
    sealer goes by the same columns, so is one of each page, drawn at random.
    """
    kept: deque[LeafPage] = deque()
    drawn: list[Leaf] = []
    work, expected = partial(unproven, hash_domain=hash_domain), start
    for doubtful in spread(work, _noted(seals.pages(start), kept)):
        page = kept.popleft()
        positions = list(dict.fromkeys(page.leaf[0]))
        after = expected + len(positions)
        drawn += _drawn(page, {*doubtful})
        if doubtful or positions != list(range(expected, after)):
            yield from _checked(seals, hash_domain, page, {*doubtful}, expected)
            after = positions[-1] + 1
        expected = after
    for first in range(0, len(drawn), _AT_ONCE):
        yield from _compared(seals, hash_domain, drawn[first : first + _AT_ONCE])


def _noted(pages: Iterable[LeafPage], kept: deque[LeafPage]) -> Iterator[LeafPage]:
    """The pages, each kept for when it is answered: ``tee`` would let go of them late."""
    for page in pages:
        kept.append(page)
        yield page


def _checked(
    seals: SealStore, hash_domain: bytes, page: LeafPage, doubtful: set[int], expected: int
) -> Iterator[Finding]:
    """The same, leaf by leaf."""
    leaves = {row[0]: _leaf(row) for row in zip(*page.leaf, strict=True)}
    facts = seals.facts([(x.kind, x.fact) for x in leaves.values() if x.position in doubtful])
    for leaf in leaves.values():
        found: bytes | None = leaf.hash
        fact = facts.get((leaf.kind, leaf.fact))
        if leaf.position in doubtful:
            found = _hash_of(fact, hash_domain)
        if leaf.position != expected or found != leaf.hash:
            yield _leaf_finding(leaf, expected, found, fact)
        expected = leaf.position + 1


def _drawn(page: LeafPage, doubtful: set[int]) -> Iterator[Leaf]:
    """One of the leaves that the page shows to be as sealed, if it shows any."""
    proven = [row for row in zip(*page.leaf, strict=True) if row[0] not in doubtful]
    if proven:
        yield _leaf(secrets.choice(proven))


def _compared(seals: SealStore, hash_domain: bytes, leaves: list[Leaf]) -> Iterator[Finding]:
    """Leaves beside the values of their facts."""
    facts = seals.facts([(leaf.kind, leaf.fact) for leaf in leaves])
    for leaf in leaves:
        fact = facts.get((leaf.kind, leaf.fact))
        found = _hash_of(fact, hash_domain)
        if found not in (None, leaf.hash):  # what cannot be read is no question of its leaf
            yield _leaf_finding(leaf, leaf.position, found, fact)


def _leaf(row: Iterable[Any]) -> Leaf:
    return Leaf(**dict(zip(_LEAF, row, strict=True)))


def _hash_of(fact: Sealed | None, hash_domain: bytes) -> bytes | None:
    """The hash of the leaf that the fact would have now."""
    return None if fact is None else leaf_hash(leaf_data(fact, hash_domain))


def _leaf_finding(leaf: Leaf, expected: int, found: bytes | None, fact: Sealed | None) -> Finding:
    made = "" if fact is None else about(fact)
    more = f" (it made {made})" if made else ""
    return Finding(
        check="leaves_match_facts",
        subject=f"{leaf.kind} {leaf.fact}",
        expected=f"leaf {expected} {leaf.hash.hex()}",
        found=f"leaf {leaf.position} {'missing' if found is None else found.hex()}",
        message=f"the fact is not what was sealed, or a leaf is missing{more}",
    )


def check_tree(
    seals: SealStore, heads: Iterable[TreeHead], since: Checkpoint | None = None
) -> Iterator[Finding]:
    """Every kept node and every checkpoint's root follows from the leaves, in one pass.

    Only the peaks are in memory: the tree is grown again, leaf by leaf. With ``since`` it is grown
    from the nodes over the leaves that this checkpoint sealed, if they have its root.
    """
    known = 0 if since is None else since.size
    nodes, waiting = _Levels(seals, known), (head for head in heads if head.size > known)
    head = next(waiting, None)
    peaks = [(level, seals.node(level, place)) for level, place in tree.peaks(known)]
    if since is not None and peaks and _root(peaks) != since.root:
        yield _node_finding(*next(tree.peaks(known)), since.root, _root(peaks))
    for size, leaf in enumerate(seals.leaves(known), start=known + 1):
        level, place, found = 0, size - 1, leaf.hash
        while peaks and peaks[-1][0] == level:
            level, place, found = level + 1, place // 2, node_hash(peaks.pop()[1], found)
            yield from nodes.compared(level, place, found)
        peaks.append((level, found))
        while head is not None and head.size == size:
            yield from _compared_root(head, peaks)
            head = next(waiting, None)
    if head is not None:
        yield _root_finding(head, b"")
    yield from nodes.left_over()


class _Levels:
    """The kept nodes of each level as streams that are read in step with the leaves."""

    def __init__(self, seals: SealStore, size: int) -> None:
        self._seals = seals
        self._size = size
        self._streams: dict[int, Iterator[tuple[int, bytes]]] = {}

    def compared(self, level: int, place: int, expected: bytes) -> Iterator[Finding]:
        """What is wrong with the next kept node of the level."""
        stream = self._stream(level)
        found = next(stream, (place, b""))
        if found != (place, expected):
            yield _node_finding(level, place, expected, found[1])

    def left_over(self) -> Iterator[Finding]:
        """Kept nodes that stand over no leaves."""
        for level in range(1, max(self._streams, default=0) + 2):
            for place, found in self._stream(level):
                yield _node_finding(level, place, b"", found)

    def _stream(self, level: int) -> Iterator[tuple[int, bytes]]:
        """The level from its first node that was not complete over the first leaves."""
        if level not in self._streams:
            self._streams[level] = self._seals.nodes(level, self._size >> level)
        return self._streams[level]


def _node_finding(level: int, place: int, expected: bytes, found: bytes) -> Finding:
    return Finding(
        check="tree_matches_leaves",
        subject=f"node {level}/{place}",
        expected=expected.hex() or "no node",
        found=found.hex() or "no node",
        message="the kept node does not follow from the leaves",
    )


def _compared_root(head: TreeHead, peaks: list[tuple[int, bytes]]) -> Iterator[Finding]:
    root = _root(peaks)
    if root != head.root:
        yield _root_finding(head, root)


def _root(peaks: list[tuple[int, bytes]]) -> bytes:
    """The root over the peaks, largest first."""
    return reduce(lambda right, left: node_hash(left, right), [p for _, p in reversed(peaks)])


def _root_finding(head: TreeHead, expected: bytes) -> Finding:
    return Finding(
        check="checkpoints_match_tree",
        subject=f"checkpoint {head.size}",
        expected=expected.hex() or "no such size",
        found=head.root.hex(),
        message="the checkpoint's root does not follow from the leaves",
    )


def check_kept(seals: SealStore, bank: str, kept: Checkpoint) -> Iterator[Finding]:
    """The tree of now begins with the one that the auditor kept a checkpoint of."""
    head = seals.head()
    own = next((own for own in seals.heads() if own.size >= kept.size), None)
    reason = "the past was rewritten since the checkpoint was taken"
    if kept.bank != bank:
        reason = f"the checkpoint is one of the bank {kept.bank}"
    elif head is None or head.size < kept.size:
        reason = "this is an older copy: facts that were sealed are missing"
    elif own is not None and own.size == kept.size and own.sealed_at != kept.sealed_at:
        reason = f"it says that it was sealed at {own.sealed_at.isoformat()}"
    elif _is_prefix(seals, kept, head):
        return
    yield Finding(
        check="extends_kept_checkpoint",
        subject=f"checkpoint {kept.size}",
        expected=kept.root.hex(),
        found="nothing sealed" if head is None else f"size {head.size} root {head.root.hex()}",
        message=reason,
    )


def _is_prefix(seals: SealStore, kept: Checkpoint, head: TreeHead) -> bool:
    path = tree.consistency(kept.size, head.size, seals.node)
    return tree.extends(kept.size, kept.root, head.size, head.root, path)
