"""Derived figures put right from the facts, on every storage, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.backends import MemoryBackend, SqlBackend, World
from timebank import accounts, errors, exchanges, journal
from timebank.actions import rebuilds
from timebank.domain.account import Account, AccountChange, ChangeField
from timebank.domain.audit import Verdict
from timebank.domain.exchange import Exchange, State
from timebank.domain.hours import Hours
from timebank.domain.ids import PersonId
from timebank.domain.member import Member, Status
from timebank.storage.sql import schema

SHELVES = {Account: "accounts", Exchange: "exchanges", Member: "members"}
TABLES = {Account: schema.account, Exchange: schema.exchange, Member: schema.member}


def planted(world: World, kind: type, id_: str, **values: Any) -> None:
    """Somebody sets values by hand."""
    if isinstance(world.backend, MemoryBackend):
        shelf = getattr(world.backend.database.shelf(world.bank), SHELVES[kind])
        shelf[id_] = replace(shelf[id_], **values)
        return
    assert isinstance(world.backend, SqlBackend)
    plain = {name: getattr(value, "value", value) for name, value in values.items()}
    table = TABLES[kind]
    with world.backend.engine.begin() as connection:
        found = connection.execute(update(table).where(table.c.id == id_).values(plain))
        assert found.rowcount == 1


def rebuilt(world: World, **more: Any) -> Any:
    given = {"reason": "correction", "by": world.cora, "approved_by": world.olga, **more}
    return world.do(rebuilds.run, **given)


@pytest.fixture
def busy(world: World) -> World:
    """A world with an open hold of ben's and an exchange that was confirmed."""
    anna, ben = world.member("anna"), world.member("ben")
    for hours in (1, 2):
        done = world.do(
            exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(hours), by=anna
        )
        world.people[f"exchange {hours}"] = PersonId(done.exchange_id)
        world.do(exchanges.agree, done.exchange_id, by=ben)
    world.do(exchanges.report, world.people["exchange 1"], hours=Hours.of(1), by=anna)
    world.do(exchanges.confirm, world.people["exchange 1"], by=ben)
    return world


def own_changes(world: World, name: str) -> list[AccountChange]:
    found = world.see(accounts.changes, world.accounts[name])
    return [change for change in found if change.field is ChangeField.REBUILT]


def test_figures_of_accounts_come_back_and_each_is_recorded(busy: World) -> None:
    ben = busy.accounts["ben"]
    kept = busy.see(lambda uow: uow.accounts.get(ben))
    wrong = {"balance_minutes": 600, "held_minutes": 5}
    planted(busy, Account, ben, **wrong, recorded_at=kept.recorded_at + timedelta(days=1))
    assert busy.audit().verdict is Verdict.FINDINGS
    (drift,) = busy.see(rebuilds.drifts)
    receipt = rebuilt(busy, reason="the disk was full")
    assert busy.see(lambda uow: uow.accounts.get(ben)) == kept == drift.derived
    found = own_changes(busy, "ben")
    assert sorted((change.was, change.becomes) for change in found) == [
        ("balance_minutes 600", "balance_minutes -60"),
        ("held_minutes 5", "held_minutes 120"),
        (
            f"recorded_at {(kept.recorded_at + timedelta(days=1)).isoformat()}",
            f"recorded_at {kept.recorded_at.isoformat()}",
        ),
    ]
    for change in found:
        assert (change.actor, change.approver, change.reason) == (busy.cora, busy.olga, "other")
        note = busy.see(lambda uow, about=change.id: uow.journal.note(about))
        assert note.text == "the disk was full"
    assert [event.becomes for event in receipt.events] == [change.becomes for change in found]
    assert busy.audit().verdict is Verdict.CLEAN
    busy.do(journal.seal)
    assert busy.audit().verdict is Verdict.CLEAN


def test_an_exchange_stands_again_where_its_last_act_left_it(busy: World) -> None:
    exchange = busy.people["exchange 2"]
    planted(busy, Exchange, exchange, state=State.REPORTED, acts=7)
    rebuilt(busy)
    found = busy.see(exchanges.get, exchange)
    assert (found.state, found.acts) == (State.AGREED, 2)
    assert [(change.was, change.becomes) for change in own_changes(busy, "ben")] == [
        (f"exchange {exchange} state reported", f"exchange {exchange} state agreed"),
        (f"exchange {exchange} acts 7", f"exchange {exchange} acts 2"),
    ]
    assert busy.audit().verdict is Verdict.CLEAN


def test_where_all_is_well_nothing_changes(busy: World) -> None:
    before = busy.see(lambda uow: uow.audit.counted())
    assert busy.see(rebuilds.drifts) == ()
    assert rebuilt(busy).events == ()
    assert busy.see(lambda uow: uow.audit.counted())["facts"] == before["facts"]


def test_facts_in_doubt_are_not_rebuilt_upon(busy: World) -> None:
    planted(busy, Account, busy.accounts["ben"], balance_minutes=600)
    planted(busy, Member, busy.people["anna"], status=Status.SUSPENDED)
    for look in (lambda: busy.see(rebuilds.drifts), lambda: rebuilt(busy)):
        with pytest.raises(errors.WrongState) as caught:
            look()
        assert "accounts_match_changes" in caught.value.data["state"]
    assert busy.balance("ben") == 600


def test_a_number_never_goes_back(busy: World) -> None:
    planted(busy, Account, busy.accounts["ben"], number=9)
    with pytest.raises(errors.WrongState) as caught:
        rebuilt(busy)
    assert "a number never goes back" in str(caught.value)
    assert "restore a clean backup" in str(caught.value)
    assert own_changes(busy, "ben") == []


def test_books_that_are_not_in_order_afterwards_are_not_kept(busy: World) -> None:
    """The transaction that an exchange names is nothing that is rebuilt."""
    planted(busy, Account, busy.accounts["ben"], balance_minutes=600)
    planted(busy, Exchange, busy.people["exchange 1"], deadline=busy.backend.clock())
    with pytest.raises(errors.WrongState, match="exchanges_follow_acts"):
        rebuilt(busy)
    assert busy.balance("ben") == 600


def test_who_may_not(busy: World) -> None:
    for given, error in (
        ({"by": busy.member("anna")}, errors.NotPermitted),
        ({"approved_by": busy.cora}, errors.SecondPersonNeeded),
        ({"reason": None}, errors.InputError),
    ):
        with pytest.raises(error):
            rebuilt(busy, **given)


def test_under_its_key_it_is_done_once(busy: World) -> None:
    planted(busy, Account, busy.accounts["ben"], balance_minutes=600)
    first = rebuilt(busy, key="monday")
    again = rebuilt(busy, key="monday")
    assert (again.id, again.replayed) == (first.id, True)
