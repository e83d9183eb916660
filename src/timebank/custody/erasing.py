"""What goes from the scheme when the ledger forgets a person: the rest of it names nobody."""

from __future__ import annotations

from collections.abc import Iterator

from timebank.custody.domain import pin
from timebank.custody.domain.pin import Pin
from timebank.custody.store import CustodyStore
from timebank.custody.tables import NAME
from timebank.domain.ids import PersonId
from timebank.ports import UnitOfWork
from timebank.wings import link_of


def erasure(uow: UnitOfWork, person: PersonId) -> Iterator[Pin]:
    """The person's PIN, if there is one."""
    known = CustodyStore(link_of(uow, NAME)).pin(person, lock=True)
    if known is not None and pin.stands(known):
        yield pin.erased(known)
