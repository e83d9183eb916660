"""What the audit makes of exchanges whose figures no rule could have led to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.backends import World
from timebank import Actor, Hours, exchanges
from timebank.domain.audit import Verdict
from timebank.domain.audit_exchanges import ExchangeFile, check_files
from timebank.domain.audit_rows import NotedFact, check_notes

BEYOND_REASON = 10**6


def confirmed(world: World) -> None:
    """Anna and Ben agree on an hour, report and confirm it."""
    anna, ben = world.member("anna"), world.member("ben")
    made = world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=anna
    ).exchange_id
    world.do(exchanges.agree, made, by=ben)
    world.do(exchanges.report, made, hours=Hours.of(1), by=anna)
    world.do(exchanges.confirm, made, by=ben)


def findings(world: World, *spoil: str) -> list[str]:
    """What is found of the one exchange, with figures put where they cannot be."""
    (file,) = world.see(lambda uow: [*uow.audit.exchange_files()])
    policies = {
        version.version: version.policy for version in world.see(lambda u: u.banks.policies())
    }
    return [found.expected for found in check_files([spoilt(file, *spoil)], policies)]


def spoilt(file: ExchangeFile, *what: str) -> ExchangeFile:
    if "acts" in what:
        first = replace(file.acts[0], minutes=BEYOND_REASON)
        file = replace(file, acts=(first, *file.acts[1:]))
    if "reports" in what:
        absurd = replace(file.exchange, giver_minutes=BEYOND_REASON, receiver_minutes=BEYOND_REASON)
        file = replace(file, exchange=absurd)
    return file


def test_a_session_that_no_rule_would_round_is_found(world):
    world.do(exchanges.record, giver="anna", receiver="ben", hours=Hours.of(1), by=world.broker())
    assert findings(world) == []
    assert "agreed_minutes None" in findings(world, "acts")


def test_reports_that_no_rule_would_settle_are_found(world):
    confirmed(world)
    assert findings(world) == []
    assert "minutes None" in findings(world, "reports")


def test_a_hold_that_lapsed_by_itself_is_in_order(world):
    anna, ben = world.member("anna"), world.member("ben")
    made = world.do(
        exchanges.propose, giver="anna", receiver="ben", hours=Hours.of(1), by=anna
    ).exchange_id
    world.do(exchanges.agree, made, by=ben)
    world.do(exchanges.report, made, hours=Hours.of(1), by=anna)
    world.backend.clock.advance(timedelta(days=91))
    assert world.do(exchanges.expire, by=Actor.system())
    assert world.see(exchanges.get, made).state.value == "reported"
    assert findings(world) == []
    assert world.audit().verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("salt", "text", "found"),
    [(None, None, []), (b"s" * 16, None, ["half a note"]), (b"s" * 16, "x", ["another text"])],
)
def test_a_note_is_erased_whole_or_not_at_all(salt, text, found):
    noted = NotedFact(fact="transaction 1", digest=b"d" * 32, there=True, salt=salt, text=text)
    assert [finding.found for finding in check_notes([noted], [])] == found


def test_an_exchange_without_acts_or_hold_is_found_elsewhere_or_here(world):
    """Acts that are gone are told by ``exchanges_match_acts``; a hold that is gone, here."""
    confirmed(world)
    (file,) = world.see(lambda uow: [*uow.audit.exchange_files()])
    policies = {v.version: v.policy for v in world.see(lambda u: u.banks.policies())}
    assert [*check_files([replace(file, acts=())], policies)] == []
    found = [*check_files([replace(file, hold=None)], policies)]
    assert [finding.found for finding in found] == [f"hold {file.exchange.hold} None"]
