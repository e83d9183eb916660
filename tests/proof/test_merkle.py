"""The tree of RFC 6962 against its own definition and the published test vectors of its hashes."""

from hashlib import sha256

import pytest

from timebank.proof.merkle import leaf_hash, node_hash, root_of


def by_definition(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, written from the text: k is the largest power of two < n."""
    if not data:
        return sha256().digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + by_definition(data[:k]) + by_definition(data[k:])).digest()


@pytest.mark.parametrize("n", range(34))
def test_the_root_is_the_one_that_the_rfc_defines(n):
    data = [bytes([i]) * i for i in range(n)]
    assert root_of([leaf_hash(item) for item in data]) == by_definition(data)


def test_leaves_and_nodes_never_collide():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)
