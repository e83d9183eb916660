"""Somebody faster between the look and the write, played in turn: a key is looked up too early."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest

from tests.backends import World
from tests.support import refusal
from timebank import Hours, TransactionDraft, Transfer, members, transfers
from timebank.ports import RequestKey, UnitOfWork

ALWAYS = 100


class LookedTooEarly:
    """The keys as they were before somebody faster: for so many looks."""

    def __init__(self, requests: Any, looks: int) -> None:
        self._requests, self._looks = requests, looks

    def find(self, scope: str, key_hashes: Collection[bytes]) -> dict[bytes, RequestKey]:
        """Nothing yet; later, what is there."""
        self._looks -= 1
        found: dict[bytes, RequestKey] = self._requests.find(scope, key_hashes)
        return {} if self._looks >= 0 else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)


def late(world: World, looks: int, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    def act(uow: UnitOfWork) -> Any:
        uow.requests = LookedTooEarly(uow.requests, looks)  # type: ignore[misc]  # a read-only attribute of the port
        return action(uow, *args, **kwargs)

    return world.do(act)


def payment(world: World, minutes: int, key: str = "k") -> TransactionDraft:
    move = Transfer(
        source=world.accounts["anna"],
        target=world.accounts["ben"],
        hours=Hours(minutes=minutes),
    )
    return TransactionDraft(transfers=(move,), key=key)


@pytest.mark.parametrize("mode", ["atomic", "independent"])
@pytest.mark.parametrize("keys", ["k", "ab"])
def test_the_loser_of_an_equal_race_gets_the_receipt_and_no_refusal(world, mode, keys):
    """The second time the floor would refuse it; but it was answered meanwhile. One request alone
    is looked up for the first time when it is refused.
    """
    drafts = [payment(world, 1200 // len(keys), key) for key in keys]
    first = world.do(transfers.post, drafts, by=world.cora)
    again = late(world, len(keys) - 1, transfers.post, drafts, by=world.cora, mode=mode)
    assert [found.status for found in again] == ["replayed"] * len(keys)
    assert [a.receipt.transaction_id for a in again] == [f.receipt.transaction_id for f in first]
    assert world.balance("anna") == -1200


def test_a_key_that_is_taken_while_it_is_written_is_answered_with_the_first_receipt(world):
    draft = payment(world, 60)
    (first,) = world.do(transfers.post, [draft], by=world.cora)
    (again,) = late(world, 2, transfers.post, [draft], by=world.cora)
    assert (again.status, again.receipt.id) == ("replayed", first.receipt.id)
    assert world.balance("anna") == -60


def test_a_batch_whose_keys_are_never_seen_gives_up(world):
    draft = payment(world, 60)
    world.do(transfers.post, [draft], by=world.cora)
    assert refusal(lambda: late(world, ALWAYS, transfers.post, [draft], by=world.cora)) == (
        "conflict"
    )
    assert world.balance("anna") == -60


def test_one_request_whose_key_is_never_seen_gives_up(world):
    world.do(members.join, name="Dan", by=world.cora, key="k")

    def again() -> object:
        return late(world, ALWAYS, members.join, name="Dan", by=world.cora, key="k")

    assert refusal(again) == "conflict"
    assert world.see(lambda uow: uow.audit.counted())["accounts"] == 8


def test_the_loser_of_a_race_for_a_ref_gets_the_receipt_of_the_first(world):
    """Its own look comes too early, and then the ref is taken: by the same request."""
    first = world.do(members.join, name="Dan", ref="dan", by=world.cora, key="k")
    again = late(world, 1, members.join, name="Dan", ref="dan", by=world.cora, key="k")
    assert (again.id, again.replayed) == (first.id, True)


def test_one_request_whose_key_is_taken_while_it_is_written_is_answered(world):
    first = world.do(members.join, name="Dan", by=world.cora, key="k")
    again = late(world, 1, members.join, name="Dan", by=world.cora, key="k")
    assert (again.id, again.replayed) == (first.id, True)
