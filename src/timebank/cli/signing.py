"""Ed25519 signatures of checkpoints and bundles, by ``cryptography`` (extra ``signing``)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from timebank.errors import InputError
from timebank.proof.checkpoint import Checkpoint, key_name, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )


def sign(checkpoint: Checkpoint, key_file: Path) -> Checkpoint:
    """The checkpoint, signed. *Refuses* what ``_private`` refuses."""
    key = _private(key_file)
    return signed(checkpoint, _raw(key.public_key()), key.sign)


def signer(key_file: Path) -> Callable[[bytes], tuple[str, str]]:
    """What signs bytes, and names the key. *Refuses* what ``_private`` refuses."""
    key = _private(key_file)
    name = key_name(_raw(key.public_key()))
    return lambda content: (name, b64encode(key.sign(content)).decode())


def require_signature(checkpoint: Checkpoint, key_file: Path) -> None:
    """*Refuses* a checkpoint that was not signed by the public key in a PEM file."""
    key = _public(key_file)
    _require(
        key, checkpoint.key, checkpoint.signature, checkpoint.unsigned_line.encode(), "checkpoint"
    )


def verifier(key_file: Path) -> Callable[[bytes, str | None, str | None], None]:
    """What refuses bytes that were not signed by the public key in a PEM file."""
    key = _public(key_file)

    def verify(content: bytes, name: str | None, signature: str | None) -> None:
        try:
            raw = None if signature is None else b64decode(signature, validate=True)
        except (ValueError, TypeError):
            raw = b""
        _require(key, name, raw, content, "file")

    return verify


def _require(
    key: Ed25519PublicKey, name: str | None, signature: bytes | None, content: bytes, field: str
) -> None:
    from cryptography.exceptions import InvalidSignature

    if signature is None or name != key_name(_raw(key)):
        raise InputError(field=field, problem="it is not signed by this key")
    try:
        key.verify(signature, content)
    except InvalidSignature:
        raise InputError(field=field, problem="its signature is wrong") from None


def _private(key_file: Path) -> Ed25519PrivateKey:
    """The key in a PEM file. *Refuses* one that holds no Ed25519 private key (``InputError``)."""
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_private_key(read(key_file, "key"), password=None)
    except (ValueError, TypeError) as error:
        raise InputError(field="key", problem=f"{key_file} cannot be used: {error}") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InputError(field="key", problem=f"{key_file} holds no Ed25519 private key")
    return cast("Ed25519PrivateKey", key)


def _public(key_file: Path) -> Ed25519PublicKey:
    """The key in a PEM file. *Refuses* one that holds no Ed25519 public key (``InputError``)."""
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_public_key(read(key_file, "public_key"))
    except ValueError as error:
        raise InputError(field="public_key", problem=f"cannot be used: {error}") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise InputError(field="public_key", problem=f"{key_file} holds no Ed25519 public key")
    return cast("Ed25519PublicKey", key)


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
