"""Units of work: all or nothing, the host's mind, the outbox, the audit's streams."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.backends import World
from timebank import (
    Hours,
    TransactionDraft,
    Transfer,
    exchanges,
    members,
    outbox,
    transfers,
)
from timebank.domain.changes import Changes
from timebank.domain.ids import FactId, PersonId, TransactionId
from timebank.domain.member import Person, PersonKind
from timebank.errors import ConflictError, InputError, NotFoundError, RefTaken, TimebankError
from timebank.ports import RequestKey, StoredReceipt, UnitOfWork


class ChangedMindError(Exception):
    """The host does not go through with it."""


def a_receipt(uow: UnitOfWork) -> StoredReceipt:
    return StoredReceipt(
        id=FactId(uow.fresh.id()),
        action="members.join",
        recorded_at=uow.now(),
        events=(),
        warnings=(),
        transactions=(),
    )


def a_person(uow: UnitOfWork, ref: str) -> Changes:
    person = Person(
        id=PersonId(uow.fresh.id()),
        kind=PersonKind.STAFF,
        ref=ref,
        name=None,
        contact=None,
    )
    return Changes(added=(person,))


def a_key(receipt: StoredReceipt, hashed: bytes) -> RequestKey:
    return RequestKey(
        scope="members.join",
        key_hash=hashed,
        digests={"name": "00"},
        note=None,
        receipt=receipt.id,
        transaction=None,
    )


def test_what_is_recorded_is_seen_in_the_same_unit(world: World) -> None:
    with world.backend.unit() as uow:
        receipt = members.join(uow, name="Dora", ref="dora", by=world.cora)
        assert members.get(uow, "dora").id == receipt.member_id


def test_an_exception_leaves_nothing_behind(world: World) -> None:
    def two_actions_and_a_fault() -> None:
        with world.backend.unit() as uow:
            members.join(uow, name="Dora", ref="dora", by=world.cora)
            transfers.grant(
                uow,
                to=world.accounts["anna"],
                hours=Hours.of(1),
                reason="welcome",
                by=world.cora,
            )
            outbox.done(uow, [row.id for row in outbox.read(uow)])
            raise ChangedMindError

    before = world.see(outbox.read), world.see(lambda u: u.audit.counted())
    with pytest.raises(ChangedMindError):
        two_actions_and_a_fault()
    assert (world.see(outbox.read), world.see(lambda u: u.audit.counted())) == before
    assert world.balance("anna") == 0
    assert world.see(members.by_refs, ["dora"]) == {}


def test_a_unit_that_has_ended_writes_nothing_more(world: World) -> None:
    with world.backend.unit() as uow:
        pass
    with pytest.raises(InputError, match="has ended"):
        members.join(uow, name="Late", by=world.cora)
    with pytest.raises(ChangedMindError), world.backend.unit() as uow:
        raise ChangedMindError
    with pytest.raises(InputError, match="has ended"):
        members.join(uow, name="Late", by=world.cora)


def test_a_bank_that_nobody_created_is_not_an_empty_one(world: World) -> None:
    with pytest.raises(NotFoundError), world.backend.reading("hillside"):
        pass


def test_a_refusal_that_the_host_catches_leaves_the_rest(world: World) -> None:
    with world.backend.unit() as uow:
        members.join(uow, name="Dora", ref="dora", by=world.cora)
        with pytest.raises(RefTaken):
            members.join(uow, name="Dora", ref="dora", by=world.cora)
        members.join(uow, name="Emil", ref="emil", by=world.cora)
    assert set(world.see(members.by_refs, ["dora", "emil"])) == {"dora", "emil"}


def test_nothing_is_written_where_one_key_is_taken(world: World) -> None:
    with world.backend.unit() as uow:
        first = a_receipt(uow)
        assert uow.record(a_person(uow, "dora"), first, [a_key(first, b"1" * 16)])
    with world.backend.unit() as uow:
        second = a_receipt(uow)
        keys = [a_key(second, b"2" * 16), a_key(second, b"1" * 16)]
        assert not uow.record(a_person(uow, "emil"), second, keys)
    with world.backend.unit() as uow:
        assert set(uow.people.by_refs(["dora", "emil"])) == {"dora"}
        found = uow.requests.find("members.join", [b"1" * 16, b"2" * 16])
        assert found == {b"1" * 16: a_key(first, b"1" * 16)}
        assert uow.requests.find("members.leave", [b"1" * 16]) == {}
        assert uow.requests.receipts([first.id, second.id]) == {first.id: first}


def test_a_ref_that_is_taken_meanwhile_is_refused_by_the_store(world: World) -> None:
    def past_the_check() -> None:
        with world.backend.unit() as uow:
            uow.record(a_person(uow, "anna"), a_receipt(uow), [])

    with pytest.raises((RefTaken, ConflictError)):
        past_the_check()
    assert world.see(members.by_refs, ["anna"]) == {"anna": world.people["anna"]}


def test_a_second_reversal_is_refused_by_the_store(world: World) -> None:
    granted = world.give("anna", 60).transaction_id
    world.do(transfers.reverse, granted, reason="correction", by=world.cora)
    undone = world.see(transfers.list)[-1]

    def past_the_check() -> None:
        with world.backend.unit() as uow:
            again = replace(undone, id=TransactionId(uow.fresh.id()), transfers=())
            uow.record(Changes(added=(again,)), a_receipt(uow), [])

    with pytest.raises(TimebankError):
        past_the_check()
    assert len(world.see(transfers.list)) == 2


def test_the_outbox_keeps_a_row_until_it_is_done(world: World) -> None:
    rows = world.see(outbox.read)
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert rows[-1].action == "members.join"
    assert world.see(outbox.read, limit=2) == rows[:2]
    assert world.see(outbox.read, after=rows[1].id) == rows[2:]
    first = [rows[0].id, rows[1].id]
    assert world.do(outbox.done, first) == 2
    assert world.do(outbox.done, [*first, rows[2].id, FactId("0" * 32)]) == 1
    assert world.see(outbox.read) == rows[3:]


def test_the_outbox_has_the_events_of_the_receipt(world: World) -> None:
    receipt = world.give("anna", 60)
    row = world.see(outbox.read)[-1]
    assert (row.id, row.events, row.recorded_at) == (
        receipt.id,
        receipt.events,
        receipt.recorded_at,
    )
    assert row.transactions == (receipt.transaction_id,)


def test_two_transactions_in_one_instant_are_a_tick_apart(world: World) -> None:
    transfer = Transfer(
        source=world.accounts["anna"], target=world.accounts["ben"], hours=Hours.of(1)
    )
    drafts = [TransactionDraft(transfers=(transfer,))] * 2
    world.do(transfers.post, drafts, by=world.cora)
    first, second = world.see(transfers.list)
    assert second.recorded_at == first.recorded_at + timedelta(microseconds=1)


def test_entries_stream_in_order_of_account_and_number(world: World) -> None:
    for name in ("anna", "ben", "anna", "carla", "anna"):
        world.give(name, 10)
    entries = world.see(lambda u: list(u.audit.entries()))
    places = [(entry.account, entry.number) for entry in entries]
    assert places == sorted(places)
    assert len(places) == 10


def test_the_audit_counts_its_subjects(world: World) -> None:
    granted = world.give("anna", 60).transaction_id
    world.do(transfers.reverse, granted, reason="correction", by=world.cora)
    world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=world.member("ben")
    )
    counted = world.see(lambda u: u.audit.counted())
    assert (
        counted.items()
        >= {
            "accounts": 7,
            "transactions": 2,
            "transfers": 2,
            "entries": 4,
            "exchanges": 1,
            "reversals": 1,
        }.items()
    )


def test_facts_wait_for_the_sealer(world: World) -> None:
    count, oldest = world.see(lambda u: u.audit.unsealed())
    assert count == 1 + 3  # a policy and three members' first status
    assert oldest is not None
    world.backend.clock.advance(timedelta(days=1))
    world.give("anna", 60)
    assert world.see(lambda u: u.audit.unsealed()) == (count + 1, oldest)


def test_the_report_names_the_bank_and_its_last_fact(world: World) -> None:
    granted = world.give("anna", 60)
    report = world.audit()
    assert (report.bank, report.last_recorded_at) == ("riverside", granted.recorded_at)
    assert report.findings == ()
