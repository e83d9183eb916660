"""From the words of the command line to ids: refs, labels, and ids shortened to a unique prefix."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from timebank.actions._gather import known_person
from timebank.domain.actor import Actor
from timebank.domain.ids import (
    AccountId,
    ExchangeId,
    ListingId,
    PersonId,
    TransactionId,
)
from timebank.errors import InputError, NotFoundError
from timebank.ports import ReadingUnit

_ID: Final = 32
_ACCOUNT_ID: Final = 16


def person(uow: ReadingUnit, name: str, *, field: str = "member") -> PersonId:
    """A person by ref, id or the beginning of an id. *Refuses* unknown and ambiguous names."""
    found = known_person(uow, name)
    if found is not None:
        return found.id
    return PersonId(_only(name, uow.people.by_prefix, field=field))


def account(uow: ReadingUnit, name: str, *, field: str = "account") -> AccountId:
    """An account by the bank's label, a member's ref, or the beginning of either's id.

    *Refuses* unknown and ambiguous names.
    """
    labelled = uow.accounts.by_label(name)
    if labelled is not None:
        return labelled
    if uow.people.by_ref(name) is None and (
        ids := _beginning(name, uow.accounts.by_prefix, digits=_ACCOUNT_ID)
    ):
        return AccountId(_one(name, ids, field=field))
    owner = person(uow, name, field=field)
    owned = uow.accounts.of_members([owner]).get(owner, ())
    if not owned:
        raise NotFoundError(kind=field, ref=name)
    return owned[0]


def exchange(uow: ReadingUnit, name: str) -> ExchangeId:
    """An exchange by the beginning of its id. *Refuses* unknown and ambiguous ones."""
    return ExchangeId(_only(name, uow.exchanges.by_prefix, field="exchange"))


def transaction(uow: ReadingUnit, name: str) -> TransactionId:
    """A transaction by the beginning of its id. *Refuses* unknown and ambiguous ones."""
    return TransactionId(_only(name, uow.journal.by_prefix, field="transaction"))


def listing(uow: ReadingUnit, name: str) -> ListingId:
    """A listing by the beginning of its id. *Refuses* unknown and ambiguous ones."""
    return ListingId(_only(name, uow.listings.by_prefix, field="listing"))


def beginning_of(name: str, by_prefix: Callable[[str], Sequence[str]], *, field: str) -> str:
    """The one id that begins so, of whatever a wing keeps. *Refuses* none and several."""
    return _only(name, by_prefix, field=field)


def _only(name: str, by_prefix: Callable[[str], Sequence[str]], *, field: str) -> str:
    ids = _beginning(name, by_prefix)
    if not ids:
        raise NotFoundError(kind=field, ref=name)
    return _one(name, ids, field=field)


def _beginning(
    name: str, by_prefix: Callable[[str], Sequence[str]], *, digits: int = _ID
) -> Sequence[str]:
    """The ids that begin so; none for what cannot begin an id of so many digits."""
    prefix = name.replace("-", "").lower()
    fits = re.fullmatch(f"[0-9a-f]{{1,{digits}}}", prefix)
    return by_prefix(prefix) if fits else ()


def _one(name: str, ids: Collection[str], *, field: str) -> str:
    if len(ids) > 1:
        raise InputError(
            field=field,
            problem=f"{name!r} begins {len(ids)} or more ids, such as "
            f"{', '.join(sorted(ids)[:3])}; write more of it",
        )
    return next(iter(ids))


def pseudonym(id_: str) -> str:
    """What a person is called whose name is gone: always the same, and it tells nothing."""
    return f"former-{id_[-6:]}"


class Labels:
    """What people call accounts and persons: a ref or name if there is one, and the id."""

    def __init__(self, uow: ReadingUnit) -> None:
        self._uow = uow
        self._known: dict[str, str] = {}

    def learn(
        self,
        *,
        accounts: Collection[AccountId] = (),
        people: Collection[PersonId] = (),
        actors: Iterable[Actor | None] = (),
    ) -> Labels:
        """Read what these are called, in two reads however many there are."""
        found = self._uow.accounts.many(accounts)
        wanted = {*people, *(a.owner for a in found.values())}
        wanted |= {who for a in actors if a is not None for who in (a.person, a.on_behalf_of)}
        known = self._uow.people.many({person for person in wanted if person is not None})
        for id_, who in known.items():
            self._known[id_] = who.ref or who.name or pseudonym(id_)
        for account_id, one in found.items():
            owner = self._known.get(one.owner) if one.owner else None
            self._known[account_id] = owner or one.label or account_id
        return self

    def short(self, id_: str | None) -> str:
        """The ref, name or label, else the id itself; nothing for None."""
        return "" if id_ is None else self._known.get(id_, id_)

    def actor(self, actor: Actor | None) -> str:
        """Who acted, in which role, for whom."""
        if actor is None:
            return ""
        who = f"{actor.role.value} {self.short(actor.person)}".strip()
        return f"{who} for {self.short(actor.on_behalf_of)}" if actor.on_behalf_of else who

    def full(self, id_: str) -> str:
        """The ref, name or label with the id beside it."""
        short = self.short(id_)
        return id_ if short == id_ else f"{short} ({id_})"
