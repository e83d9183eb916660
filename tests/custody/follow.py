"""Somebody who reads a site's journal after the fact and holds every hour to what must be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from tests.custody.scheme import STAFF, Scheme
from timebank import accounts, banks, members, transfers
from timebank.custody import people, queries, sheets
from timebank.custody.actions._gather import store_of
from timebank.custody.actions.sites import move_arrived, move_cancel, passages, windup
from timebank.custody.domain.attention import Rule
from timebank.custody.domain.audit import INSIDE_KINDS
from timebank.custody.domain.membership import State
from timebank.custody.domain.sheet import LIVE, SheetState
from timebank.custody.domain.site import Direction, Outcome
from timebank.domain.account import Account, AccountKind, Frozen
from timebank.domain.actor import Actor
from timebank.domain.bank import day_of
from timebank.domain.ids import AccountId, PersonId, TransactionId
from timebank.domain.member import Status
from timebank.domain.transaction import Transaction
from timebank.errors import NotPermitted

IN = Direction.IN
LIFTED = {Status.SUSPENDED: members.resume, Status.PENDING: members.approve}
REROUTED = frozenset({Rule.MOVE_TAKEN_BACK, Rule.CODE_TAKEN_ANEW})
ENDING = frozenset({State.APPLIED, State.RELEASED, State.DECEASED, State.UNLAWFULLY_AT_LARGE})
"""States from which a membership is closed."""
ABROAD = frozenset({State.RELEASED_ON_LICENCE, State.RELEASED, State.CLOSED})
"""States in which somebody goes about outside, and trades as any member does."""


class Follower:
    """Replays a journal, transaction by transaction, and knows who was in custody when."""

    def __init__(self, site: Scheme) -> None:
        self.site = site
        self.balances: Counter[AccountId] = Counter()
        self.last: TransactionId | None = None
        self.into_custody = 0

    def follow(self, past: set[str]) -> None:
        """Everything recorded since; ``past`` is what went past the scheme's own actions."""
        with self.site.backend.reading(self.site.bank) as uow:
            self.accounts = {account.id: account for account in uow.accounts.all()}
            self.terms = tuple(term for term, _ in uow.people.staff())
            store = store_of(uow)
            self.histories = store.histories([one.id for one in store.memberships()])
            while found := transfers.list(uow, after=self.last, limit=1000):
                for done in found:
                    self._hold(done, past)
                self.last = found[-1].id
        ledger = {account.id: account.balance_minutes for account in self.accounts.values()}
        assert {id_: self.balances[id_] for id_ in ledger} == ledger
        assert sum(ledger.values()) == 0

    def _hold(self, done: Transaction, past: set[str]) -> None:
        for move in done.transfers:
            source, target = self.accounts[move.source], self.accounts[move.target]
            self.balances[move.source] -= move.minutes
            self.balances[move.target] += move.minutes
            self._judge(done, source, target, past)
        for move in done.transfers:
            for id_ in (move.source, move.target):
                inside = self.accounts[id_].kind in INSIDE_KINDS
                assert not (inside and self.balances[id_] < 0), done

    def _judge(self, done: Transaction, source: Account, target: Account, past: set[str]) -> None:
        """P-6 and P-7: who answers for an hour that somebody in custody gets."""
        own = source.owner is not None and source.owner == target.owner
        inside = source.kind in INSIDE_KINDS, target.kind in INSIDE_KINDS
        assert own or inside != (True, True), done
        if inside[1] and not own:
            self.into_custody += 1
            assert source.kind is not AccountKind.MEMBER or done.reverses is not None, done
        both = self._locked_up(source.owner, done.recorded_at) and self._locked_up(
            target.owner, done.recorded_at
        )
        if not own and (inside[1] or both):
            self._require_named(done, past)

    def _require_named(self, done: Transaction, past: set[str]) -> None:
        """Two people who held an office, none of them in custody: an audit says where not."""
        assert done.approver is not None, done
        assert done.approver.person != done.actor.person, done
        for actor in (done.actor, done.approver):
            assert self._held_office(actor, done.recorded_at), done
            if self._locked_up(actor.person, done.recorded_at):
                assert done.id in past, done

    def _held_office(self, actor: Actor, at: datetime) -> bool:
        """On that day or, where a sheet waited to be posted, before."""
        day = day_of(at, "Europe/London")
        return any(term.person == actor.person and term.starts_on <= day for term in self.terms)

    def _locked_up(self, person: PersonId | None, at: datetime) -> bool:
        """As it stood in the books at that moment."""
        history = self.histories.get(person or PersonId(""))
        known = [c for c in history.changes if c.recorded_at <= at] if history else []
        last = max(known, key=lambda change: change.recorded_at, default=None)
        return last is not None and last.becomes not in ABROAD


def cleared(sites: Sequence[Scheme]) -> None:
    """P-24: what the sites' clearing accounts show is what is under way between them.

    But for what two people reversed with the ledger's own command: that moves hours and no half of
    a move, which is for the office to find (``check_clearings``).
    """
    shown, out, taken = 0, Counter[str](), Counter[str]()
    for site in sites:
        for view in site.see(accounts.list):
            if view.kind is AccountKind.CLEARING:
                shown += moved_but_by_reversal(site, view.id)
        with site.backend.reading(site.bank) as uow:
            halves = store_of(uow).passages()
        for half, end in halves:
            minutes = half.custody_minutes + half.held_minutes
            if end is None or end.outcome is Outcome.ARRIVED:
                (taken if half.direction is Direction.IN else out)[half.code] += minutes
    assert shown == out.total() - taken.total()
    assert all(out[code] == minutes for code, minutes in taken.items())


def rerouted(site: Scheme) -> int:
    """P-6: hours that came by a code and are somebody else's, since it was taken back. How often.

    A site cannot know whose they ought to be. Two people answer by name for each step: that the
    code was taken, taken back, and taken anew; and the last two are shown to human eyes.
    """
    with site.backend.reading(site.bank) as uow:
        store = store_of(uow)
        halves = [pair for pair in store.passages() if pair[0].direction is IN]
        owners = {one.custody: one.id for one in store.memberships()}
        kept = [one for one, _ in store.exceptionals() if one.rule in REROUTED]
    expected = Counter[tuple[Rule, PersonId, PersonId]]()
    whose: dict[str, PersonId] = {}
    for half, end in sorted(halves, key=lambda pair: pair[0].entry):
        signed = [(one.actor, one.approver) for one in (half, end) if one is not None]
        for actor, approver in signed:
            assert approver is not None, half
            assert approver.person != actor.person, half
        before = whose.get(half.code, half.person)
        expected[Rule.CODE_TAKEN_ANEW, half.person, before] += before != half.person
        expected[Rule.MOVE_TAKEN_BACK, half.person, half.person] += end is not None
        whose[half.code] = half.person
    assert Counter((one.rule, one.person, owners[one.account]) for one in kept) == +expected
    return sum(one.rule is Rule.CODE_TAKEN_ANEW for one in kept)


def moved_but_by_reversal(site: Scheme, account: AccountId) -> int:
    """What came into an account less what went out of it, reversals left out."""
    moves = [
        move
        for done in site.see(transfers.list, account=account, limit=100_000)
        if done.reverses is None
        for move in done.transfers
    ]
    came = sum(move.minutes for move in moves if move.target == account)
    return came - sum(move.minutes for move in moves if move.source == account)


def closed_down(sites: Sequence[Scheme]) -> None:
    """P-28: staff end what is open, one matter after the other, and wind both sites up."""
    taken = {
        half.code
        for site in sites
        for half, end in site.see(passages)
        if half.direction is IN and end is None
    }
    for site in sites:
        site.do(banks.set_policy, "custody", by=site.cora)
        site.do(banks.state_day, site.today, by=site.cora)
        for file in site.see(sheets.list, limit=10**6):
            if file.sheet.state in LIVE - {SheetState.POSTED}:
                site.do(sheets.return_, file.sheet.id, reason="other", by=site.cora)
        for slip, _ in site.see(queries.list, open_only=True):
            _answered(site, slip.id)
        _made_movable(site)
        for half, end in site.see(passages):
            if half.direction is Direction.OUT and end is None:
                left = site.see(members.get, half.person).status is Status.LEFT
                arrived = left or half.code in taken
                site.two(move_arrived if arrived else move_cancel, half.code)
        for one in site.see(people.list):
            if one.state not in ENDING | {State.CLOSED}:
                site.two(people.release, one.id, reason="other")
            if one.state is not State.CLOSED:
                site.two(people.close, one.id, reason="other")
        _made_movable(site)
        site.two(windup)
        assert {view.balance.minutes for view in site.see(accounts.list)} == {0}


def _answered(site: Scheme, slip: str) -> None:
    """By the first of the staff who did not sign what it concerns."""
    for ref in STAFF:
        with suppress(NotPermitted):
            site.do(queries.answer, slip, outcome="withdrawn", by=site.staff(ref))
            return


def _made_movable(site: Scheme) -> None:
    """Blocks and suspensions are lifted where hours are left; late credits go to the pot."""
    for view in site.see(accounts.list):
        blocked = view.frozen is not Frozen.NONE and view.kind not in INSIDE_KINDS
        if blocked and (view.balance.minutes or view.owner is None):
            site.do(accounts.freeze, view.id, frozen="none", reason="other", by=site.cora)
    for member in site.see(members.list, limit=10**6):
        if member.status in LIFTED:
            site.do(LIFTED[member.status], member.id, by=site.cora)
    gone = {State.TRANSFERRING, State.CLOSED, State.APPLIED, State.RELEASED}
    for one in site.see(people.list):
        for account in (one.custody, one.held) if one.state in gone else ():
            if hours := site.see(accounts.balance, account):
                ends = {"source": account, "target": site.see(accounts.get, "pot").id}
                site.two(transfers.adjust, **ends, hours=hours, reason="other")
