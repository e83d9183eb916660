"""Bundles: a copy that comes out as the bank is, whatever the road did to what carried it there."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import permutations

import pytest

from tests.backends import BANK, MemoryBackend, World, a_world
from tests.contract.bundling import Carried, Office, export, of_site, resealed
from tests.contract.scenario import a_season
from tests.support import refusal
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    bundles,
    errors,
    exchanges,
    journal,
    listings,
    members,
    transfers,
)
from timebank.domain.audit_rows import check_copy
from timebank.domain.policy_text import dumped
from timebank.formats import bundle


@pytest.fixture
def quick() -> tuple[World, Office]:
    """A site and an office in memory, for what tries hundreds of files."""
    return a_world(MemoryBackend()), Office(backend=MemoryBackend(), bank=BANK)


def weeks(site: World) -> list[Carried]:
    """Three bundles, one after the other, with something new in each."""
    found = [export(site)]
    for minutes in (60, 90):
        site.give("anna", minutes)
        found.append(export(site, size_of(found[-1])))
    return found


def size_of(carried: Carried) -> int:
    return int(json.loads(carried.lines[0])["to"]["size"])


@pytest.mark.usefixtures("seasoned")
def test_a_season_in_one_bundle_makes_the_same_bank(world: World, office: Office) -> None:
    carried = export(world)
    taken = office.take(carried)
    assert taken.written
    assert taken.before is None
    assert taken.checkpoint == world.see(journal.checkpoint)
    assert office.lines() == of_site(world)
    assert office.findings() == []


def test_a_season_in_two_bundles_makes_the_same_bank(world: World, office: Office) -> None:
    taken = office.take(export(world))
    a_season(world)
    again = office.take(export(world, taken.checkpoint))
    assert again.before == taken.checkpoint
    assert again.facts == again.checkpoint.size - taken.checkpoint.size
    assert office.lines() == of_site(world)
    assert office.findings() == []


def test_a_bundle_that_comes_again_writes_nothing(world: World, office: Office) -> None:
    first, second, _ = weeks(world)
    office.take(first)
    office.take(second)
    stands = office.lines()
    for carried in (second, first, second):
        taken = office.take(carried)
        assert not taken.written
        assert taken.checkpoint.size == size_of(second)
    assert office.lines() == stands


def test_in_whatever_order_they_come_each_is_taken_once_or_refused(quick) -> None:
    site, _ = quick
    carried = weeks(site)
    for order in permutations(range(3)):
        office = Office(backend=MemoryBackend(), bank=BANK)
        have = 0
        for n in [*order, *order, *order]:
            if n > have:
                assert office.refuses(carried[n]) == "bundle_gap"
            else:
                assert office.take(carried[n]).written == (n == have)
                have = max(have, n + 1)
        assert office.lines() == of_site(site), order
        assert office.findings() == []


def test_a_gap_is_named_and_nothing_written(world: World, office: Office) -> None:
    first, second, third = weeks(world)
    assert office.refuses(second) == "bundle_gap"
    office.take(first)
    stands = office.lines()
    with pytest.raises(errors.BundleGap, match=f"--from-size {size_of(first)}"):
        office.take(third)
    assert office.lines() == stands


def test_bundles_may_overlap(world: World, office: Office) -> None:
    first, _, _ = weeks(world)
    office.take(first)
    taken = office.take(export(world, 1))
    assert taken.facts == taken.checkpoint.size - size_of(first)
    assert office.lines() == of_site(world)
    assert office.findings() == []


def test_what_is_no_fact_comes_at_the_same_size(world: World, office: Office) -> None:
    first = export(world)
    office.take(first)
    world.do(listings.offer, member="anna", title="Walks", category="other", by=world.broker())
    second = export(world, size_of(first))
    assert size_of(second) == size_of(first)
    assert office.take(second).things == 1
    assert not office.take(first).written, "the older one does not undo it"
    assert office.lines() == of_site(world)


def cuts(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Every way to tear a file: after any of its lines, and in the middle of any."""
    for n in range(len(lines)):
        yield f"before line {n}", lines[:n]
        yield f"within line {n}", [*lines[:n], lines[n][: len(lines[n]) // 2]]


def test_a_torn_bundle_is_refused_wherever_it_tears_and_is_taken_when_whole(quick) -> None:
    site, office = quick
    first, second, _ = weeks(site)
    office.take(first)
    stands = office.lines()
    for where, torn in cuts(second.lines):
        assert office.refuses(torn) == "bundle_damaged file", where
    assert office.lines() == stands
    office.take(second)
    assert office.findings() == []


def test_no_byte_changes_unseen(quick) -> None:
    """Digits, letters, marks, line ends: any byte, set to another of each kind."""
    site, office = quick
    first, second, _ = weeks(site)
    office.take(first)
    stands, content = office.lines(), "\n".join(second.lines)
    chosen = random.Random(7)
    for place in chosen.sample(range(len(content)), 400):
        for other in chosen.sample('0a"{},:\n\\ \x00é', 3):
            if other != content[place]:
                edited = (content[:place] + other + content[place + 1 :]).split("\n")
                assert office.refuses(edited) == "bundle_damaged file", (place, other)
    assert office.lines() == stands


def sections(lines: list[str]) -> list[list[str]]:
    """The file's sections, and its last line as one."""
    found: list[list[str]] = [[]]
    for line in lines:
        found[-1].append(line)
        if '"type":"section"' in line:
            found.append([])
    return found


def test_sections_are_neither_left_out_nor_moved_nor_doubled(quick) -> None:
    site, office = quick
    first, _, _ = weeks(site)
    parts = sections(first.lines)
    for n in range(len(parts)):
        for spoilt in (
            parts[:n] + parts[n + 1 :],
            parts[: n + 1] + parts[n:],
            parts[:n] + parts[n + 1 : n + 2] + parts[n : n + 1] + parts[n + 2 :],
        ):
            lines = [line for part in spoilt for line in part]
            if lines != first.lines:
                assert office.refuses(lines) == "bundle_damaged file", n


def changed(of: str, /, **values):
    def edit(row):
        yield row | values if row["type"] == of else row

    return edit


def without(kind: str):
    return lambda row: () if row["type"] == kind else (row,)


def doubled(kind: str):
    def edit(row):
        yield row
        if row["type"] == kind:
            yield row | {"id": "f" * 32}

    return edit


FORGED = {
    "another schema": changed("head", schema="timebank.bundle/2"),
    "no receipts": changed("head", receipts="many"),
    "another size": changed("head", to={"size": 10**6, "root": "00" * 32}),
    "another root": lambda row: (
        [row | {"to": row["to"] | {"root": "00" * 32}}] if row["type"] == "head" else [row]
    ),
    "a fact that was not sealed so": changed("transaction", happened_on="2020-01-01"),
    "a line of another form": changed("account", kind="purse"),
    "a policy of another form": changed("policy", body="{}"),
    "an unknown kind": changed("hold", type="wish"),
    "leaves without their facts": without("transaction"),
    "facts without leaves": without("leaf"),
    "a fact too many": doubled("account_change"),
    "a fact that the books refuse": doubled("transaction"),
    "no head": without("head"),
    "other leaves": changed("leaf", hash="00" * 32),
    "leaves in other places": changed("leaf", position=3),
    "no checkpoints": without("checkpoint"),
    "checkpoints that are ahead": changed("checkpoint", size=10**6),
    "checkpoints of other roots": changed("checkpoint", root="00" * 32),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_right_checksums_do_not_make_other_facts_right(quick, forgery: str) -> None:
    site, office = quick
    a_season(site)
    lines = resealed(export(site).lines, FORGED[forgery])
    assert office.refuses(lines) == "bundle_damaged file"
    assert refusal(office.lines) == "not_found"


@pytest.mark.parametrize("row", [5, None, [], "id"])
def test_a_row_of_a_wing_that_is_no_row_is_refused(quick, row: object) -> None:
    site, office = quick
    wish = {"type": "library.tool", "row": row}
    lines = resealed(export(site).lines, lambda r: [r, wish] if r["type"] == "account" else [r])
    assert office.refuses(lines) == "bundle_damaged file"


def test_rows_of_a_wing_that_has_no_place_here_do_not_make_a_sound_bundle_damaged(quick) -> None:
    site, office = quick
    tool = {"type": "library.tool", "row": {"id": "7"}}
    lines = resealed(export(site).lines, lambda r: [r, tool] if r["type"] == "account" else [r])
    assert office.refuses(lines) == "invalid_input uow"


def test_rows_that_clash_are_refused_and_not_tried_again(world: World, office: Office) -> None:
    def twice(row):
        clash = {"id": "f" * 32} if row.get("label") == "pot" else {}
        return [row, row | clash] if clash else [row]

    a_season(world)
    assert office.refuses(resealed(export(world).lines, twice)) == "bundle_damaged file"
    assert refusal(office.lines) == "not_found"


def test_a_section_of_two_kinds_is_refused(quick) -> None:
    site, office = quick
    head, first, *rest = sections(export(site).lines)
    mixed = [*first[:-1], head[0]]
    body = "".join(f"{line}\n" for line in mixed).encode()
    end = json.loads(first[-1]) | {"lines": len(mixed), "sha256": sha256(body).hexdigest()}
    lines = [*head, *mixed, dumped(end), *(line for part in rest for line in part)]
    assert office.refuses(lines) == "bundle_damaged file"


def test_a_section_that_only_the_end_of_the_file_closes_is_refused(quick) -> None:
    site, office = quick
    *lines, _, end = export(site).lines
    assert office.refuses([*lines, end]) == "bundle_damaged file"


def test_a_signature_covers_the_digest_of_everything(quick) -> None:
    site, office = quick
    signed: list[bytes] = []

    def sign(content: bytes) -> tuple[str, str]:
        signed.append(content)
        return "key", "signature"

    def verify(content: bytes, key: str | None, signature: str | None) -> None:
        if ([content], key, signature) != (signed, "key", "signature"):
            raise errors.InputError(field="file", problem="not ours")

    lines = export(site, sign=sign).lines
    assert json.loads(lines[-1])["sha256"] in signed[0].decode()
    with pytest.raises(errors.InputError, match="not ours"):
        office.take(export(site).lines, verify=verify)
    assert office.take(lines, verify=verify).written


def test_a_bank_whose_sealed_facts_are_gone_is_not_bundled(quick) -> None:
    site, _ = quick
    site.give("anna", 60)
    export(site)
    site.backend.database.shelf(BANK).transactions.clear()
    with pytest.raises(errors.BrokenInvariantError, match="was sealed and is gone"):
        export(site)


@pytest.mark.parametrize("lines", [[], ["{}"], ["7"], ['{"type":"end"}'], ["x" * 9]])
def test_what_is_no_bundle_is_refused(quick, lines: list[str]) -> None:
    assert refusal(lambda: quick[1].take(lines)) == "bundle_damaged file"


def test_an_end_alone_is_no_bundle(quick) -> None:
    end = {"type": "end", "sections": 0, "lines": 0, "sha256": sha256().hexdigest()}
    assert refusal(lambda: quick[1].take([json.dumps(end)])) == "bundle_damaged file"


def test_a_section_without_end_is_not_read_into_memory(quick) -> None:
    site, office = quick
    head, *_ = export(site).lines
    lines = [head] * (bundle.AT_ONCE + 2)
    with pytest.raises(errors.BundleDamaged, match="too many lines"):
        office.take(lines)


def test_a_bundle_of_another_bank_is_refused(quick) -> None:
    site, office = quick
    other = Office(backend=office.backend, bank="hillside")
    assert other.refuses(export(site)) == "invalid_input file"


def test_a_bank_founded_anew_under_the_name_is_refused(quick) -> None:
    site, office = quick
    office.take(export(site))
    assert office.refuses(export(a_world(MemoryBackend()))) == "invalid_input file"


def test_a_bank_that_is_kept_here_takes_no_bundle(world: World) -> None:
    carried = export(world)
    here = Office(backend=world.backend, bank=BANK)
    stands = of_site(world)
    assert here.refuses(carried) == "wrong_state"
    assert of_site(world) == stands


def went_on(site: World) -> World:
    """The site from a backup: the same bank as it stood, which goes on by itself."""
    backend = MemoryBackend()
    backend.clock.advance(site.backend.clock() - backend.clock())
    assert isinstance(site.backend, MemoryBackend)
    stands = site.backend.database.shelf(BANK).copy()
    backend.database.shelf(BANK).become(stands)
    return site.moved_to(backend)


def test_other_facts_at_the_same_sizes_are_listed_and_none_is_chosen(quick) -> None:
    site, office = quick
    first = export(site)
    office.take(first)
    restored = went_on(site)
    site.give("anna", 60)
    site.give("ben", 15)
    office.take(export(site, size_of(first)))
    stands = office.lines()
    restored.give("carla", 30)
    with pytest.raises(errors.CopiesDiffer) as caught:
        office.take(export(restored, size_of(first)))
    here, gone = caught.value.differences
    assert here.position == size_of(first)
    assert here.copy != here.bundle
    assert gone.bundle is None
    assert "leaf" in str(gone)
    for amount in (5, 10, 15, 20):
        restored.give("carla", amount)
    with pytest.raises(errors.CopiesDiffer) as caught:
        office.take(export(restored, size_of(first)))
    assert [d.copy is None for d in caught.value.differences] == [False, False, True, True, True]
    assert office.lines() == stands


def test_where_only_the_roots_differ_the_way_to_the_facts_is_named(quick) -> None:
    site, office = quick
    first = export(site)
    restored = went_on(site)
    site.give("anna", 60)
    taken = office.take(export(site))
    assert refusal(lambda: export(restored, taken.checkpoint)) == "copies_differ"
    restored.give("carla", 30)
    assert refusal(lambda: export(restored, taken.checkpoint)) == "copies_differ"
    restored.give("carla", 30)
    later = export(restored, size_of(first) + 1)
    with pytest.raises(errors.CopiesDiffer, match="--from-size 0") as caught:
        office.take(later)
    assert caught.value.differences == ()


def test_only_so_many_differences_are_listed(quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.actions._bundle_in.MOST", 1)
    site, office = quick
    first = export(site)
    restored = went_on(site)
    for world in (site, restored):
        world.give("anna", 60)
        world.give("anna", 60)
    office.take(export(site))
    with pytest.raises(errors.CopiesDiffer) as caught:
        office.take(export(restored, size_of(first)))
    assert len(caught.value.differences) == 1


def a_gift(world: World, minutes: int) -> TransactionDraft:
    anna, ben = world.accounts["anna"], world.accounts["ben"]
    gift = Transfer(source=anna, target=ben, hours=Hours(minutes=minutes))
    return TransactionDraft(transfers=(gift,), key="k")


def test_the_copy_refuses_every_other_write(world: World, office: Office) -> None:
    office.take(export(world))
    stands = office.lines()
    for attempt in (
        lambda uow: members.join(uow, name="Eve", by=world.cora),
        lambda uow: transfers.donate(
            uow, source=world.accounts["anna"], hours=Hours.of(1), by=world.member("anna")
        ),
        lambda uow: transfers.post(uow, [], by=world.cora),
        lambda uow: transfers.post(uow, [a_gift(world, 60)], by=world.cora),
        lambda uow: transfers.post(uow, [a_gift(world, 6_000)], by=world.cora),
        lambda uow: exchanges.propose(
            uow, giver="anna", receiver="ben", hours=Hours.of(1), by=world.member("anna")
        ),
    ):

        def write(attempt=attempt) -> None:
            with office.backend.unit() as uow:
                attempt(uow)

        assert refusal(write) == "bank_is_copy"
    with office.backend.reading() as uow:
        assert refusal(lambda: bundles.export(uow)) == "bank_is_copy"
    assert office.lines() == stands


def test_a_bank_with_facts_that_wait_is_not_bundled(world: World) -> None:
    assert refusal(lambda: world.see(bundles.export)) == "wrong_state"
    world.do(journal.seal)
    world.give("anna", 30)
    assert refusal(lambda: world.see(bundles.export)) == "wrong_state"


def test_a_checkpoint_or_size_that_is_not_ours_is_refused(quick) -> None:
    site, _ = quick
    export(site)
    made = site.see(journal.checkpoint)
    foreign = a_world(MemoryBackend(), bank="hillside")
    export(foreign)
    assert refusal(lambda: foreign.see(bundles.export, since=made)) == "invalid_input since"
    for size in (-1, made.size + 1):
        assert refusal(partial(site.see, bundles.export, since=size)) == "invalid_input from_size"


def test_a_copy_that_is_not_where_its_bundle_led_or_was_written_in_is_found(
    world: World, office: Office
) -> None:
    office.take(export(world))
    with office.backend.unit() as uow:
        copy = uow.banks.get()
        uow.archive.replace([replace(copy, copy_size=(copy.copy_size or 0) + 1)])
    assert office.findings() == ["bank_matches_founding"]
    assert list(check_copy(copy, copy.copy_size or 0, 0)) == []
    (finding,) = check_copy(copy, copy.copy_size or 0, 3)
    assert finding.found == "receipts 3"


# Names and erasure


@pytest.mark.usefixtures("seasoned")
def test_no_name_travels_unless_asked(world: World, office: Office) -> None:
    carried = export(world)
    for word in ("Anna", "anna", "by the bridge", "she moved house"):
        assert not any(word in line for line in carried.lines), word
    office.take(carried)
    with office.backend.reading() as uow:
        assert {member.name for member in members.list(uow)} == {None}
    assert office.findings() == []


@pytest.mark.usefixtures("seasoned")
def test_names_come_with_their_bundle_and_with_no_other(world: World, office: Office) -> None:
    first = export(world, people=True)
    office.take(first.lines)
    assert office.take(first).things > 0, "names may follow later"
    assert office.people() == first.people
    assert office.findings() == []
    swapped(world)
    second = export(world, size_of(first), people=True)
    stale = Carried(lines=second.lines, people=first.people)
    assert office.refuses(stale) == "invalid_input people"
    unasked = Carried(lines=export(world, size_of(first)).lines, people=second.people)
    assert office.refuses(unasked) == "invalid_input people"
    office.take(second)
    assert office.people() == second.people
    office.take(first)
    assert office.people() == second.people, "older names do not come back"


def swapped(world: World) -> None:
    """Anna and Ben change refs, and Carla's contact goes."""
    for member, ref in (("anna", "x"), ("ben", "anna"), ("x", "ben")):
        world.do(members.update, member, ref=ref, by=world.cora)


def test_people_in_a_torn_file_are_refused(quick) -> None:
    site, office = quick
    assert refusal(lambda: site.see(bundles.export, people=[])) == "wrong_state"
    site.do(journal.seal)
    assert refusal(lambda: site.see(bundles.export, people=[])) == "invalid_input people"
    carried = export(site, people=True)
    people = carried.people or []
    for torn in ([], people[:-1], ["7"], people[:1]):
        spoilt = Carried(lines=carried.lines, people=torn)
        assert office.refuses(spoilt).startswith("invalid_input")


def test_what_the_site_erased_is_erased_in_the_copy(world: World, office: Office) -> None:
    dora = world.join("dora", contact="by the bridge").member_id
    world.do(listings.offer, member="dora", title="Walks", category="other", by=world.broker())
    world.do(members.suspend, "dora", reason="she moved house", by=world.olga)
    first = export(world, people=True)
    office.take(first)
    assert "by the bridge" in "".join(office.people())
    world.do(members.leave, "dora", hours_to="pot", by=world.cora)
    world.do(members.forget, dora, reason="left the bank", by=world.cora, approved_by=world.colin)
    office.take(export(world, size_of(first)))
    left = "".join(office.people())
    for word in ("Dora", "by the bridge", "Walks", "she moved house"):
        assert word not in left
    assert '"Anna"' in left, "others keep their names"
    assert office.findings() == []
