"""Notes: the digest that a fact keeps."""

from timebank.domain.note import digest_of

VECTOR = "12a6c0f09d0b4e207364a9e238631a3e9e0ca8624d31be920f2397c5e454adba"


def test_the_digest_depends_on_text_and_salt():
    digests = {digest_of(salt, text) for salt in (b"1", b"2") for text in ("a", "b")}
    assert len(digests) == 4


def test_the_digest_never_changes():
    """A golden vector: sealed facts hold digests made by this very function."""
    assert digest_of(bytes(16), "late because of the snow").hex() == VECTOR
