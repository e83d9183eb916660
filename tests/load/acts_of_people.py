"""Members, staff and listings in which something is made to go wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.backends import World, a_world
from tests.load.acts import Act, Acts, Maker, call
from tests.load.acts_of_the_house import POLICY
from timebank import bank_slugs, listings, members, staff
from timebank.domain.actor import Actor, Role
from timebank.storage.sql.unit_of_work import SqlUnit

AGENCY = "agency"
APPROVING = replace(POLICY, joining_needs_approval=True)
"""A coordinator says who may join."""


def agency(acts: Acts) -> World:
    """That bank, founded when it is first asked for."""
    world = acts.world
    slugs = world.see(lambda uow: bank_slugs(uow.connection))
    if AGENCY not in slugs:
        return a_world(world.backend, bank=AGENCY, policy=APPROVING)

    def coordinator(uow: SqlUnit) -> Actor:
        return staff.actor(uow, "cora", role=Role.COORDINATOR)

    there = replace(world, bank=AGENCY)
    return replace(there, cora=there.see(coordinator))


def _join(acts: Acts, key: str) -> Act:
    return call(members.join, name="Dora", ref=f"dora-{key}", by=acts.world.cora, key=key)


def _update(acts: Acts, key: str) -> Act:
    return call(members.update, "carla", contact=f"at {key}", by=acts.world.cora, key=key)


def _approve(acts: Acts, key: str) -> Act:
    there = agency(acts)
    id_ = there.do(members.join, name="Dora", ref=key, by=there.cora).member_id
    return replace(call(members.approve, id_, by=there.cora, key=key), bank=AGENCY)


def _suspend(acts: Acts, key: str) -> Act:
    id_, by = acts.newcomer().member_id, acts.world.olga
    return call(members.suspend, id_, reason="she moved house", by=by, key=key)


def _resume(acts: Acts, key: str) -> Act:
    id_, by = acts.newcomer().member_id, acts.world.olga
    acts.world.do(members.suspend, id_, reason="she moved house", by=by)
    return call(members.resume, id_, by=by, key=key)


def _leave(acts: Acts, key: str) -> Act:
    id_, by = acts.newcomer().member_id, acts.world.cora
    return call(members.leave, id_, hours_to="pot", by=by, key=key)


def _forget(acts: Acts, key: str) -> Act:
    id_, by = acts.newcomer().member_id, acts.world.cora
    acts.world.do(members.leave, id_, by=by)
    second = acts.world.olga
    return call(members.forget, id_, reason="other", by=by, approved_by=second, key=key)


def _add(acts: Acts, key: str) -> Act:
    given: dict[str, Any] = {"role": "broker", "name": "Emil", "by": acts.world.cora}
    return call(staff.add, f"emil-{key}", **given, key=key)


def _end(acts: Acts, key: str) -> Act:
    ref, by = f"emil-{key}", acts.world.cora
    acts.world.do(staff.add, ref, role="broker", name="Emil", by=by)
    return call(staff.end, ref, role="broker", by=by, key=key)


def _standing(acts: Acts) -> dict[str, Any]:
    anna = acts.world.member("anna")
    return {"member": "anna", "title": "Bread", "category": "other", "by": anna}


def _offer(acts: Acts, key: str) -> Act:
    return call(listings.offer, **_standing(acts), key=key)


def _request(acts: Acts, key: str) -> Act:
    return call(listings.request, **_standing(acts), key=key)


def _withdraw(acts: Acts, key: str) -> Act:
    id_ = acts.world.do(listings.offer, **_standing(acts)).listing_id
    return call(listings.withdraw, id_, by=acts.world.member("anna"), key=key)


MAKERS: dict[str, Maker] = {
    "members.join": _join,
    "members.update": _update,
    "members.approve": _approve,
    "members.suspend": _suspend,
    "members.resume": _resume,
    "members.leave": _leave,
    "members.forget": _forget,
    "staff.add": _add,
    "staff.end": _end,
    "listings.offer": _offer,
    "listings.request": _request,
    "listings.withdraw": _withdraw,
}
