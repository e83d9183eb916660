"""One bank in memory and one in a database, driven side by side: they never differ.

``TIMEBANK_STATEFUL_STEPS=20000`` runs at least so many steps on each database (``make stateful``).
"""

from __future__ import annotations

import os
import time
from itertools import count

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RULE_MARKER, run_state_machine_as_test
from sqlalchemy import Engine

from tests.backends import MemoryBackend, SqlBackend
from tests.stateful.agreements import Agreements
from tests.stateful.bank import Bank
from tests.stateful.house import House
from tests.stateful.movements import Movements
from tests.stateful.people import People
from tests.stateful.twins import Twins
from timebank.testing import FrozenClock

WANTED = int(os.environ.get("TIMEBANK_STATEFUL_STEPS", "0"))
SAMPLE_EXAMPLES = 6
STEPS_PER_EXAMPLE = 50


class Machine(People, Agreements, Movements, House):
    """All rules."""


def machine_on(engine: Engine) -> type[Bank]:
    """The machine with a new bank in this database for each example."""
    numbers = count(1)

    class OnEngine(Machine):
        def __init__(self) -> None:
            clock = FrozenClock()
            model, real = MemoryBackend(clock), SqlBackend(engine, clock)
            self.twins = Twins(model, real, bank=f"bank-{next(numbers)}")
            super().__init__()

    return OnEngine


def test_memory_and_sql_never_differ(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    machine = machine_on(engine)
    started = time.monotonic()
    for round_ in count(1):
        run = seed(round_)(machine) if WANTED else machine
        run_state_machine_as_test(
            run,
            settings=settings(
                max_examples=50 if WANTED else SAMPLE_EXAMPLES,
                stateful_step_count=STEPS_PER_EXAMPLE,
                deadline=None,
                derandomize=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if machine.steps >= WANTED:
            break
    with capsys.disabled():
        seconds = time.monotonic() - started
        print(f"\nstateful {engine.dialect.name}: {machine.steps} steps in {seconds:.0f} s")


def test_there_are_at_least_twenty_rules() -> None:
    rules = [name for name in dir(Machine) if hasattr(getattr(Machine, name), RULE_MARKER)]
    assert len(rules) >= 20
