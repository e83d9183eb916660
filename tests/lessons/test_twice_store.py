"""Lessons about things done twice (lessons.md, M-18 to M-25), on real stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.backends import World
from tests.lessons.test_balances_store import at_once
from timebank import Hours, TransactionDraft, Transfer, exchanges, transfers
from timebank.errors import KeyReusedError, TimebankError, WrongState
from timebank.ports import UnitOfWork


def test_m18_two_clicks_settle_a_group_once(sql_world: World) -> None:
    def group(uow: UnitOfWork) -> object:
        return exchanges.group(
            uow,
            givers=[sql_world.people["anna"]],
            receivers=[sql_world.people["ben"], sql_world.people["carla"]],
            hours=Hours.of(1),
            rule="each",
            by=sql_world.broker(),
            key="session-12",
        )

    receipts = at_once(sql_world, 4, group)
    assert sorted(r.replayed for r in receipts) == [False, True, True, True]
    assert len({r.id for r in receipts}) == 1
    assert sql_world.balance("anna") == 120


def test_m19_two_equal_requests_make_one_exchange(sql_world: World) -> None:
    def propose(uow: UnitOfWork) -> object:
        return exchanges.propose(
            uow,
            giver=sql_world.people["anna"],
            receiver=sql_world.people["ben"],
            hours=Hours.of(1),
            by=sql_world.member("anna"),
            key="form-1",
        )

    receipts = at_once(sql_world, 4, propose)
    assert len({r.exchange_id for r in receipts}) == 1
    assert len(sql_world.see(exchanges.list)) == 1


def test_m19_two_clicks_without_a_key_confirm_once(sql_world: World) -> None:
    anna, ben = sql_world.member("anna"), sql_world.member("ben")
    exchange = sql_world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=anna
    ).exchange_id
    sql_world.do(exchanges.agree, exchange, by=ben)
    sql_world.do(exchanges.report, exchange, hours=Hours.of(1), by=anna)
    answers = at_once(sql_world, 4, lambda uow: exchanges.confirm(uow, exchange, by=ben))
    refused = [a for a in answers if isinstance(a, TimebankError)]
    assert [type(r) for r in refused] == [WrongState] * 3
    assert sql_world.balance("anna") == 60


def test_m19_the_loser_of_an_equal_race_gets_the_receipt(sql_world: World) -> None:
    anna, ben = sql_world.member("anna"), sql_world.member("ben")
    exchange = sql_world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=anna
    ).exchange_id
    receipts = at_once(sql_world, 4, lambda uow: exchanges.agree(uow, exchange, by=ben, key="yes"))
    assert sorted(r.replayed for r in receipts) == [False, True, True, True]


def test_m20_a_retry_after_a_lost_reply_credits_nothing_again(world: World) -> None:
    asked = {
        "to": world.accounts["anna"],
        "hours": Hours.of(1),
        "reason": "welcome",
        "by": world.cora,
        "key": "form-8841",
    }
    first = world.do(transfers.grant, **asked)
    again = world.do(transfers.grant, **asked)
    assert again == replace(first, replayed=True)
    assert world.balance("anna") == 60


def post(world: World, *minutes: int, key: str = "k") -> tuple[str, ...]:
    drafts = [
        TransactionDraft(
            transfers=(
                Transfer(
                    source=world.accounts["anna"],
                    target=world.accounts["ben"],
                    hours=Hours(minutes=m),
                ),
            ),
            key=key,
        )
        for m in minutes
    ]
    outcomes = world.do(transfers.post, drafts, by=world.cora, mode="independent")
    return tuple(o.status for o in outcomes)


def test_m24_a_key_never_answers_a_different_request(world: World) -> None:
    assert post(world, 60) == ("accepted",)
    assert post(world, 61) == ("refused",)
    with pytest.raises(KeyReusedError) as caught:
        world.do(
            transfers.post,
            [
                TransactionDraft(
                    transfers=(
                        Transfer(
                            source=world.accounts["anna"],
                            target=world.accounts["ben"],
                            hours=Hours(minutes=60),
                        ),
                    ),
                    key="k",
                )
            ],
            by=world.colin,
        )
    assert caught.value.differing == ("by",)
    assert world.balance("ben") == 60


def test_m25_one_key_twice_in_a_batch_is_posted_once(world: World) -> None:
    assert post(world, 60, 60) == ("accepted", "replayed")
    assert world.balance("ben") == 60
