"""Taking out what is held on one person, for good."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from timebank.actions import exchanges, listings, transfers
from timebank.actions._access import EVERY
from timebank.actions._gather import POT, books, conditions, labelled, person_id
from timebank.actions._request import action
from timebank.domain import erasure
from timebank.domain.actor import Actor
from timebank.domain.changes import Changes
from timebank.domain.events import as_plain
from timebank.domain.ids import AccountId, FactId, PersonId
from timebank.domain.listing import Listing
from timebank.domain.note import Note
from timebank.ports import ReadingUnit, RequestKey, UnitOfWork


@action("members.forget")
def forget(
    uow: UnitOfWork,
    member: PersonId,
    *,
    reason: str,
    by: Actor,
    approved_by: Actor,
    key: str | None = None,
) -> Changes:
    """Erase a member who has left, or staff who hold no role any more and were never members:
    name, ref, contact, titles of listings, notes beside facts.

    Balances, statements, roots and proofs stay as they were; other people's statements show the
    opaque id. It is recorded as a change of the account's ``identity`` (of staff: the pot's), and
    ``log`` lists it. A wing takes out what it holds on the person.
    Notes that the person wrote as staff beside other people's facts stay: they are about others.
    Copies made before still hold the person: backups, and exports of people. On SQLite freed
    pages are overwritten; the write-ahead log keeps old pages until it is truncated, which the
    last connection does when it closes. On PostgreSQL the old rows go with the next ``VACUUM``.

    *Refuses*, in this order: an unknown member, the actor, a missing second person, a reason that
    is no code of the policy, one who has not left or of whom nothing is left (``WrongState``), a
    role as staff that stands or will, open exchanges, hours or holds (``NotYetEmpty``).
    """
    id_ = person_id(uow, member)
    own = uow.accounts.of_members([id_]).get(id_, ())
    pot = labelled(uow, POT)
    accounts = books(uow, {*own, pot}).accounts
    now = conditions(uow, by=by, approved_by=approved_by, people={id_})
    standing = now.standing(id_)
    placed = listings.list(uow, member=id_, limit=EVERY)
    return erasure.forget(
        uow.people.many([id_])[id_],
        standing,
        tuple(accounts[account] for account in own),
        now,
        pot=accounts[pot],
        forgotten=is_forgotten(uow, id_, own),
        open_exchanges=uow.exchanges.open_of(id_),
        listings=placed,
        notes=(*uow.journal.notes_about(id_, own), *_said(uow, id_, own, placed)),
        beside=[value for erasure_ in uow.wing_erasures for value in erasure_(uow, id_)],
        reason=reason,
    )


def is_forgotten(uow: ReadingUnit, person: PersonId, own: Collection[AccountId]) -> bool:
    """Whether the person of these accounts was forgotten; staff have none."""
    told = own or [labelled(uow, POT)]
    changes = (change for account in told for change in uow.accounts.changes(account))
    return erasure.is_forgotten(person, changes)


def _said(
    uow: UnitOfWork,
    member: PersonId,
    accounts: Collection[AccountId],
    placed: Collection[Listing],
) -> Iterator[Note]:
    """What keeps the salts of words in requests that led to something of the member's.

    With the salt gone, nobody can try words against the digest that the key keeps. A key of a
    batch goes by its own transaction, since the receipt is that of the whole batch.
    """
    moved = [transfers.list(uow, account=a, limit=EVERY) for a in accounts]
    agreed = exchanges.list(uow, member=member, limit=EVERY)
    theirs: set[str] = {member, *accounts, *(x.id for x in placed), *(x.id for x in agreed)}
    theirs |= {transaction.id for each in moved for transaction in each}
    others = []
    for key in uow.requests.worded():
        if key.transaction is None:
            others.append(key)
        elif key.transaction in theirs:
            yield _emptied(key)
    receipts = uow.requests.receipts({key.receipt for key in others})
    for key in others:
        values = (v for e in receipts[key.receipt].events for v in as_plain(e).values())
        if not theirs.isdisjoint(values):
            yield _emptied(key)


def _emptied(key: RequestKey) -> Note:
    return Note(about=FactId(key.note or ""), salt=None, text=None)
