"""Imports on every storage: all or none, once, with every fault named."""

from datetime import date, timedelta

import pytest

import timebank
from tests.backends import World
from tests.support import name_of
from timebank.actions import _intake, imports
from timebank.domain.actor import Actor, Role
from timebank.domain.audit import Verdict
from timebank.domain.transaction import Activity, TransactionKind
from timebank.errors import Fault, FileFaults, TimebankError
from timebank.formats.csv_import import ExchangeRow, MemberRow
from timebank.testing.builders import TODAY

DAY = TODAY - timedelta(days=20)


def row(line: int, giver: str, receiver: str, minutes: int = 60, **more) -> ExchangeRow:
    return ExchangeRow(
        line=line,
        key=more.get("key", f"k{line}"),
        happened_on=more.get("on", DAY),
        giver=giver,
        receiver=receiver,
        minutes=minutes,
        category=more.get("category"),
        reason=more.get("reason"),
    )


def a_member(line: int, ref: str, name: str, opening: int = 0, **more) -> MemberRow:
    return MemberRow(
        line=line,
        ref=ref,
        name=name,
        kind=more.get("kind"),
        joined_on=more.get("joined_on"),
        contact=None,
        opening_minutes=opening,
    )


def posted(world: World) -> int:
    return len(world.see(timebank.transfers.list, limit=10_000))


def faults(world: World, action, rows, **more) -> list[tuple[int, str]]:
    """Line and column of every fault; nothing may be posted."""
    before = posted(world)
    with pytest.raises(FileFaults) as caught:
        world.do(action, rows, **more)
    assert posted(world) == before
    return [(fault.line, fault.column) for fault in caught.value.faults]


def refused(world: World, action, rows, **more) -> str:
    with pytest.raises(TimebankError) as caught:
        world.do(action, rows, **more)
    return name_of(caught.value)


def is_clean(world: World) -> bool:
    return world.see(timebank.audits.run).verdict is Verdict.CLEAN


class TestExchanges:
    def test_each_row_is_one_exchange_and_moves_hours_from_receiver_to_giver(self, world):
        seen: list[int] = []
        rows = [row(2, "anna", "ben", 90, category="garden"), row(3, "ben", "carla", 30)]
        report = world.do(imports.exchanges, rows, by=world.cora, progress=seen.append)
        assert (report.rows, report.accepted, report.replayed) == (2, 2, 0)
        assert report.accepted_minutes == 120
        assert [world.balance(n) for n in ("anna", "ben", "carla")] == [90, -60, -30]
        assert seen == [2]
        first = world.see(timebank.transfers.list)[-2]
        assert (first.kind, first.happened_on, first.category, first.imported) == (
            TransactionKind.EXCHANGE,
            DAY,
            "garden",
            False,
        )
        assert is_clean(world)

    def test_again_posts_nothing_whoever_does_it(self, world):
        rows = [row(2, "anna", "ben"), row(3, "ben", "carla")]
        world.do(imports.exchanges, rows, by=world.cora)
        for by in (world.cora, world.colin):
            report = world.do(imports.exchanges, rows, by=by)
            assert (report.accepted, report.replayed, report.accepted_minutes) == (0, 2, 0)
        assert posted(world) == 2

    def test_a_longer_file_posts_only_what_is_new(self, world):
        world.do(imports.exchanges, [row(2, "anna", "ben")], by=world.cora)
        report = world.do(
            imports.exchanges, [row(2, "anna", "ben"), row(3, "anna", "carla")], by=world.cora
        )
        assert (report.accepted, report.replayed) == (1, 1)

    def test_a_known_key_with_other_hours_is_a_fault(self, world):
        world.do(imports.exchanges, [row(2, "anna", "ben", 60)], by=world.cora)
        changed = [row(2, "anna", "ben", 61)]
        assert faults(world, imports.exchanges, changed, by=world.cora) == [(2, "")]

    def test_more_rows_than_one_chunk(self, world, monkeypatch):
        monkeypatch.setattr(_intake, "CHUNK", 2)
        rows = [row(n, "anna", "ben", 1) for n in range(2, 9)]
        seen: list[int] = []
        report = world.do(imports.exchanges, rows, by=world.cora, progress=seen.append)
        assert report.accepted == 7
        assert seen == [2, 2, 2, 1]
        assert world.balance("anna") == 7

    def test_all_faults_together_with_those_of_the_reader(self, world):
        rows = [
            row(3, "anna", "nobody"),
            row(4, "cora", "ben"),
            row(5, "anna", "ben", category="magic"),
            row(6, "anna", "ben", 25 * 60),
            row(7, "anna", "ben", on=TODAY + timedelta(days=1)),
            row(8, "anna", "ben", 30),
        ]
        read = [Fault(line=2, column="minutes", problem="is empty")]
        assert faults(world, imports.exchanges, rows, faults=read, by=world.cora) == [
            (2, "minutes"),
            (3, "receiver"),
            (4, "giver"),
            (5, "category"),
            (6, ""),
            (7, "happened_on"),
        ]

    def test_a_refusal_names_the_member_by_ref(self, world):
        with pytest.raises(FileFaults) as caught:
            world.do(imports.exchanges, [row(2, "anna", "ben", 1201)], by=world.cora)
        (fault,) = caught.value.faults
        assert "Account ben has 20:00" in fault.problem

    def test_limits_are_not_judged_where_rows_are_missing(self, world):
        rows = [row(2, "ben", "nobody", 600), row(3, "anna", "ben", 1300)]
        assert faults(world, imports.exchanges, rows, by=world.cora) == [(2, "receiver")]

    def test_file_order_counts(self, world):
        earn, spend = row(2, "ben", "anna", 600), row(3, "anna", "ben", 1300)
        assert faults(world, imports.exchanges, [spend, earn], by=world.cora) == [(3, "")]
        world.do(imports.exchanges, [earn, spend], by=world.cora)
        assert world.balance("ben") == -700

    def test_the_actor_is_judged_once(self, world):
        rows = [row(2, "anna", "ben"), row(3, "anna", "ben")]
        assert refused(world, imports.exchanges, rows, by=world.member("anna")) == "not_permitted"

    def test_an_approver_goes_with_history_only(self, world):
        more = {"by": world.cora, "approved_by": world.colin, "reason": "history"}
        found = refused(world, imports.exchanges, [row(2, "anna", "ben")], **more)
        assert found == "invalid_input approved_by"


class TestNewcomers:
    def test_unknown_refs_join_on_the_first_day_that_names_them(self, world):
        rows = [
            row(2, "dora", "ben", on=DAY),
            row(3, "dora", "emil", on=DAY - timedelta(days=5)),
        ]
        report = world.do(imports.exchanges, rows, by=world.cora, create_members=True)
        assert sorted(report.joined) == ["dora", "emil"]
        dora = world.see(timebank.members.get, "dora")
        assert (dora.name, dora.joined_on) == ("dora", DAY - timedelta(days=5))
        again = world.do(imports.exchanges, rows, by=world.cora, create_members=True)
        assert (again.joined, again.replayed) == ((), 2)
        assert is_clean(world)

    def test_staff_do_not_join(self, world):
        with pytest.raises(FileFaults, match="'cora' is staff and no member"):
            world.do(imports.exchanges, [row(2, "cora", "ben")], by=world.cora, create_members=True)

    def test_a_ref_that_cannot_be_one_is_a_fault(self, world):
        rows = [row(2, "d" * 61, "ben")]
        found = faults(world, imports.exchanges, rows, by=world.cora, create_members=True)
        assert found == [(2, "ref")]

    def test_unknown_categories_are_added_once(self, world):
        rows = [row(2, "anna", "ben", category="magic"), row(3, "anna", "ben", category="magic")]
        report = world.do(imports.exchanges, rows, by=world.cora, add_categories=True)
        assert report.added_categories == ("magic",)
        assert "magic" in world.see(timebank.banks.policy).policy.categories
        again = world.do(imports.exchanges, rows, by=world.cora, add_categories=True)
        assert again.added_categories == ()


class TestHistory:
    def test_rows_are_judged_in_order_of_day_and_marked(self, world):
        rows = [row(2, "anna", "ben", 1300), row(3, "ben", "carla", 600, on=DAY - timedelta(1))]
        report = world.do(imports.exchanges, rows, by=world.cora, history=True)
        assert report.accepted == 2
        found = world.see(timebank.transfers.list)
        assert [t.imported for t in found] == [True, True]
        assert [t.happened_on for t in found] == [DAY - timedelta(1), DAY]

    def test_limits_hold_without_an_approver(self, world):
        rows = [row(2, "anna", "ben", 1300)]
        assert faults(world, imports.exchanges, rows, by=world.cora, history=True) == [(2, "")]

    def test_a_named_override_lets_accounts_out_for_ninety_days(self, world):
        report = world.do(
            imports.exchanges,
            [row(2, "anna", "ben", 1300)],
            by=world.cora,
            history=True,
            approved_by=world.colin,
            reason="history",
        )
        assert report.overridden == (world.accounts["ben"],)
        override = world.see(timebank.accounts.changes, world.accounts["ben"])[-1]
        assert override.approver == world.colin
        assert override.review_on == TODAY + timedelta(days=90)
        assert is_clean(world)

    def test_an_import_writes_one_override_for_each_account_however_many_rows_need_it(self, world):
        rows = [row(n, "anna", "ben", 1300 if n == 2 else 10) for n in range(2, 2 + 1003)]
        world.do(
            imports.exchanges,
            rows,
            by=world.cora,
            history=True,
            approved_by=world.colin,
            reason="brought from the old books",
        )
        changes = world.see(timebank.accounts.changes, world.accounts["ben"])
        assert [c.field.value for c in changes].count("override") == 1
        found = world.see(timebank.transfers.list, limit=2000)
        assert all(transaction.overrides for transaction in found)
        assert is_clean(world)

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({"reason": "history"}, "invalid_input approved_by"),
            ({"review_on": TODAY + timedelta(1)}, "invalid_input approved_by"),
            ({"approved_by": "colin"}, "invalid_input reason"),
            ({"approved_by": "cora", "reason": "history"}, "second_person_needed"),
            (
                {"approved_by": "colin", "reason": "history", "review_on": TODAY},
                "invalid_input review_on",
            ),
        ],
    )
    def test_an_override_names_two_people_a_reason_and_a_day(self, world, more, expected):
        if "approved_by" in more:
            more = more | {"approved_by": getattr(world, more["approved_by"])}
        rows = [row(2, "anna", "ben")]
        assert refused(world, imports.exchanges, rows, by=world.cora, history=True, **more) == (
            expected
        )


class TestCarryOver:
    def carried(self, world, rows, **more):
        terms = {"by": world.cora, "approved_by": world.colin, "reason": "carry-over"}
        return world.do(imports.carry_over, rows, **(terms | more))

    def test_balances_above_and_below_zero_and_again_nothing(self, world):
        rows = [
            row(2, "anna", "carry-over", 300),
            row(3, "carry-over", "ben", 120, on=DAY - timedelta(1)),
            row(4, "dora", "carry-over", 60),
        ]
        report = self.carried(world, rows, create_members=True)
        assert (report.accepted, report.accepted_minutes, report.joined) == (3, 480, ("dora",))
        assert (world.balance("anna"), world.balance("ben")) == (300, -120)
        kinds = {t.kind for t in world.see(timebank.transfers.list)}
        assert kinds == {TransactionKind.CARRY_OVER}
        assert self.carried(world, rows).replayed == 3
        assert is_clean(world)

    def test_a_balance_below_the_floor_is_let_out_by_name(self, world):
        report = self.carried(world, [row(2, "carry-over", "ben", 1300)])
        assert report.overridden == (world.accounts["ben"],)
        assert is_clean(world)

    def test_faults(self, world):
        rows = [
            row(2, "anna", "ben"),
            row(3, "carry-over", "nobody"),
            row(4, "carry-over", "cora"),
            row(5, "anna", "carry-over", on=TODAY + timedelta(1)),
        ]
        found = faults(
            world,
            imports.carry_over,
            rows,
            by=world.cora,
            approved_by=world.colin,
            reason="carry-over",
        )
        assert found == [(2, "giver"), (3, "receiver"), (4, "receiver"), (5, "happened_on")]

    def test_one_person_is_not_enough(self, world):
        rows = [row(2, "anna", "carry-over")]
        more = {"by": world.cora, "approved_by": world.cora, "reason": "carry-over"}
        assert refused(world, imports.carry_over, rows, **more) == "second_person_needed"


class TestMembers:
    ROWS = (
        a_member(2, "dora", "Dora Field", joined_on=date(2025, 5, 1)),
        a_member(3, "emil", "Emil Stone", 90),
    )

    def test_members_join_with_their_balance_and_again_nothing(self, world):
        seen: list[int] = []
        terms = {"by": world.cora, "approved_by": world.colin, "reason": "carry-over"}
        report = world.do(imports.members, self.ROWS, progress=seen.append, **terms)
        assert (report.accepted, report.joined) == (2, ("dora", "emil"))
        assert report.accepted_minutes == 90
        assert seen == [2]
        emil = world.see(timebank.accounts.of_member, "emil")
        assert emil.balance.minutes == 90
        (opening,) = world.see(timebank.transfers.list)
        assert opening.kind is TransactionKind.CARRY_OVER
        assert {t.activity for t in opening.transfers} == {Activity.CARRY_OVER}, "never activity"
        assert world.see(timebank.exchanges.list) == ()
        assert world.see(timebank.members.get, "dora").joined_on == date(2025, 5, 1)
        again = world.do(imports.members, self.ROWS, **terms)
        assert (again.accepted, again.replayed, again.accepted_minutes) == (0, 2, 0)
        assert posted(world) == 1
        assert is_clean(world)

    def test_faults(self, world):
        rows = [
            a_member(2, "anna", "Somebody Else"),
            a_member(3, "cora", "Cora"),
            a_member(4, "dora", "Dora", joined_on=TODAY + timedelta(1)),
            a_member(5, "emil", "Emil", 30),
            a_member(6, "ben", "Ben", kind=timebank.domain.member.PersonKind.ORGANISATION),
        ]
        assert faults(world, imports.members, rows, by=world.cora) == [
            (2, "name"),
            (3, "ref"),
            (4, "joined_on"),
            (5, "opening_minutes"),
            (6, "kind"),
        ]

    def test_members_let_nobody_in(self, world):
        assert refused(world, imports.members, self.ROWS, by=world.member("anna")) == (
            "not_permitted"
        )


def test_the_program_itself_may_import(world):
    system = Actor(person=None, role=Role.SYSTEM)
    assert world.do(imports.exchanges, [row(2, "anna", "ben")], by=system).accepted == 1
