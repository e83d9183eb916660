"""Events: plain data and back, every class listed."""

import json
from dataclasses import fields
from datetime import date

import pytest

from timebank.domain.agreement import _EVENT
from timebank.domain.events import EVENTS, DayStated, Event, as_plain, from_plain
from timebank.domain.exchange import State

BASES = {"Event", "ExchangeEvent"}
SAMPLES = {"int": 7, "int | None": None, "date": date(2026, 3, 31)}


def _subclasses(kind):
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _sample(name):
    kind = EVENTS[name]
    return kind(**{f.name: SAMPLES.get(str(f.type), f"some {f.name}") for f in fields(kind)})


def test_every_event_is_listed_under_its_name():
    # Slotted dataclasses leave their unslotted twin among the subclasses: names, not classes.
    assert {kind.__name__ for kind in _subclasses(Event)} - BASES == set(EVENTS)
    assert {name: kind.__name__ for name, kind in EVENTS.items()} == {n: n for n in EVENTS}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_survives_json(name):
    event = _sample(name)
    plain = json.loads(json.dumps(as_plain(event)))
    assert plain["type"] == name
    assert from_plain(plain) == event


def test_days_are_iso():
    assert as_plain(DayStated(day=date(2026, 3, 31)))["day"] == "2026-03-31"


def test_every_state_of_an_exchange_has_its_event():
    assert set(_EVENT) == set(State)
    assert {kind.__name__ for kind in _EVENT.values()} == {
        name for name in EVENTS if name.startswith("Exchange")
    }
