"""What the tests of the rules share: tables of refusals, and an exchange with all it touches."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from timebank.domain.account import Account, AccountKind
from timebank.domain.agreement import Case
from timebank.domain.changes import Changes
from timebank.domain.exchange import Exchange
from timebank.domain.hold import Hold
from timebank.domain.ids import AccountId, FactId
from timebank.domain.note import Note
from timebank.errors import InputError, TimebankError
from timebank.ports import ReadingUnit
from timebank.testing.builders import (
    ANNA,
    BEN,
    CARLA,
    ISSUANCE,
    POT,
    account_id,
    an_account,
)


def name_of(error: TimebankError) -> str:
    """The error's code, with the field where the input was wrong: ``invalid_input hours``."""
    return f"{error.code} {error.field}" if isinstance(error, InputError) else error.code


def refusal(call: Callable[[], object]) -> str:
    """The name of the error by which the call is refused."""
    with pytest.raises(TimebankError) as caught:
        call()
    return name_of(caught.value)


def waiting_facts(unit: ReadingUnit) -> list[tuple[str, FactId]]:
    """Kind and id of all that waits for the sealer, in the order of the leaves."""
    page = unit.seals.waiting(0, 10_000)
    return [] if page is None else [*page.facts.values()]


def descending(*faults: tuple[str, dict[str, Any]]) -> list[Any]:
    """Errors by descending precedence: row n commits the n-th fault and every later one.

    Each fault is the error's name and the arguments that commit it; where two faults need the
    same argument the earlier has it.
    """
    rows = []
    for n, (name, _) in enumerate(faults):
        arguments: dict[str, Any] = {}
        for _, fault in reversed(faults[n:]):
            arguments |= fault
        rows.append(pytest.param(name, arguments, id=f"{n + 1}-{name.replace(' ', '-')}"))
    return rows


def books(*accounts: Account) -> dict[AccountId, Account]:
    """The three members' accounts at 0:00, the pot and the issuance, unless given otherwise."""
    usual = (
        *(an_account(n) for n in (1, 2, 3)),
        an_account(90, kind=AccountKind.POT, balance=600, floor=0),
        an_account(91, kind=AccountKind.ISSUANCE, balance=-600, floor=-6000),
    )
    assert usual[3].id == POT
    assert usual[4].id == ISSUANCE
    return {account.id: account for account in (*usual, *accounts)}


ACCOUNT_OF = {ANNA: account_id(1), BEN: account_id(2), CARLA: account_id(3)}


def a_case(exchange: Exchange, *accounts: Account, holds: Iterable[Hold] = ()) -> Case:
    """The exchange with the accounts and holds that its acts read."""
    return Case(
        exchange=exchange,
        accounts=books(*accounts),
        holds=tuple(holds),
        account_of=ACCOUNT_OF,
        pot=POT,
    )


def written(changes: Changes, kind: type[Any]) -> list[Any]:
    """What is added or changed of this class, the last version of each."""
    found: list[Any] = [t for t in (*changes.added, *changes.changed) if type(t) is kind]
    last = {thing.about if kind is Note else thing.id: thing for thing in found}
    return list(last.values())


def the(changes: Changes, kind: type[Any]) -> Any:
    """The one thing of this class that is written."""
    (found,) = written(changes, kind)
    return found


def account_after(changes: Changes, n: int) -> Account:
    """The n-th account as it is written last."""
    found: Account = next(a for a in written(changes, Account) if a.id == account_id(n))
    return found
