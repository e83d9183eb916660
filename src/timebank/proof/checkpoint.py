"""Checkpoints: size and root of a bank's sealed tree, in one line that an outsider keeps."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from timebank.errors import InputError
from timebank.ports import TreeHead

_LINE: Final = re.compile(
    r"timebank-checkpoint/1 (?P<bank>[a-z0-9-]+) (?P<size>\d{1,15}) (?P<root>[0-9a-f]{64})"
    r" (?P<sealed_at>\S+)(?: (?P<key>[0-9a-f]{8}) (?P<signature>[A-Za-z0-9+/=]{88}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the tree was when it had ``size`` leaves. ``root`` has 32 bytes.

    ``key`` names the public key of a signature: the first 4 bytes of its SHA-256, in hexadecimal.
    """

    bank: str
    size: int
    root: bytes
    sealed_at: datetime
    key: str | None = None
    signature: bytes | None = None

    @property
    def unsigned_line(self) -> str:
        """What a signature is made over."""
        when = self.sealed_at.isoformat()
        return f"timebank-checkpoint/1 {self.bank} {self.size} {self.root.hex()} {when}"

    @property
    def line(self) -> str:
        """One printable line for a log book: format, bank, size, root, time, key and signature."""
        if self.signature is None:
            return self.unsigned_line
        return f"{self.unsigned_line} {self.key} {b64encode(self.signature).decode()}"


def checkpoint_of(bank: str, head: TreeHead) -> Checkpoint:
    """A bank's tree head as a checkpoint to be kept outside."""
    return Checkpoint(bank=bank, size=head.size, root=head.root, sealed_at=head.sealed_at)


def parse(text: str) -> Checkpoint:
    """The checkpoint that a line says; blanks and line ends around it do not matter.

    *Refuses* other text with ``InputError``.
    """
    line = " ".join(text.split())
    found = _LINE.fullmatch(line)
    if found is None:
        raise InputError(field="checkpoint", problem="this is not a line of timebank checkpoint")
    signature = found["signature"]
    try:
        sealed_at = datetime.fromisoformat(found["sealed_at"])
    except ValueError:
        raise InputError(field="checkpoint", problem="its time cannot be read") from None
    checkpoint = Checkpoint(
        bank=found["bank"],
        size=int(found["size"]),
        root=bytes.fromhex(found["root"]),
        sealed_at=sealed_at,
        key=found["key"],
        signature=None if signature is None else b64decode(signature),
    )
    if checkpoint.line != line:  # there is one way to write it: no other byte goes unnoticed
        raise InputError(field="checkpoint", problem="it is not written as timebank writes it")
    return checkpoint


def key_name(public_key: bytes) -> str:
    """The name of a public key (32 bytes of Ed25519) in a checkpoint."""
    return sha256(public_key).hexdigest()[:8]


def signed(checkpoint: Checkpoint, public_key: bytes, sign: Callable[[bytes], bytes]) -> Checkpoint:
    """The checkpoint with a signature over its line.

    ``sign`` makes the 64 bytes of an Ed25519 signature (RFC 8032); the key never comes here.
    """
    plain = replace(checkpoint, key=None, signature=None)
    signature = sign(plain.unsigned_line.encode())
    return replace(plain, key=key_name(public_key), signature=signature)
