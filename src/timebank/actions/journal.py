"""The journal as evidence: sealing facts into the tree, checkpoints, and proofs of lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from timebank.actions._archive import export, export_people, load
from timebank.actions._books_files import (
    export_beancount,
    export_csv,
    export_hledger,
    export_timeoverflow,
    export_timeoverflow_people,
)
from timebank.actions.members import account_of
from timebank.domain.ids import AccountId, TransactionId, checked_id
from timebank.errors import InputError, NotFoundError, WrongState
from timebank.ports import ReadingUnit, TreeHead, UnitOfWork
from timebank.proof import opening, tree
from timebank.proof.checkpoint import Checkpoint, checkpoint_of
from timebank.proof.opening import Place
from timebank.proof.sealing import leaves_of

__all__ = [
    "checkpoint",
    "export",
    "export_beancount",
    "export_csv",
    "export_hledger",
    "export_people",
    "export_timeoverflow",
    "export_timeoverflow_people",
    "load",
    "prove",
    "seal",
]

AT_ONCE: Final = 10_000
"""How many facts a call of ``seal`` takes, unless told otherwise."""


def seal(uow: UnitOfWork, *, limit: int = AT_ONCE) -> Checkpoint | None:
    """Turn committed facts that wait into leaves, and write a checkpoint.

    What is visible and unsealed is taken, whatever its id, so that a late commit is never lost.
    One sealer at a time; a second one waits. The latest checkpoint is the answer, None where
    nothing was ever sealed. Call it again while facts wait.

    *Refuses* a limit below 1 (``InputError``), and a queued fact that is gone, or of which neither
    value nor columns tell a leaf (``BrokenInvariantError``).
    """
    if limit < 1:
        raise InputError(field="limit", problem="must be at least 1")
    bank = uow.banks.get()
    size = uow.seals.lock()
    waiting = uow.seals.waiting(size, limit)
    if waiting is not None:
        leaves = leaves_of(uow.seals, waiting, bank.hash_domain)
        fresh = tree.grown(size, [leaf.hash for leaf in leaves], uow.seals.node)
        grown = size + len(leaves)
        root = tree.root(grown, tree.over(fresh, uow.seals.node))
        before = uow.seals.head()
        at = uow.now() if before is None else max(uow.now(), before.sealed_at)
        uow.seals.append(leaves, fresh, TreeHead(size=grown, root=root, sealed_at=at))
    head = uow.seals.head()
    return None if head is None else checkpoint_of(uow.slug, head)


def checkpoint(uow: ReadingUnit) -> Checkpoint:
    """The latest sealed checkpoint. *Refuses* a bank that was never sealed (``WrongState``)."""
    head = uow.seals.head()
    if head is None:
        raise WrongState(
            kind="bank",
            id=uow.slug,
            state="not sealed yet",
            act="give a checkpoint",
            possible=("timebank seal",),
        )
    return checkpoint_of(uow.slug, head)


def prove(uow: ReadingUnit, account: str, *, transaction: str | None = None) -> Mapping[str, Any]:
    """A proof of an account's sealed lines (or of one transaction's), as plain data for a file.

    It opens that account's sides only: no other account, number or balance is in it.
    ``opening.verified`` checks it against a checkpoint, without the bank.

    *Refuses* unknown names, a bank (``WrongState``) or transaction (``NotFoundError``) that is not
    sealed yet, an account that takes no part in the transaction (``InputError``).
    """
    made = checkpoint(uow)
    id_ = account_of(uow, account)
    if transaction is not None:
        ids = [TransactionId(checked_id(transaction, field="transaction"))]
    else:
        ids = _transactions_of(uow, id_)
    found = uow.journal.many(ids)
    domain = uow.banks.get().hash_domain
    lines = []
    for each in ids:
        position = uow.seals.position("transaction", each)
        if each not in found or position is None or position >= made.size:
            if transaction is not None:
                raise NotFoundError(kind="sealed transaction", ref=each)
            continue
        path = tree.inclusion(position, made.size, uow.seals.node)
        lines.append(opening.opened(found[each], id_, Place(position=position, path=path), domain))
    return opening.document(made, domain, lines)


def _transactions_of(uow: ReadingUnit, account: AccountId) -> list[TransactionId]:
    """Every transaction that touches the account, in order of id, page by page."""
    found: list[TransactionId] = []
    after = None
    while page := uow.journal.list(account=account, after=after, limit=1000):
        found += [transaction.id for transaction in page]
        after = page[-1].id
    return found
