"""What the library tells a host's logs: stable names, ids and codes, never a person or a word.

One logger, ``timebank``; nothing above INFO, so that a host who asked for nothing hears nothing.
"""

from __future__ import annotations

import logging
from typing import Final

from timebank.domain.ids import BankId
from timebank.errors import TimebankError

LOGGER: Final = logging.getLogger("timebank")

EVENTS: Final = {
    "timebank.recorded": ("bank", "action", "receipt", "happened"),
    "timebank.key_taken": ("bank", "action"),
    "timebank.refused": ("bank", "code", "retryable"),
    "timebank.failed": ("bank", "error"),
    "timebank.repeated": ("bank", "code", "attempt"),
    "timebank.migrated": ("was", "revision"),
}
"""Event → the attributes that its record has beside the usual ones, in this order."""


def tell(event: str, *facts: object) -> None:
    """One record: the event's name, and its facts as attributes and in the message."""
    if LOGGER.isEnabledFor(logging.INFO):
        named = dict(zip(EVENTS[event], facts, strict=True))
        words = " ".join(f"{name}={value}" for name, value in named.items())
        LOGGER.info("%s %s", event, words, extra={"event": event, **named})


def tell_error(bank: BankId | str, error: BaseException) -> None:
    """What left a unit of work: the code of a refusal, else the kind of error and no more."""
    if isinstance(error, TimebankError):
        tell("timebank.refused", bank, error.code, error.retryable)
    else:
        tell("timebank.failed", bank, type(error).__name__)
