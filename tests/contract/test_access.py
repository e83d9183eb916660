"""Everything held on a person, and nothing of anybody else, on every storage."""

from __future__ import annotations

import json

import pytest

from tests.backends import World
from tests.support import refusal
from timebank import Hours, accounts, exchanges, journal, members, transfers
from timebank.actions._access import WITHHELD

OTHERS = ("ben", "carla", "dora", "cora", "colin", "olga", "bea", "emil", "frida")


@pytest.fixture
def season(world: World, seasoned: None) -> World:
    return world


def test_everything_that_the_bank_holds_is_in_it(season: World) -> None:
    document = season.see(members.access, "anna")
    assert document["person"] == {
        "id": season.people["anna"],
        "kind": "person",
        "ref": "anna",
        "name": "Anna",
        "contact": None,
    }
    (account,) = document["accounts"]
    assert account["balance_minutes"] == season.balance("anna")
    assert sum(e["change_minutes"] for e in account["entries"]) == account["balance_minutes"]
    numbers = [entry["number"] for entry in account["entries"]]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert len(account["changes"]) == len(season.see(accounts.changes, "anna"))
    assert [listing["title"] for listing in document["listings"]] == ["Roses"]
    held = season.see(exchanges.list, member="anna")
    assert [x["id"] for x in document["exchanges"]] == [x.id for x in held]
    assert [len(x["acts"]) for x in document["exchanges"]] == [x.acts for x in held]


def test_nobody_else_is_in_it(season: World) -> None:
    text = json.dumps(season.see(members.access, "anna"))
    names = {name: season.people.get(name) for name in OTHERS}
    ids = {str(id_) for id_ in (*names.values(), *season.accounts.values()) if id_}
    ids -= {season.people["anna"], season.accounts["anna"]}
    assert [id_ for id_ in ids if id_ in text] == []
    assert [name for name in names if name.title() in text] == []


def test_own_words_are_given_and_those_of_others_withheld(world: World) -> None:
    world.give("anna", 60)
    anna, ben = world.member("anna"), world.member("ben")
    gift = {"source": world.accounts["anna"], "target": world.accounts["ben"]}
    world.do(transfers.donate, **gift, hours=Hours(minutes=5), note="with love", by=anna)
    asked = world.do(exchanges.propose, giver="ben", receiver="anna", hours=Hours.of(1), by=anna)
    world.do(exchanges.decline, asked.exchange_id, reason="his back hurts", by=ben)
    mine, his = (world.see(members.access, who) for who in ("anna", "ben"))
    assert [e["note"] for e in mine["accounts"][0]["entries"]] == [None, "with love"]
    assert [a["note"] for a in mine["exchanges"][0]["acts"]] == [None, WITHHELD]
    assert [e["note"] for e in his["accounts"][0]["entries"]] == [WITHHELD]
    assert [a["note"] for a in his["exchanges"][0]["acts"]] == [None, "his back hurts"]
    assert [a["by"] for a in his["exchanges"][0]["acts"]] == ["another member", "you"]


def test_staff_may_ask_as_well(season: World) -> None:
    document = season.see(members.access, "bea")
    assert (document["membership"], document["accounts"]) == (None, [])
    assert [role["role"] for role in document["roles"]] == ["broker"]


def test_who_acted_for_whom(season: World) -> None:
    (listing,) = season.see(members.access, "ben")["listings"]
    assert listing["title"] == "A cake"
    season.do(
        transfers.donate,
        source=season.accounts["anna"],
        hours=Hours(minutes=1),
        by=season.broker("anna"),
    )
    entries = season.see(members.access, "anna")["accounts"][0]["entries"]
    assert entries[-1]["by"] == "broker for you"
    assert entries[-1]["counterparty"] == "the community pot"


def test_after_forgetting_there_is_nothing_personal_left(season: World) -> None:
    document = season.see(members.access, season.people["dora"])
    assert {document["person"][name] for name in ("ref", "name", "contact")} == {None}
    assert "Dora" not in json.dumps(document)


def test_a_person_nobody_knows(world: World) -> None:
    world.do(journal.seal)
    assert refusal(lambda: world.see(members.access, "nobody")) == "not_found"
