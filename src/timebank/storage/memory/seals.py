"""The sealed tree and the queue before it; everything of a bank, out and in as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from timebank.domain.account import Account, is_opening
from timebank.domain.ids import FactId
from timebank.domain.policy import PolicyVersion
from timebank.domain.sealed import Sealed, founds, whole
from timebank.ports import Leaf, LeafPage, TreeHead, Waiting, WingRow
from timebank.storage.memory.database import SEALED, Shelf, no_place_for_wings

T = TypeVar("T")

_KINDS = {word: kind for kind, word in SEALED.items()}


class Seals:
    """The queue of facts that wait, and the tree of those that are sealed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def lock(self) -> int:
        """The tree's size; there is nobody to lock it from."""
        return len(self._shelf.leaves)

    def waiting(self, size: int, limit: int) -> LeafPage | None:
        """Facts in order of time, then kind and id: the order in which they become leaves."""
        queue = self._shelf.queue
        places = sorted(queue, key=lambda place: (queue[place], *place))[:limit]
        if not places:
            return None
        rows = [(size + n, *place, None) for n, place in enumerate(places)]
        return LeafPage([*zip(*rows, strict=True)], [None] * len(rows))

    def facts(self, named: Collection[tuple[str, FactId]]) -> dict[tuple[str, FactId], Sealed]:
        """Facts by kind and id; those that are gone are left out."""
        return {
            (word, fact): self._whole(word, fact)
            for word, fact in named
            if fact in self._shelf.facts(_KINDS[word])
        }

    def _whole(self, word: str, id_: FactId) -> Sealed:
        shelf = self._shelf
        fact = shelf.facts(_KINDS[word])[id_]
        return whole(fact, shelf.accounts, shelf.exchanges, self._own() if founds(fact) else ())

    def _own(self) -> tuple[Account, ...]:
        """The bank's accounts that no change opened, in order of id."""
        changes = self._shelf.account_changes.values()
        opened = {change.account for change in changes if is_opening(change)}
        own = (a for a in self._shelf.accounts.values() if a.label and a.id not in opened)
        return tuple(sorted(own, key=lambda account: account.id))

    def node(self, level: int, index: int) -> bytes:
        """A complete node; those of level 0 are the leaves."""
        return self._shelf.leaves[index].hash if level == 0 else self._shelf.nodes[level, index]

    def append(
        self, leaves: Collection[Leaf], nodes: Mapping[tuple[int, int], bytes], head: TreeHead
    ) -> None:
        """Leaves and complete nodes in, their facts out of the queue, and a checkpoint."""
        shelf = self._shelf
        shelf.leaves.update({leaf.position: leaf for leaf in leaves})
        shelf.nodes.update({place: hash_ for place, hash_ in nodes.items() if place[0] > 0})
        for leaf in leaves:
            del shelf.queue[leaf.kind, leaf.fact]
        shelf.heads[head.size] = head

    def head(self) -> TreeHead | None:
        """The latest checkpoint."""
        heads = self._shelf.heads
        return heads[max(heads)] if heads else None

    def heads(self) -> Iterator[TreeHead]:
        """Every checkpoint, smallest first."""
        return iter([head for _, head in sorted(self._shelf.heads.items())])

    def leaves(self, start: int = 0) -> Iterator[Leaf]:
        """Every leaf from that position on, in order."""
        return iter([leaf for at, leaf in sorted(self._shelf.leaves.items()) if at >= start])

    def pages(self, start: int = 0) -> Iterator[LeafPage]:
        """All of them as one page; facts are at hand as they are."""
        rows = [(leaf.position, leaf.kind, leaf.fact, leaf.hash) for leaf in self.leaves(start)]
        if rows:
            yield LeafPage([*zip(*rows, strict=True)], [None] * len(rows))

    def position(self, kind: str, fact: str) -> int | None:
        """Where a fact is sealed, if it is."""
        found = (
            x.position for x in self._shelf.leaves.values() if (x.kind, x.fact) == (kind, fact)
        )
        return next(found, None)

    def nodes(self, level: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Every kept node of a level above the leaves from that index on, in order."""
        found = sorted(self._shelf.nodes.items())
        return iter(
            [(place, hash_) for (at, place), hash_ in found if at == level and place >= start]
        )


class Archive:
    """The whole of a bank, kind by kind."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._seals = Seals(shelf)

    def values(self, kind: type[T]) -> Iterator[T]:
        """Every value of a kind in order of id; leaves and tree heads by position and size."""
        return iter(self._values(kind))

    def _values(self, kind: type) -> Iterable[Any]:
        if kind is Leaf:
            return self._seals.leaves()
        if kind is TreeHead:
            return self._seals.heads()
        if kind is Waiting:
            return self._waiting()
        if kind is WingRow:
            return ()
        things = self._shelf.things(kind)
        if kind is PolicyVersion:
            return sorted(things.values(), key=lambda policy: policy.version)
        return [things[id_] for id_ in sorted(things)]

    def _waiting(self) -> Iterator[Waiting]:
        for (kind, fact), recorded_at in sorted(self._shelf.queue.items()):
            yield Waiting(kind=kind, fact=fact, recorded_at=recorded_at)

    def restore(self, values: Sequence[Any]) -> None:
        """Values as they were, into a bank that is being loaded; nothing is queued of itself."""
        shelf = self._shelf
        for value in values:
            match value:
                case Leaf():
                    shelf.leaves[value.position] = value
                case TreeHead():
                    shelf.heads[value.size] = value
                case Waiting():
                    shelf.queue[value.kind, value.fact] = value.recorded_at
                case WingRow():
                    raise no_place_for_wings()
                case _:
                    shelf.put_in(value)

    def replace(self, values: Sequence[Any], *, but: Collection[str] = (), since: int = 0) -> int:
        """Values of a copy as they stand now; how many were written."""
        if any(isinstance(value, WingRow) for value in values):
            raise no_place_for_wings()
        return sum(self._shelf.replace(value, but) for value in values)

    def restore_nodes(self, nodes: Mapping[tuple[int, int], bytes]) -> None:
        """Complete nodes above the leaves."""
        self._shelf.nodes.update(nodes)
