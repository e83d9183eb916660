"""What a leaf of the sealed tree says: a fact, with what never changes of the thing it made.

The first act of an exchange says what was agreed between whom, the change that opened an account
whose it is, the founding of a bank which accounts are its own. So the tree holds them too, without
a leaf or a row of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from timebank.domain.account import Account, AccountChange, is_opening
from timebank.domain.changes import Fact
from timebank.domain.exchange import Exchange, ExchangeAct
from timebank.domain.ids import AccountId, ExchangeId, FactId
from timebank.domain.policy import PolicyVersion

FIRST: Final = 1
"""The number of the act that made an exchange, and the version that founded a bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The change that opened an account, and the account."""

    change: AccountChange
    account: Account

    @property
    def id(self) -> FactId:
        """The id of the change."""
        return self.change.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The first act of an exchange, and the exchange."""

    act: ExchangeAct
    exchange: Exchange

    @property
    def id(self) -> FactId:
        """The id of the act."""
        return self.act.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """The first house rules of a bank, and the accounts that it was founded with."""

    version: PolicyVersion
    accounts: tuple[Account, ...]

    @property
    def id(self) -> FactId:
        """The id of the rules."""
        return self.version.id


@dataclass(frozen=True, slots=True, kw_only=True)
class WingRows:
    """Rows of a wing's table that were made together under one id: of facts all columns, of a
    thing those that never change. Each row is what stands under the name of each column.
    """

    wing: str
    table: str
    id: FactId
    rows: tuple[Mapping[str, Any], ...]


Sealed = Fact | Opening | Beginning | Founding | WingRows
"""What becomes a leaf."""


def opens(fact: Fact) -> TypeGuard[AccountChange]:
    """Whether it is the change that opened an account."""
    return isinstance(fact, AccountChange) and is_opening(fact)


def begins(fact: Fact) -> TypeGuard[ExchangeAct]:
    """Whether it is the first act of an exchange."""
    return isinstance(fact, ExchangeAct) and fact.n == FIRST


def founds(fact: Fact) -> TypeGuard[PolicyVersion]:
    """Whether it is the first of a bank's house rules."""
    return isinstance(fact, PolicyVersion) and fact.version == FIRST


def whole(
    fact: Fact,
    accounts: Mapping[AccountId, Account],
    exchanges: Mapping[ExchangeId, Exchange],
    own: tuple[Account, ...],
) -> Sealed:
    """The fact with what it made; ``own`` are the accounts with which the bank was founded.

    *Refuses* a fact whose account or exchange is gone, with ``KeyError``.
    """
    if opens(fact):
        return Opening(change=fact, account=accounts[fact.account])
    if begins(fact):
        return Beginning(act=fact, exchange=exchanges[fact.exchange])
    return Founding(version=fact, accounts=own) if founds(fact) else fact


def fact_of(sealed: Sealed) -> Fact | WingRows:
    """The fact alone."""
    match sealed:
        case Opening():
            return sealed.change
        case Beginning():
            return sealed.act
        case Founding():
            return sealed.version
        case _:
            return sealed


def about(sealed: Sealed) -> str:
    """What the fact made, in words; nothing for most facts."""
    match sealed:
        case Opening():
            return f"account {sealed.account.id}"
        case Beginning():
            return f"exchange {sealed.exchange.id}"
        case Founding():
            return f"accounts {' '.join(account.id for account in sealed.accounts)}"
        case _:
            return ""
