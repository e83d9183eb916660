"""Whether the books are right, in plain SQL: asked after every round, of both sides' work."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

import timebank
from benchmarks.places import Place
from benchmarks.world import BANK
from timebank import audits

SUM: Final = "SELECT COALESCE(SUM(balance_minutes), 0) FROM timebank_account"
BELOW: Final = (
    "SELECT COUNT(*) FROM timebank_account WHERE balance_minutes - held_minutes < floor_minutes"
)
NUMBERS: Final = """
SELECT COUNT(*) FROM timebank_account a LEFT JOIN (
    SELECT id, COUNT(*) AS entries, COUNT(DISTINCT number) AS numbers, SUM(minutes) AS minutes
    FROM (
        SELECT source_id AS id, source_number AS number, -minutes AS minutes FROM timebank_transfer
        UNION ALL
        SELECT target_id, target_number, minutes FROM timebank_transfer
    ) sides GROUP BY id
) e ON e.id = a.id
WHERE a.number <> COALESCE(e.entries, 0) OR a.number <> COALESCE(e.numbers, 0)
    OR a.balance_minutes <> COALESCE(e.minutes, 0)
"""


UNSEALED_HOURS: Final = 24 * 400
"""A journal loaded raw has a year's facts in the queue: the sealer is not measured here."""


class BooksWrong(Exception):
    """A round left the books wrong: its figures mean nothing."""


def check(place: Place) -> None:
    """Sum zero, floors kept, no number twice or missing, balances the sums of the transfers."""
    with place.engine.connect() as connection:
        for name, query in (("sum", SUM), ("floors", BELOW), ("numbers", NUMBERS)):
            found = connection.execute(text(query)).scalar_one()
            if found != 0:
                raise BooksWrong(f"{place.backend}: {name} is off by {found}")


def audited(place: Place) -> None:
    """The library's own audit is clean as well.

    The hand-written side leaves out one thing: the sum by which a torn receipt is known.
    """
    checks = [check.name for check in audits.checks() if check.name != "receipts_are_whole"]
    with timebank.reading(place.engine, bank=BANK) as uow:
        report = audits.run(uow, checks, max_unsealed_hours=UNSEALED_HOURS)
    if report.verdict.value != "clean_selected":
        raise BooksWrong(f"{place.backend}: {report.verdict.value}: {report.findings[:3]}")
