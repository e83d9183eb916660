"""The growing tree: its roots are those of RFC 6962, and every proof verifies, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.errors import InputError
from timebank.proof import tree
from timebank.proof.merkle import leaf_hash, root_of

MOST = 40
LEAVES = [leaf_hash(bytes([i])) for i in range(MOST)]


def complete_nodes(leaves: list[bytes], *, at_once: int) -> tree.Node:
    """All nodes, built ``at_once`` leaves at a time as a sealer would."""
    nodes: dict[tree.Place, bytes] = {}

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    for start in range(0, len(leaves), at_once):
        nodes.update(tree.grown(start, leaves[start : start + at_once], node))
    return node


NODE = complete_nodes(LEAVES, at_once=7)


@pytest.mark.parametrize("at_once", [1, 2, 3, 8, MOST])
def test_the_root_does_not_depend_on_how_the_leaves_came(at_once):
    node = complete_nodes(LEAVES, at_once=at_once)
    for size in range(MOST + 1):
        assert tree.root(size, node) == root_of(LEAVES[:size])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_has_a_proof_that_verifies(size):
    root = root_of(LEAVES[:size])
    for position in range(size):
        path = tree.inclusion(position, size, NODE)
        assert tree.includes(LEAVES[position], position, size, path, root)
        assert len(path) <= size.bit_length()


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_prefix_has_a_proof_that_verifies(size):
    root = root_of(LEAVES[:size])
    for older in range(1, size + 1):
        path = tree.consistency(older, size, NODE)
        assert tree.extends(older, root_of(LEAVES[:older]), size, root, path)


sizes = st.integers(1, MOST)


@given(size=sizes, data=st.data())
def test_a_proof_does_not_verify_for_another_leaf_place_size_or_path(size, data):
    position = data.draw(st.integers(0, size - 1))
    path, root = tree.inclusion(position, size, NODE), root_of(LEAVES[:size])
    other = data.draw(st.integers(0, MOST - 1).filter(lambda i: i != position))
    assert not tree.includes(LEAVES[other], position, size, path, root)
    assert not tree.includes(LEAVES[position], other, size, path, root)
    assert not tree.includes(LEAVES[position], position, size, (*path, root), root)
    assert not tree.includes(LEAVES[position], position, size, path, leaf_hash(b"another root"))
    for place, step in enumerate(path):
        torn = (*path[:place], bytes([step[0] ^ 1]) + step[1:], *path[place + 1 :])
        assert not tree.includes(LEAVES[position], position, size, torn, root)


@given(size=st.integers(2, MOST), data=st.data())
def test_a_changed_past_is_not_a_prefix(size, data):
    older = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, older - 1))
    rewritten = [*LEAVES[:changed], leaf_hash(b"rewritten"), *LEAVES[changed + 1 : size]]
    node = complete_nodes(rewritten, at_once=5)
    path = tree.consistency(older, size, node)
    before, after = root_of(LEAVES[:older]), root_of(rewritten)
    assert not tree.extends(older, before, size, after, path)
    honest = tree.consistency(older, size, NODE)
    assert not tree.extends(older, before, size, after, honest)
    assert not tree.extends(older, before, size, root_of(LEAVES[:size]), (*honest, before))
    assert not tree.extends(older, before, size, root_of(LEAVES[:size]), honest[:-1])


def test_the_peaks_cover_the_leaves_once():
    for size in range(MOST + 1):
        covered = [
            leaf
            for level, index in tree.peaks(size)
            for leaf in range(index << level, (index + 1) << level)
        ]
        assert covered == list(range(size))


@pytest.mark.parametrize(("position", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(position, size):
    with pytest.raises(InputError):
        tree.inclusion(position, size, NODE)
    assert not tree.includes(LEAVES[0], position, size, (), LEAVES[0])


@pytest.mark.parametrize(("older", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_a_longer_tree_is_no_prefix(older, size):
    with pytest.raises(InputError):
        tree.consistency(older, size, NODE)
    assert not tree.extends(older, LEAVES[0], size, LEAVES[0], ())
