"""``statement``, ``balance`` and the plan behind them, in a big journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import cycle, islice
from typing import Any, Final

from sqlalchemy import Connection, event

import timebank
from benchmarks import books
from benchmarks.journal import Journal, a_journal
from benchmarks.lines import Line, interleaved, times
from benchmarks.places import Place
from benchmarks.world import BANK
from timebank import accounts

BALANCES: Final = 200
STATEMENTS: Final = 5

ENTRIES: Final = """
SELECT t.{side}_number, {sign} * t.minutes, t.{side}_balance_minutes, t.activity, t.{other}_id,
    a.kind, a.label, a.owner_id, x.id, x.kind, x.category, x.happened_on, x.counts_on,
    x.recorded_at, x.reason, x.reverses, x.overrides, x.imported
FROM timebank_transfer t
JOIN timebank_transaction x ON x.bank_id = t.bank_id AND x.id = t.transaction_id
JOIN timebank_account a ON a.bank_id = t.bank_id AND a.id = t.{other}_id
WHERE t.bank_id = {mark} AND t.{side}_id = {mark} AND t.recorded_at >= {mark}
    AND x.counts_on >= {mark}
"""
LAST: Final = """
SELECT {side}_number, {side}_balance_minutes FROM timebank_transfer
WHERE bank_id = {mark} AND {side}_id = {mark} AND recorded_at <= {mark}
ORDER BY recorded_at DESC, {side}_number DESC LIMIT 1
"""
SIDES: Final = (("source", "target", "-1"), ("target", "source", "1"))


class HandReading:
    """The same reads through the bare driver."""

    def __init__(self, journal: Journal, connection: Any) -> None:
        self._bank = journal.world.bank_id
        self._connection = connection
        mark = "?" if journal.world.place.is_sqlite else "%s"
        self._entries, self._last = (
            [query.format(side=s, other=o, sign=n, mark=mark) for s, o, n in SIDES]
            for query in (ENTRIES, LAST)
        )

    def statement(self, account: str, start: Any, since: int) -> list[Any]:
        """Every line in order of its number."""
        values = (self._bank, int(account, 16), since, start)
        rows = [row for q in self._entries for row in self._connection.execute(q, values)]
        return sorted(rows)

    def balance(self, account: str, at: int) -> int:
        """The balance as recorded at that time."""
        values = (self._bank, int(account, 16), at)
        found = [self._connection.execute(query, values).fetchone() for query in self._last]
        _, minutes = max((row for row in found if row), default=(0, 0))
        return int(minutes)


def statement(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """A statement of the latest 1,000 lines among n transfers: microseconds a line."""
    journal = a_journal(place, n)
    start, end = journal.young, journal.end
    chosen = list(islice(cycle(journal.world.accounts), STATEMENTS))
    begin = _micros(journal.moment(1 - (end - start).days / 365))
    day = start.isoformat() if place.is_sqlite else start
    with timebank.reading(place.engine, bank=BANK) as uow, place.driver() as connection:
        hand = HandReading(journal, connection)
        length = len(accounts.statement(uow, chosen[0], start=start, end=end).lines)
        by_hand = len(hand.statement(chosen[0], day, begin))
        if length != by_hand:
            raise books.BooksWrong(f"statement: {length} lines, by hand {by_hand}")

        def run_ours() -> None:
            for account in chosen:
                accounts.statement(uow, account, start=start, end=end)

        def run_limit() -> None:
            for account in chosen:
                hand.statement(account, day, begin)

        pairs = interleaved(run_ours, run_limit, rounds=rounds)
    books.check(place)
    scale = 1e6 / (len(chosen) * length)
    yield times("statement", place.backend, n, pairs, "us/line", scale=scale)


def balance(place: Place, n: int, rounds: int) -> Iterator[Line]:
    """Balances as recorded at times all over a journal of n transfers: microseconds each."""
    journal = a_journal(place, n)
    asked = [
        (account, journal.moment(i % 97 / 97))
        for i, account in enumerate(islice(cycle(journal.world.accounts), BALANCES))
    ]
    with timebank.reading(place.engine, bank=BANK) as uow, place.driver() as connection:
        hand = HandReading(journal, connection)
        plain = [(account, _micros(at)) for account, at in asked]
        for (account, at), micros in zip(asked, (at for _, at in plain), strict=True):
            if accounts.balance(uow, account, at=at).minutes != hand.balance(account, micros):
                raise books.BooksWrong(f"balance of {account} at {at}")

        def run_ours() -> None:
            for account, at in asked:
                accounts.balance(uow, account, at=at)

        def run_limit() -> None:
            for account, micros in plain:
                hand.balance(account, micros)

        pairs = interleaved(run_ours, run_limit, rounds=rounds)
    books.check(place)
    yield times("balance", place.backend, n, pairs, "us/balance", scale=1e6 / len(asked))


def _micros(at: datetime) -> int:
    return round(at.timestamp()) * 1_000_000


def plan(place: Place, n: int) -> Iterator[str]:
    """The plans of the statements that one ``accounts.balance`` as of a time runs on transfers."""
    journal = a_journal(place, n)
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        seen.append((statement, values))

    with timebank.reading(place.engine, bank=BANK) as uow:
        event.listen(uow.connection, "before_cursor_execute", note)
        accounts.balance(uow, journal.world.accounts[0], at=journal.moment(0.5))
        event.remove(uow.connection, "before_cursor_execute", note)
        for query, values in [pair for pair in seen if "timebank_transfer" in pair[0]]:
            yield " ".join(query.split())
            yield from _explained(uow.connection, query, values, sqlite=place.is_sqlite)


def _explained(connection: Connection, query: str, values: Any, *, sqlite: bool) -> Iterator[str]:
    how = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN (COSTS OFF)"
    for row in connection.exec_driver_sql(f"{how} {query}", values):
        yield f"    {row[-1]}"
