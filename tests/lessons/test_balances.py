"""Lessons about balances (lessons.md, M-1 to M-17): what the pure rules alone can show."""

from dataclasses import replace

import pytest

from tests.support import a_case, account_after, books, refusal, the
from timebank.domain.account import Account, AccountKind, available_minutes
from timebank.domain.agreement import propose
from timebank.domain.audit import AuditEntry, check_entries, check_sum
from timebank.domain.exchange import Exchange, GroupRule, State
from timebank.domain.hold import place
from timebank.domain.hours import Hours
from timebank.domain.ids import AccountId, ListingId
from timebank.domain.ledger import Override, Posting, post
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.movement import Books, reverse
from timebank.domain.policy import NEIGHBOURHOOD, PRESETS, Policy, Rounding
from timebank.domain.session import Session, record
from timebank.domain.settlement import confirm
from timebank.domain.statement import StatementEntry, build
from timebank.domain.transaction import (
    Activity,
    Transaction,
    TransactionKind,
    entries_of,
    reversal_of,
)
from timebank.testing.builders import (
    ANNA,
    BEN,
    CARLA,
    JOINED,
    NOW,
    POT,
    TODAY,
    a_hold,
    account_id,
    an_account,
    an_exchange,
    as_member,
    as_officer,
    conditions,
    transaction_id,
    transfer,
)


def posted(*transfers, accounts=()):
    before = books(*accounts)
    posting = Posting(id=transaction_id(1), kind=TransactionKind.POSTING, transfers=transfers)
    changes, after = post(before, posting, conditions())
    return changes.transactions[0], after


def test_m01_a_hand_edited_balance_is_named():
    transaction, after = posted(transfer(2, 1))
    entries = [
        AuditEntry(
            account=e.account,
            number=e.number,
            change_minutes=e.change_minutes,
            balance_minutes=e.balance_minutes,
            transaction=e.transaction,
            recorded_at=transaction.recorded_at,
        )
        for e in sorted(entries_of(transaction), key=lambda e: e.account)
    ]
    anna, ben = after[account_id(1)], after[account_id(2)]
    assert list(check_entries([anna, ben], entries)) == []
    edited = replace(anna, balance_minutes=120)
    (finding,) = check_entries([edited, ben], entries)
    assert (finding.expected, finding.found) == ("60", "120")
    assert anna.id in finding.subject


def test_m04_held_hours_are_not_available():
    account = place(an_account(2, balance=60, floor=0), a_hold(minutes=45))
    assert available_minutes(account) == 15
    assert refusal(lambda: posted(transfer(2, 1, 16), accounts=[account])) == "not_enough_hours"
    assert refusal(lambda: place(account, a_hold(2, minutes=16))) == "not_enough_hours"


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_m05_no_preset_leaves_a_floor_unset(policy):
    for kind in (AccountKind.MEMBER, AccountKind.ORGANISATION, AccountKind.ISSUANCE):
        floor, _ = policy.limits_for(kind)
        assert floor is not None


def test_m05_a_policy_states_every_limit_or_is_no_policy():
    with pytest.raises(TypeError):
        Policy(preset="forgetful")  # type: ignore[call-arg]


def test_m06_no_floor_is_not_a_floor_of_zero():
    assert available_minutes(an_account(floor=None)) is None
    assert available_minutes(an_account(floor=0)) == 0
    _, after = posted(transfer(2, 1, 60), accounts=[an_account(2, floor=None)])
    assert after[account_id(2)].balance_minutes == -60
    empty = an_account(2, floor=0)
    assert refusal(lambda: posted(transfer(2, 1, 60), accounts=[empty])) == "not_enough_hours"


def test_m07_a_transfer_is_always_booked_on_both_sides():
    transaction, after = posted(transfer(2, 1), transfer(1, 3, 6))
    assert sum(entry.change_minutes for entry in entries_of(transaction)) == 0
    assert sum(account.balance_minutes for account in after.values()) == 0


def test_m07_hours_made_from_nothing_are_found():
    assert [finding.check for finding in check_sum(60, "riverside")] == ["sum_is_zero"]


@pytest.mark.parametrize("minutes", [0, -60])
def test_m08_a_transfer_of_nothing_is_no_transfer(minutes):
    assert refusal(lambda: transfer(1, 2, minutes)) == "invalid_hours hours"


def test_m09_rounding_never_destroys_hours():
    """Ten hours over three helpers are ten hours, in the value and in the group exchange."""
    assert sum(part.minutes for part in Hours.of(10).split(3)) == 600
    session = Session(
        givers=(ANNA, BEN),
        receivers=(CARLA,),
        hours=Hours(minutes=601),
        rule=GroupRule.SHARED,
        happened_on=None,
        category=None,
    )
    changes, _ = record(
        session,
        Books(accounts=books()),
        account_of={ANNA: account_id(1), BEN: account_id(2), CARLA: account_id(3)},
        pot=POT,
        conditions=conditions(),
    )
    assert [t.minutes for t in the(changes, Transaction).transfers] == [301, 300]


@pytest.mark.parametrize(
    ("rounding", "step", "credited"),
    [(Rounding.UP, 30, 60), (Rounding.NEAREST, 30, 60), (Rounding.NONE, 1, 45)],
)
def test_m10_forty_five_minutes_do_not_become_nothing(rounding, step, credited):
    policy = replace(NEIGHBOURHOOD, rounding=rounding, step_minutes=step)
    assert policy.credited_minutes(45) == credited


def test_m10_what_would_round_to_nothing_is_refused_aloud():
    policy = replace(NEIGHBOURHOOD, rounding=Rounding.NEAREST, step_minutes=30)
    assert refusal(lambda: policy.credited_minutes(14)) == "hours_not_allowed"


def test_m11_a_number_without_a_unit_is_not_hours():
    with pytest.raises(TypeError):
        Hours(5400)  # type: ignore[call-arg]
    assert refusal(lambda: Hours.parse("5400")) == "invalid_hours hours"
    assert refusal(lambda: Hours(minutes=1.5)) == "invalid_hours minutes"  # type: ignore[arg-type]


def test_m11_an_exchange_of_days_is_refused():
    seconds_read_as_minutes = 2 * 60 * 60
    assert refusal(lambda: NEIGHBOURHOOD.credited_minutes(seconds_read_as_minutes)) == (
        "hours_not_allowed"
    )


def test_m12_minus_thirty_minutes_keep_their_sign():
    assert str(Hours(minutes=-30)) == "-0:30"


def test_m13_running_balances_hold_under_a_filter():
    """A statement of March runs from March's opening, whatever else is on the account."""
    transaction, _ = posted(transfer(2, 1), transfer(1, 3, 6), transfer(2, 1, 30))
    entries = [
        StatementEntry(
            number=e.number,
            change_minutes=e.change_minutes,
            balance_minutes=e.balance_minutes,
            happened_on=JOINED,
            counts_on=JOINED if e.number == 2 else TODAY,
            recorded_at=NOW,
            activity=e.activity,
            transaction=e.transaction,
            overrides=False,
            imported=False,
            counterparty=e.counterparty,
            kind=TransactionKind.POSTING,
            counterparty_kind=AccountKind.MEMBER,
            counterparty_label=None,
            counterparty_owner=None,
            category=None,
            reason=None,
            reverses=None,
        )
        for e in entries_of(transaction)
        if e.account == account_id(1)
    ]
    today = [e for e in entries if e.counts_on >= TODAY]
    made = build(account_id(1), 84, today, start=TODAY, end=TODAY.replace(day=31))
    assert made.opening_minutes == -6
    assert [line.balance_minutes for line in made.lines] == [54, 84]
    assert made.closing_minutes == 84


def test_m14_nobody_pays_themselves():
    assert refusal(lambda: transfer(1, 1)) == "self_transfer target"

    assert refusal(lambda: transfer(1, AccountId(account_id(1).upper()))) == "self_transfer target"


def _from(kind):
    """What Anna and Ben come to where Anna put up the listing."""
    listing = Listing(
        id=ListingId("b" * 32),
        kind=kind,
        member=ANNA,
        title="Bread",
        category="food",
        expires_on=None,
        placed_at=NOW,
    )
    giver, receiver = (ANNA, BEN) if kind is ListingKind.OFFER else (BEN, ANNA)

    def act(giver=giver, receiver=receiver):
        return propose(
            giver=giver,
            receiver=receiver,
            hours=Hours.of(1),
            happens_on=None,
            category=None,
            listing=listing,
            conditions=conditions(by=as_member(giver)),
        )

    return act, giver, receiver


@pytest.mark.parametrize("kind", ListingKind)
def test_m15_who_helps_is_never_charged_whatever_the_listing(kind):
    act, giver, receiver = _from(kind)
    exchange = the(act(), Exchange)
    assert (exchange.giver, exchange.receiver) == (giver, receiver)
    assert refusal(lambda: act(receiver, giver)) == "invalid_input listing"

    reported = replace(exchange, state=State.REPORTED, giver_minutes=60, deadline=None)
    changes = confirm(a_case(reported), conditions(by=as_member(receiver)))
    after = {a.owner: a.balance_minutes for a in changes.changed if isinstance(a, Account)}
    assert after == {giver: 60, receiver: -60}


def test_m16_a_reversal_takes_the_levy_back():
    policy = replace(NEIGHBOURHOOD, levy_percent=10)
    case = a_case(an_exchange(State.REPORTED, said_by_giver=60))
    original = the(confirm(case, conditions(by=as_member(BEN), policy=policy)), Transaction)
    assert [t.activity for t in original.transfers] == [Activity.SERVICE, Activity.LEVY]
    undone = reversal_of(original)
    assert [(t.source, t.target, t.hours.minutes) for t in undone] == [
        (POT, account_id(1), 6),
        (account_id(1), account_id(2), 60),
    ]


def test_m17_a_reversal_over_the_limit_is_asked_about():
    """Anna has spent what she was given: taking it back needs a named override."""
    original, _ = posted(transfer(2, 1, 60))
    anna, ben = an_account(1, balance=0, floor=0), an_account(2, balance=-60)

    def undo(override):
        return reverse(
            Books(accounts=books(anna, ben)),
            original,
            None,
            conditions(),
            reason="entered twice",
            override=override,
        )

    assert refusal(lambda: undo(None)) == "not_enough_hours"
    named = Override(approver=as_officer(), reason="hardship", review_on=TODAY.replace(day=31))
    changes = undo(named)
    assert the(changes, Transaction).overrides
    assert account_after(changes, 1).balance_minutes == -60
