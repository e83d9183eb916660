"""The promise of keys: one request is answered once, whoever asks again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.backends import Backend, World
from timebank import Hours, TransactionDraft, Transfer, banks, exchanges, members, transfers
from timebank.actions.exchanges import PastExchange
from timebank.actions.transfers import OpeningBalance
from timebank.domain.receipt import Receipt
from timebank.errors import InputError, KeyReusedError, NotEnoughHours, TimebankError


def grant(world: World, minutes: int = 60, *, reason: str = "welcome", key: str = "k") -> Receipt:
    return world.do(
        transfers.grant,
        to=world.accounts["anna"],
        hours=Hours(minutes=minutes),
        reason=reason,
        by=world.cora,
        key=key,
    )


def donation(world: World, minutes: int, key: str | None = "k") -> TransactionDraft:
    transfer = Transfer(
        source=world.accounts["anna"], target=world.accounts["ben"], hours=Hours(minutes=minutes)
    )
    return TransactionDraft(transfers=(transfer,), key=key)


def test_a_bank_is_created_once_under_a_key(backend: Backend) -> None:
    def created(name: str) -> Receipt:
        with backend.unit("hillside") as uow:
            return banks.create(uow, name=name, first_coordinator="cora", key="k")

    first = created("Hillside")
    assert created("Hillside") == replace(first, replayed=True)
    with pytest.raises(KeyReusedError) as caught:
        created("Elsewhere")
    assert caught.value.differing == ("name",)


def test_the_same_request_gets_the_first_receipt(world: World) -> None:
    first = grant(world)
    world.backend.clock.advance(timedelta(days=3))
    again = grant(world)
    assert again == replace(first, replayed=True)
    assert world.balance("anna") == 60


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"minutes": 61}, ("hours",)),
        ({"reason": "hardship"}, ("reason",)),
        ({"minutes": 61, "reason": "her own words"}, ("hours", "reason")),
    ],
)
def test_another_request_is_refused_with_the_fields_that_differ(
    world: World, other: dict[str, Any], differing: tuple[str, ...]
) -> None:
    grant(world)
    with pytest.raises(KeyReusedError) as caught:
        grant(world, **other)
    assert caught.value.data == {"scope": "transfers.grant", "differing": differing}
    assert world.balance("anna") == 60


def test_a_key_is_one_per_action(world: World) -> None:
    grant(world)
    receipt = world.do(
        transfers.donate,
        source=world.accounts["anna"],
        hours=Hours.of(1),
        by=world.member("anna"),
        key="k",
    )
    assert not receipt.replayed


def test_a_key_of_a_refused_request_stays_free(world: World) -> None:
    with pytest.raises(TimebankError):
        grant(world, reason="")
    assert not grant(world).replayed


def test_a_key_of_a_unit_that_was_rolled_back_stays_free(world: World) -> None:
    def changed_mind() -> None:
        with world.backend.unit() as uow:
            transfers.grant(
                uow,
                to=world.accounts["anna"],
                hours=Hours.of(1),
                reason="welcome",
                by=world.cora,
                key="k",
            )
            raise InterruptedError

    with pytest.raises(InterruptedError):
        changed_mind()
    assert world.balance("anna") == 0
    assert not grant(world).replayed


def test_a_replay_outlives_the_rules_that_would_refuse_now(world: World) -> None:
    proposed = world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=world.member("anna")
    )
    first = world.do(exchanges.agree, proposed.exchange_id, by=world.member("ben"), key="a")
    again = world.do(exchanges.agree, proposed.exchange_id, by=world.member("ben"), key="a")
    assert again == replace(first, replayed=True)


def test_a_dispute_by_confirmation_is_replayed_too(world: World) -> None:
    exchange = world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=world.member("anna")
    ).exchange_id
    world.do(exchanges.agree, exchange, by=world.member("ben"))
    world.do(exchanges.report, exchange, hours=Hours.of(1), by=world.member("anna"))
    asked = {"by": world.member("ben"), "hours": Hours(minutes=20), "key": "c"}
    first = world.do(exchanges.confirm, exchange, **asked)
    assert world.do(exchanges.confirm, exchange, **asked) == replace(first, replayed=True)


@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_equal_keys_in_one_batch_are_posted_once(world: World, mode: str) -> None:
    drafts = [donation(world, 30), donation(world, 30), donation(world, 5, key=None)]
    outcomes = world.do(transfers.post, drafts, by=world.cora, mode=mode)
    assert [o.status for o in outcomes] == ["accepted", "replayed", "accepted"]
    first = outcomes[0].receipt_or_raise()
    assert outcomes[1].receipt == replace(first, replayed=True)
    assert world.balance("anna") == -35


def test_one_key_for_two_requests_in_one_batch_is_refused(world: World) -> None:
    drafts = [donation(world, 30), donation(world, 31)]
    outcomes = world.do(transfers.post, drafts, by=world.cora, mode="independent")
    assert [o.status for o in outcomes] == ["accepted", "refused"]
    assert isinstance(outcomes[1].error, KeyReusedError)
    assert outcomes[1].error.differing == ("transfers",)


def test_a_batch_that_comes_again_is_replayed_item_by_item(world: World) -> None:
    drafts = [donation(world, 10, key="1"), donation(world, 20, key="2")]
    first = world.do(transfers.post, drafts, by=world.cora)
    again = world.do(transfers.post, [*drafts, donation(world, 30, key="3")], by=world.cora)
    assert [o.status for o in again] == ["replayed", "replayed", "accepted"]
    receipts = [o.receipt for o in first]
    assert [o.receipt for o in again[:2]] == [replace(r, replayed=True) for r in receipts if r]
    assert world.balance("anna") == -60


def test_a_refused_item_leaves_the_others_and_its_key_free(world: World) -> None:
    drafts = [donation(world, 10, key="1"), donation(world, 9999, key="2")]
    outcomes = world.do(transfers.post, drafts, by=world.cora, mode="independent")
    assert [o.status for o in outcomes] == ["accepted", "refused"]
    assert isinstance(outcomes[1].error, NotEnoughHours)
    (outcome,) = world.do(transfers.post, [donation(world, 20, key="2")], by=world.cora)
    assert outcome.status == "accepted"


def test_an_atomic_batch_is_all_or_nothing(world: World) -> None:
    drafts = [donation(world, 10, key="1"), donation(world, 9999, key="2")]
    with pytest.raises(NotEnoughHours) as caught:
        world.do(transfers.post, drafts, by=world.cora)
    assert caught.value.__notes__ == ["item 2 of 2; nothing was posted"]
    assert world.balance("anna") == 0
    (outcome,) = world.do(transfers.post, [donation(world, 10, key="1")], by=world.cora)
    assert outcome.status == "accepted"


def test_recording_one_and_recording_many_share_their_keys(world: World) -> None:
    anna, ben = world.people["anna"], world.people["ben"]
    one = world.do(
        exchanges.record, giver=anna, receiver=ben, hours=Hours.of(1), by=world.broker(), key="s"
    )
    past = PastExchange(giver=anna, receiver=ben, hours=Hours.of(1), key="s")
    (outcome,) = world.do(exchanges.record_all, [past], by=world.broker())
    assert (outcome.status, outcome.receipt) == ("replayed", replace(one, replayed=True))


def test_a_member_joins_once_under_one_key(world: World) -> None:
    joined = [
        world.do(members.join, name="Dora", ref="dora", by=world.cora, key="form-7")
        for _ in range(2)
    ]
    assert joined[1] == replace(joined[0], replayed=True)


def test_a_batch_with_a_key_that_was_used_for_something_else_is_refused(world: World) -> None:
    world.do(transfers.post, [donation(world, 60)], by=world.cora)
    with pytest.raises(KeyReusedError) as caught:
        world.do(transfers.post, [donation(world, 61)], by=world.cora)
    assert caught.value.data["differing"] == ("transfers",)
    assert world.balance("anna") == -60


@pytest.mark.parametrize("key", [["x"], 7, "", "x" * 201])
@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_a_key_of_another_form_is_refused(world: World, key: Any, mode: str) -> None:
    draft = replace(donation(world, 60, key=None), key=key)
    balance = OpeningBalance(transfer=draft.transfers[0], key=key)
    terms = {"by": world.cora, "approved_by": world.olga, "reason": "history", "mode": mode}
    for act in (
        lambda: world.do(transfers.post, [draft], by=world.cora, mode=mode),
        lambda: world.do(transfers.carry_over, [balance], **terms),
    ):
        with pytest.raises(InputError) as caught:
            act()
        assert caught.value.field == "key"
    assert world.balance("anna") == 0


@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_a_used_key_answers_before_a_review_date_that_is_no_day_is_refused(
    world: World, mode: str
) -> None:
    asked = {"by": world.cora, "approved_by": world.olga, "reason": "hardship", "mode": mode}
    (first,) = world.do(transfers.post, [donation(world, 60)], **asked)
    asked["review_on"] = "2999-01-01"
    (again,) = world.do(transfers.post, [donation(world, 60)], **asked)
    assert again.receipt == replace(first.receipt_or_raise(), replayed=True)
    with pytest.raises(InputError) as caught:
        world.do(transfers.post, [donation(world, 60, key="new")], **{**asked, "mode": "atomic"})
    assert caught.value.field == "review_on"
    assert world.balance("anna") == -60
