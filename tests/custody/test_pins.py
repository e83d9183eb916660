"""PINs of staff: who sets them, what a wrong one does, and that nothing of one is ever told."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.backends import SqlBackend
from tests.custody.cast import a_file, a_sheet, at
from tests.custody.scheme import Scheme
from tests.support import refusal
from timebank import journal, members, outbox, staff
from timebank.custody import people, pins, sheets
from timebank.custody import scheme as schemes
from timebank.custody.domain import notices
from timebank.custody.domain.pin import TRIES, Pin, checked_pin, judged
from timebank.custody.domain.sheet import SheetState
from timebank.custody.store import CustodyStore
from timebank.domain.actor import Actor, Role
from timebank.errors import InputError

RIGHT, OTHER, WRONG = "271828", "314159", "161803"
SIGNING = "custody.sheet_verify"


@pytest.fixture
def signing(scheme: Scheme) -> Scheme:
    """Cora set her own PIN and Olga's."""
    scheme.do(pins.set, "cora", pin=OTHER, by=scheme.cora)
    scheme.do(pins.set, "olga", pin=RIGHT, by=scheme.cora)
    return scheme


def tried(scheme: Scheme, pin: str, who: str = "olga") -> str | None:
    """What came of a try, in a commit of its own."""
    result = scheme.do(pins.check, pin=pin, by=scheme.staff(who), doing=SIGNING)
    return None if result.error is None else result.error.code


def view(scheme: Scheme, who: str = "olga") -> Any:
    return next(one for one in scheme.see(pins.list) if one.person == scheme.people[who])


# --- setting and changing ------------------------------------------------------------------------


def test_a_coordinator_sets_it_and_the_officer_changes_it(signing: Scheme) -> None:
    assert tried(signing, RIGHT) is None
    signing.do(pins.set, "olga", pin=OTHER, by=signing.staff("olga"))
    assert (tried(signing, OTHER), tried(signing, RIGHT)) == (None, "custody_wrong_pin")


def test_the_same_pin_of_two_people_is_kept_differently(signing: Scheme) -> None:
    signing.do(pins.set, "otto", pin=RIGHT, by=signing.cora)
    digests, salts = set(), set()
    for row in rows(signing, "pin"):
        digests.add(row["digest"])
        salts.add(row["salt"])
    assert (len(digests), len(salts)) == (3, 3)


@pytest.mark.parametrize(
    ("who", "by", "error"),
    [
        ("olga", "olga", "not_permitted"),  # the first of her own
        ("otto", "olga", "not_permitted"),
        ("otto", "bea", "not_permitted"),
        ("gran", "cora", "not_permitted"),
        ("ray", "cora", "not_permitted"),
        ("nobody", "cora", "not_found"),
    ],
)
def test_nobody_else_sets_it(scheme: Scheme, who: str, by: str, error: str) -> None:
    act = partial(scheme.do, pins.set, who, pin=RIGHT, by=scheme.staff(by))
    assert refusal(act) == error
    assert scheme.see(pins.list) == ()


def test_nobody_inside_sets_or_has_one(scheme: Scheme) -> None:
    scheme.do(staff.add, "tom", role="coordinator", by=scheme.cora)
    tom = Actor(person=scheme.people["tom"], role=Role.COORDINATOR)
    assert refusal(partial(scheme.do, pins.set, "olga", pin=RIGHT, by=tom)) == "custody_in_custody"
    assert refusal(partial(scheme.do, pins.set, "tom", pin=RIGHT, by=scheme.cora)) == (
        "not_permitted"
    )


@pytest.mark.parametrize(
    "unfit",
    [
        *("", "12345", "1234567890123", "27182a", "٢٧١٨٢٨", None),
        *("111111", "111112", "211111", "112111", "345678", "876543"),
    ],
)
def test_a_pin_that_is_guessed_first_is_none_and_the_error_does_not_repeat_it(unfit: Any) -> None:
    with pytest.raises(InputError) as caught:
        checked_pin(unfit)
    assert not unfit or unfit not in str(caught.value)


# --- wrong ones ----------------------------------------------------------------------------------


def test_a_wrong_one_is_counted_and_kept_as_an_attempt(signing: Scheme) -> None:
    assert tried(signing, WRONG) == "custody_wrong_pin"
    assert (view(signing).failures, view(signing).locked) == (1, False)
    (attempt,) = signing.see(schemes.attempts)
    assert (attempt.action, attempt.code) == (SIGNING, "custody_wrong_pin")
    assert attempt.actor == signing.staff("olga")
    assert tried(signing, RIGHT) is None
    assert view(signing).failures == 0
    assert signing.audit().findings == ()


@pytest.mark.parametrize("pin", [RIGHT, WRONG])
def test_words_for_what_somebody_does_are_never_kept(signing: Scheme, pin: str) -> None:
    words = "Ann Smith, cell 4"
    act = partial(signing.do, pins.check, pin=pin, by=signing.staff("olga"), doing=words)
    with pytest.raises(InputError) as caught:
        act()
    assert (caught.value.field, words in str(caught.value)) == ("doing", False)
    assert (signing.see(schemes.attempts), view(signing).failures) == ((), 0)


def test_after_five_in_a_row_even_the_right_one_is_refused_until_a_coordinator_resets(
    signing: Scheme,
) -> None:
    assert [tried(signing, WRONG) for _ in range(TRIES)] == ["custody_wrong_pin"] * TRIES
    assert tried(signing, RIGHT) == "custody_pin_locked"
    assert view(signing).locked
    assert len(signing.see(schemes.attempts)) == TRIES + 1
    for by, error in (("olga", "not_permitted"), ("otto", "not_permitted")):
        assert refusal(partial(signing.do, pins.reset, "olga", by=signing.staff(by))) == error
    signing.do(pins.reset, "olga", by=signing.cora)
    assert tried(signing, RIGHT) is None
    assert signing.audit().findings == ()


def test_the_fifth_wrong_one_says_that_it_is_locked_now(signing: Scheme) -> None:
    known = Pin(id=signing.people["olga"], salt=b"s", digest=b"d", failures=TRIES - 2)
    said = [str(judged(known.id, replace(known, failures=n), "0")) for n in (3, 4)]
    assert "tries left before it is locked: 1." in said[0]
    assert said[1].endswith(
        "it is locked now; another coordinator unlocks it: timebank custody pin reset"
    )


def test_a_coordinator_who_is_locked_out_needs_another_one(signing: Scheme) -> None:
    for _ in range(TRIES):
        tried(signing, WRONG, "cora")
    assert refusal(partial(signing.do, pins.reset, "cora", by=signing.cora)) == "not_permitted"
    signing.do(pins.reset, "cora", by=signing.colin)
    assert tried(signing, OTHER, "cora") is None


def test_who_has_none_is_refused_and_kept_too(signing: Scheme) -> None:
    assert tried(signing, RIGHT, "otto") == "custody_no_pin"
    assert [one.code for one in signing.see(schemes.attempts)] == ["custody_no_pin"]
    for act in (pins.reset, pins.erase):
        assert refusal(partial(signing.do, act, "otto", by=signing.cora)) == "wrong_state"


def test_the_program_itself_has_none(signing: Scheme) -> None:
    act = partial(signing.do, pins.check, pin=RIGHT, by=Actor.system(), doing=SIGNING)
    assert refusal(act) == "invalid_input by"


def test_a_right_one_writes_nothing(signing: Scheme) -> None:
    before = len(signing.see(outbox.read, limit=1000))
    assert tried(signing, RIGHT) is None
    assert len(signing.see(outbox.read, limit=1000)) == before


# --- nothing of it is told ------------------------------------------------------------------------


def rows(scheme: Scheme, table: str) -> list[dict[str, Any]]:
    assert isinstance(scheme.backend, SqlBackend)
    with scheme.backend.engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT * FROM timebank_custody_{table}")
        return [dict(row) for row in found.mappings()]


def told(scheme: Scheme) -> list[str]:
    """Everything that an export, a receipt, a view or a log could take from it."""
    (pin,) = (row for row in rows(scheme, "pin") if row["digest"] is not None and _is(row, scheme))
    return [form(bytes(pin[name])) for name in ("salt", "digest") for form in FORMS] + [RIGHT]


FORMS: tuple[Callable[[bytes], str], ...] = (
    bytes.hex,
    repr,
    lambda raw: b64encode(raw).decode(),
)


def _is(row: dict[str, Any], scheme: Scheme) -> bool:
    stored = row["id"]
    return (bytes(stored).hex() if isinstance(stored, bytes) else stored.hex) == (
        scheme.people["olga"]
    )


def test_nothing_of_a_pin_is_in_an_export_a_receipt_an_answer_or_what_is_sealed(
    signing: Scheme,
) -> None:
    tried(signing, WRONG)
    while signing.see(lambda unit: unit.audit.unsealed())[0]:
        signing.do(journal.seal, limit=1000)
    said = "\n".join(signing.see(lambda unit: [*journal.export(unit)]))
    said += repr(signing.see(outbox.read, limit=1000))
    said += repr(signing.see(pins.list)) + repr(signing.see(lambda u: u.audit))
    said += repr(signing.see(schemes.attempts))
    said += json.dumps(signing.see(people.access, "ray"))
    assert [part for part in told(signing) if part in said] == []
    kept = repr(signing.see(lambda unit: CustodyStore(unit.link).pins()))
    assert [part for part in told(signing) if part in kept] == []


def test_a_pin_goes_with_the_person_and_cannot_be_tried_any_more(sqlite_scheme: Scheme) -> None:
    scheme = sqlite_scheme
    scheme.do(staff.add, "gran", role="officer", by=scheme.cora)
    scheme.do(pins.set, "gran", pin=RIGHT, by=scheme.cora)
    raw = [bytes(row["digest"]) for row in rows(scheme, "pin")]
    scheme.do(staff.end, scheme.people["gran"], role="officer", by=scheme.cora)
    scheme.days(1)
    (notice,) = scheme.audit().notices
    assert (notice.check, notice.subject) == ("custody_pins", f"person {scheme.people['gran']}")
    scheme.do(members.leave, "gran", hours_to="pot", by=scheme.cora)
    scheme.two(members.forget, "gran", reason="left the bank")
    assert [(row["salt"], row["digest"]) for row in rows(scheme, "pin")] == [(None, None)]
    assert scheme.see(pins.list) == ()
    assert (scheme.audit().findings, scheme.audit().notices) == ((), ())
    assert isinstance(scheme.backend, SqlBackend)
    file = Path(str(make_url(str(scheme.backend.engine.url)).database))
    scheme.backend.engine.dispose()
    kept = b"".join(p.read_bytes() for p in file.parent.glob(f"{file.name}*"))
    assert [one for one in raw if one in kept] == []


def test_somebody_who_is_no_member_has_theirs_taken_away(signing: Scheme) -> None:
    signing.do(pins.erase, "olga", by=signing.cora)
    assert tried(signing, RIGHT) == "custody_no_pin"
    assert len(signing.see(pins.list)) == 1
    assert signing.audit().findings == ()
    signing.do(pins.set, "olga", pin=OTHER, by=signing.cora)
    assert tried(signing, OTHER) is None


def test_it_goes_with_staff_who_were_never_members_too(signing: Scheme) -> None:
    signing.do(staff.end, "olga", role="officer", by=signing.cora)
    signing.days(1)
    by = {"by": signing.cora, "approved_by": signing.staff("otto")}
    signing.do(members.forget, signing.people["olga"], reason="left the bank", **by)
    assert [one.person for one in signing.see(pins.list)] == [signing.people["cora"]]
    assert sum(row["digest"] is None for row in rows(signing, "pin")) == 1


def test_no_call_takes_a_key_since_what_a_key_keeps_could_be_tried(signing: Scheme) -> None:
    for act in (pins.set, pins.reset, pins.erase):
        more = {"pin": OTHER} if act is pins.set else {}
        with pytest.raises(TypeError, match="key"):
            signing.do(act, "olga", by=signing.cora, key="k", **more)


# --- two people, two papers in hand ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("seats", "seconds", "shown"),
    [
        (("desk-1", "desk-1"), 40, 1),
        (("desk-1", "desk-1"), 120, 1),
        (("desk-1", "desk-1"), 121, 0),
        (("desk-1", "desk-2"), 40, 0),
        ((None, None), 40, 0),
        (("desk-1", None), 40, 0),
    ],
)
def test_a_second_approval_at_once_from_the_same_seat_is_a_notice(
    sqlite_scheme: Scheme, seats: tuple[str | None, str | None], seconds: int, shown: int
) -> None:
    scheme = sqlite_scheme
    sheet = scheme.sheet("S-1", ("ray", 60))
    scheme.do(sheets.submit, sheet, by=scheme.staff("bea"))
    scheme.do(sheets.verify, sheet, by=scheme.staff("olga"), paper="S-1", seat=seats[0])
    scheme.backend.clock.advance(timedelta(seconds=seconds))
    scheme.do(sheets.approve, sheet, by=scheme.staff("otto"), paper="S-1", seat=seats[1])
    found = [n for n in scheme.audit().notices if n.check == "custody_quick_approvals"]
    assert len(found) == shown
    assert scheme.audit().findings == ()


def test_a_sheet_that_nobody_approved_shows_nothing() -> None:
    sheet = at(a_sheet(), SheetState.VERIFIED)
    file = a_file(sheet, ("verify", Actor(person=sheet.entered_by.person, role=Role.OFFICER)))
    assert [*notices.quick([file])] == []


def test_the_signed_paper_is_that_of_the_sheet(scheme: Scheme) -> None:
    sheet = scheme.sheet("S-1", ("ray", 60))
    scheme.do(sheets.submit, sheet, by=scheme.staff("bea"))
    for wrong in ("S-2", "S-12", "D-1", "S"):
        act = partial(scheme.do, sheets.verify, sheet, by=scheme.staff("olga"), paper=wrong)
        assert refusal(act) == "invalid_input paper"
    for unfit in ("Desk 2", "", "x" * 21, "-a"):
        act = partial(scheme.do, sheets.verify, sheet, by=scheme.staff("olga"), seat=unfit)
        assert refusal(act) == "invalid_input seat"
    scheme.do(sheets.verify, sheet, by=scheme.staff("olga"), paper="S-1", seat="desk-1")
    scheme.do(sheets.approve, sheet, by=scheme.staff("otto"), paper="S-1/2", seat="desk-1")
    acts = scheme.see(sheets.get, sheet).acts
    assert [(a.paper, a.seat) for a in acts[1:]] == [("S-1", "desk-1"), ("S-1/2", "desk-1")]
