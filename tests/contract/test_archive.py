"""The journal file of a whole season: in again as it was, and refused whole where it is damaged."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from hashlib import sha256

import pytest

from tests.backends import BANK, MemoryBackend, World, a_world
from tests.contract.bundling import export
from tests.support import refusal, waiting_facts
from timebank import audits, journal, members, transfers
from timebank.actions import _archive
from timebank.actions._archive import line_of
from timebank.errors import InputError
from timebank.formats import bundle
from timebank.ports import WingRow
from timebank.storage.memory.seals import Archive


def exported(world: World) -> tuple[list[str], list[str]]:
    """A season, sealed, as its two files."""
    world.do(journal.seal)
    return (
        world.see(lambda uow: [*journal.export(uow)]),
        world.see(lambda uow: [*journal.export_people(uow)]),
    )


def ended(lines: list[str]) -> list[str]:
    """The lines with an end that is right for them: a forger can count, too."""
    body = "".join(f"{line}\n" for line in lines).encode()
    end = {"type": "end", "lines": len(lines), "sha256": sha256(body).hexdigest()}
    return [*lines, json.dumps(end, sort_keys=True, separators=(",", ":"))]


def loaded(world: World, lines: list[str], people: list[str] | None, bank: str = BANK):
    other = MemoryBackend(world.backend.clock)
    with other.unit(bank) as uow:
        journal.load(uow, lines, people)
    return other


@pytest.mark.usefixtures("seasoned")
def test_a_season_comes_out_of_its_files_as_it_went_in(world):
    lines, people = exported(world)
    with loaded(world, lines, people).reading() as uow:
        assert [*journal.export(uow)] == lines
        assert [*journal.export_people(uow)] == people
        assert members.get(uow, "anna").name == "Anna"


@pytest.mark.usefixtures("seasoned")
def test_without_the_people_nobody_has_a_name_and_the_roots_are_the_same(world):
    lines, _ = exported(world)
    with loaded(world, lines, None).reading() as uow:
        assert [*journal.export(uow)] == lines
        assert {member.name for member in members.list(uow)} == {None}
        assert audits.run(uow).findings == ()


@pytest.mark.usefixtures("seasoned")
def test_what_waits_for_the_sealer_waits_again(world):
    lines = world.see(lambda uow: [*journal.export(uow)])
    other = loaded(world, lines, None)
    with other.reading() as uow:
        waiting = world.see(lambda before: before.seals.facts(waiting_facts(before)))
        assert uow.seals.facts(waiting_facts(uow)) == waiting
        assert [*journal.export(uow)] == lines


def undone_as_the_clock_went_back(world: World) -> None:
    """Gifts, the last of which was undone a minute before it was made, says the clock."""
    given = [world.give("anna", 60) for _ in range(3)][-1]
    world.backend.clock.advance(timedelta(seconds=-60))
    world.do(
        transfers.reverse,
        given.transaction_id,
        reason="mistake",
        by=world.colin,
        approved_by=world.cora,
    )
    world.backend.clock.advance(timedelta(seconds=120))


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_a_reversal_older_than_what_it_reverses_is_loaded(world, office, monkeypatch, at_once):
    undone_as_the_clock_went_back(world)
    lines, people = exported(world)
    monkeypatch.setattr(_archive, "AT_ONCE", at_once)
    with office.backend.unit() as uow:
        journal.load(uow, lines, people)
    assert office.lines() == lines
    assert office.findings() == []


def without_the_original(lines: list[str]) -> list[str]:
    """The file without what a reversal in it reverses."""
    gone = next(row["reverses"] for row in map(json.loads, lines) if row.get("reverses"))
    return ended([line for line in lines[:-1] if f'"id":"{gone}"' not in line])


SAID = r"lines 2 to \d+: .+; nothing was kept\. Export the bank"


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_what_has_no_place_is_said_with_its_lines(world, office):
    undone_as_the_clock_went_back(world)
    torn = without_the_original(exported(world)[0])
    with pytest.raises(InputError, match=SAID), office.backend.unit() as uow:
        journal.load(uow, torn)


def test_what_any_storage_has_no_place_for_is_said_with_its_lines(monkeypatch):
    world = a_world(MemoryBackend())
    undone_as_the_clock_went_back(world)
    torn = without_the_original(exported(world)[0])

    def restore(self, values):
        if any(getattr(value, "reverses", None) for value in values):
            raise InputError(field="file", problem="it reverses nothing")
        restored(self, values)

    restored = Archive.restore
    monkeypatch.setattr(Archive, "restore", restore)
    with pytest.raises(InputError, match=SAID):
        loaded(world, torn, None)


def test_a_reversal_older_than_what_it_reverses_is_carried(world, office, monkeypatch):
    undone_as_the_clock_went_back(world)
    monkeypatch.setattr(bundle, "AT_ONCE", 1)
    office.take(export(world))
    assert office.lines() == exported(world)[0]


def test_a_row_of_a_wing_is_a_line_under_its_own_word():
    row = WingRow(kind="library.tool", row={"id": "7"})
    assert line_of("", row) == {"type": "library.tool", "row": {"id": "7"}}


@pytest.mark.usefixtures("seasoned")
def test_rows_of_a_wing_have_no_place_in_memory(world):
    lines, _ = exported(world)
    line = '{"row":{"id":"7"},"type":"library.tool"}'
    said = refusal(lambda: loaded(world, ended([*lines[:-1], line]), None))
    assert said == "invalid_input uow"


DAMAGES = {
    "another bank": (lambda lines: lines, "hillside"),
    "another form": (lambda lines: ended(['{"schema":"other/1"}', *lines[1:-1]]), BANK),
    "an unknown kind": (lambda lines: ended([*lines[:-1], '{"type":"wish"}']), BANK),
    "a row of a wing that is no row": (
        lambda lines: ended([*lines[:-1], '{"row":5,"type":"library.tool"}']),
        BANK,
    ),
    "a row of a wing that has none": (
        lambda lines: ended([*lines[:-1], '{"type":"library.tool"}']),
        BANK,
    ),
    "a head without a bank": (lambda lines: ended([without(lines[0], "bank"), *lines[1:-1]]), BANK),
    "a policy without a body": (
        lambda lines: ended(
            [without(x, "body") if '"type":"policy"' in x else x for x in lines[:-1]]
        ),
        BANK,
    ),
    "no JSON": (lambda lines: ended([*lines[:-1], "{"]), BANK),
    "no object": (lambda lines: ended([*lines[:-1], "7"]), BANK),
    "torn": (lambda lines: lines[:-1], BANK),
    "a line is missing": (lambda lines: [*lines[:5], *lines[6:]], BANK),
    "something after the end": (lambda lines: [*lines, "{}"], BANK),
    "another leaf": (lambda lines: ended([swapped(line) for line in lines[:-1]]), BANK),
}


def without(line: str, name: str) -> str:
    row = json.loads(line)
    del row[name]
    return json.dumps(row, sort_keys=True, separators=(",", ":"))


def swapped(line: str) -> str:
    row = json.loads(line)
    if row.get("type") == "leaf" and row["position"] == 0:
        return line.replace(row["hash"], "0" * 64)
    return line


@pytest.mark.usefixtures("seasoned")
def test_a_damaged_file_is_refused(world):
    lines, people = exported(world)
    for damage, (spoil, bank) in DAMAGES.items():
        known = people if bank == BANK else None
        said = refusal(partial(loaded, world, spoil(lines), known, bank))
        assert said == "invalid_input file", damage


@pytest.mark.usefixtures("seasoned")
def test_what_a_line_lacks_is_said_with_its_number(world):
    lines, _ = exported(world)
    at = next(n for n, line in enumerate(lines, 1) if '"type":"policy"' in line)
    spoilt = ended([without(x, "body") if n == at else x for n, x in enumerate(lines[:-1], 1)])
    with pytest.raises(InputError, match=f"line {at} has no body"):
        loaded(world, spoilt, None)


@pytest.mark.usefixtures("seasoned")
@pytest.mark.parametrize("name", ["bank", "name"])
def test_people_without_a_head_are_refused(world, name):
    lines, people = exported(world)
    headless = ended([without(people[0], name), *people[1:-1]])
    assert refusal(lambda: loaded(world, lines, headless)) == "invalid_input file"


@pytest.mark.usefixtures("seasoned")
def test_the_people_of_another_bank_are_refused(world):
    lines, people = exported(world)
    foreign = ended([people[0].replace(BANK, "hillside"), *people[1:-1]])
    assert refusal(lambda: loaded(world, lines, foreign)) == "invalid_input people"


@pytest.mark.usefixtures("seasoned")
def test_a_bank_that_is_there_is_not_loaded_over(world):
    lines, people = exported(world)
    assert refusal(lambda: world.do(journal.load, lines, people)) == "ref_taken"
    assert world.see(lambda uow: [*journal.export(uow)]) == lines
