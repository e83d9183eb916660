"""Everything that is held on one person, for that person: others appear as roles alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final

from timebank.actions import exchanges, holds, listings
from timebank.actions._gather import person_id
from timebank.domain.account import Account
from timebank.domain.actor import Actor, Role
from timebank.domain.exchange import Exchange, Side
from timebank.domain.ids import AccountId, PersonId
from timebank.formats.access_page import SCHEMA
from timebank.formats.canonical import plain
from timebank.formats.statement_page import role_of
from timebank.ports import ReadingUnit

EVERY: Final = 2**31 - 1
"""A page that has room for all."""
WITHHELD: Final = "withheld: somebody else wrote it; a person has to read it before it is given out"


def access(uow: ReadingUnit, member: str) -> dict[str, Any]:
    """``timebank.access/1``: what the bank holds on a person.

    The row of the person, the membership, roles, accounts with every entry, hold and change,
    listings, and exchanges with every act. What somebody did as staff beside other people's facts
    is theirs, and in ``log``. The other side of each is a role, since what is held on one
    person is also held on others; free words are given where the person or somebody acting for
    them wrote them, and withheld where somebody else did. Minutes throughout.

    *Refuses* an unknown person with ``NotFoundError``.
    """
    id_ = person_id(uow, member)
    person = uow.people.many([id_])[id_]
    membership = uow.people.member(id_)
    own = uow.accounts.of_members([id_]).get(id_, ())
    subject = _Subject(uow, id_, own)
    return {
        "schema": SCHEMA,
        "bank": uow.slug,
        "made_at": uow.now().isoformat(),
        "person": plain(person),
        "membership": None if membership is None else plain(membership),
        "roles": [_without(staff, "person") for staff, _ in uow.people.staff(person=id_)],
        "accounts": [subject.account(a) for a in uow.accounts.many(own).values()],
        "listings": [
            _without(listing, "member") for listing in listings.list(uow, member=id_, limit=EVERY)
        ],
        "exchanges": [subject.exchange(x) for x in exchanges.list(uow, member=id_, limit=EVERY)],
    }


class _Subject:
    """The person in whose eyes everything is told."""

    def __init__(self, uow: ReadingUnit, id_: PersonId, accounts: Iterable[AccountId]) -> None:
        self._uow, self._id = uow, id_
        notes = uow.journal.notes_about(id_, tuple(accounts))
        self._words: Mapping[str, str | None] = {note.about: note.text for note in notes}

    def account(self, account: Account) -> dict[str, Any]:
        """The account with its entries in order, and its changes."""
        bank = self._uow.banks.get()
        since = self._uow.accounts.entries_since(account.id, start=date.min, from_=bank.created_at)
        moved = self._uow.journal.many({entry.transaction for entry in since})
        return {
            **_without(account, "owner", "label"),
            "entries": [
                {
                    **_without(entry, *_COUNTERPARTY),
                    "counterparty": role_of(entry),
                    **self._fact(entry.transaction, moved[entry.transaction].actor),
                }
                for entry in sorted(since, key=lambda entry: entry.number)
            ],
            "holds": [
                _without(hold, "account")
                for hold in holds.list(self._uow, account=account.id, open_only=False, limit=EVERY)
            ],
            "changes": [
                {**_without(c, "account", *_INTERNAL), **self._fact(c.id, c.actor)}
                for c in self._uow.accounts.changes(account.id)
            ],
        }

    def exchange(self, exchange: Exchange) -> dict[str, Any]:
        """The exchange with its acts; of the others only how many there were on each side."""
        side = exchange.side_of(self._id)
        return {
            **_without(exchange, "givers", "receivers", "acts"),
            "side": plain(side),
            "other_givers": len(exchange.givers) - (side is Side.GIVER),
            "other_receivers": len(exchange.receivers) - (side is Side.RECEIVER),
            "acts": [
                {**_without(act, "exchange", *_INTERNAL), **self._fact(act.id, act.actor)}
                for act in self._uow.exchanges.acts(exchange.id)
            ],
        }

    def _fact(self, id_: str, actor: Actor) -> Mapping[str, Any]:
        """Who did it, as a role, and the free words beside it."""
        mine = self._id in (actor.person, actor.on_behalf_of)
        words = self._words.get(id_)
        return {"by": self._called(actor), "note": words if mine or words is None else WITHHELD}

    def _called(self, actor: Actor) -> str:
        if actor.person == self._id:
            return "you" if actor.role is Role.MEMBER else f"you, as {actor.role.value}"
        if actor.role is Role.MEMBER:
            return "another member"
        return f"{actor.role.value} for you" if actor.acts_for == self._id else actor.role.value


_INTERNAL: Final = ("actor", "approver", "note_digest", "policy_version")
_COUNTERPARTY: Final = (
    "counterparty",
    "counterparty_kind",
    "counterparty_label",
    "counterparty_owner",
)


def _without(value: Any, *left_out: str) -> dict[str, Any]:
    """The value's fields in JSON's types, but for some."""
    return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in left_out}
