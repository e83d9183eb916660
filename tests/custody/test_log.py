"""The log tells what two people did in the scheme, beside what the ledger tells of itself."""

from __future__ import annotations

from datetime import date, timedelta

from tests.custody.scheme import INSIDE, Scheme
from timebank import Hours, accounts, log
from timebank.custody import Part, Place, Rules, destinations, people, retentions, sheets, sites
from timebank.custody import scheme as schemes
from timebank.domain.logged import LogEntry, LogKind


def logged(scheme: Scheme) -> list[LogEntry]:
    end = scheme.today + timedelta(days=1)
    return scheme.see(lambda uow: [*log.entries(uow, start=date(2020, 1, 1), end=end)])


def new(scheme: Scheme, before: list[LogEntry]) -> list[LogEntry]:
    known = {entry.id for entry in before}
    return [entry for entry in logged(scheme) if entry.id not in known]


def test_what_two_people_did_is_told_in_the_words_of_the_commands(scheme: Scheme) -> None:
    before = logged(scheme)
    scheme.two(schemes.set_rules, Rules())
    own = (Part(place=Place.OWN),)
    scheme.two(destinations.set, "ray", parts=own, given_on=scheme.today, paper="D-1")
    scheme.do(accounts.open, kind="activity", label="family day", by=scheme.cora)
    listed = {"account": "family day", "hours": Hours(minutes=45)}
    scheme.two(destinations.set_price, "family day", **listed)
    scheme.two(destinations.set_price, "family day", **{**listed, "hours": None})
    until = {"lawful_basis": "consent", "until": scheme.today + timedelta(days=400)}
    scheme.two(retentions.keep, "ray", record="identity", **until)
    scheme.beneficiary("ray", "gran")
    sheet = scheme.posted("S-1", ("ray", 120))
    scheme.two(sheets.reverse, sheet, reason="correction")
    scheme.two(sites.move_out, "tom", to="leyhill")
    scheme.two(sites.move_cancel, scheme.see(sites.passages)[-1][0].code)
    scheme.two(people.release, "ray", reason="other")
    found = {entry.act: entry for entry in new(scheme, before)}
    assert {
        *("rules set", "destination set", "beneficiary approve", "sheet approve", "sheet reverse"),
        *("move out", "move cancel", "person release", "price set", "person keep"),
    } <= {*found}
    of_ledger = {"frozen", "status"}
    assert {e.act for e in found.values() if LogKind.APPROVAL not in e.kinds} <= of_ledger
    assert {LogKind.POLICY} <= {*found["rules set"].kinds}
    assert {LogKind.REVERSAL} <= {*found["sheet reverse"].kinds}
    assert found["price set"].becomes == "family day: none"
    released = found["person release"]
    assert (released.person, released.was) == (scheme.people["ray"], "active")
    assert (released.actor, released.approver) == (scheme.staff("cora"), scheme.staff("olga"))
    approved = found["sheet approve"]
    assert (approved.actor, approved.about) == (scheme.staff("otto"), sheet)


def test_a_site_that_was_wound_up_is_told(scheme: Scheme) -> None:
    before = logged(scheme)
    for ref in INSIDE:
        scheme.do(people.death, ref, by=scheme.cora)
        scheme.two(people.close, ref, reason="other")
    scheme.two(sites.windup)
    acts = [entry.act for entry in new(scheme, before)]
    assert acts.count("person close") == len(INSIDE)
    assert acts[-1] == "windup"


def test_hours_that_go_on_at_once_are_told_once(scheme: Scheme) -> None:
    before = logged(scheme)
    scheme.posted("S-1", ("ray", 120), ("sam", 60))
    (credited,) = [entry for entry in new(scheme, before) if entry.minutes is not None]
    assert credited.minutes == scheme.pot() == 180
    assert scheme.see(accounts.balance, "pot").minutes == 180
