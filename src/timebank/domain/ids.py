"""Opaque ids. They are text at the door and mean nothing; the storage keeps them compact."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NewType

from timebank.errors import InputError

BankId = NewType("BankId", int)
PersonId = NewType("PersonId", str)
MemberId = PersonId
"""A member's id is the id of the person or organisation behind it."""
AccountId = NewType("AccountId", str)
TransactionId = NewType("TransactionId", str)
ExchangeId = NewType("ExchangeId", str)
HoldId = NewType("HoldId", str)
ListingId = NewType("ListingId", str)
FactId = NewType("FactId", str)
"""Any other fact: an act, a change of an account, a receipt."""

_ID: Final = re.compile(r"[0-9a-f]{32}")
_ACCOUNT: Final = re.compile(r"[0-9a-f]{16}")
_SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_account_id(text: object) -> bool:
    """Whether this has the form of an account's id: 16 hexadecimal digits."""
    return isinstance(text, str) and _ACCOUNT.fullmatch(text.lower()) is not None


def is_id(text: object) -> bool:
    """Whether this has the form of an id of anything but an account: 32 hexadecimal digits."""
    return isinstance(text, str) and _ID.fullmatch(text.replace("-", "").lower()) is not None


def checked_id(text: object, *, field: str) -> str:
    """The id of anything but an account, as it is stored: 32 lower-case hexadecimal digits.

    *Refuses:* other types and other text, with ``InputError``. Dashes of a UUID are accepted.
    """
    if isinstance(text, str) and is_id(text):
        return text.replace("-", "").lower()
    raise InputError(field=field, problem=f"{text!r} is not an id (32 hexadecimal digits)")


def checked_account_id(text: object, *, field: str = "account") -> AccountId:
    """An account's id: 16 lower-case hexadecimal digits.

    *Refuses:* other types and other text, with ``InputError``.
    """
    if not is_account_id(text):
        raise InputError(
            field=field,
            problem=f"{text!r} is not an account id (16 hexadecimal digits);"
            " a member's is accounts.of_member(uow, ref).id",
        )
    return AccountId(str(text).lower())


def checked_slug(text: str) -> str:
    """A bank's slug: lower-case letters, digits and inner dashes, at most 63 characters.

    *Refuses:* other text, with ``InputError``.
    """
    if not isinstance(text, str) or not _SLUG.fullmatch(text):
        raise InputError(
            field="bank", problem=f"{text!r} is not a slug (a-z, 0-9 and dashes, at most 63)"
        )
    return text


def bank_id_of(slug: str) -> BankId:
    """The bank's id: the first 8 bytes of SHA-256 over the slug, as a signed integer.

    No look-up, no sequence, the same after a load elsewhere.
    """
    digest = sha256(checked_slug(slug).encode()).digest()
    return BankId(int.from_bytes(digest[:8], "big", signed=True))
