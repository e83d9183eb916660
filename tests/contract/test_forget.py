"""Forgetting a member: the person goes, the books and their proofs stay, on every storage."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.backends import World
from tests.support import refusal
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    accounts,
    exchanges,
    journal,
    listings,
    log,
    members,
    staff,
    transfers,
)
from timebank.domain.actor import Actor, Role
from timebank.domain.audit import Verdict
from timebank.domain.receipt import Receipt
from timebank.testing.builders import TODAY

SECRETS = ("Zoe Winter", "zoe", "by the mill", "Zoe's roses", "for her mother", "moved to Leeds")


@pytest.fixture
def left(world: World) -> World:
    """Zoe gave and received, wrote and was written about, and has left."""
    world.do(members.join, name="Zoe Winter", ref="zoe", contact="by the mill", by=world.cora)
    zoe = world.see(members.get, "zoe")
    world.people["zoe"], world.accounts["zoe"] = zoe.id, zoe.accounts[0]
    world.give("zoe", 120)
    own = world.member("zoe")
    world.do(listings.offer, member="zoe", title="Zoe's roses", category="garden", by=own)
    world.do(
        transfers.donate,
        source=world.accounts["zoe"],
        target=world.accounts["anna"],
        hours=Hours(minutes=30),
        note="for her mother",
        by=own,
    )
    asked = world.do(exchanges.propose, giver="ben", receiver="zoe", hours=Hours.of(1), by=own)
    world.do(exchanges.decline, asked.exchange_id, reason="for her mother", by=world.member("ben"))
    world.do(members.leave, "zoe", hours_to="pot", reason="moved to Leeds", by=world.cora)
    world.do(journal.seal)
    return world


def forget(world: World, member: str = "zoe", **more: Any) -> Receipt:
    terms = {"reason": "other", "by": world.cora, "approved_by": world.olga, **more}
    return world.do(members.forget, member, **terms)


def people_file(world: World) -> str:
    return "\n".join(world.see(lambda uow: [*journal.export_people(uow)]))


def test_nothing_personal_is_left_and_the_books_are_as_they_were(left: World) -> None:
    assert all(secret in people_file(left) for secret in SECRETS)
    zoe = left.people["zoe"]
    balances = left.see(accounts.balances)
    days = {"start": TODAY, "end": TODAY + timedelta(days=1)}
    statement = left.see(accounts.statement, "anna", **days)
    kept = left.see(journal.checkpoint)
    proof = left.see(journal.prove, "anna")

    receipt = forget(left)

    assert receipt.member_id == zoe
    assert not [secret for secret in SECRETS if secret in people_file(left)]
    found = left.see(members.get, zoe)
    assert (found.name, found.ref, found.contact) == (None, None, None)
    assert left.see(accounts.balances) == balances
    assert left.see(accounts.statement, "anna", **days) == statement
    assert left.see(journal.prove, "anna") == proof
    report = left.audit(kept=kept)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
    left.do(journal.seal)
    assert left.audit(kept=kept).verdict is Verdict.CLEAN


def test_what_others_wrote_about_each_other_stays(left: World) -> None:
    gift = left.do(
        transfers.donate,
        source=left.accounts["anna"],
        target=left.accounts["ben"],
        hours=Hours(minutes=5),
        note="thank you",
        by=left.member("anna"),
        key="thanks",
    )
    forget(left)
    note = left.see(lambda uow: uow.journal.note(gift.transaction_id))
    assert note is not None
    assert note.text == "thank you"


def test_it_is_on_record_who_did_it_with_whom_and_why(left: World) -> None:
    forget(left)
    tomorrow = TODAY + timedelta(days=1)
    (entry,) = left.see(lambda u: [*log.entries(u, kind="erasure", start=TODAY, end=tomorrow)])
    assert (entry.actor, entry.approver) == (left.cora, left.olga)
    assert (entry.act, entry.becomes, entry.reason) == ("identity", "forgotten", "other")
    assert entry.accounts == (left.accounts["zoe"],)


def test_the_ref_is_free_again(left: World) -> None:
    forget(left)
    assert refusal(lambda: left.see(members.get, "zoe")) == "not_found"
    left.do(members.join, name="Another", ref="zoe", by=left.cora)


def test_a_key_repeated_with_words_that_were_erased_is_answered(left: World) -> None:
    left.join("yann")
    gone = left.do(members.leave, "yann", reason="to sea", by=left.cora, key="k")
    forget(left, left.people["yann"])
    again = left.do(members.leave, "yann", reason="to sea", by=left.cora, key="k")
    other = left.do(members.leave, "yann", reason="elsewhere", by=left.cora, key="k")
    assert other.id == gone.id, "without the salt nobody can tell what the words were"
    assert (again.replayed, again.id) == (True, gone.id)


def test_it_travels_in_the_journal_files(left: World) -> None:
    forget(left)
    rows = [json.loads(line) for line in people_file(left).splitlines()]
    (zoe,) = (row for row in rows if row.get("id") == left.people["zoe"])
    assert (zoe["name"], zoe["ref"]) == (None, None)


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "somebody unknown": ("not_found", {"member": "nobody"}),
    "staff who serve": ("not_yet_empty", {"member": "bea"}),
    "one who has not left": ("wrong_state", {"member": "anna"}),
    "free words": ("invalid_input reason", {"reason": "Zoe asked us to"}),
    "one person alone": ("second_person_needed", {"approved_by": None}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_and_nothing_is_erased(left: World, what: str) -> None:
    expected, terms = REFUSED[what]
    before = people_file(left)
    assert refusal(lambda: forget(left, **terms)) == expected
    assert people_file(left) == before


def test_a_member_may_not_and_an_officer_may_only_approve(left: World) -> None:
    for actor in (left.member("anna"), left.olga):
        asked = partial(forget, left, by=actor, approved_by=left.colin)
        assert refusal(asked) == "not_permitted"


def test_twice_is_once(left: World) -> None:
    first = forget(left, key="k")
    again = left.do(
        members.forget,
        "zoe",
        reason="other",
        by=left.cora,
        approved_by=left.olga,
        key="k",
    )
    assert (again.replayed, again.id) == (True, first.id)
    assert refusal(lambda: forget(left, left.people["zoe"])) == "wrong_state"


def test_nothing_personal_is_written_down_anew(left: World) -> None:
    zoe = left.people["zoe"]
    forget(left)
    for by in (left.cora, left.member("zoe")):
        asked = partial(left.do, members.update, zoe, ref="z", by=by)
        assert refusal(asked) == "wrong_state"


def test_what_others_write_later_goes_the_same_way(left: World) -> None:
    gave = left.do(
        exchanges.record, giver="anna", receiver="ben", hours=Hours.of(1), by=left.broker()
    )
    left.do(exchanges.dispute, gave.exchange_id, reason="Zoe Winter saw it", by=left.member("ben"))
    forget(left)
    assert "Zoe Winter" in people_file(left), "it is about Anna and Ben"
    assert refusal(lambda: forget(left, left.people["zoe"])) == "wrong_state"


def test_the_note_of_a_reversal_goes_also_where_the_pot_paid(world: World) -> None:
    world.join("zoe")
    world.give("anna", 60)
    world.do(
        transfers.donate,
        source=world.accounts["anna"],
        hours=Hours.of(1),
        by=world.member("anna"),
    )
    session = world.do(
        exchanges.group,
        givers=["anna"],
        receivers=["zoe"],
        hours=Hours.of(1),
        rule="pot",
        by=world.broker(),
    )
    said = "Zoe was in hospital"
    world.do(exchanges.reverse, session.exchange_id, reason=said, by=world.cora)
    world.do(members.leave, "zoe", by=world.cora)
    assert said in people_file(world)
    forget(world)
    assert said not in people_file(world)


def test_an_exchange_that_is_disputed_stands_in_the_way(world: World) -> None:
    world.join("zoe")
    world.give("zoe", 60)
    done = world.do(
        exchanges.record, giver="ben", receiver="zoe", hours=Hours.of(1), by=world.broker()
    )
    world.do(members.leave, "zoe", by=world.cora)
    world.do(exchanges.dispute, done.exchange_id, reason="no", by=world.member("ben"))
    assert refusal(lambda: forget(world)) == "not_yet_empty"


def test_the_salts_of_others_in_the_same_batch_stay(left: World) -> None:
    left.give("anna", 60)
    ana, ben = left.accounts["anna"], left.accounts["ben"]
    left.join("xena")
    left.give("xena", 10)
    left.give("ben", 5)
    pairs = {"kx": (left.accounts["xena"], ben), "ka": (ana, ben)}

    def drafts(note: str) -> list[TransactionDraft]:
        return [
            TransactionDraft(
                transfers=(Transfer(source=a, target=b, hours=Hours(minutes=10)),),
                key=key,
                note=note,
            )
            for key, (a, b) in pairs.items()
        ]

    left.do(transfers.post, drafts("first"), by=left.cora)
    left.do(members.leave, "xena", by=left.cora)
    forget(left, "xena")
    again = left.do(transfers.post, drafts("other words"), by=left.cora, mode="independent")
    assert [outcome.status for outcome in again] == ["replayed", "refused"]


def test_staff_keep_their_names_while_they_serve(left: World) -> None:
    left.do(staff.add, "zoe", role="broker", by=left.cora)
    assert refusal(lambda: forget(left)) == "not_yet_empty"


def staff_left(world: World) -> str:
    """Dee served as a broker, recorded an exchange with words, and serves no more."""
    dee = world.do(staff.add, "dee", role="broker", name="Dee Summer", by=world.cora).person_id
    world.do(
        exchanges.record,
        giver="anna",
        receiver="ben",
        hours=Hours.of(1),
        by=Actor(person=dee, role=Role.BROKER),
    )
    world.do(staff.end, "dee", role="broker", by=world.cora)
    world.backend.clock.advance(timedelta(days=1))
    return dee


def test_staff_who_were_never_members_are_forgotten(world: World) -> None:
    dee = staff_left(world)
    world.do(journal.seal)
    kept = world.see(journal.checkpoint)
    balances = world.see(accounts.balances)
    assert world.see(members.access, "dee")["roles"][0]["role"] == "broker"
    assert "Dee Summer" in people_file(world)
    receipt = forget(world, "dee", key="k")
    assert receipt.member_id == dee
    assert [word for word in ("Dee Summer", '"dee"') if word in people_file(world)] == []
    assert world.see(accounts.balances) == balances
    world.do(journal.seal)
    report = world.audit(kept=kept)
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())
    day = TODAY + timedelta(days=1)
    ahead = day + timedelta(days=1)
    (entry,) = world.see(lambda u: [*log.entries(u, kind="erasure", start=day, end=ahead)])
    assert (entry.actor, entry.approver, entry.reason) == (world.cora, world.olga, "other")
    assert world.see(members.access, dee)["person"]["name"] is None
    again = world.do(
        members.forget, "dee", reason="other", by=world.cora, approved_by=world.olga, key="k"
    )
    assert (again.replayed, again.id) == (True, receipt.id)
    assert refusal(lambda: forget(world, dee)) == "wrong_state"
    rename = partial(world.do, members.update, dee, name="Dee", by=world.cora)
    assert refusal(rename) == "wrong_state"


def test_one_of_the_staff_is_forgotten_and_the_others_are_not(world: World) -> None:
    dee = staff_left(world)
    forget(world, dee)
    world.do(members.update, "colin", name="Colin Fall", by=world.cora)
    world.do(staff.end, "bea", role="broker", by=world.cora)
    world.backend.clock.advance(timedelta(days=1))
    forget(world, "bea")
    assert "Colin Fall" in people_file(world)
