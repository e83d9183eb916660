"""What a receipt says moved is what was given, with the levy in it and not on top."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.backends import Backend, World, a_world
from timebank import Hours, exchanges, imports
from timebank.domain.events import ExchangeConfirmed, TransactionRecorded
from timebank.domain.policy import NEIGHBOURHOOD, Rounding
from timebank.formats.csv_import import ExchangeRow
from timebank.testing.builders import TODAY

POLICY = replace(NEIGHBOURHOOD, levy_percent=10, step_minutes=15, rounding=Rounding.UP)


@pytest.fixture
def levied(backend: Backend) -> World:
    return a_world(backend, policy=POLICY)


def test_a_levy_is_part_of_what_moved(levied: World) -> None:
    receipt = levied.do(
        exchanges.record, giver="anna", receiver="ben", hours=Hours.of(2), by=levied.broker()
    )
    told = [event.minutes for event in receipt.events if isinstance(event, TransactionRecorded)]
    assert told == [120]
    assert [levied.balance(name) for name in ("anna", "ben")] == [108, -120]
    undone = levied.do(
        exchanges.reverse, receipt.exchange_id, reason="entered twice", by=levied.cora
    )
    told = [event.minutes for event in undone.events if isinstance(event, TransactionRecorded)]
    assert told == [120]


def test_what_is_confirmed_are_the_credited_minutes(levied: World) -> None:
    receipt = levied.do(
        exchanges.record, giver="anna", receiver="ben", hours=Hours(minutes=110), by=levied.broker()
    )
    told = [event.minutes for event in receipt.events if isinstance(event, ExchangeConfirmed)]
    assert told == [120]
    (act,) = levied.see(exchanges.acts, receipt.exchange_id)
    assert act.minutes == 110, "the act keeps what was said"


def test_an_import_tells_what_its_rows_moved(levied: World) -> None:
    rows = [
        ExchangeRow(
            line=n,
            key=f"k{n}",
            happened_on=TODAY,
            giver="anna",
            receiver="ben",
            minutes=50,
            category=None,
            reason=None,
        )
        for n in (2, 3)
    ]
    report = levied.do(imports.exchanges, rows, by=levied.cora)
    assert report.accepted_minutes == 120
