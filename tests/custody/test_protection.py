"""P-30 and P-31: what is held on somebody is given to them, or taken out, and nobody else's."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.backends import SqlBackend
from tests.cli.program import run
from tests.custody.scheme import INSIDE, OUTSIDE, STAFF, Scheme
from tests.custody.test_audit import found
from tests.custody.test_scheme import full, membership
from tests.support import refusal
from timebank import Hours, accounts, journal, members
from timebank.custody import destinations, people, retentions
from timebank.custody import scheme as schemes
from timebank.custody.domain.audit import STATES
from timebank.custody.domain.retention import Basis, Record
from timebank.domain.account import Frozen


@pytest.fixture
def lived(scheme: Scheme) -> Scheme:
    """Ray did everything there is, with Sam on one of the sheets."""
    full(scheme)
    scheme.posted("S-7", ("ray", 60), ("sam", 60), supervisor="olga", drafted_by="tom")
    scheme.do(
        schemes.record_attempt,
        action="custody.give",
        error="account_frozen",
        subjects=[scheme.people["ray"]],
        by=scheme.cora,
    )
    return scheme


def test_p31_everything_held_on_one_person_and_nobody_else(lived: Scheme) -> None:
    document = lived.see(people.access, "ray")
    said = json.dumps(document)
    assert json.loads(said) == document
    others = {ref: id_ for ref, id_ in lived.people.items() if ref != "ray"}
    assert [ref for ref, id_ in others.items() if id_ in said] == []
    names = [f"{ref.title()} Inside" for ref in INSIDE if ref != "ray"] + ["Gran Outside"]
    refs = [*STAFF, *OUTSIDE, "sam", "tom"]
    assert [n for n in (*names, *refs) if re.search(rf"\b{n}\b", said)] == []
    gran = lived.accounts["gran"]
    assert gran not in said
    assert "Ray Inside" in said


def test_p31_it_is_all_there(lived: Scheme) -> None:
    document = lived.see(people.access, "ray")
    assert (document["state"], len(document["changes"])) == ("active", 2)
    papers = [sheet["paper"] for sheet in document["sheets"]]
    assert papers == ["E-1-0", "S-7"]
    assert [sheet["others"] for sheet in document["sheets"]] == [0, 1]
    assert {act["actor"] for sheet in document["sheets"] for act in sheet["acts"]} == {
        *("broker", "officer", "coordinator")
    }
    for part in ("instructions", "beneficiaries", "movements", "exceptions", "attempts", "queries"):
        assert document[part], part
    assert document["beneficiaries"][0]["who"] == "somebody on your list"
    assert [len(account["entries"]) > 0 for account in document["ledger"]["accounts"]].count(True)
    assert refusal(lambda: lived.see(people.access, "gran")) == "not_found"


def gone(scheme: Scheme) -> None:
    """Ray has left the scheme and the bank, and is forgotten by two people."""
    left = scheme.minutes("ray")[0]
    if left:
        scheme.two(destinations.give, "ray", hours=Hours(minutes=left))
    scheme.two(people.release, "ray", reason="other")
    scheme.two(people.close, "ray", reason="other")
    scheme.do(members.leave, "ray", hours_to="pot", by=scheme.cora)
    scheme.two(members.forget, "ray", reason="left the bank")


def test_p30_after_an_erasure_every_total_and_every_check_is_as_before(lived: Scheme) -> None:
    own = membership(lived, "ray")
    while lived.see(lambda unit: unit.audit.unsealed())[0]:
        lived.do(journal.seal, limit=1000)
    kept = lived.see(journal.checkpoint)
    gone(lived)
    view = lived.see(people.get, own.id)
    assert view.membership.state.value == "closed"
    assert (found(lived), lived.total()) == ({}, 0)
    report = lived.audit(kept)
    assert report.findings == ()
    assert lived.see(accounts.get, own.custody).balance == Hours(minutes=0)


def test_p30_who_left_the_bank_after_a_release_is_blocked_and_every_check_is_clean(
    lived: Scheme,
) -> None:
    lived.two(people.release, "ray", reason="other", licence=True)
    lived.do(members.leave, "ray", hours_to="pot", by=lived.cora)
    assert found(lived) == {STATES: 3}, "on licence somebody is still in the scheme"
    lived.two(people.release, "ray", reason="other")
    assert found(lived) == {}
    own = membership(lived, "ray")
    assert {lived.see(accounts.get, a).frozen for a in own.accounts} == {Frozen.ALL}
    lived.two(members.forget, own.id, reason="left the bank")
    assert found(lived) == {}
    lived.two(people.close, own.id, reason="other")
    assert found(lived) == {}


def test_p33_an_account_of_who_left_that_somebody_opened_again_is_found(scheme: Scheme) -> None:
    scheme.two(people.release, "ray", reason="other")
    scheme.do(members.leave, "ray", by=scheme.cora)
    assert found(scheme) == {}
    account = membership(scheme, "ray").community
    scheme.do(accounts.freeze, account, frozen="none", reason="other", by=scheme.cora)
    (finding,) = scheme.audit().findings
    assert (finding.check, finding.expected) == (STATES, "frozen all")
    assert finding.message == "its owner is released and left the bank"


def test_p30_no_word_of_somebody_forgotten_is_in_the_file(sqlite_scheme: Scheme) -> None:
    scheme = sqlite_scheme
    full(scheme)
    gone(scheme)
    assert isinstance(scheme.backend, SqlBackend)
    engine = scheme.backend.engine
    file = Path(str(make_url(str(engine.url)).database))
    engine.dispose()
    raw = b"".join(p.read_bytes() for p in file.parent.glob(f"{file.name}*"))
    assert b"Ray Inside" not in raw
    assert b"Sam Inside" in raw


def test_p31_the_command_writes_a_new_file(
    sqlite_scheme: Scheme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(sqlite_scheme.backend, SqlBackend)
    url: Any = sqlite_scheme.backend.engine.url
    monkeypatch.setenv("TIMEBANK_URL", str(url))
    out = tmp_path / "ray.json"
    for code in (0, 2):
        assert run("custody", "person", "access", "ray", "--out", str(out)).code == code
    assert json.loads(out.read_text(encoding="utf-8"))["schema"] == "timebank.custody-access/1"


# --- P-29 -----------------------------------------------------------------------------------------


def test_p29_each_record_has_a_ground_and_a_last_day_from_the_start(scheme: Scheme) -> None:
    found_ = scheme.see(retentions.list, "ray")
    assert {one.record for one in found_} == {*Record}
    last = scheme.today + timedelta(days=3 * 365)
    assert {(one.lawful_basis, one.keep_until) for one in found_} == {(Basis.CONSENT, last)}


def test_p29_two_people_change_it_and_what_is_over_is_listed_until_it_is_gone(
    scheme: Scheme,
) -> None:
    soon = scheme.today + timedelta(days=5)
    said: Any = {"record": "identity", "lawful_basis": "public_task", "until": soon}
    alone = {**said, "by": scheme.cora, "approved_by": scheme.cora}
    assert refusal(lambda: scheme.do(retentions.keep, "ray", **alone)) == "second_person_needed"
    past = said | {"until": scheme.today}
    assert refusal(lambda: scheme.two(retentions.keep, "ray", **past)) == (
        "invalid_input keep_until"
    )
    for wrong in ({"record": "offence"}, {"lawful_basis": "curiosity"}):
        asked = partial(scheme.two, retentions.keep, "ray", **said | wrong)
        assert refusal(asked).startswith("invalid_input")
    scheme.two(retentions.keep, "ray", **said)
    scheme.days(5)
    assert scheme.see(retentions.due) == ()
    scheme.days(1)
    (over,) = scheme.see(retentions.due)
    assert (over.person, over.record, over.lawful_basis) == (
        scheme.people["ray"],
        Record.IDENTITY,
        Basis.PUBLIC_TASK,
    )
    gone(scheme)
    assert scheme.see(retentions.due) == ()
