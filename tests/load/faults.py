"""Three bugs to plant: each a small patch of the real library, in the process that calls it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from timebank.domain import ledger
from timebank.domain.account import Account
from timebank.domain.ids import AccountId
from timebank.storage.sql import recording
from timebank.storage.sql.stores.accounts import SqlAccountStore
from timebank.storage.sql.stores.requests import SqlRequestStore

STORE: Any = SqlAccountStore
REQUESTS: Any = SqlRequestStore
RULES: Any = ledger
RECORDING: Any = recording


def lost_update() -> None:
    """Accounts are kept from the time before instead of being read again under their locks."""
    kept: dict[AccountId, Account] = {}
    honest = STORE.lock

    def lock(store: SqlAccountStore, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        found: dict[AccountId, Account] = honest(store, ids)
        answer = {id_: kept.pop(id_, account) for id_, account in found.items()}
        kept.update(found)
        return answer

    STORE.lock = lock


def stale_floor() -> None:
    """The floor is compared with what was there the time before; the sums are right."""
    before: dict[AccountId, int] = {}
    more: dict[AccountId, int] = {}
    honest, honest_lock = RULES.available_minutes, STORE.lock

    def lock(store: SqlAccountStore, ids: Collection[AccountId]) -> dict[AccountId, Account]:
        found: dict[AccountId, Account] = honest_lock(store, ids)
        for account in found.values():
            was = before.get(account.id, account.balance_minutes)
            more[account.id] = max(0, was - account.balance_minutes)
            before[account.id] = account.balance_minutes
        return found

    def available(account: Account) -> int | None:
        found: int | None = honest(account)
        return None if found is None else found + more.get(account.id, 0)

    STORE.lock, RULES.available_minutes = lock, available


def double_post() -> None:
    """Keys are neither looked up nor written: who asks again is served again."""

    def find(*_: Any) -> dict[bytes, Any]:
        return {}

    def write_new(link: Any, _keys: Any, parts: Any) -> bool:
        RECORDING.write(link, parts)
        return True

    REQUESTS.find, RECORDING.write_new = find, write_new


FAULTS: dict[str, Callable[[], None]] = {
    planted.__name__: planted for planted in (lost_update, stale_floor, double_post)
}
