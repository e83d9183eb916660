"""Accounts, entries, transactions and exchanges, as every storage keeps them."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.backends import World
from timebank import Hours, accounts, exchanges, holds, members, transfers
from timebank.domain.exchange import Act, State
from timebank.domain.ids import AccountId, TransactionId
from timebank.errors import NotFoundError

NOWHERE = [AccountId("0" * 16), AccountId("f" * 16)]


def test_each_member_has_an_account_and_the_bank_its_own(world: World) -> None:
    with world.backend.reading() as unit:
        owned = unit.accounts.of_members([world.people["anna"], world.people["cora"]])
        assert owned == {world.people["anna"]: (world.accounts["anna"],)}
        pot = unit.accounts.by_label("pot")
        assert pot is not None
        assert unit.accounts.by_label("treasury") is None
        ids = [account.id for account in unit.accounts.all()]
        assert pot in ids
        assert ids == sorted(ids)
        assert len(ids) == 7


@pytest.mark.parametrize("account", NOWHERE)
def test_an_unknown_account_is_not_found(world: World, account: AccountId) -> None:
    with pytest.raises(NotFoundError) as caught:
        world.see(accounts.get, account)
    assert caught.value.data == {"kind": "account", "ref": account, "where": "bank"}


def test_accounts_are_found_by_id_and_prefix(world: World) -> None:
    anna, ben = world.accounts["anna"], world.accounts["ben"]
    with world.backend.unit() as uow:
        assert list(uow.accounts.lock([ben, anna, NOWHERE[0]])) == sorted([anna, ben])
        assert uow.accounts.many([ben, anna]) == uow.accounts.lock([anna, ben])
        assert uow.accounts.by_prefix(anna) == (anna,)
        assert uow.accounts.lock([]) == {}


@pytest.fixture
def moved(world: World) -> World:
    """Anna is granted 60 on the 10th, gives 20 on the 12th, and 5 on the 14th for the 11th."""
    clock = world.backend.clock
    world.give("anna", 60)
    for minutes, happened_on in ((20, None), (5, date(2026, 3, 11))):
        clock.advance(timedelta(days=2))
        world.do(
            exchanges.record,
            giver="ben",
            receiver="anna",
            hours=Hours(minutes=minutes),
            happened_on=happened_on,
            by=world.broker(),
        )
    return world


def test_balances_now_recomputed_and_at_the_end_agree(moved: World) -> None:
    now = moved.see(accounts.balances)
    assert now == moved.see(accounts.balances, recompute=True)
    assert now == moved.see(accounts.balances, at=moved.backend.clock())
    assert now == moved.see(accounts.balances, on=moved.backend.clock().date())
    assert sum(hours.minutes for hours in now.values()) == 0
    assert moved.balance("anna") == 35


@pytest.mark.parametrize(
    ("days", "balance"), [(-1, 0), (0, 60), (1, 60), (2, 40), (3, 40), (4, 35), (9, 35)]
)
def test_a_balance_as_recorded_at_a_time(moved: World, days: int, balance: int) -> None:
    anna = moved.accounts["anna"]
    at = datetime.fromisoformat("2026-03-10T13:00:00+00:00") + timedelta(days=days)
    assert moved.see(accounts.balance, anna, at=at).minutes == balance
    assert moved.see(accounts.balances, at=at)[anna].minutes == balance


@pytest.mark.parametrize(("day", "balance"), [(9, 0), (10, 60), (11, 55), (12, 35), (14, 35)])
def test_a_balance_of_all_that_counts_up_to_a_day(moved: World, day: int, balance: int) -> None:
    anna, on = moved.accounts["anna"], date(2026, 3, day)
    assert moved.see(accounts.balance, anna, on=on).minutes == balance
    assert moved.see(accounts.balances, on=on)[anna].minutes == balance


def test_the_balance_at_the_very_moment_includes_it(moved: World) -> None:
    anna = moved.accounts["anna"]
    last = moved.see(transfers.list, account=anna)[-1].recorded_at
    tick = timedelta(microseconds=1)
    assert moved.see(accounts.balance, anna, at=last).minutes == 35
    assert moved.see(accounts.balance, anna, at=last - tick).minutes == 40


def test_a_statement_adds_up_in_order_of_the_days_that_count(moved: World) -> None:
    statement = moved.see(
        accounts.statement, "anna", start=date(2026, 3, 11), end=date(2026, 3, 13)
    )
    assert (statement.opening_minutes, statement.closing_minutes) == (60, 35)
    lines = [(x.entry.counts_on.day, x.entry.number, x.balance_minutes) for x in statement.lines]
    assert lines == [(11, 3, 55), (12, 2, 35)]
    entry = statement.lines[0].entry
    assert (entry.counterparty_owner, entry.balance_minutes) == (moved.people["ben"], 35)


def test_transactions_come_in_pages_in_order_of_id(moved: World) -> None:
    everything = moved.see(transfers.list)
    assert [t.kind.value for t in everything] == ["grant", "exchange", "exchange"]
    found: list[Any] = []
    after = None
    while page := moved.see(transfers.list, after=after, limit=1):
        found += page
        after = page[-1].id
    assert tuple(found) == everything
    ben = moved.accounts["ben"]
    assert moved.see(transfers.list, account=ben) == everything[1:]
    assert moved.see(transfers.list, account=moved.accounts["carla"]) == ()


def test_a_transaction_reads_back_as_it_was_recorded(moved: World) -> None:
    listed = moved.see(transfers.list)[0]
    with moved.backend.reading() as unit:
        assert unit.journal.get(listed.id) == listed
        assert unit.journal.many([listed.id, TransactionId("0" * 32)]) == {listed.id: listed}
        assert unit.journal.by_prefix(listed.id) == (listed.id,)
        assert unit.journal.reversal_of(listed.id) is None


def test_a_reversal_is_known_to_its_original(moved: World) -> None:
    grant = moved.see(transfers.list)[0].id
    undone = moved.do(transfers.reverse, grant, reason="two clicks at once", by=moved.cora)
    with moved.backend.reading() as unit:
        assert unit.journal.reversal_of(grant) == undone.transaction_id
        note = unit.journal.note(undone.transaction_id)
        assert note is not None
        assert note.text == "two clicks at once"
        assert unit.journal.note(grant) is None


def test_changes_of_an_account_come_in_order_of_record(world: World) -> None:
    for frozen in ("out", "all", "none"):
        world.do(
            accounts.freeze,
            world.accounts["anna"],
            frozen=frozen,
            reason="safeguarding",
            by=world.olga,
        )
    changes = world.see(accounts.changes, "anna")
    assert [c.becomes for c in changes] == ["active", "out", "all", "none"]
    assert changes[1].actor == world.olga


def propose(world: World, giver: str = "anna", receiver: str = "ben") -> str:
    proposed = world.do(
        exchanges.propose,
        giver=giver,
        receiver=receiver,
        hours=Hours.of(1),
        by=world.member(giver),
    )
    return proposed.exchange_id


def test_exchanges_are_listed_by_member_and_state_in_pages(world: World) -> None:
    first, second = propose(world), propose(world, "carla", "anna")
    third = propose(world, "ben", "carla")
    world.do(exchanges.decline, second, by=world.member("anna"))

    def ids(**asked: object) -> list[str]:
        return [x.id for x in world.see(exchanges.list, **asked)]

    assert ids() == [first, second, third]
    assert ids(member="anna") == [first, second]
    assert ids(state="declined") == ids(member="anna", state=State.DECLINED) == [second]
    assert ids(after=first, limit=1) == [second]


def test_every_act_is_kept_in_order(world: World) -> None:
    exchange = propose(world)
    world.do(exchanges.agree, exchange, by=world.broker("ben"))
    world.do(exchanges.cancel, exchange, by=world.member("anna"), reason="rain")
    acts = world.see(exchanges.acts, exchange)
    assert [(a.n, a.act) for a in acts] == [(1, Act.PROPOSE), (2, Act.AGREE), (3, Act.CANCEL)]
    assert acts[1].actor == world.broker("ben")
    note = world.see(lambda unit: unit.journal.note(acts[2].id))
    assert note is not None
    assert note.text == "rain"


def test_open_exchanges_are_counted_on_both_sides(world: World) -> None:
    first, _ = propose(world), propose(world, "carla", "anna")
    world.do(exchanges.decline, first, by=world.member("ben"))
    counts = [
        world.see(lambda u, n=n: u.exchanges.open_of(world.people[n])) for n in world.accounts
    ]
    assert counts == [1, 0, 1]


def test_what_is_due_is_found_to_the_microsecond(world: World) -> None:
    first = propose(world)
    deadline = world.see(exchanges.get, first).deadline
    assert deadline is not None
    tick = timedelta(microseconds=1)
    with world.backend.reading() as unit:
        assert unit.exchanges.due(deadline - tick, 10) == ()
        assert unit.exchanges.due(deadline, 10) == (first,)
        assert unit.exchanges.due(deadline, 0) == ()


def test_a_hold_stands_from_the_agreement_to_its_end(world: World) -> None:
    exchange, ben = propose(world), world.accounts["ben"]
    world.do(exchanges.agree, exchange, by=world.member("ben"))
    (hold,) = world.see(holds.list, account=ben)
    assert (hold.exchange, hold.minutes) == (exchange, 60)
    assert world.see(lambda u: u.accounts.open_holds([ben])) == (hold,)
    assert world.see(accounts.of_member, "ben").held == Hours.of(1)
    world.do(exchanges.cancel, exchange, by=world.member("ben"))
    assert world.see(holds.list) == ()
    assert [h.id for h in world.see(holds.list, open_only=False)] == [hold.id]
    assert world.see(holds.list, open_only=False, after=hold.id) == ()


def test_a_member_who_leaves_takes_the_account_along(world: World) -> None:
    world.do(members.leave, "ben", by=world.member("ben"))
    left = world.see(accounts.get, world.accounts["ben"])
    assert left.frozen.value == "all"
    assert [c.becomes for c in world.see(accounts.changes, left.id)] == ["active", "left", "all"]
