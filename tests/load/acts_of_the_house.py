"""The bank's own acts in which something is made to go wrong: rules, days, files, seals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from tests.backends import MemoryBackend, a_world, engine_of
from tests.contract.bundling import export
from tests.load.acts import Act, Acts, Maker, Once, call
from timebank import banks, bundles, imports, journal, outbox, periods
from timebank.actions import rebuilds
from timebank.domain.policy import NEIGHBOURHOOD
from timebank.errors import RefTaken
from timebank.formats.csv_import import ExchangeRow, MemberRow
from timebank.ports import UnitOfWork
from timebank.storage.sql import schema

POLICY = replace(NEIGHBOURHOOD, proposal_days=1, clock_ahead_days=36_500)
"""A proposal lapses after a day; long times pass in which no hours move."""


def _create(_acts: Acts, key: str) -> Act:
    return replace(call(banks.create, first_coordinator="cora", key=key), bank=f"new-{key}")


def _set_policy(acts: Acts, key: str) -> Act:
    rules = replace(POLICY, dispute_days=14 + acts.n % 2)
    return call(banks.set_policy, rules, by=acts.world.cora, key=key)


def _state_day(acts: Acts, key: str) -> Act:
    return call(banks.state_day, acts.today, by=acts.world.olga, key=key)


def _close(acts: Acts, key: str) -> Act:
    world = acts.world
    world.backend.clock.advance(timedelta(days=1))
    until = acts.today - timedelta(days=1)
    return call(periods.close, until=until, by=world.cora, approved_by=world.colin, key=key)


def _rebuild(acts: Acts, key: str) -> Act:
    """Somebody wrote a wrong figure by hand."""
    world, table = acts.world, schema.account
    wrong = update(table).where(table.c.id == world.accounts["carla"]).values(held_minutes=1)
    with engine_of(world).begin() as connection:
        connection.execute(wrong)
    given = {"reason": "correction", "by": world.olga, "approved_by": world.cora}
    return call(rebuilds.run, **given, key=key)


def _imported(action: Callable[..., imports.ImportReport], *args: Any, **kwargs: Any) -> Act:
    return Act(lambda uow: Once(replayed=action(uow, *args, **kwargs).accepted == 0))


def _row(acts: Acts, line: int, giver: str, receiver: str) -> ExchangeRow:
    return ExchangeRow(
        line=line,
        key=acts.key(),
        happened_on=acts.today,
        giver=giver,
        receiver=receiver,
        minutes=1,
        category=None,
        reason=None,
    )


def _second(acts: Acts) -> dict[str, Any]:
    return {"by": acts.world.cora, "approved_by": acts.world.colin, "reason": "carry-over"}


def _import_exchanges(acts: Acts, key: str) -> Act:
    rows = [_row(acts, 2, "ben", "anna"), _row(acts, 3, f"new-{key}", "anna")]
    return _imported(imports.exchanges, rows, by=acts.world.cora, create_members=True)


def _import_balances(acts: Acts, key: str) -> Act:
    rows = [_row(acts, 2, "anna", "carry-over"), _row(acts, 3, f"new-{key}", "carry-over")]
    return _imported(imports.carry_over, rows, **_second(acts), create_members=True)


def _import_members(acts: Acts, key: str) -> Act:
    rows = [
        MemberRow(
            line=line,
            ref=f"new-{key}-{line}",
            name="Dora",
            kind=None,
            joined_on=None,
            contact=None,
            opening_minutes=minutes,
        )
        for line, minutes in ((2, 1), (3, 0))
    ]
    return _imported(imports.members, rows, **_second(acts))


def _seal(acts: Acts, key: str) -> Act:
    """A bank of its own, so that the tree is always as small."""
    slug = f"sealed-{key}"
    with acts.world.backend.unit(slug) as uow:
        banks.create(uow)

    def act(uow: UnitOfWork) -> Once:
        sealed_before = uow.seals.head() is not None
        journal.seal(uow)
        return Once(replayed=sealed_before)

    return Act(act, bank=slug)


def _load(_acts: Acts, key: str) -> Act:
    """A bank that stands in memory."""
    there = a_world(MemoryBackend(), bank=f"loaded-{key}")
    lines = there.see(lambda uow: [*journal.export(uow)])
    people = there.see(lambda uow: [*journal.export_people(uow)])

    def act(uow: UnitOfWork) -> Once:
        try:
            journal.load(uow, lines, people)
        except RefTaken:
            return Once(replayed=True)
        return Once(replayed=False)

    return Act(act, bank=there.bank)


def _bundle(_acts: Acts, key: str) -> Act:
    """Of a site that stands in memory."""
    site = a_world(MemoryBackend(), bank=f"copied-{key}")
    lines = export(site).lines
    return Act(lambda uow: Once(replayed=not bundles.load(uow, lines).written), bank=site.bank)


def _done(acts: Acts, key: str) -> Act:
    acts.world.do(acts.post(key))
    ids = [row.id for row in acts.world.see(outbox.read, limit=2)]
    return Act(lambda uow: Once(replayed=outbox.done(uow, ids) == 0))


MAKERS: dict[str, Maker] = {
    "banks.create": _create,
    "banks.set_policy": _set_policy,
    "banks.state_day": _state_day,
    "periods.close": _close,
    "rebuilds.run": _rebuild,
    "imports.exchanges": _import_exchanges,
    "imports.carry_over": _import_balances,
    "imports.members": _import_members,
    "journal.seal": _seal,
    "journal.load": _load,
    "bundles.load": _bundle,
    "outbox.done": _done,
}
