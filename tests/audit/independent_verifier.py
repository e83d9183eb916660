"""A second verifier, written from the RFCs and the documentation alone: it shares no code with us.

    python independent_verifier.py PROOF_FILE CHECKPOINT_FILE

Hashing: RFC 6962, section 2.1. Inclusion and consistency: RFC 9162, sections 2.1.3.2 and 2.1.4.2.
A checkpoint is one line: ``timebank-checkpoint/1 BANK SIZE ROOT TIME`` and perhaps a signature,
which this program does not judge. A record is a version byte, the bank's hash domain, and fields;
a field is 00, or 01 with four bytes of length and its bytes.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path


class Refused(Exception):
    """The proof does not lead to the checkpoint."""


def leaf_of(data):
    return sha256(b"\x00" + data).digest()


def parent_of(left, right):
    return sha256(b"\x01" + left + right).digest()


def root_from(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2, up to the comparison of the roots."""
    if not 0 <= index < size:
        raise Refused("the leaf lies outside the tree")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise Refused("the path is too long")
        if fn & 1 or fn == sn:
            r = parent_of(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = parent_of(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Refused("the path is too short")
    return r


def consistent(first, first_root, second, second_root, path):
    """RFC 9162, section 2.1.4.2: whether the second tree begins with the first."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second:
        return False
    path = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = parent_of(c, fr), parent_of(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = parent_of(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def checkpoint(line):
    """Bank, size and root of a checkpoint's line."""
    form, bank, size, root, _time, *_signature = line.split()
    if form != "timebank-checkpoint/1" or len(root) != 64:
        raise Refused("that is no checkpoint")
    return bank, int(size), bytes.fromhex(root)


def fields_of(record, domain):
    """The fields of a record, in order."""
    if record[:33] != b"\x01" + domain:
        raise Refused("a record of another bank or version")
    rest = record[33:]
    found = []  # type: list[bytes | None]
    while rest:
        if rest[0] == 0:
            found, rest = [*found, None], rest[1:]
            continue
        length = int.from_bytes(rest[1:5], "big")
        if rest[0] != 1 or len(rest) < 5 + length:
            raise Refused("a record that ends too early")
        found, rest = [*found, rest[5 : 5 + length]], rest[5 + length :]
    return found


def verify(proof, kept):
    """The records that a proof shows, field by field; ``kept`` is the checkpoint's line."""
    try:
        if proof["schema"] != "timebank.proof/1" or proof["checkpoint"].split() != kept.split():
            raise Refused("made for another checkpoint")
        return _shown(proof, *checkpoint(kept)[1:])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Refused(f"not the form of a proof: {error}") from None


def _shown(proof, size, root):
    domain, shown = bytes.fromhex(proof["hash_domain"]), []
    for line in proof["lines"]:
        roots = set()
        for part in line["opened"]:
            record = bytes.fromhex(part["record"])
            leaf = leaf_of(bytes.fromhex(part["salt"]) + record)
            path = [bytes.fromhex(step) for step in part["path"]]
            roots.add(root_from(leaf, part["place"], line["parts"], path))
            shown.append(fields_of(record, domain))
        if len(roots) != 1:
            raise Refused("parts of different transactions")
        inner = roots.pop()
        head = b"".join(b"\x01" + len(f).to_bytes(4, "big") + f for f in (b"transaction", inner))
        path = [bytes.fromhex(step) for step in line["path"]]
        leaf = leaf_of(b"\x01" + domain + head)
        if root_from(leaf, line["position"], size, path) != root:
            raise Refused("it does not lead to the checkpoint")
    return shown


if __name__ == "__main__":
    for fields in verify(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]).read_text()):
        print(" ".join("-" if f is None else f.decode(errors="backslashreplace") for f in fields))
