"""Everything that the scheme and the ledger under it can be asked, and a way to ask for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.custody.anybody import NOWHERE, Anybody, Asked, Way
from timebank import (
    Hours,
    TransactionDraft,
    accounts,
    banks,
    exchanges,
    listings,
    members,
    staff,
    transfers,
)
from timebank.custody import (
    DestinationClass,
    Line,
    Part,
    Place,
    Rules,
    beneficiaries,
    destinations,
    people,
    pins,
    queries,
    retentions,
    sheets,
    sites,
)
from timebank.custody import scheme as schemes
from timebank.custody.domain.query import Concern, Outcome
from timebank.custody.domain.retention import Basis as Ground
from timebank.custody.domain.retention import Record
from timebank.custody.domain.rules import Basis
from timebank.custody.domain.site import Direction, code_of
from timebank.domain.account import AccountKind, Frozen
from timebank.domain.events import TransactionRecorded
from timebank.domain.flows import NEEDS_APPROVAL, NEVER, Flow, Verdict
from timebank.domain.policy import CUSTODY

CATEGORIES = ("learning", "care", "company", "food")
CLASSES = {"care": DestinationClass.POT_ONLY, "company": DestinationClass.RECOGNISED_ONLY}
RULES = Rules(classes=CLASSES, goods=frozenset({"food"}))
LAX = replace(
    CUSTODY,
    flows=tuple(
        Flow(
            source=source,
            target=target,
            verdict=Verdict.APPROVAL if (source, target) in NEEDS_APPROVAL else Verdict.ALLOWED,
        )
        for source in AccountKind
        for target in AccountKind
        if (source, target) not in NEVER
    ),
)
"""House rules that allow whatever house rules can."""


# --- every action of the scheme -------------------------------------------------------------------


def _apply(self: Anybody) -> None:
    ref = f"p{len(self.known[self.scheme.bank, 'ever'])}"
    if self.rarely(0.2):
        self.ask(people.apply, member=self.random.choice([self.outside(), self.one("staff")]))
        return
    receipt = self.ask(people.apply, name=f"{ref.title()} Inside", ref=ref)
    self.known[self.scheme.bank, "ever"].append(ref)
    self.remember("person", ref)
    own = self.scheme.see(people.get, receipt.events[-1].subject).membership
    for account in (own.custody, own.held, own.community):
        self.remember("account", account)


def _turn(action: Asked, luck: float = 1.0, **more: Any) -> Way:
    def asked(self: Anybody) -> None:
        if self.rarely(luck):
            on = {"on": self.day()} if "on" in more and self.rarely(0.3) else {}
            self.ask(action, self.anyone(), reason=self.reason(), **on)

    return asked


def _admit(self: Anybody) -> None:
    self.ask(people.admit, self.anyone(), on=self.day() if self.rarely(0.3) else None)


def _release(self: Anybody) -> None:
    if self.rarely(0.15):
        licence = self.rarely(0.6)
        self.pair(people.release, self.anyone(), reason=self.reason(), licence=licence)


def _death(self: Anybody) -> None:
    if self.rarely(0.1):
        self.ask(people.death, self.anyone())


def _close(self: Anybody) -> None:
    heir = self.one("beneficiary") if self.rarely(0.5) else None
    self.pair(people.close, self.anyone(), reason=self.reason(), beneficiary=heir)


def _propose(self: Anybody) -> None:
    account = self.random.choice([self.outside(), self.outside(), self.person(), "pot"])
    self.told("beneficiary", self.ask(beneficiaries.propose, self.anyone(), account=account))


def _until(action: Asked) -> Way:
    return lambda self: self.pair(action, self.one("beneficiary"), review_on=self.ahead())


def _new(self: Anybody) -> None:
    self.papers += 1
    lines = [
        Line(
            person=ref,
            minutes=self.random.randint(0, 150),
            basis=self.random.choice(["voluntary"] * 4 + [b.value for b in Basis]),
        )
        for ref in {self.anyone() for _ in range(self.random.randint(1, 3))}
    ]
    receipt = self.ask(
        sheets.new,
        paper=f"S-{self.random.choice([self.papers, self.papers, 7])}",
        category=self.random.choice(CATEGORIES),
        worked_on=self.day(),
        lines=sorted(lines, key=lambda line: line.person),
        supervisor=self.one("staff") if self.rarely(0.3) else None,
        drafted_by=self.person() if self.rarely(0.3) else None,
    )
    self.told("sheet", receipt)


def _whole(self: Anybody) -> None:
    """The ordinary way, so that there are hours."""
    self.papers += 1
    person = self.person()
    if self.rarely(0.4):
        own = [Part(place=Place.OWN)]
        said = {"parts": own, "given_on": self.scheme.today, "paper": "D-1"}
        self.scheme.two(destinations.set, person, **said)
    sheet = self.scheme.posted(f"S-{self.papers}", (person, self.random.randint(1, 120)))
    self.remember("sheet", sheet)


def _post(self: Anybody) -> None:
    if self.rarely(0.6):
        _whole(self)
    else:
        payer = self.random.choice(["issuance", "issuance", "charity", "pot"])
        self.ask(sheets.post, self.one("sheet"), payer=payer)


def _step(action: Asked) -> Way:
    return lambda self: self.ask(action, self.one("sheet"))


def _set(self: Anybody) -> None:
    sheet = self.one("sheet") if self.rarely(0.2) else None
    self.pair(
        destinations.set,
        self.anyone(),
        parts=self.parts(),
        given_on=self.day(),
        paper="D-1",
        sheet=sheet,
    )


def _give(self: Anybody) -> None:
    where: dict[str, Any] = self.random.choice(
        [{}, {"held": True}, {"beneficiary": self.one("beneficiary")}]
    )
    self.pair(destinations.give, self.anyone(), hours=self.hours(), **where)


def _set_price(self: Anybody) -> None:
    hours = None if self.rarely(0.2) else Hours(minutes=15 * self.random.randint(1, 4))
    account = self.random.choice(["library", "library", "pot", self.one("account")])
    item = self.random.choice(["library", "story"])
    self.pair(destinations.set_price, item, account=account, hours=hours)


def _keep(self: Anybody) -> None:
    self.pair(
        retentions.keep,
        self.anyone(),
        record=self.random.choice([*Record]),
        lawful_basis=self.random.choice([*Ground]),
        until=self.ahead(),
    )


def _set_rules(self: Anybody) -> None:
    held = self.rarely(0.7)
    goods = frozenset({"food"}) if self.rarely(0.5) else frozenset()
    self.pair(schemes.set_rules, replace(RULES, held_allowed=held, goods=goods))


def _close_exception(self: Anybody) -> None:
    found = self.scheme.see(schemes.exceptions, open_only=True)
    which = self.random.choice(found)[0].id if found else NOWHERE
    self.ask(schemes.close_exception, which, reason=self.reason())


def _record_attempt(self: Anybody) -> None:
    words = self.random.choice(["custody.give", "custody.give", "Ray hit somebody"])
    self.ask(schemes.record_attempt, action=words, error="account_frozen", subjects=[])


def _open_query(self: Anybody) -> None:
    """A slip that was handed in: of a line of theirs, or of what is missing."""
    self.papers += 1
    sheet = {"sheet": self.one("sheet")} if self.rarely(0.5) else {}
    told = {"paper": f"Q-{self.papers}", "concern": self.random.choice([*Concern]), **sheet}
    self.told("query", self.ask(queries.open, self.person(), **told))


PINS = ("480915", "271804", "11")


def _answer_query(self: Anybody) -> None:
    outcome = self.random.choice([*Outcome])
    sheet = self.one("sheet") if outcome is Outcome.PUT_RIGHT else None
    self.ask(queries.answer, self.one("query"), outcome=outcome, sheet=sheet)


def _set_pin(self: Anybody) -> None:
    who = self.random.choice([self.one("staff"), self.one("staff"), self.person()])
    self.ask(pins.set, who, pin=self.random.choice(PINS))


def _check_pin(self: Anybody) -> None:
    """A host asks; who gives a wrong one goes no further."""
    self.ask(pins.check, pin=self.random.choice(PINS), doing="custody.give").or_raise()


def _move_out(self: Anybody) -> None:
    (to,) = (site.bank for site in self.sites if site is not self.scheme)
    self.pair(sites.move_out, self.anyone(), to=to)
    half = self.scheme.see(sites.passages)[-1][0]
    for site in self.sites:
        self.known[site.bank, "code"].append(half.code)
        del self.known[site.bank, "code"][:-4]


def _move_in(self: Anybody) -> None:
    """Staff take a slip that was not taken back; a code that nobody wrote is tried as well."""
    (other,) = (site for site in self.sites if site is not self.scheme)
    back = {half.code for half, end in other.see(sites.passages) if end and half.direction is OUT}
    code = self.one("code")
    if code in back or code == NOWHERE or self.rarely(0.1):
        code = code_of(NOWHERE, 90, 30)[:-1] + "!"
    self.pair(sites.move_in, code, person=self.anyone(), site=other.bank)


OUT = Direction.OUT


def _ended(action: Asked) -> Way:
    """Only what the other site knows: it took the code, or it never will.

    Where it came in and is taken back, it is taken anew for anybody.
    """

    def asked(self: Anybody) -> None:
        (other,) = (site for site in self.sites if site is not self.scheme)
        code = self.one("code")
        halves = other.see(sites.passages)
        taken = {half.code for half, end in halves if half.direction is not OUT and end is None}
        if (code in taken) is (action is sites.move_arrived):
            self.pair(action, code)
            if action is sites.move_cancel:
                self.pair(sites.move_in, code, person=self.person(), site=other.bank)

    return asked


def _see(reader: Asked, *kinds: str, **more: Any) -> Way:
    return lambda self: self.see(reader, *(self.one(kind) for kind in kinds), **more)


def _windup(self: Anybody) -> None:
    receipt = self.pair(sites.windup)
    self.see(sites.destinations, receipt)


def _destinations(self: Anybody) -> None:
    """Asked of a receipt that is none of a winding up."""
    receipt = self.ask(accounts.open, kind="activity", label=f"a{self.random.randint(1, 99)}")
    assert self.see(sites.destinations, receipt) == ()


# --- what the ledger under it can be asked --------------------------------------------------------


def _past(action: Asked) -> Way:
    """A transfer that no action of the scheme made: by one member of staff or by two."""

    def asked(self: Anybody) -> None:
        move = self.transfer()
        if action is transfers.post:
            draft = TransactionDraft(transfers=(move,))
            second = self.actor(("olga", "otto")) if self.rarely(0.3) else None
            (outcome,) = self.ask(action, [draft], approved_by=second)
            receipt = outcome.receipt_or_raise()
        elif action is transfers.adjust:
            ends = {n: getattr(move, n) for n in ("source", "target", "hours")}
            receipt = self.pair(action, **ends, reason="correction")
        elif action is transfers.donate:
            receipt = self.ask(action, source=move.source, hours=move.hours)
        elif action is transfers.grant:
            second = self.actor(("olga", "otto")) if self.rarely(0.3) else None
            to = {"to": move.target, "approved_by": second}
            receipt = self.ask(action, **to, hours=move.hours, reason="other")
        else:
            found = self.scheme.see(transfers.list, account=move.source, limit=1000)
            which = self.random.choice(found).id if found else NOWHERE
            second = self.actor(("olga", "otto")) if self.rarely(0.7) else None
            receipt = self.ask(action, which, reason="correction", approved_by=second)
        self.went_past(receipt)

    return asked


def _freeze(self: Anybody) -> None:
    account, frozen = self.one("account"), self.random.choice([*Frozen])
    self.ask(accounts.freeze, account, frozen=frozen, reason="other")
    self.past[self.scheme.bank].add(account)


def _limits(self: Anybody) -> None:
    floor = Hours(minutes=-self.random.randint(1, 600))
    account = self.one("account")
    self.pair(accounts.set_limits, account, floor=floor, ceiling=None, reason="other")


def _exchange(self: Anybody) -> None:
    giver, receiver = self.anyone(), self.anyone()
    self.ask(
        exchanges.record,
        giver=giver,
        receiver=receiver,
        hours=self.hours(),
        happened_on=self.scheme.today,
    )


def _join(self: Anybody) -> None:
    ref = f"o{len(self.known[self.scheme.bank, 'ever'])}"
    self.known[self.scheme.bank, "ever"].append(ref)
    receipt = self.ask(members.join, name=f"{ref.title()} Outside", ref=ref, contact="a phone")
    self.remember("outside", ref)
    self.remember("account", receipt.account_id)


def _member(action: Asked, **more: Any) -> Way:
    return lambda self: self.ask(action, self.anyone(), **more)


def _leave(self: Anybody) -> None:
    """Somebody who is still inside leaves the bank: an audit finds accounts and hours."""
    if self.rarely(0.05):
        ref = self.anyone()
        receipt = self.ask(members.leave, ref, hours_to="pot")
        own = self.scheme.see(members.get, ref)
        moved = {e.transaction for e in receipt.events if isinstance(e, TransactionRecorded)}
        self.past[self.scheme.bank] |= {own.id, *own.accounts, *moved}


def _forget(self: Anybody) -> None:
    self.pair(members.forget, self.anyone(), reason="left the bank")


def _offer(self: Anybody) -> None:
    self.ask(listings.offer, member=self.anyone(), title="Gardening", category="garden")


def _staff(action: Asked) -> Way:
    def asked(self: Anybody) -> None:
        ref = self.random.choice([self.person(), self.outside()])
        self.ask(action, ref, role=self.random.choice(["officer", "broker", "coordinator"]))
        found = self.scheme.see(members.by_refs, [ref]).get(ref, ref)
        self.past[self.scheme.bank].add(found)

    return asked


def _policy(self: Anybody) -> None:
    self.ask(banks.set_policy, self.random.choice([CUSTODY, LAX]))


SCHEME: dict[Asked, Way] = {
    people.apply: _apply,
    people.admit: _admit,
    people.suspend: _turn(people.suspend, 0.3, on=True),
    people.resume: _turn(people.resume),
    people.recall: _turn(people.recall, on=True),
    people.abscond: _turn(people.abscond, 0.05, on=True),
    people.death: _death,
    people.release: _release,
    people.close: _close,
    people.get: _see(people.get, "person"),
    people.list: _see(people.list),
    people.access: _see(people.access, "person"),
    beneficiaries.propose: _propose,
    beneficiaries.approve: _until(beneficiaries.approve),
    beneficiaries.review: _until(beneficiaries.review),
    beneficiaries.end: lambda self: self.ask(
        beneficiaries.end, self.one("beneficiary"), reason=self.reason()
    ),
    beneficiaries.list: _see(beneficiaries.list, "person"),
    sheets.new: _new,
    sheets.submit: _step(sheets.submit),
    sheets.verify: _step(sheets.verify),
    sheets.approve: _step(sheets.approve),
    sheets.return_: lambda self: self.ask(sheets.return_, self.one("sheet"), reason=self.reason()),
    sheets.post: _post,
    sheets.reverse: lambda self: self.pair(sheets.reverse, self.one("sheet"), reason=self.reason()),
    sheets.get: _see(sheets.get, "sheet"),
    sheets.list: _see(sheets.list, limit=3),
    sheets.of_paper: _see(sheets.of_paper, "person"),
    destinations.set: _set,
    destinations.list: _see(destinations.list, "person"),
    destinations.give: _give,
    destinations.spend: lambda self: self.ask(
        destinations.spend, self.anyone(), item=self.random.choice(["library", "story"])
    ),
    destinations.set_price: _set_price,
    destinations.prices: lambda self: self.see(destinations.prices, day=self.day()),
    retentions.keep: _keep,
    retentions.list: _see(retentions.list, "person"),
    retentions.due: _see(retentions.due),
    schemes.set_rules: _set_rules,
    schemes.rules: _see(schemes.rules),
    schemes.exceptions: _see(schemes.exceptions),
    schemes.close_exception: _close_exception,
    schemes.record_attempt: _record_attempt,
    schemes.attempts: _see(schemes.attempts),
    schemes.by_prefix: lambda self: self.see(schemes.by_prefix, "sheet", "01"),
    schemes.todo: _see(schemes.todo),
    pins.set: _set_pin,
    pins.reset: lambda self: self.ask(pins.reset, self.one("staff")),
    pins.erase: lambda self: self.ask(pins.erase, self.one("staff")),
    pins.check: _check_pin,
    pins.list: _see(pins.list),
    pins.asked: lambda self: self.see(pins.asked, "custody.give"),
    queries.open: _open_query,
    queries.answer: _answer_query,
    queries.list: _see(queries.list),
    schemes.goods: lambda self: self.see(
        schemes.goods, start=self.day(), end=self.scheme.today + timedelta(days=1)
    ),
    sites.side: _see(sites.side),
    sites.plan: _see(sites.plan),
    sites.move_out: _move_out,
    sites.move_in: _move_in,
    sites.move_arrived: _ended(sites.move_arrived),
    sites.move_cancel: _ended(sites.move_cancel),
    sites.windup: _windup,
    sites.destinations: _destinations,
    sites.passages: _see(sites.passages),
    sites.unposted: _see(sites.unposted, "person"),
}
"""Every public function of the scheme, and a way to ask for it: a test compares."""

LEDGER: dict[Asked, Way] = {
    transfers.post: _past(transfers.post),
    transfers.adjust: _past(transfers.adjust),
    transfers.donate: _past(transfers.donate),
    transfers.grant: _past(transfers.grant),
    transfers.reverse: _past(transfers.reverse),
    accounts.freeze: _freeze,
    accounts.set_limits: _limits,
    exchanges.record: _exchange,
    members.join: _join,
    members.approve: _member(members.approve),
    members.suspend: _member(members.suspend, reason="other"),
    members.resume: _member(members.resume),
    members.leave: _leave,
    members.forget: _forget,
    listings.offer: _offer,
    staff.add: _staff(staff.add),
    staff.end: _staff(staff.end),
    banks.set_policy: _policy,
}
"""What the ledger under the scheme can be asked by the same people."""

ASKED = SCHEME | LEDGER
READS = {action for action in SCHEME if not hasattr(action, "__wrapped__")}
OFTEN: dict[Asked, int] = {
    **dict.fromkeys({*READS, pins.set, pins.check, pins.reset, pins.erase}, 1),
    people.apply: 6,
    people.admit: 12,
    sheets.post: 24,
    sheets.new: 8,
    destinations.set: 8,
    members.suspend: 1,
    members.forget: 2,
    staff.add: 1,
    accounts.freeze: 1,
    banks.set_policy: 1,
    schemes.set_rules: 1,
    people.resume: 12,
    sites.move_out: 12,
    sites.move_in: 32,
    sites.move_cancel: 12,
}
