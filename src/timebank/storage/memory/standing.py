"""Streams for the checks of what stands now against the facts that made it so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from timebank.domain.account import AccountChange
from timebank.domain.actor import STAFF_ROLES
from timebank.domain.audit_accounts import Owned, Owner
from timebank.domain.audit_exchanges import ExchangeFile
from timebank.domain.audit_rows import (
    BrokenRule,
    ChainedHead,
    CodedWord,
    NotedFact,
    StrayTransfer,
)
from timebank.domain.exchange import ExchangeAct
from timebank.domain.ids import FactId
from timebank.domain.member import ACCOUNT_KIND
from timebank.domain.transaction import Transaction
from timebank.storage.memory.books import Exchanges
from timebank.storage.memory.database import SEALED, Shelf


class Standing:
    """The part of ``AuditSource`` that looks at what stands now."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def owned(self) -> Iterator[Owned]:
        """Every account with the membership it belongs to, in order of account."""
        for _, account in sorted(self._shelf.accounts.items()):
            owner = account.owner
            member = None if owner is None else self._shelf.members.get(owner)
            yield Owned(account=account, member=member)

    def account_changes(self) -> Iterator[AccountChange]:
        """Every change of an account, in the order of ``owned``."""
        changes = self._shelf.account_changes.values()
        return iter(sorted(changes, key=lambda change: (change.account, change.id)))

    def owners(self) -> Iterator[Owner]:
        """Members who have not exactly one account of their own kind, or are not what they are."""
        owned = [(a.owner, a.kind) for a in self._shelf.accounts.values()]
        for id_, member in sorted(self._shelf.members.items()):
            person = self._shelf.people.get(id_)
            count = owned.count((id_, ACCOUNT_KIND[member.kind]))
            if count != 1 or person is None or person.kind is not member.kind:
                yield Owner(
                    member=id_,
                    kind=member.kind.value,
                    person_kind=None if person is None else person.kind.value,
                    accounts=count,
                )

    def exchange_files(self) -> Iterator[ExchangeFile]:
        """Every exchange with all that belongs to it, in order of id."""
        shelf = self._shelf
        owners = {id_: account.owner for id_, account in shelf.accounts.items()}
        for id_, exchange in sorted(shelf.exchanges.items()):
            hold, moved = exchange.hold, exchange.transaction
            yield ExchangeFile(
                exchange=exchange,
                acts=Exchanges(shelf).acts(id_),
                hold=None if hold is None else shelf.holds.get(hold),
                transaction=None if moved is None else shelf.transactions.get(moved),
                owners={str(account): owner for account, owner in owners.items()},
            )

    def stray_holds(self) -> Iterator[tuple[str, str]]:
        """Holds (id, exchange) that their exchange does not name."""
        for id_, hold in sorted(self._shelf.holds.items()):
            exchange = self._shelf.exchanges.get(hold.exchange)
            if exchange is None or exchange.hold != id_:
                yield id_, hold.exchange

    def noted(self) -> Iterator[NotedFact]:
        """Facts that keep the digest of a note, each beside the note."""
        for fact in self._wordy():
            if fact.note_digest is not None:
                note = self._shelf.notes.get(FactId(fact.id))
                yield NotedFact(
                    fact=fact.id,
                    digest=fact.note_digest,
                    there=note is not None,
                    salt=note.salt if note else None,
                    text=note.text if note else None,
                )

    def stray_notes(self) -> Iterator[str]:
        """What notes with words are about of which no fact keeps the digest."""
        kept = {str(fact.id) for fact in self._wordy() if fact.note_digest is not None}
        for about, note in sorted(self._shelf.notes.items()):
            if note.text is not None and about not in kept:
                yield about

    def unappointed(self) -> Iterator[tuple[str, str]]:
        """Who acted (person, role) in a role that nobody gave them; each once."""
        given = {(staff.person, staff.role) for staff in self._shelf.staff.values()}
        acted = {
            (actor.person, actor.role)
            for kind in SEALED
            for fact in self._shelf.facts(kind).values()
            for actor in (fact.actor, getattr(fact, "approver", None))
            if actor is not None and actor.person is not None and actor.role in STAFF_ROLES
        }
        yield from sorted((person, role.value) for person, role in acted - given)

    def coded_words(self) -> Iterator[CodedWord]:
        """Each word where a code should be, with the fact that has it."""
        for fact in self._wordy():
            category = fact.category if isinstance(fact, Transaction) else None
            for column, word in (("reason", fact.reason), ("category", category)):
                if word is not None:
                    yield CodedWord(column=column, word=word, row=f"fact {fact.id}")

    def _wordy(self) -> Iterable[Transaction | AccountChange | ExchangeAct]:
        """Facts that may have a reason in words."""
        shelf = self._shelf
        for facts in (shelf.transactions, shelf.account_changes, shelf.acts):
            yield from facts.values()

    def chain(self) -> Iterator[ChainedHead]:
        """Every checkpoint beside the size of the one before it, smallest first."""
        before = None
        for size, head in sorted(self._shelf.heads.items()):
            yield ChainedHead(size=size, previous_size=before, sealed_at=head.sealed_at)
            before = size

    def tree_size(self) -> int | None:
        """The size of the tree, None where nothing was ever sealed."""
        return len(self._shelf.leaves) if self._shelf.heads else None

    # What cannot break where there are no rows, no columns and no schema:

    def stray_transfers(self) -> Iterator[StrayTransfer]:
        """None: a transfer is a part of its transaction."""
        return iter(())

    def torn_receipts(self) -> Iterator[tuple[str, str]]:
        """None: a receipt is kept whole."""
        return iter(())

    def broken_rules(self) -> Iterator[BrokenRule]:
        """None: there are no constraints."""
        return iter(())

    def schema_differences(self) -> tuple[str, ...]:
        """None: there is no schema."""
        return ()
