"""The same requests get the same answers from every storage."""

import pytest

from tests.backends import MemoryBackend, World, a_world
from tests.contract.scenario import a_season, actions_in
from tests.same import Names, difference
from timebank import outbox, staff, transfers
from timebank.domain.actor import MAY
from timebank.domain.audit import Verdict


def test_every_action_has_a_happy_path(world: World) -> None:
    assert actions_in(a_season(world)) == set(MAY) - {"banks.create"}


@pytest.mark.usefixtures("seasoned")
def test_the_books_are_clean_after_a_season(world: World) -> None:
    assert world.audit().verdict is Verdict.CLEAN


def test_receipts_are_those_of_memory_but_for_the_ids(sql_world: World) -> None:
    in_memory, in_sql = Names(), Names()
    expected = in_memory.plain(a_season(a_world(MemoryBackend())))
    assert difference(expected, in_sql.plain(a_season(sql_world))) is None


def test_all_that_is_kept_is_what_memory_keeps(sql_world: World) -> None:
    kept = []
    for world in (a_world(MemoryBackend()), sql_world):
        names = Names()
        names.plain(a_season(world))
        looks = (
            world.see(transfers.list, limit=1000),
            [row for row in world.see(outbox.read, limit=1000) if row.action != "staff.add"],
            [(held.role, person.ref, held.ends_on) for held, person in world.see(staff.list)],
            world.see(lambda unit: {**unit.audit.counted(), "tables": 0}),
        )
        kept.append(names.plain(looks))
    assert difference(*kept) is None
