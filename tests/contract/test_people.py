"""Banks, people and listings, as every storage keeps them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.backends import Backend, World, a_world
from timebank import Hours, accounts, banks, exchanges, listings, members, staff
from timebank.domain.actor import Role
from timebank.domain.ids import PersonId
from timebank.domain.member import Status
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.errors import InputError, NotFoundError, RefTaken

NOBODY = PersonId("f" * 32)


def test_a_bank_that_nobody_created_is_not_found(backend: Backend) -> None:
    """And a unit of it ends with that, whatever was read."""

    def look() -> None:
        with backend.unit("nowhere") as uow:
            assert uow.banks.find() is None
            for refused in (uow.banks.get, uow.banks.house):
                with pytest.raises(NotFoundError):
                    refused()

    with pytest.raises(NotFoundError) as caught:
        look()
    assert caught.value.data == {"kind": "bank", "ref": "nowhere", "where": "database"}


def test_a_slug_is_taken_once(world: World) -> None:
    with pytest.raises(RefTaken) as caught:
        world.do(banks.create)
    taken = {"kind": "bank", "ref": "riverside", "next_step": "choose another"}
    assert caught.value.data == taken


def test_banks_do_not_see_each_other(backend: Backend) -> None:
    one, other = a_world(backend), a_world(backend, bank="hillside")
    assert one.people["anna"] != other.people["anna"]
    with pytest.raises(NotFoundError):
        other.see(members.get, one.people["anna"])
    assert len(one.see(members.list)) == len(other.see(members.list)) == 3


def test_nobodys_ref_stands_in_for_somebody_elses_id(world: World) -> None:
    anna = world.people["anna"]
    world.join("eve")
    world.do(members.update, "eve", ref=anna, by=world.cora)
    assert world.see(members.get, anna).ref == "anna"
    assert world.do(staff.add, anna, role="broker", by=world.cora).person_id == anna
    world.do(members.update, "anna", ref="f" * 32, by=world.cora)
    assert world.see(members.get, "f" * 32).id == anna


def test_the_latest_policy_holds_and_all_are_kept(world: World) -> None:
    world.do(banks.set_policy, "custody", by=world.cora)
    assert world.see(banks.policy).policy.preset == "custody"
    versions = [(p.version, p.policy.preset) for p in world.see(lambda u: u.banks.policies())]
    assert versions == [(1, "neighbourhood"), (2, "custody")]


def test_codes_of_a_policy_fit_into_every_storage(world: World) -> None:
    longest = replace(NEIGHBOURHOOD, categories=("c" * 60, "other"), reasons=("r" * 60, "other"))
    world.do(banks.set_policy, longest, by=world.cora)
    world.do(
        exchanges.record,
        giver="anna",
        receiver="ben",
        hours=Hours.of(1),
        category="c" * 60,
        by=world.broker(),
    )
    world.do(members.suspend, "ben", reason="r" * 60, by=world.cora)
    with pytest.raises(InputError):
        replace(NEIGHBOURHOOD, categories=("x" * 61, "other"))
    with pytest.raises(InputError):
        replace(NEIGHBOURHOOD, reasons=("x" * 61, "other"))


def test_the_house_knows_the_day_that_was_stated_last(world: World) -> None:
    first = world.backend.clock().date()
    world.do(banks.state_day, first, by=world.olga)
    second = world.backend.clock.advance(timedelta(days=1)).date()
    world.do(banks.state_day, second, by=world.olga)
    assert world.see(lambda u: u.banks.house().stated_day) == second


def test_people_are_found_by_id_ref_and_prefix(world: World) -> None:
    anna = world.people["anna"]
    with world.backend.reading() as unit:
        people = unit.people
        assert people.get(anna) == people.by_ref("anna") == people.many([anna, NOBODY])[anna]
        assert people.by_refs(["anna", "ben", "zoe"]) == {
            name: world.people[name] for name in ("anna", "ben")
        }
        assert people.by_prefix(anna) == (anna,)
        assert len(people.by_prefix(anna[:3])) == 2
        assert people.get(NOBODY) is None
        assert people.by_ref("zoe") is None
        assert people.member(NOBODY) is None
        assert NOBODY not in people.many([anna, NOBODY])


def test_a_ref_is_taken_once(world: World) -> None:
    with pytest.raises(RefTaken) as caught:
        world.join("anna")
    taken = {"kind": "ref", "ref": "anna", "next_step": "choose another"}
    assert caught.value.data == taken
    with pytest.raises(RefTaken):
        world.do(members.update, "ben", ref="anna", by=world.cora)
    world.do(members.update, "ben", ref="ben", by=world.cora)


def test_members_come_in_pages_in_order_of_id(world: World) -> None:
    names = ["anna", "ben", "carla", *(f"member-{n}" for n in range(4))]
    for name in names[3:]:
        world.join(name)
    found: list[Any] = []
    after = None
    while page := world.see(members.list, after=after, limit=2):
        assert len(page) <= 2
        found += [view.ref for view in page]
        after = page[-1].id
    assert found == names


def test_members_are_listed_by_status(world: World) -> None:
    world.do(members.suspend, "ben", reason="safeguarding", by=world.cora)
    assert [v.ref for v in world.see(members.list, status="suspended")] == ["ben"]
    assert [v.ref for v in world.see(members.list, status=Status.ACTIVE)] == ["anna", "carla"]


def test_a_standing_tells_the_status_of_each_day(world: World) -> None:
    world.backend.clock.advance(timedelta(days=10))
    world.do(members.suspend, "ben", reason="safeguarding", by=world.cora)
    world.backend.clock.advance(timedelta(days=10))
    world.do(members.resume, "ben", by=world.cora)
    ben = world.people["ben"]
    standing = world.see(lambda u: u.people.standings([ben, NOBODY]))
    assert list(standing) == [ben]
    days = [date(2026, 3, 12), date(2026, 3, 20), date(2026, 3, 29), date(2026, 3, 30)]
    statuses = [standing[ben].status_on(day).value for day in days]
    assert statuses == ["active", "suspended", "suspended", "active"]


@pytest.mark.parametrize("more", [0, 20])
def test_the_house_tells_how_few_or_many_people_stand(world: World, more: int) -> None:
    """With the history of one who was suspended, the roles of staff, and nobody unknown."""
    world.do(members.suspend, "ben", reason="safeguarding", by=world.cora)
    joined = [world.do(members.join, name=f"N{n}", by=world.cora).member_id for n in range(more)]
    known = {world.people["anna"], world.people["ben"], world.cora.person, *joined}
    alone = world.see(lambda u: u.people.standings(known))
    assert set(alone) == known
    assert world.see(lambda u: u.banks.house({*known, NOBODY}).people) == alone
    assert world.see(lambda u: u.banks.house([NOBODY]).people) == {}
    assert world.see(lambda u: u.banks.house().people) == {}


def test_a_status_that_changed_twice_in_a_day_is_the_last(world: World) -> None:
    world.do(members.suspend, "ben", reason="safeguarding", by=world.cora)
    world.do(members.resume, "ben", by=world.cora)
    ben = world.people["ben"]
    standing = world.see(lambda u: u.people.standings([ben]))[ben]
    assert standing.status_on(date(2026, 3, 10)) is Status.ACTIVE


def test_a_member_approved_on_the_first_day_was_never_seen_as_pending(backend: Backend) -> None:
    world = a_world(backend, policy="agency-issued")
    world.do(members.approve, "ben", by=world.olga)
    ben = world.people["ben"]
    standing = world.see(lambda u: u.people.standings([ben]))[ben]
    days = [date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11)]
    assert [standing.status_on(day) for day in days] == [Status.ACTIVE] * 3


def test_further_accounts_come_after_the_first(world: World) -> None:
    further = [
        world.do(accounts.open, kind="held", owner="anna", by=world.cora).account_id
        for _ in range(5)
    ]
    first, *others = world.see(members.get, "anna").accounts
    assert (first, others) == (world.accounts["anna"], sorted(further))
    sink = world.do(accounts.open, kind="activity", label="library", by=world.cora).account_id
    assert world.see(accounts.get, "library").id == sink
    for label in ("library", "pot"):
        with pytest.raises(RefTaken):
            world.do(accounts.open, kind="activity", label=label, by=world.cora)
    world.do(members.suspend, "anna", reason="safeguarding", by=world.cora)
    assert world.audit().findings == ()
    world.backend.clock.advance(timedelta(days=3))
    world.do(accounts.open, kind="custody", owner="anna", by=world.cora)
    world.do(members.resume, "anna", by=world.cora)
    world.do(members.leave, "anna", by=world.cora)
    assert world.audit().findings == ()


def test_roles_are_listed_in_order_of_first_day(world: World) -> None:
    early, late = date(2026, 1, 1), date(2026, 5, 1)
    world.do(staff.add, "emil", role="broker", starts_on=late, by=world.cora)
    world.do(staff.add, "emil", role="officer", starts_on=early, by=world.cora)
    roles = [(held.role, person.ref) for held, person in world.see(staff.list)]
    assert roles[0] == (Role.OFFICER, "emil")
    assert roles[-1] == (Role.BROKER, "emil")
    emil = world.see(lambda u: u.people.by_refs(["emil"]))["emil"]
    assert len(world.see(lambda u: u.people.staff(person=emil))) == 2


@pytest.fixture
def listed(world: World) -> World:
    """Three listings: one of them withdrawn, one that expired."""
    for name, title, days in (("anna", "Red roses", None), ("ben", "100% Rye", 1)):
        expires = None if days is None else world.backend.clock().date() + timedelta(days=days)
        world.do(
            listings.offer,
            member=name,
            title=title,
            category="garden",
            by=world.member(name),
            expires_on=expires,
        )
    gone = world.do(
        listings.request, member="anna", title="ROSES", category="food", by=world.broker("anna")
    )
    world.do(listings.withdraw, gone.listing_id, by=world.cora)
    world.backend.clock.advance(timedelta(days=2))
    return world


def test_all_listings_are_listed_in_order_and_by_member_and_kind(listed: World) -> None:
    titles = [x.title for x in listed.see(listings.list)]
    assert titles == ["Red roses", "100% Rye", "ROSES"]
    assert [x.title for x in listed.see(listings.list, member="anna")] == ["Red roses", "ROSES"]
    assert [x.title for x in listed.see(listings.list, kind="request")] == ["ROSES"]
    first = listed.see(listings.list, limit=1)
    assert [x.title for x in listed.see(listings.list, after=first[0].id)] == titles[1:]


def test_a_search_finds_what_stands_today_in_any_case(listed: World) -> None:
    assert [x.title for x in listed.see(listings.search, "ROSE")] == ["Red roses"]
    assert listed.see(listings.search, "rye") == ()
    assert listed.see(listings.search, category="food") == ()


def test_listings_of_somebody_suspended_do_not_stand(listed: World) -> None:
    (found,) = listed.see(listings.search, "ROSE")
    listed.do(members.suspend, found.member, reason="safeguarding", by=listed.cora)
    assert listed.see(listings.search, "ROSE") == ()
    assert found in listed.see(listings.list)
    listed.do(members.resume, found.member, by=listed.cora)
    assert listed.see(listings.search, "ROSE") == (found,)


def test_words_of_a_search_are_no_pattern(world: World) -> None:
    for title in ("100% Rye", "1000 Rye", "snake_case", "snakes"):
        world.do(
            listings.offer, member="anna", title=title, category="food", by=world.member("anna")
        )
    assert [x.title for x in world.see(listings.search, "0%")] == ["100% Rye"]
    assert [x.title for x in world.see(listings.search, "_")] == ["snake_case"]


def test_a_listing_is_found_by_prefix(listed: World) -> None:
    first = listed.see(listings.list)[0]
    assert listed.see(lambda u: u.listings.by_prefix(first.id)) == (first.id,)
    assert listed.see(listings.get, first.id) == first
