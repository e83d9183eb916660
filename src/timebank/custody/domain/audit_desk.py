"""What must hold of the work at the desk: who signs, and how."""

from __future__ import annotations

from collections.abc import Iterator

from timebank.custody.domain.audit import PINS, Books
from timebank.custody.domain.pin import PinAct, stands
from timebank.domain.audit import Finding


def check_pins(books: Books) -> Iterator[Finding]:
    """A PIN without an act is somebody else's work; so are wrong tries that nobody made."""
    last = {change.person: change.act for change in books.pin_changes}
    for pin in books.pins:
        act = last.get(pin.id, PinAct.ERASE)
        if stands(pin) and act is PinAct.ERASE:
            yield Finding(
                check=PINS,
                subject=f"person {pin.id}",
                expected="no PIN",
                found="a PIN",
                message="no recorded act set it: timebank custody pin erase",
            )
        tried = books.wrong_pins.get(pin.id, 0)
        if pin.failures > tried:
            yield Finding(
                check=PINS,
                subject=f"person {pin.id}",
                expected=f"at most {tried} wrong tries",
                found=f"{pin.failures}",
                message="attempts are missing, or somebody locked a PIN in the database",
            )
