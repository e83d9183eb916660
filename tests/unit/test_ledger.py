"""Posting: the order of refusal, limits, overrides, days, and what is written."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from tests.support import books, descending, refusal, written
from timebank.domain.account import AccountChange, AccountKind, ChangeField, Frozen
from timebank.domain.actor import Actor, Role
from timebank.domain.events import LimitOverridden, TransactionRecorded
from timebank.domain.ids import FactId
from timebank.domain.ledger import Override, Posting, post
from timebank.domain.member import Status
from timebank.domain.note import Note
from timebank.domain.policy import CUSTODY, NEIGHBOURHOOD
from timebank.domain.transaction import TransactionKind
from timebank.errors import CeilingReached, FlowNotAllowed, NotEnoughHours
from timebank.testing.builders import (
    ANNA,
    BEN,
    NOW,
    POT,
    TODAY,
    account_id,
    an_account,
    as_broker,
    as_coordinator,
    as_member,
    as_officer,
    conditions,
    standing,
    transaction_id,
    transfer,
)

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)
OVERRIDE = Override(approver=as_officer(), reason="hardship", review_on=TOMORROW)


def posted(
    *transfers,
    accounts=(),
    people=(),
    policy=NEIGHBOURHOOD,
    by=None,
    approved_by=None,
    closed_until=None,
    zone="Europe/London",
    kind=TransactionKind.POSTING,
    now=NOW,
    **posting,
):
    """Ben pays Anna an hour, unless told otherwise."""
    return post(
        books(*accounts),
        Posting(
            id=transaction_id(1), kind=kind, transfers=transfers or (transfer(2, 1),), **posting
        ),
        conditions(
            by=by,
            approved_by=approved_by,
            people=people,
            policy=policy,
            closed_until=closed_until,
            zone=zone,
            now=now,
        ),
    )


def the_transaction(*transfers, **more):
    return posted(*transfers, **more)[0].transactions[0]


# --- the order of refusal ---------------------------------------------------------------------

NO_FLOWS = replace(NEIGHBOURHOOD, flows=())
POOR = an_account(2, balance=-1190)
FROZEN = replace(POOR, frozen=Frozen.OUT)
CLOSED = replace(POOR, frozen=Frozen.ALL)
FULL = an_account(1, balance=90, ceiling=100)
ANNA_AWAY = standing(ANNA, status=Status.SUSPENDED)
BEN_AWAY = standing(BEN, status=Status.PENDING)


@pytest.mark.parametrize(
    ("error", "arguments"),
    descending(
        ("not_found", {"transfers": (transfer(2, 77),)}),
        ("day_in_future happened_on", {"happened_on": TOMORROW}),
        (
            "period_closed",
            {"happened_on": YESTERDAY, "closed_until": YESTERDAY, "by": as_broker()},
        ),
        ("flow_not_allowed", {"policy": NO_FLOWS}),
        ("account_frozen", {"accounts": (FROZEN, FULL)}),
        ("member_suspended", {"people": (ANNA_AWAY, BEN_AWAY)}),
        ("member_not_active", {"people": (BEN_AWAY,)}),
        ("not_enough_hours", {"accounts": (POOR, FULL)}),
        ("ceiling_reached", {"accounts": (FULL,)}),
        ("unknown_category category", {"category": "bribes"}),
    ),
)
def test_order_of_refusal(error, arguments):
    transfers = arguments.pop("transfers", ())
    assert refusal(lambda: posted(*transfers, **arguments)) == error


def test_a_posting_that_nothing_speaks_against():
    changes, after = posted()
    assert (after[account_id(1)].balance_minutes, after[account_id(2)].balance_minutes) == (60, -60)
    assert changes.events == (
        TransactionRecorded(transaction=transaction_id(1), kind="posting", minutes=60),
    )


# --- flows ------------------------------------------------------------------------------------

RESERVE = an_account(92, kind=AccountKind.RESERVE, floor=None)
TO_RESERVE = transfer(1, 92)


@pytest.mark.parametrize(
    ("by", "approved_by", "allowed"),
    [
        (as_coordinator(), None, False),
        (as_coordinator(), as_officer(), True),
        (as_coordinator(), as_coordinator(), False),
        (as_coordinator(), as_member(ANNA), False),
        (as_coordinator(), as_broker(), False),
        (Actor.system(), as_coordinator(), True),
    ],
)
def test_a_flow_that_needs_approval_takes_a_second_person(by, approved_by, allowed):
    def act():
        return posted(TO_RESERVE, accounts=[RESERVE], by=by, approved_by=approved_by)

    if allowed:
        assert act()[0].transactions[0].approver == approved_by
    else:
        assert refusal(act) == "flow_not_allowed"


@pytest.mark.parametrize("kind", [AccountKind.CUSTODY, AccountKind.HELD])
@pytest.mark.parametrize("back", [transfer(3, POT), transfer(POT, 3)])
def test_p23_two_people_answer_for_a_reversal_of_hours_of_somebody_in_custody(kind, back):
    inside = an_account(3, kind=kind, owner=ANNA, balance=120)

    def act(approved_by=None):
        reversal = {"kind": TransactionKind.REVERSAL, "approved_by": approved_by}
        return posted(back, accounts=[inside], **reversal)

    assert refusal(act) == "flow_not_allowed"
    assert act(as_officer())[0].transactions


def test_a_refused_flow_names_the_kinds():
    with pytest.raises(FlowNotAllowed) as caught:
        posted(transfer(1, 3), accounts=[an_account(3, kind=AccountKind.HELD, owner=ANNA)])
    assert (caught.value.source_kind, caught.value.target_kind) == ("member", "held")


# --- frozen, closed, suspended, left ----------------------------------------------------------

GONE = standing(BEN, status=Status.LEFT, since=TODAY)


@pytest.mark.parametrize(
    ("frozen", "going_out", "coming_in"),
    [
        (Frozen.NONE, None, None),
        (Frozen.OUT, "account_frozen", None),
        (Frozen.ALL, "account_frozen", "account_frozen"),
    ],
)
def test_what_a_freeze_stops(frozen, going_out, coming_in):
    accounts = [an_account(2, frozen=frozen)]
    for move, error in ((transfer(2, 1), going_out), (transfer(1, 2), coming_in)):
        if error is None:
            posted(move, accounts=accounts)
        else:
            assert refusal(partial(posted, move, accounts=accounts)) == error


def test_a_freeze_stops_accounts_that_belong_to_nobody():
    pot = an_account(90, kind=AccountKind.POT, balance=600, frozen=Frozen.OUT)
    assert refusal(lambda: posted(transfer(POT, 1), accounts=[pot])) == "account_frozen"


@pytest.mark.parametrize(
    ("kind", "stopped"),
    [
        (TransactionKind.POSTING, True),
        (TransactionKind.REVERSAL, True),
        (TransactionKind.ADJUSTMENT, False),
        (TransactionKind.LEAVING, False),
    ],
)
def test_two_people_may_post_through_a_freeze_to_repair_or_wind_up(kind, stopped):
    def act(approved_by):
        frozen = an_account(2, frozen=Frozen.ALL)
        return posted(kind=kind, accounts=[frozen], approved_by=approved_by)

    assert refusal(lambda: act(None)) == "account_frozen"
    if stopped:
        assert refusal(lambda: act(as_officer())) == "account_frozen"
    else:
        assert act(as_officer())[0].transactions


@pytest.mark.parametrize("kind", TransactionKind)
def test_no_hours_go_to_a_closed_account_whatever_the_kind(kind):
    closed = an_account(2, frozen=Frozen.ALL)

    def act():
        return posted(transfer(1, 2), kind=kind, accounts=[closed], people=[GONE])

    assert refusal(act) == "account_closed"


def test_two_people_may_empty_a_closed_account():
    closed = an_account(2, balance=60, frozen=Frozen.ALL)
    after = posted(
        kind=TransactionKind.ADJUSTMENT,
        accounts=[closed],
        people=[GONE],
        approved_by=as_officer(),
    )[1]
    assert after[account_id(2)].balance_minutes == 0


@pytest.mark.parametrize(
    ("kind", "stopped"),
    [
        (TransactionKind.POSTING, True),
        (TransactionKind.DONATION, True),
        (TransactionKind.GRANT, True),
        (TransactionKind.REVERSAL, False),
        (TransactionKind.ADJUSTMENT, False),
        (TransactionKind.LEAVING, False),
    ],
)
def test_repairs_do_not_ask_whether_somebody_is_suspended(kind, stopped):
    def act():
        return posted(kind=kind, people=[ANNA_AWAY])

    if stopped:
        assert refusal(act) == "member_suspended"
    else:
        assert act()[0].transactions


@pytest.mark.parametrize(
    ("anna_since", "ben_since", "error"),
    [
        (TODAY, None, None),  # Anna was active on the day she worked
        (YESTERDAY, None, "member_suspended"),  # the suspension begins with that day
        (None, TODAY, "member_suspended"),  # Ben pays now
    ],
)
def test_a_giver_is_judged_by_the_day_worked_and_a_payer_by_now(anna_since, ben_since, error):
    people = [
        standing(person, status=Status.SUSPENDED, since=since)
        for person, since in ((ANNA, anna_since), (BEN, ben_since))
        if since
    ]

    def act():
        return posted(happened_on=YESTERDAY, people=people)

    if error is None:
        assert act()[0].transactions
    else:
        assert refusal(act) == error


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "held", "minutes", "refused"),
    [
        (0, 0, 1200, False),
        (0, 0, 1201, True),
        (0, 100, 1101, True),
        (-1300, 0, 1, True),
    ],
)
def test_the_floor(balance, held, minutes, refused):
    def act():
        return posted(transfer(2, 1, minutes), accounts=[an_account(2, balance=balance, held=held)])

    if not refused:
        assert act()[1][account_id(2)].balance_minutes == balance - minutes
        return
    with pytest.raises(NotEnoughHours) as caught:
        act()
    assert (caught.value.available_minutes, caught.value.needed_minutes) == (
        balance - held + 1200,
        minutes,
    )


@pytest.mark.parametrize(("balance", "minutes"), [(0, 601), (650, 1)])
def test_the_ceiling(balance, minutes):
    with pytest.raises(CeilingReached) as caught:
        posted(transfer(2, 1, minutes), accounts=[an_account(1, balance=balance, ceiling=600)])
    assert (caught.value.room_minutes, caught.value.offered_minutes) == (600 - balance, minutes)


def test_what_is_out_of_its_band_may_move_back_towards_it():
    below, above = an_account(1, balance=-2000), an_account(2, balance=2000, ceiling=600)
    after = posted(transfer(2, 1, 1), accounts=[below, above])[1]
    assert after[account_id(1)].balance_minutes == -1999
    assert after[account_id(2)].balance_minutes == 1999


def test_only_where_a_transaction_ends_is_judged():
    """Ben passes on at once what he receives: he never had it, and needs no more than that."""
    broke = an_account(2, balance=-1200)
    posted(transfer(2, 1, 60), transfer(3, 2, 60), accounts=[broke])


def test_no_limit_is_no_limit():
    posted(transfer(2, 1, 10**9), accounts=[an_account(2, floor=None)])


def test_an_override_lets_an_account_out_of_its_band_and_names_who_answers_for_it():
    changes, _ = posted(accounts=[POOR, FULL], override=OVERRIDE)
    low, high = written(changes, AccountChange)
    assert (low.account, low.was, low.becomes) == (account_id(2), "-1190", "-1250")
    assert (high.account, high.was, high.becomes) == (account_id(1), "90", "150")
    for change in (low, high):
        assert change.field is ChangeField.OVERRIDE
        assert (change.approver, change.reason) == (OVERRIDE.approver, OVERRIDE.reason)
        assert change.review_on == OVERRIDE.review_on
        assert change.transaction == transaction_id(1)
    assert changes.transactions[0].overrides
    assert [type(event) for event in changes.events] == [
        TransactionRecorded,
        LimitOverridden,
        LimitOverridden,
    ]


def test_free_words_for_an_override_become_a_note_beside_it():
    words = replace(OVERRIDE, reason="Ben asked Anna at the kitchen table")
    changes, _ = posted(accounts=[POOR], override=words)
    change, note = written(changes, AccountChange)[0], written(changes, Note)[0]
    assert (change.reason, note.text, note.about) == ("other", words.reason, change.id)
    assert change.note_digest is not None


@pytest.mark.parametrize("kind", [AccountKind.CUSTODY, AccountKind.HELD])
def test_no_override_takes_a_custody_or_held_account_below_zero(kind):
    inside = an_account(2, kind=kind, floor=0, balance=30)

    def act():
        reversal = {"kind": TransactionKind.REVERSAL, "approved_by": as_officer()}
        return posted(transfer(2, 1), **reversal, accounts=[inside], override=OVERRIDE)

    assert refusal(act) == "not_enough_hours"


@pytest.mark.parametrize(("owner", "refused"), [(ANNA, False), (BEN, True)])
def test_hours_go_from_custody_to_nobody_elses_held_account(owner, refused):
    inside = an_account(1, kind=AccountKind.CUSTODY, floor=0, balance=60)
    held = replace(an_account(2, kind=AccountKind.HELD, floor=0), owner=owner)

    def act():
        return posted(transfer(1, 2), accounts=[inside, held], policy=CUSTODY)

    if refused:
        assert refusal(act) == "flow_not_allowed"
    else:
        assert act()[1][account_id(2)].balance_minutes == 60


def test_an_override_that_is_not_needed_is_not_recorded():
    changes, _ = posted(override=OVERRIDE)
    assert written(changes, AccountChange) == []
    assert not changes.transactions[0].overrides


@pytest.mark.parametrize(
    ("limit", "balance", "warned"),
    [(None, -1000, []), (-100, -40, []), (-100, -41, [(account_id(2), -101)])],
)
def test_a_soft_limit_warns_who_falls_below_it(limit, balance, warned):
    policy = replace(NEIGHBOURHOOD, warn_below_minutes=limit)
    poor_but_rising = an_account(1, balance=-900)
    changes, _ = posted(accounts=[poor_but_rising, an_account(2, balance=balance)], policy=policy)
    assert [(w.subject, w.minutes) for w in changes.warnings] == warned
    assert {w.code for w in changes.warnings} <= {"below_soft_limit"}


# --- days and times ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happened_on", "closed_until", "counts_on"),
    [
        (None, None, TODAY),
        (YESTERDAY, None, YESTERDAY),
        (YESTERDAY, YESTERDAY - timedelta(days=1), YESTERDAY),
        (YESTERDAY, YESTERDAY, TODAY),
        (date(2026, 1, 15), date(2026, 1, 31), date(2026, 2, 1)),
    ],
)
def test_a_late_fact_counts_on_the_first_open_day(happened_on, closed_until, counts_on):
    made = the_transaction(happened_on=happened_on, closed_until=closed_until)
    assert (made.happened_on, made.counts_on) == (happened_on or TODAY, counts_on)


@pytest.mark.parametrize("role", Role)
def test_who_may_post_late(role):
    by = Actor.system() if role is Role.SYSTEM else Actor(person=ANNA, role=role)

    def act():
        return posted(happened_on=YESTERDAY, closed_until=YESTERDAY, by=by)

    if role in NEIGHBOURHOOD.late_roles:
        assert act()[0].transactions
    else:
        assert refusal(act) == "period_closed"


def test_today_is_the_day_in_the_banks_zone():
    late = datetime(2026, 3, 10, 23, tzinfo=UTC)
    assert the_transaction(now=late).happened_on == date(2026, 3, 10)
    assert the_transaction(now=late, zone="Pacific/Auckland").happened_on == date(2026, 3, 11)


@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(0), timedelta(hours=1)])
def test_the_recording_time_never_runs_backwards(ahead):
    last = NOW + ahead
    changes, after = posted(accounts=[an_account(2, recorded_at=last)])
    expected = max(NOW, last + timedelta(microseconds=1))
    assert changes.transactions[0].recorded_at == expected
    assert after[account_id(1)].recorded_at == after[account_id(2)].recorded_at == expected
    assert after[account_id(3)].recorded_at is None


# --- what is written --------------------------------------------------------------------------


def test_only_the_accounts_touched_are_written():
    changes, after = posted()
    assert {a.id for a in changes.changed} == {account_id(1), account_id(2)}
    assert set(after) == set(books())


def test_transfers_are_numbered_from_one_in_their_order():
    made = the_transaction(transfer(2, 1, 60), transfer(1, 3, 6))
    assert [(t.n, t.minutes) for t in made.transfers] == [(1, 60), (2, 6)]


def test_a_note_leaves_only_its_digest_in_the_fact():
    note = Note(about=FactId(transaction_id(1)), salt=bytes(16), text="thank you")
    changes, _ = posted(note=note)
    assert written(changes, Note) == [note]
    assert changes.transactions[0].note_digest
    assert the_transaction().note_digest is None


def test_a_category_is_checked_when_it_is_new_and_kept_when_it_is_undone():
    """The list may have changed since; that never stands in the way of a reversal."""
    made = the_transaction(
        kind=TransactionKind.REVERSAL, category="cooperage", reverses=transaction_id(2)
    )
    assert made.category == "cooperage"
    assert the_transaction(category="garden").category == "garden"
