"""Ed25519 signatures of checkpoints, by the ``cryptography`` library (extra ``signing``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from timebank.errors import InputError
from timebank.proof.checkpoint import Checkpoint, key_name, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sign(checkpoint: Checkpoint, key_file: Path) -> Checkpoint:
    """The checkpoint, signed with the private key in a PEM file.

    *Refuses* a file that holds no Ed25519 private key, with ``InputError``.
    """
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_private_key(read(key_file, "key"), password=None)
    except (ValueError, TypeError) as error:
        raise InputError(field="key", problem=f"{key_file} cannot be used: {error}") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InputError(field="key", problem=f"{key_file} holds no Ed25519 private key")
    return signed(checkpoint, _raw(key.public_key()), key.sign)


def require_signature(checkpoint: Checkpoint, key_file: Path) -> None:
    """*Refuses* a checkpoint that was not signed by the public key in a PEM file."""
    from cryptography.exceptions import InvalidSignature

    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_public_key(read(key_file, "public_key"))
    except ValueError as error:
        raise InputError(field="public_key", problem=f"cannot be used: {error}") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise InputError(field="public_key", problem=f"{key_file} holds no Ed25519 public key")
    if checkpoint.signature is None or checkpoint.key != key_name(_raw(key)):
        raise InputError(field="checkpoint", problem="it is not signed by this key")
    try:
        key.verify(checkpoint.signature, checkpoint.unsigned_line.encode())
    except InvalidSignature:
        raise InputError(field="checkpoint", problem="its signature is wrong") from None


def read(file: Path, field: str) -> bytes:
    """What a file holds. *Refuses* one that cannot be read, with ``InputError``."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(field=field, problem=f"{file} cannot be read: {error.strerror}") from None


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes_raw()


def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError:
        raise InputError(
            field="sign", problem="needs a library: pip install 'timebank[signing]'"
        ) from None
    return serialization, ed25519
