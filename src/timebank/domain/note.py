"""Free words beside a fact: erasable. The fact keeps only a salted digest."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from timebank.domain.ids import FactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Text about the fact with the id ``about``; salt and text are None once erased."""

    about: FactId
    salt: bytes | None
    text: str | None


def digest_of(salt: bytes, text: str) -> bytes:
    """What the fact keeps of a note: HMAC-SHA-256 of the text under the note's salt."""
    return hmac.new(salt, text.encode(), sha256).digest()
